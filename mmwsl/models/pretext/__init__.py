from .byol import BYOL
from .jigsaw import Jigsaw
from .moco import MoCo
from .rotation import Rotation
from .simclr import SimCLR

__all__ = ['BYOL', 'Jigsaw', 'MoCo', 'Rotation', 'SimCLR']
