"""Boxes that may hold an object, of a photo alone: hierarchical grouping in numpy, OpenCV's methods where installed."""

from .contrib import edge_boxes, selective_search
from .graph_segmentation import graph_segmentation
from .grouping import Regions, group_regions
from .hierarchical import hierarchical
from .rerank import rerank

__all__ = ['Regions', 'edge_boxes', 'graph_segmentation', 'group_regions', 'hierarchical', 'rerank',
           'selective_search']
