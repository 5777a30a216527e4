"""Weaker labels made of stronger ones, as an annotator with less time might set them, and what each kind costs."""

from .cost import SECONDS, annotation_seconds
from .grab_cut import grab_cut, vote_foreground
from .maps import KINDS, UNLABELLED, boxes_map, fill_shares, objects_of, points_map, tight_boxes, weak_map
from .noise import KINDS_OF_NOISE, asymmetric_noise, instance_noise, noisy_tags, symmetric_noise

__all__ = ['KINDS', 'KINDS_OF_NOISE', 'SECONDS', 'UNLABELLED', 'annotation_seconds', 'asymmetric_noise', 'boxes_map',
           'fill_shares', 'grab_cut', 'instance_noise', 'noisy_tags', 'objects_of', 'points_map', 'symmetric_noise',
           'tight_boxes', 'vote_foreground', 'weak_map']
