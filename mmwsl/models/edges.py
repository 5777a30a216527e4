"""Makes :class:`mmwsl.augment.edges.SobelImage` buildable by name; a config imports it with ``custom_imports``."""

from mmwsl.augment.edges import SobelImage
from mmwsl.registry import TRANSFORMS

TRANSFORMS.register_module(module=SobelImage)
