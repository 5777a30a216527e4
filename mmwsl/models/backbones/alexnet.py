"""AlexNet with batch normalisation, the network of the pretext-task literature."""

import torch.nn as nn
import torch.nn.functional as F

from mmwsl.models.backbones.staged import StagedBackbone
from mmwsl.models.layers.norm import build_norm
from mmwsl.registry import BACKBONES


@BACKBONES.register_module()
class AlexNet(StagedBackbone):
    """The five convolutions of AlexNet (Krizhevsky et al. 2012), each followed by BN and ReLU.

    Args:
        channels: RotNet's 64-192-384-256-256 by default; DeepCluster's is 96-256-384-384-256.
        in_channels: 3, or 2 after Sobel filtering.
        out_indices: 1..5 for conv1..conv5, in ascending order, each after ReLU and before the max-pool that follows it.
        final_pool: 3x3 stride-2 max-pool after conv5 (only in the returned conv5 map).
        norm_cfg: config of the normalisation.

    Returns of ``forward``: tuple of (B, C_i, H_i, W_i).
    """

    def __init__(self, channels=(64, 192, 384, 256, 256), in_channels=3, out_indices=(5,), final_pool=False,
                 norm_cfg=dict(type='BN'), init_cfg=None):  # noqa: B006
        super().__init__(out_indices, range(1, 6), '1..5', init_cfg)
        if len(channels) != 5:
            raise ValueError(f'AlexNet has five convolutions, got {len(channels)} channel numbers')
        self.final_pool = final_pool
        shapes = [(11, 4, 2), (5, 1, 2), (3, 1, 1), (3, 1, 1), (3, 1, 1)]  # kernel, stride, padding
        for index, (width, (kernel, stride, padding)) in enumerate(zip(channels, shapes, strict=True), start=1):
            convolution = nn.Conv2d(in_channels, width, kernel, stride, padding, bias=False)
            nn.init.kaiming_normal_(convolution.weight, mode='fan_out', nonlinearity='relu')
            parts = {f'pool{index - 1}': nn.MaxPool2d(3, 2)} if index in (2, 3) else {}
            self.add_stage(index, parts | {f'conv{index}': nn.Sequential(convolution, build_norm(norm_cfg, width)),
                                           f'relu{index}': nn.ReLU(inplace=True)})
            in_channels = width
        self.out_channels = [channels[index - 1] for index in self.out_indices]

    def forward(self, x):
        outputs = super().forward(x)
        if self.final_pool and self.out_indices[-1] == 5:
            outputs = (*outputs[:-1], F.max_pool2d(outputs[-1], 3, 2))
        return outputs
