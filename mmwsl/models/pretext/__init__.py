from .byol import BYOL
from .jigsaw import Jigsaw
from .moco import MoCo
from .rotation import Rotation
from .simclr import SimCLR
from .supervised import Supervised

__all__ = ['BYOL', 'Jigsaw', 'MoCo', 'Rotation', 'SimCLR', 'Supervised']
