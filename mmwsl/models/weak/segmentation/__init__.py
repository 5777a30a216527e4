"""Weakly supervised segmentation, learnt from image labels: class maps, and methods that make masks of them."""

from .maps import multi_scale_maps, normalize_by_maximum, with_background
from .masks import VOID, masks_from_maps, refine_scores

__all__ = [
    'VOID',
    'masks_from_maps',
    'multi_scale_maps',
    'normalize_by_maximum',
    'refine_scores',
    'with_background',
]
