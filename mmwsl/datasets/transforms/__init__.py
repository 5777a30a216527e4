"""Steps of a data set's pipeline, dict to dict, registered in TRANSFORMS: decode, crop, turn and colour one image."""

from .crops import RandomCrops, ResizeCenterCrop, ResizeRandomCrop
from .decode import ImageError, image_size, read_image
from .flow import FlowGuidance, RandomCropFlow
from .geometry import (
    RandomCropMap,
    RandomCropTagged,
    RandomFlip,
    RandomScale,
    ResizeShortEdge,
    ResizeToShape,
    ResizeToSquare,
)
from .photometric import PhotometricDistortion
from .proposals import MakeProposals
from .zoom import RandomWindow, ZoomOut

__all__ = [
    'FlowGuidance',
    'ImageError',
    'MakeProposals',
    'PhotometricDistortion',
    'RandomCropFlow',
    'RandomCropMap',
    'RandomCropTagged',
    'RandomCrops',
    'RandomFlip',
    'RandomScale',
    'RandomWindow',
    'ResizeCenterCrop',
    'ResizeRandomCrop',
    'ResizeShortEdge',
    'ResizeToShape',
    'ResizeToSquare',
    'ZoomOut',
    'image_size',
    'read_image',
]
