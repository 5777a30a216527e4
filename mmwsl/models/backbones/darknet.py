"""Darknet-53 (Redmon and Farhadi 2018): residual blocks of a 1x1 and a 3x3 convolution, leaky ReLU, no pooling."""

import torch.nn as nn

from mmwsl.models.backbones.staged import StagedBackbone
from mmwsl.models.layers.norm import build_norm
from mmwsl.registry import BACKBONES


def _convolution(inputs, outputs, kernel, stride, norm_cfg):
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False),
                         build_norm(norm_cfg, outputs), nn.LeakyReLU(0.1, inplace=True))


class DarknetBlock(nn.Module):
    """Half the channels by 1x1, all of them by 3x3, and a shortcut with nothing after it."""

    def __init__(self, channels, norm_cfg):
        super().__init__()
        self.conv1 = _convolution(channels, channels // 2, 1, 1, norm_cfg)
        self.conv2 = _convolution(channels // 2, channels, 3, 1, norm_cfg)

    def forward(self, x):
        return x + self.conv2(self.conv1(x))


@BACKBONES.register_module()
class Darknet(StagedBackbone):
    """Darknet-53, of any width.

    Args:
        base_channels: of the stem; every stage doubles them.
        blocks: residual blocks of each of the five stages.
        out_indices: which feature maps to return: 0 the stem, 1-5 the stages, of 1/2 to 1/32.
        frozen_stages, norm_cfg, norm_eval: as for :class:`ResNet`.

    Returns of ``forward``: tuple of (B, C_i, H_i, W_i). ``out_channels`` lists their channels.
    """

    def __init__(self, base_channels=32, blocks=(1, 2, 8, 8, 4), out_indices=(5,), frozen_stages=-1,
                 norm_cfg=dict(type='BN'), norm_eval=False, init_cfg=None):  # noqa: B006
        super().__init__(out_indices, range(len(blocks) + 1), f'0 (stem), 1 to {len(blocks)} (stages)', init_cfg)
        self.add_stage(0, dict(stem=_convolution(3, base_channels, 3, 1, norm_cfg)))
        for stage, count in enumerate(blocks, start=1):
            channels = base_channels * 2**stage
            self.add_stage(stage, {f'layer{stage}': nn.Sequential(
                _convolution(channels // 2, channels, 3, 2, norm_cfg),
                *(DarknetBlock(channels, norm_cfg) for _ in range(count)))})
        self.out_channels = [base_channels * 2**index for index in self.out_indices]
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, a=0.1, mode='fan_out')
        self.freeze(frozen_stages, norm_eval)
