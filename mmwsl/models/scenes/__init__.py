"""Scenes taken apart without labels: which object lies in front, hidden shapes, hidden content."""

from .baseline import SceneBaseline
from .content_baseline import ContentBaseline
from .pcnet_c import PCNetC
from .pcnet_m import PCNetM
from .supervised import SupervisedCompletion

__all__ = ['ContentBaseline', 'PCNetC', 'PCNetM', 'SceneBaseline', 'SupervisedCompletion']
