"""Pseudo-masks: class maps of photos with tags, masks made of them, and the four steps from tags to a segmentor."""

from .assignment_sheet import assignment_sheet
from .commands import class_maps, pseudo_masks
from .four_steps import four_steps
from .sheet import mask_sheet

__all__ = ['assignment_sheet', 'class_maps', 'four_steps', 'mask_sheet', 'pseudo_masks']
