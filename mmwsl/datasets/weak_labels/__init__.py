"""Weaker labels made of stronger ones, as an annotator with less time might set them, and what each kind costs."""

from .cost import SECONDS, annotation_seconds
from .grab_cut import grab_cut, vote_foreground
from .maps import KINDS, UNLABELLED, boxes_map, fill_shares, objects_of, points_map, tight_boxes, weak_map

__all__ = ['KINDS', 'SECONDS', 'UNLABELLED', 'annotation_seconds', 'boxes_map', 'fill_shares', 'grab_cut',
           'objects_of', 'points_map', 'tight_boxes', 'vote_foreground', 'weak_map']
