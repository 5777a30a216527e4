"""The decoders of DeepLab (Chen et al. 2015, 2017, 2018), as heads of :class:`FCN`: LargeFOV, v2 and v3+."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.heads.classes import OF_PIXELS, check_classes
from mmwsl.models.layers.norm import build_norm
from mmwsl.ops.tensors import upcast
from mmwsl.registry import HEADS


def _width(in_channels, index):
    return in_channels if isinstance(in_channels, int) else in_channels[index]


def _convolution(inputs, outputs, kernel, dilation=1, norm_cfg=None):
    """A convolution that keeps the size, its norm if there is one, and ReLU."""
    conv = nn.Conv2d(inputs, outputs, kernel, padding=dilation * (kernel // 2), dilation=dilation,
                     bias=norm_cfg is None)
    nn.init.kaiming_normal_(conv.weight, mode='fan_out', nonlinearity='relu')
    if norm_cfg is None:
        nn.init.zeros_(conv.bias)
    norm = [] if norm_cfg is None else [build_norm(norm_cfg, outputs)]
    return nn.Sequential(conv, *norm, nn.ReLU(inplace=True))


def _class_scores(inputs, num_classes, kernel=1, dilation=1):
    conv = nn.Conv2d(inputs, num_classes, kernel, padding=dilation * (kernel // 2), dilation=dilation)
    nn.init.normal_(conv.weight, std=0.01)
    nn.init.zeros_(conv.bias)
    return conv


@HEADS.register_module()
class LargeFOVHead(BaseModule):
    """DeepLab-LargeFOV (v1): convolutions with a large field of view, and class scores.

    Two 3 x 3 convolutions of dilation 5, as single-stage methods have it. ``kernels=(3, 1)`` and ``dilations=(12, 1)``
    are those of the paper, with 1024 channels on VGG16, and 512 and norms on Wide ResNet-38.

    Args:
        in_channels: of the feature map, or of all of a backbone, of which ``index`` says the one.
        channels: of the convolutions.
        num_classes: C, with the background.
        kernels, dilations: of the convolutions, one number each.
        dropout: after each convolution without a norm, and before the scores.
        index: which of the backbone's feature maps.
        norm_cfg: of the convolutions; None: none, as in the paper.

    Raises:
        ValueError: as many kernels as dilations are needed, odd ones.
    """

    def __init__(self, in_channels, num_classes, channels=512, kernels=(3, 3), dilations=(5, 5), dropout=0.0, index=-1,
                 norm_cfg=None, init_cfg=None):
        super().__init__(init_cfg)
        check_classes(self, num_classes, OF_PIXELS)
        if not kernels or len(kernels) != len(dilations) or any(kernel % 2 == 0 for kernel in kernels):
            raise ValueError(f'LargeFOVHead: kernels={kernels} and dilations={dilations} must be equally many, one of '
                             'each for every convolution, and kernels odd')
        inputs, layers = _width(in_channels, index), []
        for number, (kernel, dilation) in enumerate(zip(kernels, dilations, strict=True)):
            layers.append(_convolution(inputs, channels, kernel, dilation, norm_cfg))
            if dropout and (norm_cfg is None or number == len(kernels) - 1):
                layers.append(nn.Dropout(dropout))
            inputs = channels
        self.convs, self.index, self.num_classes = nn.Sequential(*layers), index, num_classes
        self.scores = _class_scores(inputs, num_classes)

    def forward(self, features):
        """Logits (B, C, h, w), at least fp32, of a tuple of feature maps."""
        return upcast(self.scores(self.convs(features[self.index])))


@HEADS.register_module()
class DeepLabV2Head(BaseModule):
    """DeepLab v2: class scores as the sum of dilated 3 x 3 convolutions (atrous spatial pyramid pooling, "ASPP-L").

    Args:
        in_channels: of the feature map, or of all of a backbone, of which ``index`` says the one.
        num_classes: C, with the background.
        dilations: one convolution each.
        index: which of the backbone's feature maps.
    """

    def __init__(self, in_channels, num_classes, dilations=(6, 12, 18, 24), index=-1, init_cfg=None):
        super().__init__(init_cfg)
        check_classes(self, num_classes, OF_PIXELS)
        width = _width(in_channels, index)
        self.scores = nn.ModuleList(_class_scores(width, num_classes, 3, dilation) for dilation in dilations)
        self.index, self.num_classes = index, num_classes

    def forward(self, features):
        """Logits (B, C, h, w), fp32, of a tuple of feature maps."""
        x = features[self.index]
        return torch.stack([scores(x) for scores in self.scores]).sum(0).float()


class ASPP(nn.Module):
    """Atrous spatial pyramid pooling of DeepLab v3: 1 x 1, dilated 3 x 3 and the pooled image, joined by 1 x 1.

    The norm of the pooled image has one value an image, so that a batch in training must have two images or more.
    """

    def __init__(self, inputs, channels, dilations, norm_cfg):
        super().__init__()
        self.branches = nn.ModuleList([_convolution(inputs, channels, 1, 1, norm_cfg)] + [
            _convolution(inputs, channels, 3, dilation, norm_cfg) for dilation in dilations])
        self.image = _convolution(inputs, channels, 1, 1, norm_cfg)
        self.joined = _convolution((len(dilations) + 2) * channels, channels, 1, 1, norm_cfg)

    def forward(self, x):
        image = self.image(x.mean((2, 3), keepdim=True)).expand(-1, -1, *x.shape[2:])
        return self.joined(torch.cat([*(branch(x) for branch in self.branches), image], dim=1))


@HEADS.register_module()
class DeepLabV3PlusHead(BaseModule):
    """DeepLab v3+: ASPP on the last feature map, enlarged and joined with an early one, and two convolutions.

    Args:
        in_channels: of all of a backbone's feature maps.
        num_classes: C, with the background.
        channels: of ASPP and of the decoder.
        low_channels: to which the early map is reduced.
        dilations: of ASPP: 6, 12 and 18 on maps of 1/16, twice as much on those of 1/8.
        dropout: after ASPP; the decoder has 0.1 before its scores.
        index, low_index: which feature maps are the last and the early one, of stride 4 in the paper.
        norm_cfg: of the convolutions.

    Raises:
        ValueError: the backbone gives one map alone.
    """

    def __init__(self, in_channels, num_classes, channels=256, low_channels=48, dilations=(6, 12, 18), dropout=0.5,
                 index=-1, low_index=0, norm_cfg=dict(type='SyncBN'), init_cfg=None):  # noqa: B006
        super().__init__(init_cfg)
        check_classes(self, num_classes, OF_PIXELS)
        if isinstance(in_channels, int) or len(in_channels) < 2:
            raise ValueError(f'DeepLabV3PlusHead needs an early and a late feature map, got channels {in_channels}; '
                             'set out_indices of the backbone to that of stride 4 and the last one')
        self.index, self.low_index, self.num_classes = index, low_index, num_classes
        self.aspp = nn.Sequential(ASPP(in_channels[index], channels, dilations, norm_cfg), nn.Dropout(dropout))
        self.low = _convolution(in_channels[low_index], low_channels, 1, 1, norm_cfg)
        self.decoder = nn.Sequential(_convolution(channels + low_channels, channels, 3, 1, norm_cfg),
                                     _convolution(channels, channels, 3, 1, norm_cfg), nn.Dropout(0.1))
        self.scores = _class_scores(channels, num_classes)

    def forward(self, features):
        """Logits (B, C, h, w) of the early map's size, fp32, of a tuple of feature maps."""
        low = self.low(features[self.low_index])
        high = F.interpolate(self.aspp(features[self.index]), size=low.shape[2:], mode='bilinear', align_corners=False)
        return self.scores(self.decoder(torch.cat([high, low], dim=1))).float()
