"""How well frozen features tell tags, of which a photo may have several, against floors."""

import warnings
from typing import Any, NamedTuple

import numpy as np
import torch

from mmwsl.apis.explore.accuracy import SPLITS, STRENGTHS, SURE, project
from mmwsl.apis.explore.stages import Arrays
from mmwsl.evaluation.functional import label_errors
from mmwsl.progress import progress_bar
from mmwsl.protocols.logistic import fit_logistic, logistic_loss, predict

PROTOCOL = 'linear mAP'


class JudgedTags(NamedTuple):
    """Tags that can be judged.

    Attributes:
        tags: the C names.
        present: (N, C) of 1 and 0; -1 where a photo's tags are not known.
        folds: (N,) the third in which each photo is tested, -1 where its tags are not known.
        few: names of tags that too few photos have, or lack; they are left out.
    """
    tags: list[str]
    present: np.ndarray
    folds: np.ndarray
    few: list[str]


def make_tag_folds(tags: list[tuple[str, ...] | None], copies: list[list[int]], seed: int = 0) -> JudgedTags | None:
    """Three splits, each with its part of every tag as far as that goes; copies of one picture stay together.

    Args:
        tags: of each photo; None = not known.
        copies: lists of photos that are one picture.
        seed: of the splits.

    Returns:
        None if no tag has three photos with it and three without.
    """
    from sklearn.model_selection import StratifiedGroupKFold
    known = np.flatnonzero([each is not None for each in tags])
    counts: dict[str, int] = {}
    for each in tags:
        for tag in each or ():
            counts[tag] = counts.get(tag, 0) + 1
    names = sorted(tag for tag, count in counts.items() if SPLITS <= count <= len(known) - SPLITS)
    if not names:
        return None
    present = np.full((len(tags), len(names)), -1, np.int8)
    for number in known:
        present[number] = [tag in (tags[number] or ()) for tag in names]
    rarest = [min(tags[number] or ('',), key=lambda tag: counts.get(tag, 0)) for number in known]
    pictures = np.arange(len(tags))
    for members in copies:
        pictures[members] = members[0]
    folds = np.full(len(tags), -1)
    kinds = np.unique(rarest, return_inverse=True)[1]
    often = np.bincount(kinds)[kinds] >= SPLITS
    splitter = StratifiedGroupKFold(SPLITS, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of tags whose photos are all copies
        for fold, (_, tested) in enumerate(splitter.split(known, np.where(often, kinds, -1), pictures[known])):
            folds[known[tested]] = fold
    return JudgedTags(names, present, folds, sorted(set(counts) - set(names)))


def fit_tags(rows: torch.Tensor, present: torch.Tensor, strength: float | None = None) -> tuple[torch.Tensor, float]:
    """One logistic regression a tag, and the strength of their penalty, chosen on a fifth if it is not given.

    Args:
        rows: (N, K) float64.
        present: (N, C) of 1 and 0.
        strength: of the penalty.

    Returns:
        tuple: (K + 1, C), see :func:`mmwsl.protocols.logistic.fit_logistic`, and the strength.
    """
    if strength is None:
        order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))
        held, kept = order[:len(rows) // 5], order[len(rows) // 5:]
        solution, best, strength = None, float('inf'), STRENGTHS[2]
        for candidate in STRENGTHS if len(held) else ():
            solution = fit_logistic(rows[kept], present[kept], present.shape[1], candidate, solution, 100)
            loss = float(logistic_loss(predict(rows[held], solution), present[held]))  # ranks do not fix its scale
            if loss < best:
                best, strength = loss, candidate
    return fit_logistic(rows, present, present.shape[1], strength, None, 200), strength


def precisions(scores: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Average precision (C,) of each tag; NaN where no photo has it."""
    from sklearn.metrics import average_precision_score  # here, because every command would wait for it

    return np.array([average_precision_score(truth, score) if truth.any() else np.nan
                     for score, truth in zip(scores.T, present.T, strict=True)])


def judge_tags(features: dict[str, torch.Tensor], judged: JudgedTags) -> Arrays:
    """Rank the photos of each third by the classifiers of the other two, with each network's features.

    Args:
        features: network -> (N, D).
        judged: tags and folds.

    Returns:
        dict: ``precision`` (networks, splits, C), NaN where a split has no photo of the tag, and ``probabilities``
        (N, C) float32 of the first network, NaN where a photo's tags are not known.
    """
    precision = np.full((len(features), SPLITS, len(judged.tags)), np.nan)
    probabilities = np.full(judged.present.shape, np.nan, np.float32)
    present = torch.from_numpy(judged.present)
    with progress_bar(description='accuracy', total=len(features) * SPLITS, unit='split') as bar:
        for row, rows in enumerate(features.values()):
            small, strength = project(rows), None
            for fold in range(SPLITS):
                test = torch.from_numpy(np.flatnonzero(judged.folds == fold))
                train = torch.from_numpy(np.flatnonzero((judged.folds >= 0) & (judged.folds != fold)))
                solution, strength = fit_tags(small[train], present[train], strength)
                scores = predict(small[test], solution)
                precision[row, fold] = precisions(scores.numpy(), judged.present[test])
                if row == 0:
                    probabilities[test] = scores.sigmoid().float().numpy()
                bar.update()
    return dict(precision=precision, probabilities=probabilities)


def summarize_tags(precision: np.ndarray, networks: list[str],
                   floors: list[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Mean average precision in percent, and each network against each floor, by Wilcoxon's test over the tags.

    Args:
        precision: of :func:`judge_tags`.
        networks: names of its rows.
        floors: those of them that have learned nothing.

    Returns:
        tuple: as :func:`mmwsl.apis.explore.accuracy.summarize` does.
    """
    from scipy.stats import wilcoxon
    values = 100 * np.nanmean(precision, axis=2)
    accuracy = [dict(network=network, protocol=PROTOCOL, mean=float(row.mean()), std=float(row.std(ddof=1)),
                     values=row.tolist(), floor=network in floors)
                for network, row in zip(networks, values, strict=True)]
    of_tags, comparisons = 100 * np.nanmean(precision, axis=1), []
    for row, network in enumerate(networks):
        for other in range(row + 1, len(networks)):
            if network in floors:
                continue
            gains = of_tags[row] - of_tags[other]
            p = float(wilcoxon(gains).pvalue) if np.any(gains) else 1.
            difference = float(values[row].mean() - values[other].mean())
            verdict = 'is not told apart from' if p >= SURE else f'is {"better" if difference > 0 else "WORSE"} than'
            chance = 'p < 0.0001' if p < 1e-4 else f'p = {p:.2g}'
            comparisons.append(dict(
                network=network, floor=networks[other], protocol=PROTOCOL, difference=difference, p=p,
                text=f'{network} {verdict} {networks[other]} ({PROTOCOL}: {difference:+.1f} points over {len(gains)} '
                     f'tags, {chance})'))
    return accuracy, comparisons


def tag_errors(probabilities: np.ndarray, judged: JudgedTags, least: float) -> list[dict[str, Any]]:
    """Tags that a photo likely lacks, or bears by mistake, the surest first: each tag as two classes of its own.

    Args:
        probabilities: (N, C) of :func:`judge_tags`.
        judged: tags.
        least: confidence from which a tag is doubted; see :func:`mmwsl.evaluation.functional.label_errors`.
    """
    found = []
    for number, tag in enumerate(judged.tags):
        two = np.stack([1 - probabilities[:, number], probabilities[:, number]], axis=1)
        for photo, claimed, confidence in zip(*label_errors(two, judged.present[:, number].astype(int), least),
                                              strict=True):
            words = (tag, f'no {tag}') if claimed == 0 else (f'no {tag}', tag)
            found.append(dict(photo=int(photo), given=words[0], suggested=words[1],
                              confidence=round(float(confidence), 3)))
    return sorted(found, key=lambda each: -each['confidence'])
