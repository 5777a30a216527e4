"""Methods that learn from weak labels, a room for each task."""

from .detection import OICRHead, PCLHead, WeakDetector, WSDDNHead
from .localization import (
    ADL,
    ACoLHead,
    CAMHead,
    ErasingLocalizer,
    HideFeatures,
    Localizer,
    LocalizerEnsemble,
    SPGHead,
    class_activation_maps,
    grad_cam,
    input_gradient,
    normalize_maps,
    resize_maps,
    saliency,
    smooth_gradient,
)
from .mil import AttentionPooling, BagClassifier, BagEncoder, BagPooling, BagPreprocessor
from .segmentation import EDAM, SEAM, ClassMapModel, EDAMHead, SEAMHead, with_saliency
from .temporal import TemporalLocalizer, hide_segments

__all__ = [
    'ACoLHead',
    'ADL',
    'AttentionPooling',
    'BagClassifier',
    'BagEncoder',
    'BagPooling',
    'BagPreprocessor',
    'CAMHead',
    'ClassMapModel',
    'EDAM',
    'EDAMHead',
    'ErasingLocalizer',
    'HideFeatures',
    'Localizer',
    'LocalizerEnsemble',
    'OICRHead',
    'PCLHead',
    'SEAM',
    'SEAMHead',
    'SPGHead',
    'TemporalLocalizer',
    'WSDDNHead',
    'WeakDetector',
    'class_activation_maps',
    'grad_cam',
    'hide_segments',
    'input_gradient',
    'normalize_maps',
    'resize_maps',
    'saliency',
    'smooth_gradient',
    'with_saliency',
]
