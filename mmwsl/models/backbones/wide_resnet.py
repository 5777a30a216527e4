"""Wide ResNet-38 (Wu et al. 2016, arXiv:1611.10080), model A1, as PSA and SEAM use it: maps of 1/8.

Parameter names are those of the published PyTorch weights (``conv1a``, ``b2.bn_branch2a``, ``b5_1.conv_branch2b1``,
``bn7``).
"""

import torch.nn as nn
import torch.nn.functional as F

from mmwsl.models.backbones.staged import StagedBackbone
from mmwsl.models.layers.norm import build_norm
from mmwsl.registry import BACKBONES


class _WideBlock(nn.Module):
    """Norm, ReLU and convolution, twice or three times, and a shortcut; the first norm's result is passed in, because
    the map that the backbone returns is the same."""

    def __init__(self, inputs, outputs, norm_cfg, stride=1):
        super().__init__()
        self.bn_branch2a = build_norm(norm_cfg, inputs)
        if stride != 1 or inputs != outputs:
            self.conv_branch1 = nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def activate(self, x):
        return F.relu(self.bn_branch2a(x))

    def forward(self, x, activated):
        shortcut = self.conv_branch1(activated) if hasattr(self, 'conv_branch1') else x
        return shortcut + self.branch(activated)


class WideBasicBlock(_WideBlock):
    """Two 3x3 convolutions behind norms, and a shortcut."""

    def __init__(self, inputs, channels, outputs, norm_cfg, stride=1, first_dilation=1, dilation=1):
        super().__init__(inputs, outputs, norm_cfg, stride)
        self.conv_branch2a = nn.Conv2d(inputs, channels, 3, stride, first_dilation, first_dilation, bias=False)
        self.bn_branch2b1 = build_norm(norm_cfg, channels)
        self.conv_branch2b1 = nn.Conv2d(channels, outputs, 3, 1, dilation, dilation, bias=False)

    def branch(self, x):
        """The two convolutions, of an activated map."""
        return self.conv_branch2b1(F.relu(self.bn_branch2b1(self.conv_branch2a(x))))


class WideBottleneck(_WideBlock):
    """1x1, 3x3 and 1x1 convolutions behind norms, widening each time, with dropout of channels, and a shortcut."""

    def __init__(self, inputs, outputs, norm_cfg, dilation=1, dropout=0.0):
        super().__init__(inputs, outputs, norm_cfg)
        self.conv_branch2a = nn.Conv2d(inputs, outputs // 4, 1, bias=False)
        self.bn_branch2b1 = build_norm(norm_cfg, outputs // 4)
        self.conv_branch2b1 = nn.Conv2d(outputs // 4, outputs // 2, 3, 1, dilation, dilation, bias=False)
        self.bn_branch2b2 = build_norm(norm_cfg, outputs // 2)
        self.conv_branch2b2 = nn.Conv2d(outputs // 2, outputs, 1, bias=False)
        self.dropout = nn.Dropout2d(dropout)

    def branch(self, x):
        """The three convolutions, of an activated map."""
        x = F.relu(self.bn_branch2b1(self.conv_branch2a(x)))
        x = F.relu(self.bn_branch2b2(self.conv_branch2b1(self.dropout(x))))
        return self.conv_branch2b2(self.dropout(x))


@BACKBONES.register_module()
class WideResNet(StagedBackbone):
    """Wide ResNet of 38 layers, pre-activated, with maps of 1/8 from the fourth stage on.

    Args:
        base_channels: width of the first convolution; those of the stages are 1, 2, 4, 8, 16, 32 and 64 times as much.
        in_channels: 3, or 2 after Sobel filtering.
        out_indices: 1..7, in ascending order: 1 the first convolution, of stride 1; 2 to 4 of strides 2, 4 and 8; 5 to
            7 of stride 8, with dilations 2, 4 and 4. Each map is that behind the norm and ReLU which come next; 4, 5
            and 7 are what PSA and SEAM call conv4, conv5 and conv6.
        dropout: probabilities that a channel is dropped in stages 6 and 7.
        frozen_stages: -1 none; s takes the gradient from stages 1..s, whose norms stay in eval mode.
        norm_cfg: config of the normalisation.
        norm_eval: all BN layers in eval mode during training.

    Returns of ``forward``: tuple of (B, C_i, H_i, W_i), after ReLU. ``out_channels`` lists their channels.
    """

    def __init__(self, base_channels=64, in_channels=3, out_indices=(7,), dropout=(0.3, 0.5), frozen_stages=-1,
                 norm_cfg=dict(type='BN'), norm_eval=False, init_cfg=None):  # noqa: B006
        super().__init__(out_indices, range(1, 8), '1 (first convolution) and 2..7 (b2 to b7)', init_cfg)
        if len(dropout) != 2 or not all(0 <= each < 1 for each in dropout):
            raise ValueError(f'WideResNet dropout must be two probabilities below 1, of stages 6 and 7; got {dropout}')
        widths = [base_channels * 2**stage for stage in range(7)]
        self.add_stage(1, dict(conv1a=nn.Conv2d(in_channels, base_channels, 3, padding=1, bias=False)))
        for stage, (count, stride) in enumerate(((3, 2), (3, 2), (6, 2), (3, 1)), start=2):
            inputs, outputs, dilation = widths[stage - 2], widths[stage - 1], 2 if stage == 5 else 1
            channels = widths[3] if stage == 5 else outputs
            first = WideBasicBlock(inputs, channels, outputs, norm_cfg, stride, dilation=dilation)
            others = {f'b{stage}_{number}': WideBasicBlock(outputs, channels, outputs, norm_cfg, 1, dilation, dilation)
                      for number in range(1, count)}
            self.add_stage(stage, {f'b{stage}': first} | others)
        self.add_stage(6, dict(b6=WideBottleneck(widths[4], widths[5], norm_cfg, dilation=4, dropout=dropout[0])))
        self.add_stage(7, dict(b7=WideBottleneck(widths[5], widths[6], norm_cfg, dilation=4, dropout=dropout[1]),
                               bn7=build_norm(norm_cfg, widths[6])))
        self.out_channels = [widths[index - 1] for index in self.out_indices]
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode='fan_out', nonlinearity='relu')
        self.freeze(frozen_stages, norm_eval)

    def forward(self, x):
        x, outputs = self.conv1a(x), []
        for number in range(2, 8):
            for name in self.stages[number]:
                if name == 'bn7':
                    continue
                block = getattr(self, name)
                activated = block.activate(x)
                if name == f'b{number}' and number - 1 in self.out_indices:
                    outputs.append(activated)
                    if number - 1 == self.out_indices[-1]:
                        return tuple(outputs)
                x = block(x, activated)
        return (*outputs, F.relu(self.bn7(x)))
