"""Instances in real time: YOLACT, its anchors, losses and masks."""

from .anchors import level_anchors, match_anchors
from .head import YOLACTHead
from .masks import DirectMasks, PrototypeMasks, inside_boxes
from .model import YOLACT

__all__ = ['YOLACT', 'DirectMasks', 'PrototypeMasks', 'YOLACTHead', 'inside_boxes', 'level_anchors', 'match_anchors']
