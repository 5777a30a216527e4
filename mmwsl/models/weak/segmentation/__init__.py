"""Weakly supervised segmentation, learnt from image labels: class maps, and methods that make masks of them."""

from .base import ClassMapModel, soft_margin_loss, tag_accuracy
from .edam import EDAM, EDAMHead, with_saliency
from .seam import SEAM, SEAMHead

__all__ = ['EDAM', 'SEAM', 'ClassMapModel', 'EDAMHead', 'SEAMHead', 'soft_margin_loss', 'tag_accuracy', 'with_saliency']
