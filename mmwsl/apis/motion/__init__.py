"""Clips gone through: flow written beside frames, boxes of what moves, and pictures that are moved by arrows."""

from .boxes import motion_boxes
from .extract import extract_flow

__all__ = ['extract_flow', 'motion_boxes']
