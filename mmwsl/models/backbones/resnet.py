"""ResNet 18-152 (He et al. 2016) with ImageNet and CIFAR stems and any width.

Parameter names are torchvision's (``conv1``, ``bn1``, ``layer1.0.conv1``, ``layer1.0.downsample.0``), so its weights
and those of the MoCo family load unchanged.
"""

import torch.nn as nn
import torch.nn.functional as F

from mmwsl.models.backbones.staged import StagedBackbone
from mmwsl.models.layers.norm import build_norm
from mmwsl.registry import BACKBONES


def _conv3x3(inputs, outputs, stride=1, dilation=1):
    return nn.Conv2d(inputs, outputs, 3, stride, padding=dilation, dilation=dilation, bias=False)


def _conv1x1(inputs, outputs, stride=1):
    return nn.Conv2d(inputs, outputs, 1, stride, bias=False)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut."""

    expansion = 1

    def __init__(self, inputs, channels, stride, downsample, norm_cfg, dilation=1):
        super().__init__()
        self.conv1, self.bn1 = _conv3x3(inputs, channels, stride, dilation), build_norm(norm_cfg, channels)
        self.conv2, self.bn2 = _conv3x3(channels, channels), build_norm(norm_cfg, channels)
        self.downsample = downsample

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        x = self.bn2(self.conv2(x))
        return F.relu(x + shortcut, inplace=True)


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 and a shortcut; the stride sits in the 3x3 ("pytorch style")."""

    expansion = 4

    def __init__(self, inputs, channels, stride, downsample, norm_cfg, dilation=1):
        super().__init__()
        outputs = channels * self.expansion
        self.conv1, self.bn1 = _conv1x1(inputs, channels), build_norm(norm_cfg, channels)
        self.conv2, self.bn2 = _conv3x3(channels, channels, stride, dilation), build_norm(norm_cfg, channels)
        self.conv3, self.bn3 = _conv1x1(channels, outputs), build_norm(norm_cfg, outputs)
        self.downsample = downsample

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        x = F.relu(self.bn2(self.conv2(x)), inplace=True)
        x = self.bn3(self.conv3(x))
        return F.relu(x + shortcut, inplace=True)


@BACKBONES.register_module()
class ResNet(StagedBackbone):
    """ResNet of 18 to 152 layers and any width, with the stem for ImageNet or the one for CIFAR.

    Args:
        depth: 18, 34, 50, 101 or 152.
        base_channels: width of the stem and of the first stage's 3x3 convolutions (64 in the paper).
        stem: ``'imagenet'`` (7x7 stride 2 and max-pool) or ``'cifar'`` (3x3 stride 1, no pooling).
        in_channels: 3, 1 or 2 (Sobel).
        out_indices: which feature maps to return, in ascending order: 0 the stem after ReLU (before the max-pool),
            1-4 the stages.
        frozen_stages: -1 none; s freezes the stem and stages 1..s (no gradient, BN in eval mode).
        norm_cfg: ``dict(type='BN'|'SyncBN'|'SplitBN', ...)``.
        norm_eval: all BN layers in eval mode during training.
        zero_init_residual: the last BN of each block starts at 0.
        strides, dilations: of the four stages. (1, 2, 1, 1) and (1, 1, 2, 4) give maps of 1/8 for segmentation; the
            first block of a dilated stage has half its dilation.

    Returns of ``forward``: tuple of (B, C_i, H_i, W_i). ``out_channels`` lists their channels.
    """

    BLOCKS = {18: (BasicBlock, (2, 2, 2, 2)), 34: (BasicBlock, (3, 4, 6, 3)), 50: (Bottleneck, (3, 4, 6, 3)),
              101: (Bottleneck, (3, 4, 23, 3)), 152: (Bottleneck, (3, 8, 36, 3))}

    def __init__(self, depth, base_channels=64, stem='imagenet', in_channels=3, out_indices=(4,), frozen_stages=-1,
                 norm_cfg=dict(type='BN'), norm_eval=False, zero_init_residual=False,  # noqa: B006
                 strides=(1, 2, 2, 2), dilations=(1, 1, 1, 1), init_cfg=None):
        super().__init__(out_indices, range(5), '0 (stem), 1, 2, 3, 4 (stages)', init_cfg)
        if depth not in self.BLOCKS:
            raise ValueError(f'ResNet depth {depth} is unknown; choose one of {sorted(self.BLOCKS)}')
        if stem not in ('imagenet', 'cifar'):
            raise ValueError(f"ResNet stem {stem!r} is unknown; choose 'imagenet' or 'cifar'")
        block, counts = self.BLOCKS[depth]
        conv1 = (nn.Conv2d(in_channels, base_channels, 7, 2, 3, bias=False) if stem == 'imagenet' else
                 _conv3x3(in_channels, base_channels))
        self.add_stage(0, dict(conv1=conv1, bn1=build_norm(norm_cfg, base_channels), relu=nn.ReLU(inplace=True)))
        channels, widths = base_channels, [base_channels]
        for stage in range(4):
            width = base_channels * 2**stage
            blocks = []
            for index in range(counts[stage]):
                stride = strides[stage] if index == 0 else 1
                dilation = max(dilations[stage] // 2, 1) if index == 0 else dilations[stage]
                downsample = None
                if stride != 1 or channels != width * block.expansion:
                    downsample = nn.Sequential(_conv1x1(channels, width * block.expansion, stride),
                                               build_norm(norm_cfg, width * block.expansion))
                blocks.append(block(channels, width, stride, downsample, norm_cfg, dilation))
                channels = width * block.expansion
            parts = dict(maxpool=nn.MaxPool2d(3, 2, 1)) if stage == 0 and stem == 'imagenet' else {}
            self.add_stage(stage + 1, parts | {f'layer{stage + 1}': nn.Sequential(*blocks)})
            widths.append(channels)
        self.out_channels = [widths[index] for index in self.out_indices]
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode='fan_out', nonlinearity='relu')
            elif zero_init_residual and isinstance(module, (BasicBlock, Bottleneck)):
                nn.init.zeros_((module.bn2 if isinstance(module, BasicBlock) else module.bn3).weight)
        self.freeze(frozen_stages, norm_eval)
