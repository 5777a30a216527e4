"""Weakly supervised object localization, learnt from image labels."""

from .acol import ACoLHead
from .adl import ADL
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

__all__ = [
    'ACoLHead',
    'ADL',
    'CAMHead',
    'ErasingLocalizer',
    'HideFeatures',
    'Localizer',
    'LocalizerEnsemble',
    'SPGHead',
    'class_activation_maps',
    'grad_cam',
    'input_gradient',
    'normalize_maps',
    'resize_maps',
    'saliency',
    'smooth_gradient',
]
