"""The residual networks for CIFAR of He et al. 2016 (arXiv:1512.03385), section 4.2."""

import torch.nn as nn
import torch.nn.functional as F

from mmwsl.models.backbones.resnet import BasicBlock
from mmwsl.models.backbones.staged import StagedBackbone
from mmwsl.models.layers.norm import build_norm
from mmwsl.registry import BACKBONES


class ZeroPaddedShortcut(nn.Module):
    """Option A: stride and zero-pad channels."""

    def __init__(self, stride, extra):
        super().__init__()
        self.stride, self.extra = stride, extra

    def forward(self, x):
        return F.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, 0, self.extra))


@BACKBONES.register_module()
class CIFARResNet(StagedBackbone):
    """ResNet for CIFAR: a 3x3 convolution, then three stages of n blocks at the image's side, a half and a quarter.

    With the classifier there are 6n + 2 layers. The stages have 16, 32 and 64 channels; a shortcut is the identity,
    padded with zeros where the channels double, so none has parameters. Blocks and names of parameters are those of
    :class:`ResNet`, which has another number of stages and shortcuts that are projections.

    Args:
        depth: 6n + 2: 20, 32, 44, 56 and 110 in the paper.
        in_channels: of the image.
        out_indices: which feature maps to return, in ascending order: 0 the stem after ReLU, 1-3 the stages.
        norm_cfg: config of the normalisation.

    Returns of ``forward``: tuple of (B, C_i, H_i, W_i). ``out_channels`` lists their channels.

    Raises:
        ValueError: a depth that is not 6n + 2, or a map that does not exist.
    """

    WIDTHS = (16, 32, 64)

    def __init__(self, depth, in_channels=3, out_indices=(3,), norm_cfg=dict(type='BN'), init_cfg=None):  # noqa: B006
        super().__init__(out_indices, range(4), '0 (stem), 1, 2, 3 (stages)', init_cfg)
        if depth < 8 or (depth - 2) % 6:
            raise ValueError(f'CIFARResNet depth {depth} is not 6n + 2; choose 8, 14, 20, 32, 44, 56, 110 ...')
        channels = self.WIDTHS[0]
        self.add_stage(0, dict(conv1=nn.Conv2d(in_channels, channels, 3, padding=1, bias=False),
                               bn1=build_norm(norm_cfg, channels), relu=nn.ReLU(inplace=True)))
        for stage, width in enumerate(self.WIDTHS, start=1):
            blocks = []
            for _ in range((depth - 2) // 6):
                stride = 1 if channels == width else 2
                shortcut = None if channels == width else ZeroPaddedShortcut(stride, width - channels)
                blocks.append(BasicBlock(channels, width, stride, shortcut, norm_cfg))
                channels = width
            self.add_stage(stage, {f'layer{stage}': nn.Sequential(*blocks)})
        self.out_channels = [(self.WIDTHS[0], *self.WIDTHS)[index] for index in self.out_indices]
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode='fan_out', nonlinearity='relu')
