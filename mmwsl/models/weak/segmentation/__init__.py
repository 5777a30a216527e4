"""Weakly supervised segmentation, learnt from image labels: class maps, and methods that make masks of them."""

from .instances import coco_instances
from .irn import IRN
from .maps import multi_scale_maps, normalize_by_maximum, with_background
from .pairs import pair_labels
from .psa import AffinityNet

__all__ = ['IRN', 'AffinityNet', 'coco_instances', 'multi_scale_maps', 'normalize_by_maximum', 'pair_labels',
           'with_background']
