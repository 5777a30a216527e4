"""Clips gone through: flow written beside frames, boxes of what moves, and pictures moved by arrows and clicks."""

from .boxes import motion_boxes
from .extract import extract_flow
from .guided import GuidedMotion, animate, cut_out, iou_of_clicks, next_click, write_video

__all__ = ['GuidedMotion', 'animate', 'cut_out', 'extract_flow', 'iou_of_clicks', 'motion_boxes', 'next_click',
           'write_video']
