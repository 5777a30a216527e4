"""How well frozen features tell labels, against floors, on the same photos."""

import warnings
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from mmwsl.apis.explore.stages import Arrays
from mmwsl.evaluation.functional import mcnemar
from mmwsl.progress import progress_bar
from mmwsl.protocols.knn import knn_predict
from mmwsl.protocols.logistic import fit_logistic, predict

SPLITS = 3
PROTOCOLS = ('kNN', 'linear')
K, TEMPERATURE = 20, 0.07
COMPONENTS = 256  # of the features that the linear classifier sees
STRENGTHS = (1e4, 1e3, 1e2, 1e1, 1.)  # of its penalty, the strongest first
SURE = 0.05


class Judged(NamedTuple):
    """Labels that accuracy can be measured with.

    Attributes:
        classes: the C names.
        labels: (N,) class numbers; -1 where a photo has no label, or one that too few photos have.
        folds: (N,) the third in which each photo is tested, -1 where it has no label.
        few: names of classes with fewer than three photos, which are left out.
    """
    classes: list[str]
    labels: np.ndarray
    folds: np.ndarray
    few: list[str]


def make_folds(names: list[str | None], copies: list[list[int]], seed: int = 0) -> Judged | None:
    """Three splits in which every labelled photo is tested once; copies of one picture stay together.

    Args:
        names: label of each photo, None = none.
        copies: lists of photos that are one picture.
        seed: of the splits.

    Returns:
        None if fewer than two classes have three photos or more.
    """
    from sklearn.model_selection import StratifiedGroupKFold
    counts: dict[str, int] = {}
    for name in names:
        if name is not None:
            counts[name] = counts.get(name, 0) + 1
    classes = sorted(name for name, count in counts.items() if count >= SPLITS)
    few = sorted(set(counts) - set(classes))
    if len(classes) < 2:
        return None
    number = {name: index for index, name in enumerate(classes)}
    labels = np.array([-1 if name is None else number.get(name, -1) for name in names])
    pictures = np.arange(len(names))
    for members in copies:
        pictures[members] = members[0]
    folds, known = np.full(len(names), -1), np.flatnonzero(labels >= 0)
    splitter = StratifiedGroupKFold(SPLITS, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of classes whose photos are all copies
        for fold, (_, tested) in enumerate(splitter.split(known, labels[known], pictures[known])):
            folds[known[tested]] = fold
    return Judged(classes, labels, folds, few)


def classify(features: dict[str, torch.Tensor], judged: Judged) -> Arrays:
    """Test every labelled photo by the photos of the other two thirds, with each network's features.

    Args:
        features: network -> (N, D).
        judged: labels and folds.

    Returns:
        dict: ``right`` (networks, protocols, N) bool, and ``probabilities`` (N, C) float32 of the first network's
        classifiers together, NaN where a photo has no label.
    """
    labels, count = torch.from_numpy(judged.labels), len(judged.classes)
    right = np.zeros((len(features), len(PROTOCOLS), len(labels)), bool)
    probabilities = np.full((len(labels), count), np.nan, np.float32)
    with progress_bar(description='accuracy', total=len(features) * SPLITS, unit='split') as bar:
        for row, rows in enumerate(features.values()):
            strength, components = None, project(rows)
            for fold in range(SPLITS):
                test = torch.from_numpy(np.flatnonzero(judged.folds == fold))
                train = torch.from_numpy(np.flatnonzero((judged.folds >= 0) & (judged.folds != fold)))
                neighbors = knn_predict(rows[train], labels[train], rows[test], (min(K, len(train)),), TEMPERATURE,
                                        count)
                votes = next(iter(neighbors.values()))
                scores, strength = _linear(components[train], labels[train], components[test], count, strength)
                for column, values in enumerate((votes, scores)):
                    right[row, column, test] = (values.argmax(1) == labels[test]).numpy()
                if row == 0:
                    probabilities[test] = _both(votes, scores)
                bar.update()
    return dict(right=right, probabilities=probabilities)


def _both(votes: torch.Tensor, scores: torch.Tensor) -> np.ndarray:
    """Probabilities (n, C) that two classifiers agree on: the root of the product of theirs, normalized."""
    votes = (votes / votes.sum(1, keepdim=True) + 0.01).double()
    both = (votes * scores.softmax(1).double()).sqrt()
    return (both / both.sum(1, keepdim=True)).float().numpy()


def fit_components(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean (D,) of rows of length 1, and their principal components as a projection (D, K), float64.

    The projected rows have a mean square of 1, all components together; no label is looked at.
    """
    rows = F.normalize(rows.float(), dim=1)
    mean = rows.mean(0)
    rows = rows - mean
    size = min(COMPONENTS, *rows.shape)
    directions = torch.linalg.eigh(rows.T @ rows)[1][:, -size:]
    scale = (rows @ directions).double().square().mean().sqrt().clamp(min=1e-9)
    return mean.double(), directions.double() / scale


def project(rows: torch.Tensor) -> torch.Tensor:
    """Rows as the linear classifier sees them; see :func:`fit_components`."""
    mean, projection = fit_components(rows)
    return (F.normalize(rows.float(), dim=1).double() - mean) @ projection


def _linear(train: torch.Tensor, labels: torch.Tensor, test: torch.Tensor, classes: int,
            strength: float | None) -> tuple[torch.Tensor, float]:
    """Scores of a logistic regression, and the strength of its penalty, chosen on a fifth if it is not given."""
    if strength is None:
        order = torch.randperm(len(train), generator=torch.Generator().manual_seed(0))
        held, kept = order[:len(train) // 5], order[len(train) // 5:]
        solution, best, strength = None, -1., STRENGTHS[0]
        for candidate in STRENGTHS if len(held) else STRENGTHS[2:3]:
            solution = fit_logistic(train[kept], labels[kept], classes, candidate, solution, 100)
            right = predict(train[held], solution).argmax(1) == labels[held]
            value = float(right.double().mean()) if len(held) else 0.
            if value > best:
                best, strength = value, candidate
    return predict(test, fit_logistic(train, labels, classes, strength, None, 200)), strength


def summarize(right: np.ndarray, judged: Judged, networks: list[str],
              floors: list[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Accuracies in percent, and each network against each floor, tested on the same photos.

    Args:
        right: (networks, protocols, N) of :func:`classify`.
        judged: labels and folds.
        networks: names of the rows of ``right``.
        floors: those of them that have learned nothing.

    Returns:
        tuple: dicts (network, protocol, mean, std, values, floor), and dicts (network, floor, protocol, difference, p,
        text).
    """
    known = judged.folds >= 0
    accuracy, comparisons = [], []
    for row, network in enumerate(networks):
        for column, protocol in enumerate(PROTOCOLS):
            values = [100 * float(right[row, column, judged.folds == fold].mean()) for fold in range(SPLITS)]
            accuracy.append(dict(network=network, protocol=protocol, mean=float(np.mean(values)),
                                 std=float(np.std(values, ddof=1)), values=values, floor=network in floors))
    for row, network in enumerate(networks):
        for other, floor in enumerate(networks):
            # a network against floors, and against the networks that it was made from, which come after it
            if network in floors or other <= row:
                continue
            for column, protocol in enumerate(PROTOCOLS):
                test = mcnemar(right[row, column, known], right[other, column, known])
                comparisons.append(dict(network=network, floor=floor, protocol=protocol, difference=test.difference,
                                        p=test.p, text=_words(network, floor, protocol, test.difference, test.p)))
    return accuracy, comparisons


def _words(network: str, floor: str, protocol: str, difference: float, p: float) -> str:
    chance = 'p < 0.0001' if p < 1e-4 else f'p = {p:.2g}'
    if p >= SURE:
        verdict = f'is not told apart from {floor}'
    else:
        verdict = f'is {"better" if difference > 0 else "WORSE"} than {floor}'
    return f'{network} {verdict} ({protocol}: {difference:+.1f} points, {chance})'
