"""Adversarial complementary learning (Zhang et al. 2018, arXiv:1804.06962)."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.heads.classes import check_classes
from mmwsl.models.weak.localization.maps import normalize_maps
from mmwsl.ops.tensors import accuracy, upcast
from mmwsl.registry import WEAK_HEADS


def erase(features, attention, threshold):
    """Zero features (B, K, h, w) where the normalised ``attention`` (B, h, w) reaches ``threshold``."""
    return features * (attention < threshold).to(features.dtype)[:, None]


@WEAK_HEADS.register_module()
class ACoLHead(BaseModule):
    """ACoL head: two classifiers, the second on features with the regions of the first erased.

    Each is two 3 x 3 convolutions and one 1 x 1 to the classes, averaged. No gradient flows through the erased mask.

    Args:
        in_channels: of the feature map, or of all of a backbone, of which the last is read.
        num_classes: number of classes.
        channels: of the 3 x 3 convolutions.
        threshold: delta, where the first classifier's normalised map of the label is erased.
        average: average the features over 3 x 3 positions (stride 1, zeros around the map) before both classifiers, as
            the authors' code and that of Choe et al. do.
    """

    def __init__(self, in_channels, num_classes, channels=1024, threshold=0.7, average=False, init_cfg=None):
        super().__init__(init_cfg)
        check_classes(self, num_classes)
        if not 0 < threshold < 1:
            raise ValueError(f'ACoLHead: threshold={threshold} must lie between 0 and 1')
        in_channels = in_channels if isinstance(in_channels, int) else in_channels[-1]
        self.num_classes, self.threshold, self.average = num_classes, threshold, average
        self.first, self.second = (nn.Sequential(
            nn.Conv2d(in_channels, channels, 3, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(channels, num_classes, 1)) for _ in range(2))
        for layer in (*self.first, *self.second):
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode='fan_out', nonlinearity='relu')
                nn.init.zeros_(layer.bias)

    def _input(self, features):
        x = features[-1] if isinstance(features, (tuple, list)) else features
        return F.avg_pool2d(x, 3, stride=1, padding=1) if self.average else x

    def branches(self, features, labels):
        """CAMs (B, C, h, w) of both classifiers; the regions of ``labels`` are erased for the second."""
        x = self._input(features)
        first = self.first(x)
        rows = torch.arange(len(x), device=x.device)
        attention = normalize_maps(first[rows, labels].detach().float())
        return first, self.second(erase(x, attention, self.threshold))

    def forward(self, features):
        """Scores (B, C) of the first classifier."""
        return self.first(self._input(features)).mean((2, 3))

    def class_maps(self, features, labels):
        """Maximum of both classifiers' normalised CAMs, (B, C, h, w), with ``labels`` erased for the second."""
        first, second = (normalize_maps(each.float()) for each in self.branches(features, labels))
        return torch.maximum(first, second)

    def loss(self, features, labels):
        """Cross-entropy of both classifiers."""
        scores, second = (upcast(each.mean((2, 3))) for each in self.branches(features, labels))
        return dict(loss_first=F.cross_entropy(scores, labels), loss_second=F.cross_entropy(second, labels),
                    accuracy=accuracy(scores, labels))
