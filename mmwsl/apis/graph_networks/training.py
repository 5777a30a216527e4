"""A network trained from its config on files of known items, or read if that was done before; settings beside it."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from mmwsl.apis.build import build_model
from mmwsl.apis.config import load_config
from mmwsl.apis.train import train
from mmwsl.checkpoints.read import read_checkpoint
from mmwsl.checkpoints.state import load_state
from mmwsl.clustering import partition_scores
from mmwsl.files import write_atomically

SETTINGS = 'settings.json'


def trained(config: str, work_dir: Path, options: dict[str, Any], seed: int = 0) -> Any:
    """The network of a config in eval mode, trained for all its steps in ``work_dir``; a stopped training goes on.

    Args:
        config: path or ``mmwsl::`` name of a config whose length is in steps.
        work_dir: of the training.
        options: overrides of the config.
        seed: of the training.
    """
    options = {**options, 'randomness.seed': seed}
    cfg = load_config(config, options)
    final = work_dir / f'iter_{cfg.train_cfg.max_iters}.pth'
    if not final.is_file():
        train(config, work_dir=work_dir, resume=True, options=options)
    model, _ = build_model(cfg)
    load_state(model, read_checkpoint(final)['state_dict'], strict=True, what=str(final))
    return model


def pairwise_f(partition: np.ndarray, labels: np.ndarray) -> float:
    """Pairwise F, 0 to 1, of a partition (N,) against the classes (N,)."""
    return float(partition_scores(partition, labels)['pairwise_f'])


def learn_threshold(partition_at: Callable[[float], np.ndarray], labels: np.ndarray, grid: Iterable[float],
                    score: Callable[[np.ndarray, np.ndarray], float] = pairwise_f) -> tuple[float, float]:
    """The threshold at which a partition of known items has the highest score (the middle of several), and that score.

    Args:
        partition_at: (N,) clusters at a threshold.
        labels: (N,) classes.
        grid: thresholds to try.
        score: of a partition against the labels.
    """
    values = [float(value) for value in grid]
    scores = [score(partition_at(value), labels) for value in values]
    best = [value for value, score in zip(values, scores, strict=True) if score == max(scores)]
    return best[len(best) // 2], max(scores)


def write_settings(folder: Path, **settings: Any) -> None:
    """Write what was learnt beside the network."""
    write_atomically(folder / SETTINGS, json.dumps(settings, indent=1))


def read_settings(folder: Path) -> dict[str, Any]:
    """What :func:`write_settings` wrote.

    Raises:
        FileNotFoundError: nothing was learnt there, or not to the end.
    """
    path = folder / SETTINGS
    if not path.is_file():
        raise FileNotFoundError(f'{folder} has no {SETTINGS}: no network was trained there to the end; call fit_method '
                                'with this folder first')
    return dict(json.loads(path.read_text(encoding='utf-8')))
