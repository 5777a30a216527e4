from .classification import ClassificationHead
from .dense import DenseHead, ImageDiscriminator
from .dino_head import DINOHead
from .multi_layer import MultiLayerHead

__all__ = ['ClassificationHead', 'DINOHead', 'DenseHead', 'ImageDiscriminator', 'MultiLayerHead']
