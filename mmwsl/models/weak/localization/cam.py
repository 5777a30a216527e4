"""Class activation mapping (Zhou et al. 2016, arXiv:1512.04150): a classifier whose last layer says where."""

import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.heads.classes import check_classes
from mmwsl.models.weak.localization.maps import class_activation_maps
from mmwsl.ops.tensors import accuracy, upcast
from mmwsl.registry import WEAK_HEADS

POOLINGS = dict(average=lambda features: features.mean((2, 3)), max=lambda features: features.amax((2, 3)))


@WEAK_HEADS.register_module()
class CAMHead(BaseModule):
    """CAM head: 3 x 3 convolutions, global average (GAP) or max (GMP) pooling and a linear layer.

    Where a paper has a 1 x 1 convolution to the classes before average pooling (InceptionV3), the linear layer behind
    it is the same function, and its CAMs are those of the convolution but for the bias.

    Args:
        in_channels: of the feature map, or of all of a backbone, of which the last is read.
        num_classes: number of classes.
        channels: of the convolution before the pooling (AlexNet-GAP 512, VGG16-GAP and GoogLeNet-GAP 1024), or of
            several (InceptionV3 1024, 1024); None: none.
        pooling: 'average' (GAP), or 'max' (GMP).
        dropout: share of values that are set to 0 before each convolution and before the pooling (InceptionV3 0.5).
    """

    def __init__(self, in_channels, num_classes, channels=None, pooling='average', dropout=0.0, init_cfg=None):
        super().__init__(init_cfg)
        if pooling not in POOLINGS:
            raise ValueError(f'CAMHead: pooling={pooling!r} is unknown; choose one of {", ".join(POOLINGS)}')
        check_classes(self, num_classes)
        if not 0 <= dropout < 1:
            raise ValueError(f'CAMHead: dropout={dropout} must be at least 0 and below 1')
        width = in_channels if isinstance(in_channels, int) else in_channels[-1]
        self.num_classes, self.pooling = num_classes, pooling
        layers = []
        for outputs in [channels] if isinstance(channels, int) else channels or []:
            convolution = nn.Conv2d(width, outputs, 3, padding=1)
            nn.init.kaiming_normal_(convolution.weight, mode='fan_out', nonlinearity='relu')
            nn.init.zeros_(convolution.bias)
            layers += [nn.Dropout(dropout)] * (dropout > 0) + [convolution, nn.ReLU(inplace=True)]
            width = outputs
        self.conv = nn.Sequential(*layers, *[nn.Dropout(dropout)] * (dropout > 0))
        self.classifier = nn.Linear(width, num_classes)
        nn.init.normal_(self.classifier.weight, std=0.01)
        nn.init.zeros_(self.classifier.bias)

    def features(self, features):
        """Features before the pooling, (B, K, h, w)."""
        return self.conv(features[-1] if isinstance(features, (tuple, list)) else features)

    def scores(self, features):
        return self.classifier(POOLINGS[self.pooling](features))

    def forward(self, features):
        """Scores (B, C)."""
        return self.scores(self.features(features))

    def class_maps(self, features, labels=None):
        """CAM of every class, (B, C, h, w), fp32. ``labels`` are for heads whose CAMs depend on them."""
        return class_activation_maps(self.features(features).float(), self.classifier.weight.float())

    def loss(self, features, labels, other_labels=None, share=1.0):
        """Cross-entropy; with ``other_labels`` (CutMix) that share of it, and the rest against them."""
        scores = upcast(self(features))
        loss = F.cross_entropy(scores, labels)
        if other_labels is not None:
            loss = share * loss + (1 - share) * F.cross_entropy(scores, other_labels)
        return dict(loss=loss, accuracy=accuracy(scores, labels))
