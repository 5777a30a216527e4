from .base import FileDataset, ImageDataset, InMemoryDataset, evenly_spaced
from .cifar import CIFAR10, CIFAR100
from .collate import collate_batch
from .digit_scenes import DigitScenes
from .digits import Digits
from .folder import ImageFolder, check_same_classes
from .list_file import ImageList
from .loading import ImageError, RandomCrops, ResizeCenterCrop, ResizeRandomCrop, ResizeSquash, image_size, read_image
from .resized import Resized
from .samplers import EpochSampler, PseudoLabelSampler

__all__ = ['CIFAR10', 'CIFAR100', 'DigitScenes', 'Digits', 'EpochSampler', 'FileDataset', 'ImageDataset', 'ImageError',
           'ImageFolder', 'ImageList', 'InMemoryDataset', 'PseudoLabelSampler', 'RandomCrops', 'ResizeCenterCrop',
           'ResizeRandomCrop', 'ResizeSquash', 'Resized', 'check_same_classes', 'collate_batch', 'evenly_spaced',
           'image_size', 'read_image']
