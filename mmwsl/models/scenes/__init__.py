"""Scenes taken apart without labels: which object lies in front, hidden shapes, hidden content."""

from .baseline import SceneBaseline
from .pcnet_m import PCNetM
from .supervised import SupervisedCompletion

__all__ = ['PCNetM', 'SceneBaseline', 'SupervisedCompletion']
