"""What a label is worth: quality against seconds of annotation; maps of weak labels, and tags of captions."""

from .captions import caption_tags
from .families import label_families
from .plot import label_cost
from .write_masks import weak_masks

__all__ = ['caption_tags', 'label_cost', 'label_families', 'weak_masks']
