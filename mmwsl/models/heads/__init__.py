"""Heads: from features to scores, dense predictions or prototypes, with their losses."""

from .classification import ClassificationHead
from .dense import DenseHead, ImageDiscriminator
from .dino_head import DINOHead
from .multi_label import MultiLabelHead
from .multi_layer import MultiLayerHead

__all__ = ['ClassificationHead', 'DINOHead', 'DenseHead', 'ImageDiscriminator', 'MultiLabelHead', 'MultiLayerHead']
