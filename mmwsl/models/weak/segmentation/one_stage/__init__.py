"""Weakly supervised segmentation in one stage: a network whose class maps and segmentation learn together from tags."""

from .cosa import CoSA
from .single_stage import TwoMapHead
from .toco import ToCo

__all__ = ['CoSA', 'ToCo', 'TwoMapHead']
