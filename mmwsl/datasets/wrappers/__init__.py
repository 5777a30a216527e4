"""Data sets made of another one."""

from .flow_frames import FlowFrames
from .joined import Joined
from .motion_frames import MotionFrames, frame_region
from .object_crops import ObjectCrops
from .pasted_objects import PastedObjects
from .resized import Resized
from .single_class_crops import SingleClassCrops, square_around
from .subset import stratified_split, subset
from .tracked_patches import TrackedPatches
from .with_proposals import ImageProposals, with_proposals
from .with_proposals_by_index import WithProposalsByIndex
from .with_windows import WithWindows

__all__ = ['FlowFrames', 'ImageProposals', 'Joined', 'MotionFrames', 'ObjectCrops', 'PastedObjects', 'Resized',
           'SingleClassCrops', 'TrackedPatches', 'WithProposalsByIndex', 'WithWindows', 'frame_region',
           'square_around', 'stratified_split', 'subset', 'with_proposals']
