"""Weakly supervised segmentation, learnt from image labels: class maps, and methods that make masks of them."""

from .maps import multi_scale_maps, normalize_by_maximum, with_background

__all__ = ['multi_scale_maps', 'normalize_by_maximum', 'with_background']
