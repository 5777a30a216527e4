"""Public data sets brought into the form that the readers read, where their own is another."""

from .cityscapes import cityscapes
from .coco_class_maps import coco_class_maps
from .imagenet_val import imagenet_val
from .inaturalist import inaturalist
from .voc_augmented import voc_augmented

__all__ = ['cityscapes', 'coco_class_maps', 'imagenet_val', 'inaturalist', 'voc_augmented']
