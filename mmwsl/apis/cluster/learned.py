"""Methods that learn to cluster, as part of the command: fitted on known items, then applied to the features."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from mmwsl.apis.explore.stages import make_key
from mmwsl.clustering import KNNGraph
from mmwsl.datasets.readers.features import open_features, open_graph, read_labels
from mmwsl.files import write_atomically

LEARNED = ('gcn_v', 'gcn_v_e', 'gcn_d', 'gcn_d_s', 'l_gcn')
ABOUT = 'known.json'  # in the folder of what was fitted: on which items


def fit_known(method: str, index: dict[str, Any], fitted: str, known: tuple[Path | str, Path | str],
              dims: int | None = None, device: str = 'cpu', steps: int = 2000, seed: int = 0) -> None:
    """Fit a method on known items; what lies in ``fitted`` to the end is not made again.

    Args:
        method: one of :data:`LEARNED`.
        index: ``k``, ``index`` and ``probes`` of the graph.
        fitted: folder of the networks.
        known: files of features and of classes of the known items.
        dims: D, of ``.bin`` files.
        device: of the exact search of neighbors.
        steps, seed: of the trainings.

    Raises:
        FileNotFoundError, ValueError: files that do not fit each other, or a folder fitted on others.
    """
    from mmwsl.apis.cluster.neighbors import build_graph
    from mmwsl.apis.graph_networks import fit_method, write_known
    features, folder = open_features(known[0], dims), Path(fitted)
    labels = read_labels(known[1], len(features))
    if (labels < 0).any():
        raise ValueError(f'{known[1]}: item {int(np.argmin(labels))} has no class, but a clustering is learnt from '
                         'items whose classes are known: leave it out')
    states = [(os.path.abspath(path), os.stat(path).st_size, os.stat(path).st_mtime_ns) for path in known]
    about = dict(key=make_key(states, index, steps, seed), dims=features.shape[1], k=index['k'])
    if (folder / ABOUT).is_file() and json.loads((folder / ABOUT).read_text()) != about:
        raise ValueError(f'{fitted} was fitted on other items, or with other settings: choose another folder by '
                         '--cfg-options clustering.fitted=DIR, or leave --learn out to apply what is there')
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ABOUT).is_file():
        build_graph(features, out=folder / 'graph.npy', device=device, **index)
        write_known(folder / 'known', np.asarray(features, np.float32), open_graph(folder / 'graph.npy'), labels)
        write_atomically(folder / ABOUT, json.dumps(about))
    fit_method(method, folder / 'known', folder, seed, {} if steps == 2000 else {'train_cfg.max_iters': steps})


def read_about(method: str, fitted: str, dims: int, k: int) -> dict[str, Any]:
    """What :func:`fit_known` noted.

    Raises:
        FileNotFoundError: nothing was fitted there.
        ValueError: features of another width, or another number of neighbors.
    """
    path = Path(fitted) / ABOUT
    if not path.is_file():
        raise FileNotFoundError(f'{fitted} has no {ABOUT}: {method} learns from known items first; give their features '
                                'and classes by --learn FEATURES LABELS')
    about = dict(json.loads(path.read_text()))
    if (about['dims'], about['k']) != (dims, k):
        raise ValueError(f'{fitted} was fitted on {about["dims"]} dimensions and {about["k"]} neighbors, these are '
                         f'{dims} and {k}: take features of the same network, and the same clustering.k')
    return about


def learned(features: np.ndarray, graph: KNNGraph, method: str, fitted: str, steps: int = 2000,
            seed: int = 0) -> np.ndarray:
    """(N,) int64 clusters by what was fitted; ``steps`` and ``seed`` are those of the trainings."""
    from mmwsl.apis.graph_networks import apply_method
    return apply_method(method, fitted, features, graph)
