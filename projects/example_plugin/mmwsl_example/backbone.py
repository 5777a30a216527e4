import torch.nn as nn

from mmwsl.registry import BACKBONES


@BACKBONES.register_module()
class ThreeConvolutions(nn.Module):
    """Three convolutions of stride 2; returns a tuple with the last map (B, 4 width, H / 8, W / 8)."""

    def __init__(self, width=16):
        super().__init__()
        layers, inputs = [], 3
        for outputs in (width, 2 * width, 4 * width):
            layers += [nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
            inputs = outputs
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return (self.layers(x),)
