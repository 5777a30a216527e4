from .annotated import AnnotatedDataset, rasterise, read_class_map
from .base import FileDataset, ImageDataset, InMemoryDataset, evenly_spaced
from .cifar import CIFAR10, CIFAR100
from .class_maps import ClassMaps
from .coco import COCO
from .collate import collate_batch, collate_list
from .digit_bags import DigitBags, collate_bags
from .digit_scenes import DigitScenes
from .digits import Digits
from .folder import ImageFolder, check_same_classes
from .geometry import PhotometricDistortion, RandomCropMap, RandomFlip, RandomScale, ResizeShortEdge, ResizeToSquare
from .list_file import ImageList
from .loading import ImageError, RandomCrops, ResizeCenterCrop, ResizeRandomCrop, ResizeSquash, image_size, read_image
from .resized import Resized
from .samplers import EpochSampler, PseudoLabelSampler
from .scene_bags import SceneBags
from .single_class_crops import SingleClassCrops, square_around
from .subset import stratified_split, subset
from .temporal import THUMOS14, SyntheticSequences, collate_sequences, mean_feature
from .voc import VOC, VOC_CLASSES, read_voc_xml
from .wsol import WSOLBenchmark

__all__ = ['CIFAR10', 'CIFAR100', 'COCO', 'THUMOS14', 'VOC', 'VOC_CLASSES', 'AnnotatedDataset', 'ClassMaps',
           'DigitBags', 'DigitScenes', 'Digits', 'EpochSampler', 'FileDataset', 'ImageDataset', 'ImageError',
           'ImageFolder', 'ImageList', 'InMemoryDataset', 'PhotometricDistortion', 'PseudoLabelSampler',
           'RandomCropMap', 'RandomCrops', 'RandomFlip', 'RandomScale', 'ResizeCenterCrop', 'ResizeRandomCrop',
           'ResizeShortEdge', 'ResizeSquash', 'ResizeToSquare', 'Resized', 'SceneBags', 'SingleClassCrops',
           'SyntheticSequences', 'WSOLBenchmark', 'check_same_classes', 'collate_bags', 'collate_batch',
           'collate_list', 'collate_sequences', 'evenly_spaced', 'image_size', 'mean_feature', 'rasterise',
           'read_class_map', 'read_image', 'read_voc_xml', 'square_around', 'stratified_split', 'subset']
