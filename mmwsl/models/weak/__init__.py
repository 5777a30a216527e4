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
from .segmentation import multi_scale_maps, normalize_by_maximum, with_background
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
    'ErasingLocalizer',
    'HideFeatures',
    'Localizer',
    'LocalizerEnsemble',
    'OICRHead',
    'PCLHead',
    'SPGHead',
    'TemporalLocalizer',
    'WSDDNHead',
    'WeakDetector',
    'class_activation_maps',
    'grad_cam',
    'hide_segments',
    'input_gradient',
    'multi_scale_maps',
    'normalize_by_maximum',
    'normalize_maps',
    'resize_maps',
    'saliency',
    'smooth_gradient',
    'with_background',
]
