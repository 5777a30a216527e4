from .classification import ClassificationHead
from .dense import DenseHead, ImageDiscriminator
from .dino_head import DINOHead

__all__ = ['ClassificationHead', 'DINOHead', 'DenseHead', 'ImageDiscriminator']
