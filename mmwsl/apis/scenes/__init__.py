"""Scenes taken apart into layers by trained networks, and composed anew: objects deleted, moved, put in front."""

from .decompose import decompose, layers_of, read_masks
from .rearrange import rearrange

__all__ = ['decompose', 'layers_of', 'read_masks', 'rearrange']
