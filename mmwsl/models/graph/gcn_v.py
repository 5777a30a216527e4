"""GCN-V: how confident a node is, by one graph convolution on the whole graph (Yang et al. 2020, arXiv:2004.00445)."""

import torch.nn as nn
import torch.nn.functional as F

from mmwsl.models.base import Model
from mmwsl.models.graph.layers import NodeHead, rotated
from mmwsl.ops.tensors import upcast
from mmwsl.registry import MODELS
from mmwsl.structures import add_predictions


@MODELS.register_module()
class GCNV(Model):
    """Confidence of nodes (eq. 2), regressed to how purely a node's neighbors are of its class.

    There is one convolution, so A x, the mean of a node's neighbors, is a constant of the data: a node is a row
    [x, A x], and any part of the nodes is a batch. With all of them a step is the paper's.

    Args:
        in_channels: D of the features.
        channels: of the hidden features, on which connectivity and a second graph are built.
        rotate: turn the features of each training batch at random, which the paper does not do; see
            :func:`mmwsl.models.graph.layers.rotated`.
    """

    def __init__(self, in_channels, channels=512, rotate=False, **kwargs):
        super().__init__(None, **kwargs)
        self.rotate = rotate
        self.conv = nn.Linear(2 * in_channels, channels)
        nn.init.xavier_uniform_(self.conv.weight)
        nn.init.zeros_(self.conv.bias)
        self.head = NodeHead(channels, 1)

    def embed(self, inputs):
        """[x, A x] (B, 2 D) -> hidden features (B, channels)."""
        return self.conv(inputs).relu()

    def tensor(self, inputs, data_samples=None):
        """[x, A x] (B, 2 D) -> confidence (B,)."""
        return upcast(self.head(self.embed(inputs))[:, 0])

    def loss(self, inputs, data_samples):
        """Mean squared error to ``gt_score`` (B,)."""
        if self.rotate:
            inputs = rotated(inputs.unflatten(1, (2, -1))).flatten(1)
        return dict(loss=F.mse_loss(self.tensor(inputs), data_samples.gt_score))

    def predict(self, inputs, samples):
        """``samples`` with ``pred_features`` (channels,) and ``pred_scores`` (1,), the confidence."""
        features = self.embed(inputs)
        return add_predictions(samples, pred_features=features, pred_scores=upcast(self.head(features)))
