"""Boxes of what moves in clips, as a data set in COCO's form: extents of objects that nobody drew."""

from .boxes import motion_boxes

__all__ = ['motion_boxes']
