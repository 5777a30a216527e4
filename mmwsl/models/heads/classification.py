"""Classification from a pooled feature."""

import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.heads.classes import check_classes
from mmwsl.models.layers.norm import build_norm
from mmwsl.models.necks.mlp import pool
from mmwsl.ops.tensors import accuracy, upcast
from mmwsl.registry import HEADS


@HEADS.register_module()
class ClassificationHead(BaseModule):
    """Pooling, one linear layer and cross-entropy: the head of rotation, jigsaw and linear classification.

    Args:
        in_channels: width of the pooled feature, or of all feature maps of a backbone, of which the last is classified.
        num_classes: number of classes.
        init_std: standard deviation of the weights' normal initialisation.
        norm_cfg: norm without scale and shift before the linear layer (MAE's linear probe); None for none.
        label_smoothing: of the cross-entropy.
        dropout: share of the pooled feature that is left out in training.
    """

    several_tags = False  # whether the classes do not exclude each other

    def __init__(self, in_channels, num_classes, init_std=0.01, norm_cfg=None, label_smoothing=0.0, init_cfg=None,
                 dropout=0.0):
        super().__init__(init_cfg)
        if not self.several_tags:
            check_classes(self, num_classes)
        in_channels = in_channels if isinstance(in_channels, int) else in_channels[-1]
        self.num_classes, self.label_smoothing, self.dropout = num_classes, label_smoothing, dropout
        self.norm = build_norm(dict(norm_cfg, affine=False), in_channels, dims=0) if norm_cfg else None
        self.classifier = nn.Linear(in_channels, num_classes)
        nn.init.normal_(self.classifier.weight, std=init_std)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, x):
        """Scores (B, num_classes) of a feature map, a tuple of maps or a pooled feature."""
        x = pool(x)
        x = x if self.norm is None else self.norm(x)
        return self.classifier(F.dropout(x, self.dropout, self.training))

    def pooled_weight(self):
        """(num_classes, D), fp32: what the pooled feature is multiplied with in evaluation, a batch norm folded in.

        None where the norm depends on the feature itself, so that there is no such matrix.
        """
        weight = self.classifier.weight.float()
        if self.norm is None:
            return weight
        if isinstance(self.norm, nn.modules.batchnorm._BatchNorm):
            return weight / (self.norm.running_var.float() + self.norm.eps).sqrt()
        return None

    def loss(self, x, labels):
        """``dict(loss, accuracy)``: mean cross-entropy against ``labels`` (B,), and the share in percent that is right.

        Taken in fp32 at least.
        """
        scores = upcast(self(x))
        return dict(loss=F.cross_entropy(scores, labels, label_smoothing=self.label_smoothing),
                    accuracy=accuracy(scores, labels))
