"""Graph convolutions on batches of pieces, and what classifies their nodes.

Pieces are padded: what is not there has features of zeros and is joined to itself alone, see
:func:`mmwsl.datasets.collate_graphs`.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.ops.tensors import upcast

IGNORED = -100


class ConcatConv(nn.Module):
    """``ReLU([x, A x] W + b)`` (Wang et al. 2019; Yang et al. 2020); W is Xavier's."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.linear = nn.Linear(2 * in_channels, out_channels)
        nn.init.xavier_uniform_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, x, adjacency):
        """(B, N, C), rows of (B, N, N) that sum to 1 -> (B, N, out_channels)."""
        return self.linear(torch.cat([x, adjacency @ x], dim=-1)).relu()


class ConcatConvs(nn.Module):
    """Some :class:`ConcatConv`, one after the other, of as many ``channels``."""

    def __init__(self, in_channels, channels):
        super().__init__()
        widths = [in_channels, *channels]
        self.layers = nn.ModuleList(ConcatConv(*pair) for pair in zip(widths, widths[1:], strict=False))

    def forward(self, x, adjacency):
        """(B, N, in_channels), (B, N, N) -> (B, N, channels[-1])."""
        for layer in self.layers:
            x = layer(x, adjacency)
        return x


class NodeHead(nn.Sequential):
    """Linear, PReLU, linear: (..., in_channels) -> (..., out_channels)."""

    def __init__(self, in_channels, out_channels=2):
        super().__init__(nn.Linear(in_channels, in_channels), PReLU(in_channels), nn.Linear(in_channels, out_channels))


class PReLU(nn.PReLU):
    """A slope a channel, of the last dimension."""

    def forward(self, x):
        return torch.where(x > 0, x, self.weight * x)


class ProposalConvs(nn.Module):
    """``x <- ReLU(A (x W))`` (Yang et al. 2019), one after the other, without bias, W uniform within 1 / sqrt(out).

    Padding stays zero, so that it changes no maximum over nodes.
    """

    def __init__(self, in_channels, channels, dropout=0.5):
        super().__init__()
        widths = [in_channels, *channels]
        self.layers = nn.ModuleList(nn.Linear(*pair, bias=False) for pair in zip(widths, widths[1:], strict=False))
        for layer in self.layers:
            nn.init.uniform_(layer.weight, -layer.out_features**-0.5, layer.out_features**-0.5)
        self.dropout = dropout

    def forward(self, x, adjacency):
        """(B, N, in_channels), (B, N, N) -> (B, N, channels[-1]), 0 or more; dropout comes before the last layer."""
        for number, layer in enumerate(self.layers, start=1):
            if number == len(self.layers):
                x = F.dropout(x, self.dropout, self.training)
            x = (adjacency @ layer(x)).relu()
        return x


def rotated(features):
    """Features (..., D) turned by one random orthogonal matrix.

    What a network has to learn of unit features, how near they are, does not depend on directions; of a few classes it
    would otherwise learn where these lie, which says nothing of others.
    """
    dims = features.shape[-1]
    return features @ torch.linalg.qr(torch.randn(dims, dims, device=features.device))[0].to(features.dtype)


def node_loss(logits, labels):
    """Cross-entropy of nodes, and how many of a hundred are right.

    Args:
        logits: (B, N, C).
        labels: (B, N) int64, -100 = does not count.

    Returns:
        dict: ``loss``, 0 where no node counts, and ``accuracy``.
    """
    logits, labels = upcast(logits).flatten(0, 1), labels.flatten()
    counted = labels != IGNORED
    total = counted.sum().clamp_min(1)
    right = ((logits.detach().argmax(1) == labels) & counted).sum() / total * 100
    return dict(loss=F.cross_entropy(logits, labels, ignore_index=IGNORED, reduction='sum') / total, accuracy=right)
