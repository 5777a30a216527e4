"""Items that are small graphs, cut when they are asked for: stored, they would take gigabytes."""

from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset

from mmwsl.clustering.learned import (
    candidate_piece,
    pivot_piece,
    proposal_piece,
    proposal_targets,
    symmetric_adjacency,
)
from mmwsl.datasets.graphs.sources import open_items, read_proposals
from mmwsl.registry import DATASETS
from mmwsl.structures import DataSample

IGNORED = -100


class Pieces(Dataset):
    """Pieces of a graph: ``inputs`` (n, D), ``adjacency`` (n, n), and what is known of them.

    With ``labels=None`` nothing is known: that is for inference.
    """

    supervision = 'full'

    def __init__(self, items):
        self.items = items

    def _item(self, index, inputs, adjacency, **known):
        sample = DataSample(index=torch.tensor(int(index)), adjacency=torch.from_numpy(adjacency),
                            **{name: torch.as_tensor(value) for name, value in known.items()})
        return dict(inputs=torch.from_numpy(inputs), data_samples=sample)

    def _same(self, nodes, other):
        """Whether nodes are of the class of another one, as ``gt_node_labels``; nothing without classes."""
        if self.items.labels is None:
            return {}
        return dict(gt_node_labels=(self.items.labels[nodes] == self.items.labels[other]).astype(np.int64))


@DATASETS.register_module()
class ConnectivityPieces(Pieces):
    """The more confident neighbors of each of the most confident nodes, their features less the node's.

    Args:
        features, graph, labels, k: see :func:`mmwsl.datasets.graphs.open_items`; features of a GCN-V.
        confidence: (N,) array or ``.npy`` file.
        ignore_ratio: share of the nodes, the least confident ones, that are left out.

    Attributes:
        nodes: (len,) the nodes, in order; those without a more confident neighbor are left out.

    Raises:
        ValueError: confidence of another number of nodes, a ratio out of range, or no node left.
    """

    def __init__(self, features, graph, labels, confidence, ignore_ratio=0.7, k=None):
        super().__init__(open_items(features, graph, labels, k))
        self.confidence = np.load(confidence) if isinstance(confidence, (str, Path)) else confidence
        count = len(self.items.features)
        if len(self.confidence) != count or not 0 <= ignore_ratio < 1:
            raise ValueError(f'confidence of {len(self.confidence)} nodes, where there are {count}, or '
                             f'ignore_ratio={ignore_ratio} outside 0 to 1')
        self.adjacency = symmetric_adjacency(self.items.graph)
        ids = self.items.graph.ids
        kept = np.zeros(count, bool)
        kept[np.argsort(-self.confidence, kind='stable')[:count - int(ignore_ratio * count)]] = True
        self.nodes = np.flatnonzero(kept & ((ids >= 0) & (self.confidence[ids] > self.confidence[:, None])).any(1))
        if not len(self.nodes):
            raise ValueError('no node has a more confident neighbor: lower ignore_ratio, or build the graph with more '
                             'neighbors')

    def __len__(self):
        return len(self.nodes)

    def piece(self, index):
        """The candidates of the index-th node, see :func:`mmwsl.clustering.learned.candidate_piece`."""
        return candidate_piece(self.items.graph, self.adjacency, self.confidence, self.nodes[index])

    def __getitem__(self, index):
        node, piece = self.nodes[index], self.piece(index)
        return self._item(index, self.items.features[piece.nodes] - self.items.features[node], piece.adjacency,
                          **self._same(piece.nodes, node))


@DATASETS.register_module()
class PivotPieces(Pieces):
    """What is around each node, in two hops, the features less the node's; the second hop's labels do not count.

    Args:
        features, graph, labels: see :func:`mmwsl.datasets.graphs.open_items`.
        hops, active: see :func:`mmwsl.clustering.learned.pivot_piece`.

    Attributes:
        nodes: (len,) the pivots: all nodes with a neighbor.
    """

    def __init__(self, features, graph, labels, hops=(200, 10), active=10):
        super().__init__(open_items(features, graph, labels, max(*hops, active)))
        self.hops, self.active = tuple(hops), active
        self.nodes = np.flatnonzero((self.items.graph.ids >= 0).any(1))

    def __len__(self):
        return len(self.nodes)

    def __getitem__(self, index):
        node = self.nodes[index]
        piece = pivot_piece(self.items.graph, node, self.hops, self.active)
        known, near = self._same(piece.nodes, node), self.items.graph.ids[node, :self.hops[0]]
        if known:
            known['gt_node_labels'][(near >= 0).sum():] = IGNORED
        return self._item(index, self.items.features[piece.nodes] - self.items.features[node], piece.adjacency, **known)


@DATASETS.register_module()
class ProposalPieces(Pieces):
    """Proposals of clusters.

    Args:
        features, graph, labels, k: see :func:`mmwsl.datasets.graphs.open_items`.
        proposals: :class:`mmwsl.clustering.learned.Proposals`, or a file of them.
        target: ``'iou'``: ``gt_score`` is the intersection over union with the class of most; ``'iop'``: the share of
            that class; ``'nodes'``: ``gt_node_labels``, which nodes are of the class of a seed, whose mark is one more
            feature. The seed is drawn by (seed, epoch, index), without classes it is the node of the largest weight.
        purity: least and highest share of the class of most, of the proposals that are used.
        seed: of the draws.

    Attributes:
        numbers: (len,) of the proposals that are used.

    Raises:
        ValueError: an unknown target, or no proposal left.
    """

    def __init__(self, features, graph, labels, proposals, target='iou', purity=(0, 1), k=None, seed=0):
        super().__init__(open_items(features, graph, labels, k))
        if target not in ('iou', 'iop', 'nodes'):
            raise ValueError(f"ProposalPieces: target={target!r} is unknown; choose 'iou', 'iop' or 'nodes'")
        self.proposals = read_proposals(proposals) if isinstance(proposals, (str, Path)) else proposals
        self.adjacency, self.target, self.seed, self.epoch = symmetric_adjacency(self.items.graph), target, seed, 0
        self.numbers = np.arange(len(self.proposals.sizes))
        if self.items.labels is not None:
            union, share = proposal_targets(self.proposals, self.items.labels)
            self.scores = union if target == 'iou' else share
            self.numbers = np.flatnonzero((share >= purity[0]) & (share <= purity[1]))
        if not len(self.numbers):
            raise ValueError(f'none of {len(self.proposals.sizes)} proposals has a share of the class of most within '
                             f'{purity}: make proposals at more thresholds')

    def __len__(self):
        return len(self.numbers)

    def set_epoch(self, epoch):
        """Other seeds."""
        self.epoch = epoch

    def __getitem__(self, index):
        number = self.numbers[index]
        piece = proposal_piece(self.adjacency, self.proposals.of(number))
        features, known = self.items.features[piece.nodes], {}
        if self.target == 'nodes':
            if self.items.labels is None:
                seed = self.central(piece.nodes)
            else:
                seed = np.random.default_rng([self.seed, self.epoch, number]).integers(len(piece.nodes))
            mark = np.zeros((len(features), 1), np.float32)
            mark[seed] = 1
            features, known = np.concatenate([features, mark], 1), self._same(piece.nodes, piece.nodes[seed])
        elif self.items.labels is not None:
            known = dict(gt_score=self.scores[number])
        return self._item(index, features, piece.adjacency, **known)

    def central(self, nodes):
        """Index of the node that hangs together most with the others (n,), the first of equal ones."""
        return int(np.asarray(self.adjacency[nodes][:, nodes].sum(1)).round(5).argmax())
