"""Scenes taken apart into layers by trained networks, and composed anew: objects deleted, moved, put in front."""

from .data_set import decompose_dataset, recomposed_scenes
from .decompose import decompose, layers_of, read_masks
from .rearrange import rearrange

__all__ = ['decompose', 'decompose_dataset', 'layers_of', 'read_masks', 'rearrange', 'recomposed_scenes']
