"""Data sets read from files: one a layout."""

from .cifar import CIFAR10, CIFAR100
from .class_maps import ClassMaps
from .coco import COCO
from .folder import ImageFolder, check_same_classes, check_trained_classes
from .list_file import ImageList
from .market1501 import Market1501
from .motion import ActionClips, ClipWindows, FlowError, FlowPairs, MultiViewPoses, read_flow, write_flow
from .proposal_files import read_mat, read_pickle
from .proposals import Proposals, open_proposals, read_proposals, write_proposals
from .scenes import COCOA, KINS
from .thumos import THUMOS14
from .voc import VOC, VOC_CLASSES, read_voc_xml
from .wsol import WSOLBenchmark

__all__ = [
    'ActionClips',
    'CIFAR10',
    'CIFAR100',
    'COCO',
    'COCOA',
    'KINS',
    'ClassMaps',
    'ClipWindows',
    'FlowError',
    'FlowPairs',
    'ImageFolder',
    'ImageList',
    'Market1501',
    'MultiViewPoses',
    'Proposals',
    'THUMOS14',
    'VOC',
    'VOC_CLASSES',
    'WSOLBenchmark',
    'check_same_classes',
    'check_trained_classes',
    'open_proposals',
    'read_flow',
    'read_mat',
    'read_pickle',
    'read_proposals',
    'read_voc_xml',
    'write_flow',
    'write_proposals',
]
