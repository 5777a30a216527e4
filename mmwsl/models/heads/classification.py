"""Classification from a pooled feature."""

import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.losses.contrastive import wide
from mmwsl.models.necks.mlp import pool
from mmwsl.registry import HEADS


@HEADS.register_module()
class ClassificationHead(BaseModule):
    """Pooling, one linear layer and cross-entropy: the head of rotation and jigsaw.

    Args:
        in_channels: width of the pooled feature.
        num_classes: number of classes.
        init_std: standard deviation of the weights' normal initialisation.
    """

    def __init__(self, in_channels, num_classes, init_std=0.01, init_cfg=None):
        super().__init__(init_cfg)
        self.classifier = nn.Linear(in_channels, num_classes)
        nn.init.normal_(self.classifier.weight, std=init_std)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, x):
        """Scores (B, num_classes) of a map, a tuple of maps or a pooled feature."""
        return self.classifier(pool(x))

    def loss(self, x, labels):
        """``dict(loss, accuracy)``: mean cross-entropy against ``labels`` (B,), and the share in percent that is right.

        Taken in fp32 at least.
        """
        scores = wide(self(x))
        right = (scores.detach().argmax(1) == labels).float().mean() * 100
        return dict(loss=F.cross_entropy(scores, labels), accuracy=right)
