"""CDP with a mediator: it learns which pairs of a base model and a committee are of one class."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmwsl.apis.graph_networks.infer import infer_pairs
from mmwsl.apis.graph_networks.training import learn_threshold, read_settings, trained, write_settings
from mmwsl.clustering import KNNGraph, Pairs, graph_pairs, propagate
from mmwsl.clustering.learned import mediator_inputs, pair_targets

CONFIG = 'mmwsl::graph/mediator/mediator_dim14_1xb1024-step-2k_identities.py'
GRID = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995)  # of probabilities
MAX_SIZE = 600


def fit_mediator(graphs: Sequence[KNNGraph], features: Sequence[np.ndarray], labels: np.ndarray, out: Path | str,
                 seed: int = 0, options: dict[str, Any] | None = None) -> None:
    """Train a mediator, and learn the probability that a pair is kept above, on known items.

    Args:
        graphs, features: of the base model, first, and the committee; see
            :func:`mmwsl.clustering.learned.mediator_inputs`.
        labels: (N,) classes.
        out: folder of the network.
        seed: of the training.
        options: overrides of its config.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    pairs = graph_pairs(graphs[0])
    inputs = mediator_inputs(pairs, graphs, features)
    np.save(out / 'pair_inputs.npy', inputs)
    np.save(out / 'pair_labels.npy', pair_targets(pairs, labels))
    own = {'model.in_channels': inputs.shape[1], 'train_dataloader.dataset.inputs': str(out / 'pair_inputs.npy'),
           'train_dataloader.dataset.labels': str(out / 'pair_labels.npy'), **(options or {})}
    scores = infer_pairs(trained(CONFIG, out, own, seed), inputs)
    threshold, score = learn_threshold(lambda value: _propagate(pairs, scores, value, len(labels)), labels, GRID)
    write_settings(out, options=own, seed=seed, threshold=threshold, known_f=score)


def apply_mediator(fitted: Path | str, graphs: Sequence[KNNGraph], features: Sequence[np.ndarray]) -> np.ndarray:
    """Partition (N,) of items by a mediator that was fitted; -1 = in no pair that is kept.

    Raises:
        FileNotFoundError: nothing was fitted there.
        ValueError: a committee of another size.
    """
    fitted, pairs = Path(fitted), graph_pairs(graphs[0])
    settings, inputs = read_settings(fitted), mediator_inputs(pairs, graphs, features)
    if inputs.shape[1] != settings['options']['model.in_channels']:
        raise ValueError(f'the mediator was fitted to {settings["options"]["model.in_channels"]} inputs a pair, these '
                         f'models give {inputs.shape[1]}: it needs a committee of the same size')
    scores = infer_pairs(trained(CONFIG, fitted, settings['options'], settings['seed']), inputs)
    return _propagate(pairs, scores, settings['threshold'], len(graphs[0].ids))


def _propagate(pairs: Pairs, scores: np.ndarray, threshold: float, count: int) -> np.ndarray:
    kept = scores > threshold
    return propagate(Pairs(pairs.source[kept], pairs.target[kept], scores[kept]), count, MAX_SIZE,
                     leftover='components')
