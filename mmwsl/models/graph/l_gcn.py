"""L-GCN: which neighbors of a pivot it is linked with (Wang et al. 2019, arXiv:1903.11306)."""

import torch
import torch.nn as nn

from mmwsl.models.base import Model
from mmwsl.models.graph.layers import ConcatConvs, NodeHead, node_loss, rotated
from mmwsl.ops.tensors import upcast
from mmwsl.registry import MODELS
from mmwsl.structures import add_predictions


@MODELS.register_module()
class LGCN(Model):
    """Links of a pivot with its neighbors, on the graph of these and of their neighbors.

    Args:
        in_channels: D of the features.
        channels: of the convolutions.
        rotate: turn the features of each training batch at random, which the paper does not do; see
            :func:`mmwsl.models.graph.layers.rotated`.
    """

    def __init__(self, in_channels, channels=(512, 512, 256, 256), rotate=False, **kwargs):
        super().__init__(None, **kwargs)
        self.rotate = rotate
        self.norm = nn.BatchNorm1d(in_channels, affine=False)
        self.convs, self.head = ConcatConvs(in_channels, channels), NodeHead(channels[-1])

    def link(self, inputs, adjacency, present):
        """(B, N, D), (B, N, N), which nodes are there (B, N) -> (B, N, 2)."""
        # statistics of the nodes that are there, which waits for the device
        normed = inputs.new_zeros(inputs.shape).masked_scatter(present[..., None], self.norm(inputs[present]))
        return upcast(self.head(self.convs(normed, adjacency)))

    def tensor(self, inputs, data_samples):
        """Nodes less their pivot (B, N, D), with ``adjacency`` and ``node_mask`` -> logits (B, N, 2): other, same."""
        return self.link(inputs, data_samples.adjacency, data_samples.node_mask)

    def loss(self, inputs, data_samples):
        """Cross-entropy of the ``gt_node_labels`` (B, N), in which the second hop does not count."""
        inputs = rotated(inputs) if self.rotate else inputs
        return node_loss(self.tensor(inputs, data_samples), data_samples.gt_node_labels)

    def predict(self, inputs, samples):
        """``samples`` with ``pred_instance_scores`` (N,), the probabilities of a link with the pivot."""
        adjacency = torch.stack([sample.adjacency for sample in samples])
        present = torch.stack([sample.node_mask for sample in samples])
        return add_predictions(samples, pred_instance_scores=self.link(inputs, adjacency, present).softmax(-1)[..., 1])
