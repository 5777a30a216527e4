"""Pseudo-boxes: what a detector that learnt from tags finds of them, written as labels for a second one."""

from .make import pseudo_boxes

__all__ = ['pseudo_boxes']
