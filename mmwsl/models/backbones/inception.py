"""Inception v3 (Szegedy et al. 2016, arXiv:1512.00567) up to Mixed_6e, as weakly-supervised localization has it.

Parts have torchvision's names, so its weights load unchanged; those of Mixed_7 and of the classifiers are left over.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.models.backbones.staged import StagedBackbone
from mmwsl.models.layers.norm import build_norm
from mmwsl.registry import BACKBONES


class BasicConv2d(nn.Module):
    """Convolution, normalisation, ReLU."""

    def __init__(self, inputs, outputs, kernel, norm_cfg, stride=1, padding=0):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        nn.init.kaiming_normal_(self.conv.weight, mode='fan_out', nonlinearity='relu')
        self.bn = build_norm(norm_cfg, outputs)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)), inplace=True)


class Mixed(nn.Module):
    """Inception module: concatenated branches of convolutions, the last one after a pooling.

    Args:
        inputs: channels.
        branches: for each branch its name and its convolutions (width, kernel (height, width)); where there are
            several, their names end in _1, _2, ...; every convolution is padded to keep the size.
        pool: ``'average'`` with the branch ``branch_pool``, or ``'max'``, whose channels pass as they are.
    """

    def __init__(self, inputs, branches, pool, norm_cfg):
        super().__init__()
        self.rows, self.pool, self.out_channels = [], pool, inputs if pool == 'max' else 0
        for branch, convolutions in branches.items():
            width, names = inputs, []
            for number, (outputs, kernel) in enumerate(convolutions, start=1):
                names.append(branch if len(convolutions) == 1 else f'{branch}_{number}')
                padding = tuple(side // 2 for side in kernel)
                self.add_module(names[-1], BasicConv2d(width, outputs, kernel, norm_cfg, padding=padding))
                width = outputs
            self.rows.append(names)
            self.out_channels += width

    def forward(self, x):
        pooled = (F.max_pool2d if self.pool == 'max' else F.avg_pool2d)(x, 3, 1, 1)
        outputs = []
        for names in self.rows:
            branch = pooled if names == ['branch_pool'] else x
            for name in names:
                branch = getattr(self, name)(branch)
            outputs.append(branch)
        return torch.cat(outputs + [pooled] * (self.pool == 'max'), 1)


def _mixed5(inputs, pooled, norm_cfg):
    return Mixed(inputs, dict(
        branch1x1=[(64, (1, 1))], branch5x5=[(48, (1, 1)), (64, (5, 5))],
        branch3x3dbl=[(64, (1, 1)), (96, (3, 3)), (96, (3, 3))], branch_pool=[(pooled, (1, 1))]), 'average', norm_cfg)


def _mixed6a(norm_cfg):
    return Mixed(288, dict(branch3x3=[(384, (3, 3))], branch3x3dbl=[(64, (1, 1)), (96, (3, 3)), (96, (3, 3))]), 'max',
                 norm_cfg)


def _mixed6(width, norm_cfg):
    row, column = (1, 7), (7, 1)
    return Mixed(768, dict(
        branch1x1=[(192, (1, 1))], branch7x7=[(width, (1, 1)), (width, row), (192, column)],
        branch7x7dbl=[(width, (1, 1)), (width, column), (width, row), (width, column), (192, row)],
        branch_pool=[(192, (1, 1))]), 'average', norm_cfg)


@BACKBONES.register_module()
class InceptionV3(StagedBackbone):
    """Inception v3 cut after Mixed_6e, with a padded stem.

    The stem's first convolution and its poolings are padded and Mixed_6a has stride 1 after a max-pool, so that the
    maps divide the image evenly: 28 x 28 in stage 1 and 14 x 14 in stage 2, from 224 pixels.

    Args:
        in_channels: 3, or 2 after Sobel filtering.
        out_indices: 1 Mixed_5d (288 channels), 2 Mixed_6e (768), in ascending order. What comes after the last of them
            is not built.
        stride: of stage 2: 2, or 1 for maps of 28 x 28.
        norm_cfg: config of the normalisation.

    Returns of ``forward``: tuple of (B, C_i, H_i, W_i), after ReLU. ``out_channels`` lists their channels.
    """

    def __init__(self, in_channels=3, out_indices=(2,), stride=2, norm_cfg=dict(type='BN', eps=1e-3),  # noqa: B006
                 init_cfg=None):
        super().__init__(out_indices, (1, 2), '1 (Mixed_5d) and 2 (Mixed_6e)', init_cfg)
        if stride not in (1, 2):
            raise ValueError(f'InceptionV3 stride={stride} is impossible; choose 2, or 1 for larger maps')
        self.out_channels = [{1: 288, 2: 768}[index] for index in self.out_indices]
        self.add_stage(1, dict(
            Conv2d_1a_3x3=BasicConv2d(in_channels, 32, 3, norm_cfg, stride=2, padding=1),
            Conv2d_2a_3x3=BasicConv2d(32, 32, 3, norm_cfg), Conv2d_2b_3x3=BasicConv2d(32, 64, 3, norm_cfg, padding=1),
            maxpool1=nn.MaxPool2d(3, 2, padding=1, ceil_mode=True),
            Conv2d_3b_1x1=BasicConv2d(64, 80, 1, norm_cfg), Conv2d_4a_3x3=BasicConv2d(80, 192, 3, norm_cfg),
            maxpool2=nn.MaxPool2d(3, 2, padding=1, ceil_mode=True),
            Mixed_5b=_mixed5(192, 32, norm_cfg), Mixed_5c=_mixed5(256, 64, norm_cfg),
            Mixed_5d=_mixed5(288, 64, norm_cfg)))
        if 2 in self.out_indices:
            self.add_stage(2, dict(
                maxpool3=nn.MaxPool2d(3, 2, ceil_mode=True) if stride == 2 else nn.Identity(),
                Mixed_6a=_mixed6a(norm_cfg), Mixed_6b=_mixed6(128, norm_cfg), Mixed_6c=_mixed6(160, norm_cfg),
                Mixed_6d=_mixed6(160, norm_cfg), Mixed_6e=_mixed6(192, norm_cfg)))
