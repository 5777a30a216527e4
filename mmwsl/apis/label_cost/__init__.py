"""What a label is worth: quality against seconds of annotation, and maps of weak labels for photos."""

from .plot import label_cost
from .write_masks import weak_masks

__all__ = ['label_cost', 'weak_masks']
