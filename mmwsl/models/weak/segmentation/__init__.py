"""Weakly supervised segmentation, learnt from image labels: class maps, and masks made of them."""

from .base import ClassMapModel, soft_margin_loss
from .seam import SEAM, SEAMHead

__all__ = ['SEAM', 'ClassMapModel', 'SEAMHead', 'soft_margin_loss']
