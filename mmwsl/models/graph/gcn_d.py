"""GCN-D: how good a proposal of a cluster is (Yang et al. 2019, arXiv:1904.02749)."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.models.base import Model
from mmwsl.models.graph.layers import ProposalConvs, rotated
from mmwsl.ops.tensors import upcast
from mmwsl.registry import MODELS
from mmwsl.structures import add_predictions


@MODELS.register_module()
class GCND(Model):
    """A proposal's intersection over union with its class, or its purity, regressed from the maximum over its nodes.

    Args:
        in_channels: D of the features.
        channels: of the convolutions.
        dropout: before the last one.
        rotate: turn the features of each training batch at random, which the paper does not do; see
            :func:`mmwsl.models.graph.layers.rotated`.
        scale: what the features are multiplied with, which the paper does not do: without biases, unit vectors of many
            dimensions give small numbers.
    """

    def __init__(self, in_channels, channels=(512, 64), dropout=0.5, rotate=False, scale=1.0, **kwargs):
        super().__init__(None, **kwargs)
        self.rotate, self.scale = rotate, scale
        self.convs, self.head = ProposalConvs(in_channels, channels, dropout), nn.Linear(channels[-1], 1)

    def score(self, inputs, adjacency):
        """(B, N, D), (B, N, N) -> (B,)."""
        return upcast(self.head(self.convs(self.scale * inputs, adjacency).amax(1))[:, 0])

    def tensor(self, inputs, data_samples):
        """Proposals (B, N, D), with ``adjacency`` (B, N, N) -> scores (B,)."""
        return self.score(inputs, data_samples.adjacency)

    def loss(self, inputs, data_samples):
        """Mean squared error to ``gt_score`` (B,)."""
        inputs = rotated(inputs) if self.rotate else inputs
        return dict(loss=F.mse_loss(self.tensor(inputs, data_samples), data_samples.gt_score))

    def predict(self, inputs, samples):
        """``samples`` with ``pred_scores`` (1,)."""
        adjacency = torch.stack([sample.adjacency for sample in samples])
        return add_predictions(samples, pred_scores=self.score(inputs, adjacency)[:, None])
