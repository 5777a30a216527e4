"""Backbones, one a file: images in, a tuple of feature maps out."""

from .alexnet import AlexNet
from .cifar_resnet import CIFARResNet
from .darknet import Darknet
from .efficientnet_lite import EfficientNetLite
from .googlenet import GoogLeNet
from .inception import InceptionV3
from .mit import MixTransformer
from .partial_unet import PartialUNet
from .perceptron import Perceptron
from .resnet import ResNet
from .split import SplitBackbone
from .swin import SwinTransformer
from .timm_wrapper import TimmBackbone
from .unet import UNet
from .vgg import VGG16
from .vit import VisionTransformer
from .wide_resnet import WideResNet

__all__ = ['AlexNet', 'CIFARResNet', 'Darknet', 'EfficientNetLite', 'GoogLeNet', 'InceptionV3', 'MixTransformer',
           'PartialUNet', 'Perceptron', 'ResNet', 'SplitBackbone', 'SwinTransformer', 'TimmBackbone', 'UNet', 'VGG16',
           'VisionTransformer', 'WideResNet']
