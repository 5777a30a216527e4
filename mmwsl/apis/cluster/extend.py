"""New items for clusters that stand: their neighbors among old and new ones, and where they belong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmwsl.apis.cluster.methods import read_plan
from mmwsl.apis.config import load_config
from mmwsl.clustering import KNNGraph, exact_neighbors, extend_partition, partition_scores
from mmwsl.datasets.readers.features import open_features, read_labels
from mmwsl.files import check_writable, write_atomically
from mmwsl.progress import progress_bar


def extend_clusters(config: str, features: Path | str, out: Path | str, known: Path | str, known_labels: Path | str,
                    truth: Path | str | None = None, dims: int | None = None, device: str | None = None,
                    options: dict[str, Any] | None = None, say: Callable[[str], object] = print) -> np.ndarray:
    """Assign n new items to the clusters of N old ones, which stay; see :func:`mmwsl.clustering.extend_partition`.

    The neighbors are exact, so the time grows with n (N + n); all features are in memory.

    Args:
        config: file or ``mmwsl::NAME``, whose ``clustering`` has ``threshold`` (a cosine), ``k`` and perhaps
            ``max_size``: those that made the old clusters, or others.
        features: file of the new items.
        out: ``.npy`` for their clusters; -1 = joined nobody.
        known, known_labels: files of the old items' features and clusters.
        truth: file of the new items' classes, to score them among themselves.
        dims: D, of ``.bin`` files.
        device: that searches; default a GPU if there is one.
        options: dotted keys that override the config.
        say: what is called with each line for the console.

    Returns:
        (n,) int64.

    Raises:
        FileNotFoundError, ValueError: files or settings that do not fit.
    """
    out = check_writable(out)
    if out.suffix != '.npy':
        raise ValueError(f'{out}: the clusters are written as .npy; choose a name with that ending')
    clustering = dict(load_config(config, options).get('clustering') or {})
    accept = clustering.get('accept', 0) if clustering.get('method') == 'cdp_vote' else 0
    plan = read_plan(clustering, accept)
    if 'threshold' not in plan.settings or plan.method == 'rank_order':
        raise ValueError(f'{config}: {plan.method} has no threshold of the cosine, by which new items could join; take '
                         'mmwsl::clustering/cdp_200k.py, with --cfg-options clustering.threshold=VALUE')
    old, new = open_features(known, dims), open_features(features, dims)
    if old.shape[1] != new.shape[1]:
        raise ValueError(f'{features} has {new.shape[1]} dimensions, {known} {old.shape[1]}: they must be of one model')
    labels = read_labels(known_labels, len(old))
    classes = None if truth is None else read_labels(truth, len(new))
    rows, k = np.concatenate([old, new]), plan.neighbors['k'] if plan.neighbors else 15
    items, parts = np.arange(len(old), len(rows)), []
    with progress_bar(description='neighbors', total=len(new), unit='item') as bar:
        for part in exact_neighbors(rows, k, device or ('cuda' if torch.cuda.is_available() else 'cpu'), items):
            parts.append(part)
            bar.update(len(part.ids))
    graph = KNNGraph(*(np.concatenate(each) for each in zip(*parts, strict=True)))
    found = extend_partition(labels, graph, plan.settings['threshold'], plan.settings.get('max_size'))
    write_atomically(out, lambda file: np.save(file, found))
    first = int(labels.max(initial=-1)) + 1
    say(f'{len(new):,} new items: {int(((found >= 0) & (found < first)).sum()):,} joined old clusters, '
        f'{int((found >= first).sum()):,} form {max(int(found.max(initial=-1)) + 1 - first, 0):,} new ones, '
        f'{int((found < 0).sum()):,} joined nobody -> {out}')
    if classes is not None:
        scores = partition_scores(found, classes)
        say(f'pairwise F {100 * scores["pairwise_f"]:.2f}, BCubed F {100 * scores["bcubed_f"]:.2f} among the new items')
    return found
