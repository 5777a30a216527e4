from .alexnet import AlexNet
from .cifar_resnet import CIFARResNet
from .resnet import ResNet
from .split import SplitBackbone
from .swin import SwinTransformer
from .timm_wrapper import TimmBackbone
from .vit import VisionTransformer

__all__ = ['AlexNet', 'CIFARResNet', 'ResNet', 'SplitBackbone', 'SwinTransformer', 'TimmBackbone', 'VisionTransformer']
