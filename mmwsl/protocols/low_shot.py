"""One-vs-rest linear SVMs from k positive images per class.

Goyal et al. (2019), section 6.2; costs as in OpenSelfSup's and VISSL's tables, and chosen without the test set.
"""

import warnings

import numpy as np
from joblib import Parallel, delayed

from mmwsl.evaluation.functional import average_precision
from mmwsl.progress import progress_bar
from mmwsl.protocols.base import Protocol
from mmwsl.protocols.features import as_targets, check_features, describe
from mmwsl.protocols.svm import COSTS, SVM, fit_svm, needs_dual, normalize_rows, rotate
from mmwsl.registry import PROTOCOLS

FOLDS = 3


def draw_shots(targets, k, seed):
    """Draw one low-shot training set per class: rows of k positives and (C - 1) k negatives, in the order drawn.

    Args:
        targets: (N, C) of 1, 0 and -1; images marked -1 are not drawn.
        k: positives per class.
        seed: another seed, another sample; classes are drawn independently.

    Returns:
        list of C arrays of rows. Where there are fewer negatives, all of them.

    Raises:
        ValueError: a class has fewer than k positives, or no negative.
    """
    rows = []
    for c in range(targets.shape[1]):
        generator = np.random.default_rng([seed, k, c])
        positives, negatives = (targets[:, c] == 1).nonzero()[0], (targets[:, c] == 0).nonzero()[0]
        if len(positives) < k or not len(negatives):
            raise ValueError(f'class number {c} has {len(positives)} positive and {len(negatives)} negative images; '
                             f'k={k} needs {k} and 1: choose smaller k or use more images')
        count = min((targets.shape[1] - 1) * k, len(negatives))
        rows.append(np.concatenate([generator.choice(positives, k, replace=False),
                                    generator.choice(negatives, count, replace=False)]))
    return rows


def _fit(features, positive, rows, test_features, test_labels, costs, cross_validate):
    """(costs,) test AP, (costs,) mean AP in cross-validation or None, and how many fits did not converge."""
    from sklearn.metrics import average_precision_score  # here, because every command would wait for it
    from sklearn.model_selection import StratifiedKFold

    features, turn_back = rotate(features[rows])  # here, so that all jobs share the whole matrix
    positive = positive[rows]
    everything, test, validated, failures = np.ones(len(features), dtype=bool), [], [], 0
    folds = list(StratifiedKFold(FOLDS).split(features, positive)) if cross_validate else []
    for cost in costs:
        coefficients, intercept, converged = fit_svm(features, positive, everything, cost)
        test.append(average_precision(test_features @ turn_back(coefficients) + intercept, test_labels))
        failures += not converged
        precision = []
        for trained, held in folds:
            mask = np.zeros(len(features), dtype=bool)
            mask[trained] = True
            coefficients, intercept, converged = fit_svm(features, positive, mask, cost)
            precision.append(average_precision_score(positive[held], (features @ coefficients)[held] + intercept))
            failures += not converged
        validated.append(np.mean(precision) if folds else None)
    return np.array(test), np.array(validated) if folds else None, failures


