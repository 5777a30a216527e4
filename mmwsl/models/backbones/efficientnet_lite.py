"""EfficientNet-Lite 0-2 (Tan and Le 2019, in the variant for small devices: no squeeze-and-excitation, ReLU6).

Parts are called as in the published PyTorch weights, without their underscores: ``conv_stem``, ``bn0``,
``block3.depthwise_conv`` for ``_blocks.3._depthwise_conv``, ``conv_head``, ``bn1``.
"""

import math

import torch.nn as nn
import torch.nn.functional as F
from mmcv.cnn import fuse_conv_bn

from mmwsl.models.backbones.staged import StagedBackbone
from mmwsl.models.layers.norm import build_norm
from mmwsl.models.layers.same_conv import SameConv2d
from mmwsl.registry import BACKBONES


class InvertedResidual(nn.Module):
    """1x1 expansion, depthwise convolution and 1x1 projection, the last one linear; a shortcut where shapes agree."""

    def __init__(self, inputs, outputs, kernel, expansion, norm_cfg, stride=1, dilation=1):
        super().__init__()
        width = inputs * expansion
        if expansion > 1:
            self.expand_conv, self.bn0 = SameConv2d(inputs, width, 1), build_norm(norm_cfg, width)
        self.expands, self.has_shortcut = expansion > 1, stride == 1 and inputs == outputs
        self.depthwise_conv = SameConv2d(width, width, kernel, stride, dilation, groups=width)
        self.bn1 = build_norm(norm_cfg, width)
        self.project_conv, self.bn2 = SameConv2d(width, outputs, 1), build_norm(norm_cfg, outputs)

    def forward(self, x):
        shortcut = x
        if self.expands:
            x = F.relu6(self.bn0(self.expand_conv(x)), inplace=True)
        x = F.relu6(self.bn1(self.depthwise_conv(x)), inplace=True)
        x = self.bn2(self.project_conv(x))
        return x + shortcut if self.has_shortcut else x


@BACKBONES.register_module()
class EfficientNetLite(StagedBackbone):
    """EfficientNet-Lite, with TensorFlow's SAME padding at any size of the image.

    Args:
        arch: ``'lite0'``, ``'lite1'`` or ``'lite2'``; published for images of 224, 240 and 260 pixels.
        in_channels: 3, or 2 after Sobel filtering.
        out_indices: which feature maps to return, in ascending order: 0 of stride 2 (16 channels), 1 of stride 4, 2 of
            stride 8, 3 of stride 16, 4 of stride 32, 5 the head's 1280 channels. Stages 0-4 end in a linear
            projection, so their maps have both signs; that of the head is in [0, 6].
        frozen_stages: -1 none; s freezes stages 0..s (no gradient, BN in eval mode).
        norm_cfg: config of the normalisation.
        norm_eval: all BN layers in eval mode during training.
        strides, dilations: of stages 1-4. (2, 2, 2, 1) and (1, 1, 1, 2) give maps of 1/16; the first block of a
            dilated stage has half its dilation.

    Returns of ``forward``: tuple of (B, C_i, H_i, W_i). ``out_channels`` lists their channels.

    Raises:
        ValueError: an unknown ``arch``, or settings that do not fit the stages.
    """

    SCALES = {'lite0': (1.0, 1.0), 'lite1': (1.0, 1.1), 'lite2': (1.1, 1.2)}  # of widths, and of repeats that are > 1
    # Groups of equal blocks, by stage: kernel, expansion, channels, repeats; the first block of a stage has its stride.
    STAGES = (((3, 1, 16, 1),), ((3, 6, 24, 2),), ((5, 6, 40, 2),), ((3, 6, 80, 3), (5, 6, 112, 3)),
              ((5, 6, 192, 4), (3, 6, 320, 1)))
    STEM, HEAD = 32, 1280  # channels, which are not scaled

    def __init__(self, arch='lite0', in_channels=3, out_indices=(5,), frozen_stages=-1,
                 norm_cfg=dict(type='BN', eps=1e-3, momentum=0.01), norm_eval=False,  # noqa: B006
                 strides=(2, 2, 2, 2), dilations=(1, 1, 1, 1), init_cfg=None):
        super().__init__(out_indices, range(6), '0, 1, 2, 3, 4 (of stride 2 to 32) and 5 (head)', init_cfg)
        if arch not in self.SCALES:
            raise ValueError(f'EfficientNetLite arch {arch!r} is unknown; choose one of {", ".join(self.SCALES)}')
        if len(strides) != 4 or len(dilations) != 4 or not set(strides) <= {1, 2} or min(dilations) < 1:
            raise ValueError('EfficientNetLite strides are four times 1 or 2, and dilations four times 1 or more, of '
                             f'stages 1-4; got {strides} and {dilations}')
        channels, number, widths = self.STEM, 0, []
        parts = dict(conv_stem=SameConv2d(in_channels, channels, 3, 2), bn0=build_norm(norm_cfg, channels),
                     relu0=nn.ReLU6(inplace=True))
        for stage, groups in enumerate(self.STAGES):
            stride, dilation = (1, 1) if stage == 0 else (strides[stage - 1], dilations[stage - 1])
            for position, (kernel, expansion, width, repeats) in enumerate(groups):
                width = _scaled_width(width, self.SCALES[arch][0])
                for index in range(math.ceil(repeats * self.SCALES[arch][1]) if repeats > 1 else 1):
                    first = position == index == 0
                    parts[f'block{number}'] = InvertedResidual(
                        channels, width, kernel, expansion, norm_cfg, stride if first else 1,
                        max(dilation // 2, 1) if first else dilation)
                    channels, number = width, number + 1
            self.add_stage(stage, parts)
            widths.append(channels)
            parts = {}
        self.add_stage(5, dict(conv_head=SameConv2d(channels, self.HEAD, 1), bn1=build_norm(norm_cfg, self.HEAD),
                               relu1=nn.ReLU6(inplace=True)))
        self.out_channels = [[*widths, self.HEAD][index] for index in self.out_indices]
        for module in self.modules():
            if isinstance(module, nn.Conv2d):  # by what one output channel of a group feeds
                nn.init.normal_(module.weight, std=math.sqrt(2 * module.groups / module.weight[:, 0].numel()))
        self.freeze(frozen_stages, norm_eval)

    def fuse_norms(self):
        """Fold the running statistics of the norms into the convolutions, which is faster, for inference alone.

        The names of parameters change with it.
        """
        fuse_conv_bn(self)  # goes by the order of children: a norm stands behind its convolution


def _scaled_width(channels, scale):
    """The multiple of 8 nearest to ``scale * channels``, and no less than 90 percent of it."""
    width = max(8, int(scale * channels + 4) // 8 * 8)
    return width if width >= 0.9 * scale * channels else width + 8
