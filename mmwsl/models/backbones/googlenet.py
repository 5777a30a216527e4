"""GoogLeNet (Szegedy et al. 2015, arXiv:1409.4842) with batch normalisation and without auxiliary classifiers."""

import torch
import torch.nn as nn

from mmwsl.models.backbones.staged import StagedBackbone
from mmwsl.models.layers.norm import build_norm
from mmwsl.registry import BACKBONES

# Table 1 of the paper: 1 x 1; 3 x 3 after its reduction; 5 x 5 after its reduction; after the pooling
INCEPTIONS = {
    '3a': (64, 96, 128, 16, 32, 32), '3b': (128, 128, 192, 32, 96, 64),
    '4a': (192, 96, 208, 16, 48, 64), '4b': (160, 112, 224, 24, 64, 64), '4c': (128, 128, 256, 24, 64, 64),
    '4d': (112, 144, 288, 32, 64, 64), '4e': (256, 160, 320, 32, 128, 128),
    '5a': (256, 160, 320, 32, 128, 128), '5b': (384, 192, 384, 48, 128, 128),
}


def _conv(inputs, outputs, kernel, norm_cfg, stride=1):
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
    nn.init.kaiming_normal_(convolution.weight, mode='fan_out', nonlinearity='relu')
    return nn.Sequential(convolution, build_norm(norm_cfg, outputs), nn.ReLU(inplace=True))


class Inception(nn.Module):
    """Inception module: concatenated branches of 1 x 1, 3 x 3, 5 x 5, and a 3 x 3 max-pool with 1 x 1."""

    def __init__(self, inputs, widths, norm_cfg):
        super().__init__()
        one, reduce3, three, reduce5, five, pool = widths
        self.branch1 = _conv(inputs, one, 1, norm_cfg)
        self.branch2 = nn.Sequential(_conv(inputs, reduce3, 1, norm_cfg), _conv(reduce3, three, 3, norm_cfg))
        self.branch3 = nn.Sequential(_conv(inputs, reduce5, 1, norm_cfg), _conv(reduce5, five, 5, norm_cfg))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, 1), _conv(inputs, pool, 1, norm_cfg))
        self.out_channels = one + three + five + pool

    def forward(self, x):
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


@BACKBONES.register_module()
class GoogLeNet(StagedBackbone):
    """GoogLeNet up to a chosen inception module, with BN after every convolution in place of local response norms.

    Parts: ``conv1``, ``conv2_reduce``, ``conv2``, ``inception3a`` to ``inception5b`` and ``pool1`` to ``pool4``.

    Args:
        in_channels: 3, or 2 after Sobel filtering.
        out_indices: 1 conv1, 2 conv2, 3 inception3b, 4 inception4e, 5 inception5b, in ascending order: 112, 56, 28, 14
            and 7 pixels of an image of 224. What comes after the last of them is not built; GoogLeNet-GAP (Zhou et al.
            2016) ends with inception4e.
        norm_cfg: config of the normalisation.

    Returns of ``forward``: tuple of (B, C_i, H_i, W_i), after ReLU. ``out_channels`` lists their channels.
    """

    def __init__(self, in_channels=3, out_indices=(4,), norm_cfg=dict(type='BN'), init_cfg=None):  # noqa: B006
        super().__init__(out_indices, range(1, 6), '1..5', init_cfg)
        widths = []  # channels of each stage
        for stage in range(1, self.out_indices[-1] + 1):
            parts = {} if stage == 1 else {f'pool{stage - 1}': nn.MaxPool2d(3, 2, ceil_mode=True)}
            if stage == 1:
                parts['conv1'] = _conv(in_channels, 64, 7, norm_cfg, stride=2)
                widths.append(64)
            elif stage == 2:
                parts['conv2_reduce'] = _conv(64, 64, 1, norm_cfg)
                parts['conv2'] = _conv(64, 192, 3, norm_cfg)
                widths.append(192)
            else:
                width = widths[-1]
                for name in (each for each in INCEPTIONS if each.startswith(str(stage))):
                    parts[f'inception{name}'] = Inception(width, INCEPTIONS[name], norm_cfg)
                    width = parts[f'inception{name}'].out_channels
                widths.append(width)
            self.add_stage(stage, parts)
        self.out_channels = [widths[index - 1] for index in self.out_indices]
