"""Weakly supervised segmentation in one stage: a network whose class maps and segmentation learn together from tags."""

from .afa import AFA, AFAHead
from .cosa import CoSA
from .one_stage import OneStage, OneStageHead
from .single_stage import TwoMapHead
from .toco import ToCo
from .vit_pcm import PatchClassifier, ViTPCM

__all__ = ['AFA', 'AFAHead', 'CoSA', 'OneStage', 'OneStageHead', 'PatchClassifier', 'ToCo', 'TwoMapHead', 'ViTPCM']
