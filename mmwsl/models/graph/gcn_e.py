"""GCN-E: which of a node's more confident neighbors is of its class (Yang et al. 2020, arXiv:2004.00445)."""

import torch

from mmwsl.models.base import Model
from mmwsl.models.graph.layers import ConcatConvs, NodeHead, node_loss, rotated
from mmwsl.ops.tensors import upcast
from mmwsl.registry import MODELS
from mmwsl.structures import add_predictions


@MODELS.register_module()
class GCNE(Model):
    """Connectivity of a node with its candidates, on the graph of these.

    Args:
        in_channels: D of the hidden features of a trained GCN-V.
        channels: of the convolutions.
        rotate: turn the features of each training batch at random, which the paper does not do; see
            :func:`mmwsl.models.graph.layers.rotated`.
        scale: what the features are multiplied with, which the paper does not do: differences of unit vectors of many
            dimensions have small elements.
    """

    def __init__(self, in_channels, channels=(512, 512, 256, 256), rotate=False, scale=1.0, **kwargs):
        super().__init__(None, **kwargs)
        self.rotate, self.scale = rotate, scale
        self.convs, self.head = ConcatConvs(in_channels, channels), NodeHead(channels[-1])

    def tensor(self, inputs, data_samples):
        """Candidates less their node (B, N, D), with ``adjacency`` (B, N, N) -> logits (B, N, 2): other, same class."""
        return self.connect(inputs, data_samples.adjacency)

    def connect(self, inputs, adjacency):
        """(B, N, D), (B, N, N) -> logits (B, N, 2)."""
        return upcast(self.head(self.convs(self.scale * inputs, adjacency)))

    def loss(self, inputs, data_samples):
        """Cross-entropy of the candidates' ``gt_node_labels`` (B, N)."""
        inputs = rotated(inputs) if self.rotate else inputs
        return node_loss(self.tensor(inputs, data_samples), data_samples.gt_node_labels)

    def predict(self, inputs, samples):
        """``samples`` with ``pred_instance_scores`` (N,), the probabilities of being of the node's class."""
        adjacency = torch.stack([sample.adjacency for sample in samples])
        scores = self.connect(inputs, adjacency).softmax(-1)[..., 1]
        return add_predictions(samples, pred_instance_scores=scores)
