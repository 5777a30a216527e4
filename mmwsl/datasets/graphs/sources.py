"""Features, classes, graph and proposals that pieces are cut from: arrays, or files of them."""

import zipfile
from collections import namedtuple
from pathlib import Path

import numpy as np

from mmwsl.clustering import KNNGraph
from mmwsl.clustering.knn_graph import unit_rows
from mmwsl.clustering.learned import Proposals
from mmwsl.datasets.readers.features import open_features, open_graph, read_labels
from mmwsl.files import write_atomically

Items = namedtuple('Items', 'features graph labels')  # (N, D) float32 unit rows, KNNGraph of N, (N,) int64 or None


def open_items(features, graph, labels=None, k=None):
    """Items of a kNN graph.

    Args:
        features: (N, D) array, or a file that :func:`mmwsl.datasets.readers.features.open_features` reads.
        graph: :class:`mmwsl.clustering.KNNGraph`, or a file of one.
        labels: (N,) classes, or a file; None = not known.
        k: neighbors to use of each; default all.

    Raises:
        FileNotFoundError: no such file.
        ValueError: damaged, of different numbers of items, with fewer than k neighbors, or with unknown classes.
    """
    if isinstance(features, (str, Path)):
        features = open_features(features)
    if isinstance(graph, (str, Path)):
        graph = open_graph(graph)
    if isinstance(labels, (str, Path)):
        labels = read_labels(labels)
    if len(graph.ids) != len(features) or labels is not None and len(labels) != len(features):
        raise ValueError(f'{len(features)} features, a graph of {len(graph.ids)} items and '
                         f'{"no" if labels is None else len(labels)} labels: give those of the same items')
    if labels is not None and len(labels) and labels.min() < 0:
        raise ValueError(f'item {int(np.argmin(labels))} has no class, but networks learn from classes: leave it out')
    if k is not None:
        if k > graph.ids.shape[1]:
            raise ValueError(f'{k} neighbors are wanted, the graph has {graph.ids.shape[1]}: build it again with more')
        graph = KNNGraph(graph.ids[:, :k], graph.similarities[:, :k])
    return Items(unit_rows(features).numpy(), graph, labels)


def write_proposals(path, proposals):
    """Write :class:`mmwsl.clustering.learned.Proposals` as one ``.npz``, whole or not at all."""
    write_atomically(path, lambda file: np.savez(file, **proposals._asdict()))


def read_proposals(path):
    """The proposals of a file that :func:`write_proposals` wrote.

    Raises:
        FileNotFoundError: no such file.
        ValueError: another file, or a damaged one.
    """
    try:
        with np.load(path, allow_pickle=False) as loaded:
            proposals = Proposals(loaded['starts'], loaded['members'])
        if not len(proposals.starts) or proposals.starts[-1] != len(proposals.members):
            raise ValueError('its parts do not fit each other')
    except FileNotFoundError:
        raise
    except (AttributeError, EOFError, KeyError, OSError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f'{path} is no file of proposals, or damaged: {error}; write it again') from error
    return proposals
