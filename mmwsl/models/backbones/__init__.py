from .alexnet import AlexNet
from .resnet import ResNet

__all__ = ['AlexNet', 'ResNet']
