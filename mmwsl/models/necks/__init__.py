"""Necks: from feature maps to the vectors that a method compares, and feature pyramids."""

from .dense import DenseNeck
from .fpn import FPN
from .mlp import MLPNeck, pool

__all__ = ['FPN', 'DenseNeck', 'MLPNeck', 'pool']
