"""What benchmarks and second stages train: classifiers, detectors, segmentors."""

from .fcn import FCN, FCNHead
from .image_classifier import ImageClassifier
from .region_heads import BoxHead, MaskHead
from .rpn import RPNHead
from .two_stage import TwoStageDetector

__all__ = ['BoxHead', 'FCN', 'FCNHead', 'ImageClassifier', 'MaskHead', 'RPNHead', 'TwoStageDetector']
