"""Data sets made of another one."""

from .clips import ClipFrames, FlowFrames, MotionFrames, TrackedPatches, frame_region
from .joined import Joined
from .noisy_labels import NoisyLabels
from .object_and_background import ObjectAndBackground
from .object_crops import ObjectCrops
from .pasted_objects import PastedObjects
from .recomposed import Recomposed
from .resized import Resized
from .single_class_crops import SingleClassCrops, square_around
from .subset import stratified_split, subset
from .weak_masks import WeakMasks
from .with_proposals import ImageProposals, with_proposals
from .with_proposals_by_index import WithProposalsByIndex
from .with_windows import WithWindows

__all__ = ['ClipFrames', 'FlowFrames', 'ImageProposals', 'Joined', 'MotionFrames', 'NoisyLabels',
           'ObjectAndBackground', 'ObjectCrops', 'PastedObjects', 'Recomposed', 'Resized', 'SingleClassCrops',
           'TrackedPatches', 'WeakMasks', 'WithProposalsByIndex', 'WithWindows', 'frame_region', 'square_around',
           'stratified_split', 'subset', 'with_proposals']
