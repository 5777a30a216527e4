"""Clips gone through: flow written beside frames, boxes of what moves, and pictures moved by arrows and clicks."""

from .boxes import motion_boxes
from .clicks import cut_out, draw_clicks, iou_of_clicks, next_click
from .extract import extract_flow
from .guided import GuidedMotion, animate, write_video

__all__ = ['GuidedMotion', 'animate', 'cut_out', 'draw_clicks', 'extract_flow', 'iou_of_clicks', 'motion_boxes',
           'next_click', 'write_video']