@PROTOCOLS.register_module(name='low_shot')
class LowShotSVM(Protocol):
    """Low-shot SVM: for every k the metrics ``low_shot{k}_mAP`` and ``low_shot{k}_mAP_test_selected`` in percent.

    Both are means over independent samples. The first takes for every class and sample the cost that is best in 3-fold
    cross-validation on the sample; below k = 3, where that is impossible, the cost that the full protocol chooses on
    all training images. The second is the published rule, kept for comparison only: the one cost whose mean over
    samples and classes is best **on the test set**.

    Args:
        k: positives per class.
        samples: independent samples; their seeds are 0, 1, ... and stand in the records.
        costs: as for :class:`SVM`.
        n_jobs: fits at the same time; -1 = one per core.

    Raises:
        ValueError: an unknown preset, k or samples below 1.
    """

    def __init__(self, k=(1, 2, 4, 8, 16, 32, 64, 96), samples=5, costs='oss', n_jobs=-1):
        if isinstance(costs, str) and costs not in COSTS:
            raise ValueError(f'costs={costs!r} is unknown; choose one of {", ".join(COSTS)} or give a list of numbers')
        self.k = sorted({k} if isinstance(k, int) else set(k))
        if not self.k or self.k[0] < 1 or samples < 1:
            raise ValueError(f'k={k} and samples={samples} must be at least 1')
        self.costs = sorted(COSTS[costs] if isinstance(costs, str) else costs)
        self.preset = costs if isinstance(costs, str) else None
        self.samples, self.n_jobs = samples, n_jobs

    def run(self, source):
        """Train on samples of the training images, score on the test images; see :meth:`Protocol.run`.

        Raises:
            ValueError: also for a class with too few images.
        """
        train, test = source.features()
        check_features(train, test, 'low_shot', multi_label=True)
        features, test_features = normalize_rows(train.features), normalize_rows(test.features)
        targets = as_targets(train.labels, len(train.classes)).numpy()
        test_targets = as_targets(test.labels, len(test.classes)).numpy()
        present = [c for c in range(len(train.classes))
                   if (targets[:, c] == 1).any() and (test_targets[:, c] == 1).any()]
        drawn = {(k, seed): draw_shots(targets[:, present], k, seed) for k in self.k for seed in range(self.samples)}
        full = self._full_costs(train, [train.classes[c] for c in present]) if self.k[0] < FOLDS else None
        jobs, keys = [], []
        for (k, seed), rows in drawn.items():
            for number, c in enumerate(present):
                jobs.append(delayed(_fit)(features, targets[:, c] == 1, rows[number], test_features,
                                          test_targets[:, c], self.costs, k >= FOLDS))
                keys.append((k, seed, number))
        with warnings.catch_warnings():
            # liblinear's dual solver draws from a generator that is global to the process (see SVM)
            small = (len(features[drawn[self.k[0], 0][0]]), features.shape[1])
            backend = 'loky' if needs_dual(np.empty(small)) else 'threading'
            results = Parallel(self.n_jobs, backend=backend, return_as='generator')(jobs)
            results = dict(zip(keys, progress_bar(results, 'low-shot SVM', total=len(jobs), unit='set'), strict=True))
        records = []
        for k in self.k:
            records += self._records(train, test, k, [[results[k, seed, number] for number in range(len(present))]
                                                      for seed in range(self.samples)], full)
        return records

    def _full_costs(self, train, names):
        chosen = SVM(self.costs, n_jobs=self.n_jobs).choose_costs(train)
        return [self.costs.index(chosen[name]) for name in map(str, names)]

    def _records(self, train, test, k, results, full):
        test_precision = np.array([[one[0] for one in row] for row in results])  # (samples, classes, costs)
        if k >= FOLDS:
            best = np.array([[one[1].argmax() for one in row] for row in results])
        else:
            best = np.tile(full, (len(results), 1))
        chosen = np.take_along_axis(test_precision, best[..., None], 2)[..., 0].mean(1)  # (samples,)
        by_cost = test_precision.mean(1)  # (samples, costs)
        selected = by_cost.mean(0).argmax()
        settings = dict(describe(train, test), preset=self.preset, k=k, costs=list(self.costs),
                        sample_seeds=list(range(self.samples)),
                        fits_not_converged=int(sum(one[2] for row in results for one in row)))
        rule = f'{FOLDS}-fold cross-validation' if k >= FOLDS else 'full protocol on all training images'
        return [
            self._record(f'low_shot{k}_mAP', chosen, dict(settings, cost_by=rule)),
            self._record(f'low_shot{k}_mAP_test_selected', by_cost[:, selected],
                         dict(settings, cost_by='the test set', cost=self.costs[selected], test_selected=True)),
        ]

    @staticmethod
    def _record(metric, values, settings):
        values = 100 * values
        spread = float(values.std(ddof=1)) if len(values) > 1 else None
        return dict(metric=metric, value=float(values.mean()),
                    settings=dict(settings, least=float(values.min()), most=float(values.max()), std=spread))
