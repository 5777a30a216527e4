"""Weakly supervised segmentation, learnt from image labels: class maps, and methods that make masks of them."""

from .instances import coco_instances
from .irn import IRN
from .maps import multi_scale_maps, normalize_by_maximum, with_background
from .masks import VOID, masks_from_maps, refine_scores
from .psa import AffinityNet

__all__ = [
    'IRN',
    'VOID',
    'AffinityNet',
    'coco_instances',
    'masks_from_maps',
    'multi_scale_maps',
    'normalize_by_maximum',
    'refine_scores',
    'with_background',
]
