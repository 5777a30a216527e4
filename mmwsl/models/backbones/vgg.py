"""VGG16 (Simonyan and Zisserman 2015, arXiv:1409.1556): its thirteen convolutions."""

import torch.nn as nn

from mmwsl.models.backbones.staged import StagedBackbone
from mmwsl.models.layers.norm import build_norm
from mmwsl.registry import BACKBONES

STAGES = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # width and number of convolutions


@BACKBONES.register_module()
class VGG16(StagedBackbone):
    """The convolutions of VGG16, without its fifth pooling and its fully connected layers.

    Parts have the names of the paper's authors: ``conv1_1`` to ``conv5_3``, each with its ReLU, and ``pool1`` to
    ``pool4``.

    Args:
        in_channels: 3, or 2 after Sobel filtering.
        out_indices: 1..5 for conv1_2, conv2_2, conv3_3, conv4_3 and conv5_3, in ascending order. Stages after the last
            of them are not built.
        strides: of the five stages; 2 is a 2 x 2 max-pool before it, 1 leaves it out. From 224 pixels the default
            gives maps of 14 x 14, and (1, 2, 2, 2, 1), without ``pool4``, of 28 x 28.
        dilations: of the stages' convolutions; (1, 1, 1, 1, 2) goes with the latter in weakly supervised detection.
        frozen_stages: -1 none; s takes the gradient from stages 1..s.
        norm_cfg: config of the normalisation between a convolution and its ReLU; None: none.

    Returns of ``forward``: tuple of (B, C_i, H_i, W_i), after ReLU. ``out_channels`` lists their channels.
    """

    def __init__(self, in_channels=3, out_indices=(5,), strides=(1, 2, 2, 2, 2), dilations=(1, 1, 1, 1, 1),
                 frozen_stages=-1, norm_cfg=None, init_cfg=None):
        super().__init__(out_indices, range(1, 6), '1..5', init_cfg)
        if len(strides) != 5 or not set(strides) <= {1, 2}:
            raise ValueError(f'VGG16 strides must be five times 1 or 2, got {strides}')
        if len(dilations) != 5 or min(dilations) < 1:
            raise ValueError(f'VGG16 dilations must be five times 1 or more, got {dilations}')
        self.out_channels = [STAGES[index - 1][0] for index in self.out_indices]
        for stage, (width, count) in enumerate(STAGES[:self.out_indices[-1]], start=1):
            parts = {f'pool{stage - 1}': nn.MaxPool2d(2)} if strides[stage - 1] == 2 else {}
            for number in range(1, count + 1):
                convolution = nn.Conv2d(in_channels, width, 3, padding=dilations[stage - 1],
                                        dilation=dilations[stage - 1])
                nn.init.kaiming_normal_(convolution.weight, mode='fan_out', nonlinearity='relu')
                nn.init.zeros_(convolution.bias)
                norm = [] if norm_cfg is None else [build_norm(norm_cfg, width)]
                parts[f'conv{stage}_{number}'] = nn.Sequential(convolution, *norm, nn.ReLU(inplace=True))
                in_channels = width
            self.add_stage(stage, parts)
        self.freeze(frozen_stages)
