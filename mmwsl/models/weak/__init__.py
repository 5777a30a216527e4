from .acol import ACoLHead
from .adl import ADL
from .attention_mil import AttentionPooling, BagClassifier, BagEncoder, BagPooling, BagPreprocessor
from .cam import CAMHead
from .ensemble import LocalizerEnsemble
from .erasing import ErasingLocalizer
from .hide_features import HideFeatures
from .localizer import Localizer
from .maps import (
                   class_activation_maps,
                   grad_cam,
                   input_gradient,
                   normalize_maps,
                   resize_maps,
                   saliency,
                   smooth_gradient,
)
from .spg import SPGHead
from .temporal import TemporalLocalizer, hide_segments

__all__ = [
    'ACoLHead', 'ADL', 'AttentionPooling', 'BagClassifier', 'BagEncoder', 'BagPooling', 'BagPreprocessor', 'CAMHead',
    'ErasingLocalizer', 'HideFeatures', 'Localizer', 'LocalizerEnsemble', 'SPGHead', 'TemporalLocalizer',
    'class_activation_maps', 'grad_cam', 'hide_segments', 'input_gradient', 'normalize_maps', 'resize_maps',
    'saliency', 'smooth_gradient',
]
