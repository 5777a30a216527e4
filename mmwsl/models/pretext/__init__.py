"""Self-supervised methods, one a file."""

from .barlow_twins import BarlowTwins
from .byol import BYOL
from .colorization import Colorization
from .counting import Counting
from .cpc import CPC
from .deepcluster import DeepCluster
from .densecl import DenseCL
from .dino import DINO
from .inpainting import Inpainting
from .jigsaw import Jigsaw
from .mae import MAE
from .moco import MoCo
from .moco_v3 import MoCoV3
from .motion import ConditionalMotionPropagation, CrossPixelFlow, FlowPrediction, MovingForeground
from .npid import NPID
from .odc import ODC
from .relative_location import RelativeLocation
from .rotation import Rotation
from .simclr import SimCLR
from .simmim import SimMIM
from .simsiam import SimSiam
from .split_brain import SplitBrain
from .swav import SwAV
from .time import OddOneOut, SiameseTriplets, TemporalOrder
from .vicreg import VICReg

__all__ = ['BYOL', 'BarlowTwins', 'CPC', 'Colorization', 'ConditionalMotionPropagation', 'Counting', 'CrossPixelFlow',
           'DINO', 'DeepCluster', 'DenseCL', 'FlowPrediction', 'Inpainting', 'Jigsaw', 'MAE', 'MoCo', 'MoCoV3',
           'MovingForeground', 'NPID', 'ODC', 'OddOneOut', 'RelativeLocation', 'Rotation', 'SiameseTriplets', 'SimCLR',
           'SimMIM', 'SimSiam', 'SplitBrain', 'SwAV', 'TemporalOrder', 'VICReg']
