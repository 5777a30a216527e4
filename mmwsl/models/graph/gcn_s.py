"""GCN-S: which nodes of an impure proposal are of its seed's class (Yang et al. 2019, arXiv:1904.02749)."""

import torch
import torch.nn as nn

from mmwsl.models.base import Model
from mmwsl.models.graph.layers import ProposalConvs, node_loss, rotated
from mmwsl.ops.tensors import upcast
from mmwsl.registry import MODELS
from mmwsl.structures import add_predictions


@MODELS.register_module()
class GCNS(Model):
    """Segmentation of a proposal: its nodes against a seed among them.

    Args:
        in_channels: D of the features; the mark of the seed is one more.
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
        self.convs, self.head = ProposalConvs(in_channels + 1, channels, dropout), nn.Linear(channels[-1], 2)

    def segment(self, inputs, adjacency):
        """(B, N, D + 1), (B, N, N) -> (B, N, 2)."""
        inputs = torch.cat([self.scale * inputs[..., :-1], inputs[..., -1:]], dim=-1)  # all but the mark
        return upcast(self.head(self.convs(inputs, adjacency)))

    def tensor(self, inputs, data_samples):
        """Proposals with a mark (B, N, D + 1), with ``adjacency`` (B, N, N) -> logits (B, N, 2): other, same class."""
        return self.segment(inputs, data_samples.adjacency)

    def loss(self, inputs, data_samples):
        """Cross-entropy of the nodes' ``gt_node_labels`` (B, N)."""
        if self.rotate:  # all but the mark
            inputs = torch.cat([rotated(inputs[..., :-1]), inputs[..., -1:]], dim=-1)
        return node_loss(self.tensor(inputs, data_samples), data_samples.gt_node_labels)

    def predict(self, inputs, samples):
        """``samples`` with ``pred_instance_scores`` (N,), the probabilities of being of the seed's class."""
        adjacency = torch.stack([sample.adjacency for sample in samples])
        return add_predictions(samples, pred_instance_scores=self.segment(inputs, adjacency).softmax(-1)[..., 1])
