"""Steps of a data set's pipeline, dict to dict, registered in TRANSFORMS: decode, crop, turn and colour one image."""

from .geometry import PhotometricDistortion, RandomCropMap, RandomFlip, RandomScale, ResizeShortEdge, ResizeToSquare
from .loading import ImageError, RandomCrops, ResizeCenterCrop, ResizeRandomCrop, ResizeSquash, image_size, read_image

__all__ = [
    'ImageError',
    'PhotometricDistortion',
    'RandomCropMap',
    'RandomCrops',
    'RandomFlip',
    'RandomScale',
    'ResizeCenterCrop',
    'ResizeRandomCrop',
    'ResizeShortEdge',
    'ResizeSquash',
    'ResizeToSquare',
    'image_size',
    'read_image',
]
