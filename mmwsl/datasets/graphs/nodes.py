"""Rows without a graph around them: nodes with the mean of their neighbors, and pairs that a committee looked at."""

import numpy as np
import torch
from torch.utils.data import Dataset

from mmwsl.clustering.learned import confidence_targets, row_normalized, symmetric_adjacency
from mmwsl.datasets.graphs.sources import open_items
from mmwsl.registry import DATASETS
from mmwsl.structures import DataSample

ROWS = 1024  # aggregated together: their neighbors' features are in memory


class Rows(Dataset):
    """Rows of two arrays in memory, whole batches at once; ``field`` is what of the sample the second one is."""

    supervision = 'full'

    def __init__(self, inputs, targets, field):
        self.inputs, self.targets, self.field = inputs, targets, field

    def __len__(self):
        return len(self.inputs)

    def __getitem__(self, index):
        sample = DataSample(index=torch.tensor(index), **{self.field: torch.tensor(self.targets[index])})
        return dict(inputs=torch.tensor(self.inputs[index]), data_samples=sample)

    def __getitems__(self, indices):
        sample = DataSample(index=torch.tensor(indices), **{self.field: torch.from_numpy(self.targets[indices])})
        return dict(inputs=torch.from_numpy(self.inputs[indices]), data_samples=sample)


def node_rows(features, adjacency, start, stop):
    """[x, A x] of some nodes, (n, 2 D) float32, of unit rows (N, D) and the row-normalized (N, N)."""
    return np.concatenate([features[start:stop], adjacency[start:stop] @ features], 1).astype(np.float32, copy=False)


@DATASETS.register_module()
class ConfidenceNodes(Rows):
    """Every node of a kNN graph: ``inputs`` [x, A x] (2 D,), ``gt_score``, its confidence.

    Args:
        features, graph, labels, k: see :func:`mmwsl.datasets.graphs.open_items`.
    """

    def __init__(self, features, graph, labels, k=None):
        items = open_items(features, graph, labels, k)
        adjacency = row_normalized(symmetric_adjacency(items.graph))
        starts = range(0, len(items.features), ROWS)
        rows = np.concatenate([node_rows(items.features, adjacency, start, start + ROWS) for start in starts])
        super().__init__(rows, confidence_targets(items.graph, items.labels), 'gt_score')


@DATASETS.register_module()
class MediatorPairs(Rows):
    """Pairs of items: ``inputs`` (3 N + 2,), ``gt_label`` 1 if they are of one class.

    Args:
        inputs: (M, 3 N + 2) float32, see :func:`mmwsl.clustering.learned.mediator_inputs`, or a ``.npy`` file.
        labels: (M,) int64, or a file.

    Raises:
        ValueError: of different lengths.
    """

    def __init__(self, inputs, labels):
        inputs, labels = (each if isinstance(each, np.ndarray) else np.load(each) for each in (inputs, labels))
        if len(inputs) != len(labels):
            raise ValueError(f'{len(inputs)} pairs and {len(labels)} labels: give those of the same pairs')
        super().__init__(inputs, labels, 'gt_label')
