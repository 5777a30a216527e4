import torch.nn as nn
from torch.nn.functional import cross_entropy

from mmwsl.registry import WEAK_HEADS


@WEAK_HEADS.register_module()
class LogSumExpHead(nn.Module):
    """Class maps by a 1x1 convolution, pooled to image scores by log-mean-exp: between average and maximum."""

    def __init__(self, in_channels, num_classes, sharpness=4.0):
        super().__init__()
        self.convolution = nn.Conv2d(in_channels, num_classes, 1)
        self.sharpness = sharpness

    def maps(self, features):
        """(B, num_classes, H, W) from the backbone's tuple."""
        return self.convolution(features[-1])

    def forward(self, features):
        maps = self.maps(features).flatten(2) * self.sharpness  # (B, C, H W)
        return (maps.logsumexp(2) - maps.new_tensor(float(maps.shape[2])).log()) / self.sharpness

    def loss(self, features, labels):
        return dict(loss=cross_entropy(self(features), labels))
