"""Weakly supervised segmentation in one stage: a network whose class maps and segmentation learn together from tags."""

from .cosa import CoSA
from .one_stage import OneStage, OneStageHead
from .single_stage import TwoMapHead
from .toco import ToCo

__all__ = ['CoSA', 'OneStage', 'OneStageHead', 'ToCo', 'TwoMapHead']
