"""One-vs-rest linear SVMs on frozen features, the cost of each class chosen by cross-validation.

Goyal et al., "Scaling and Benchmarking Self-Supervised Visual Representation Learning" (2019), section 6.1.
"""

import itertools
import warnings

import numpy as np
import torch
from joblib import Parallel, delayed

from mmwsl.evaluation.functional import mean_average_precision, topk_accuracy
from mmwsl.progress import progress_bar
from mmwsl.protocols.base import Protocol
from mmwsl.protocols.features import Features, as_targets, check_features, describe
from mmwsl.registry import PROTOCOLS

COSTS = {
    'quick': (0.01, 0.1, 1.0, 10.0),
    'oss': (1.0, 10.0, 100.0) + tuple(2.0**-n for n in range(4, 20)),
    'goyal': tuple(10.0**n for n in range(-7, 3)) + tuple(2.0**-n for n in range(4, 20)),
    'vissl': (0.01, 0.1, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 50.0, 100.0, 1000.0),
}
DIFFICULT = ('reference', 'strict')
MAX_ITER = 2000
SMALL = 2**18  # numbers in a matrix


def normalize_rows(features):
    """Normalize features (N, D) to float64 rows x / (||x||_2 + 1e-5)."""
    features = np.asarray(features, dtype=np.float64)
    return features / (np.linalg.norm(features, axis=1, keepdims=True) + 1e-5)


def needs_dual(features):
    """Whether liblinear solves the dual: with fewer images than dimensions, or as many after :func:`rotate`; else the
    primal is many times faster."""
    return features.shape[0] <= features.shape[1]


def rotate(features):
    """Rotate features with fewer images than dimensions, (N, D), to a lower triangular (N, N).

    An SVM sees its images only through their inner products, and a rotation keeps them, so every fit takes the steps it
    would have taken, to rounding, on half of N numbers per image instead of D.

    Returns:
        tuple: (N, N) features, and a function that turns coefficients for them (N,) back into those for the old (D,).
        Features with N >= D stay as they are.
    """
    if features.shape[0] >= features.shape[1]:
        return features, np.asarray
    from scipy import linalg  # here and below, because every command would wait a second for scipy and sklearn

    axes, triangle = linalg.qr(features.T, mode='economic', check_finite=False)
    return np.tril(triangle.T), axes.__matmul__


def fit_svm(features, positive, used, cost):
    """Fit one linear SVM: squared hinge loss, L2 penalty, positives weighted twice, the intercept penalised as well.

    Args:
        features: (N, D) float64 array.
        positive: (N,) bool.
        used: (N,) bool; the other rows get weight 0 and liblinear drops them, so that all fits share one matrix.
        cost: C, the weight of the loss.

    Returns:
        tuple: (D,) coefficients, intercept, and whether it converged within 2000 iterations.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.svm import LinearSVC

    solver = LinearSVC(C=cost, class_weight={1: 2, -1: 1}, intercept_scaling=1.0, penalty='l2', loss='squared_hinge',
                       tol=1e-4, max_iter=MAX_ITER, dual=needs_dual(features), random_state=0)
    # run() restores the filters; set here because a worker process has its own
    warnings.simplefilter('ignore', ConvergenceWarning)
    solver.fit(features, np.where(positive, 1, -1), sample_weight=used.astype(np.float64))
    return solver.coef_[0], solver.intercept_[0], bool(solver.n_iter_ < MAX_ITER)


def ranking_precision(positive, scores):
    """scikit-learn's ``average_precision_score`` of (N,) and (N,), without its checks, which take longer than a fit."""
    order = np.argsort(-scores, kind='stable')
    last = np.append(np.diff(scores[order]) != 0, True)  # of equal scores
    found = np.cumsum(positive[order])[last]
    precision = found / (np.flatnonzero(last) + 1)
    return (np.diff(found, prepend=0) * precision).sum() / found[-1]


def _validate(features, positive, trained, held, cost):
    coefficients, intercept, converged = fit_svm(features, positive, trained, cost)
    return ranking_precision(positive[held], (features @ coefficients)[held] + intercept), converged


@PROTOCOLS.register_module(name='svm')
class SVM(Protocol):
    """Linear SVM: metric ``svm_mAP`` (all points, percent), and ``svm_top1`` where every image has one class.

    For every class: the cost with the best mean average precision in cross-validation on the training set (the lowest
    among equals), then one SVM on all training images. ``svm_top1`` takes the class with the largest decision value.

    All fits share one matrix, of 8 * N * min(N, D) bytes; every running fit holds liblinear's own copy of it, 16 * N *
    D bytes, or 8 * N * N with fewer images than dimensions.

    Args:
        costs: 'oss' (19 values), 'goyal' (26), 'vissl' (11), 'quick' (4), or a sequence of costs.
        difficult: what an image labelled -1 for a class is in training: 'reference' a negative, as in the published
            protocol, or 'strict' left out. The test score always leaves it out.
        folds: of the cross-validation.
        max_train_images: train on so many images, evenly spaced (over each class where images have one class).
        n_jobs: fits at the same time; -1 = one per core.

    Raises:
        ValueError: an unknown preset, no cost or one that is not positive, fewer than two folds.
    """

    def __init__(self, costs='oss', difficult='reference', folds=3, max_train_images=None, n_jobs=-1):
        if isinstance(costs, str) and costs not in COSTS:
            raise ValueError(f'costs={costs!r} is unknown; choose one of {", ".join(COSTS)} or give a list of numbers')
        if difficult not in DIFFICULT:
            raise ValueError(f'difficult={difficult!r} is unknown; choose one of {", ".join(DIFFICULT)}')
        self.preset = costs if isinstance(costs, str) else None
        self.costs = sorted(COSTS[costs] if isinstance(costs, str) else costs)
        if not self.costs or self.costs[0] <= 0:
            raise ValueError(f'costs={costs} must hold at least one number, all of them positive')
        if folds < 2:
            raise ValueError(f'folds={folds}: cross-validation needs at least 2')
        self.difficult = difficult
        self.folds = folds
        self.max_train_images = max_train_images
        self.n_jobs = n_jobs

    def run(self, source):
        """Train on the training images, score on the test images; see :meth:`Protocol.run`.

        Raises:
            ValueError: also for a class with too few images to cross-validate.
        """
        train, test = source.features()
        check_features(train, test, 'svm', multi_label=True)
        available = len(train)
        train = self._subset(train)
        if len(train) < available:
            check_features(train, test, f'svm with max_train_images={self.max_train_images}', multi_label=True)
        features, turn_back, positive, used, learnt = self._problem(train)
        test_features = normalize_rows(test.features)

        with warnings.catch_warnings():
            costs, converged = self._choose(features, positive, used, learnt, train.classes)
            jobs = [delayed(fit_svm)(features, positive[:, c], used[:, c], cost)
                    for c, cost in zip(learnt, costs, strict=True)]
            fits = self._parallel(features, jobs, 'SVM')
        converged += [fit[2] for fit in fits]
        decision = np.full((len(test), len(train.classes)), -np.inf)
        for c, (coefficients, intercept, _) in zip(learnt, fits, strict=True):
            decision[:, c] = test_features @ turn_back(coefficients) + intercept
        return self._records(train, test, available, decision,
                             {str(train.classes[c]): cost for c, cost in zip(learnt, costs, strict=True)}, converged)

    def choose_costs(self, train):
        """Choose the cost of every class that has an image by cross-validation on ``train``: dict by class name."""
        features, _, positive, used, learnt = self._problem(train)
        with warnings.catch_warnings():
            costs, _ = self._choose(features, positive, used, learnt, train.classes)
        return {str(train.classes[c]): cost for c, cost in zip(learnt, costs, strict=True)}

    def _problem(self, train):
        """Features as :func:`rotate` turns them, and back; (N, C) which images are positive, and which are used;
        numbers of the classes that have images."""
        targets = as_targets(train.labels, len(train.classes)).numpy()
        positive = targets == 1
        used = targets >= 0 if self.difficult == 'strict' else np.ones_like(positive)
        # a class that neither set shows is in the list of names only
        return *rotate(normalize_rows(train.features)), positive, used, positive.any(axis=0).nonzero()[0]

    def _subset(self, train):
        count = self.max_train_images
        if count is None or count >= len(train):
            return train
        if count < 1:
            raise ValueError(f'max_train_images={count} must be at least 1')
        order = torch.arange(len(train)) if train.labels.ndim == 2 else train.labels.argsort(stable=True)
        rows = order[((torch.arange(count) + 0.5) * len(train) / count).long()].sort().values
        return Features(train.features[rows], train.labels[rows], train.classes)

    def _choose(self, features, positive, used, learnt, names):
        """The best cost of every learnt class, and whether each fit on the way converged."""
        from sklearn.model_selection import StratifiedKFold

        if len(self.costs) == 1:
            self._enough(positive, used, learnt, names, 1)
            return [self.costs[0]] * len(learnt), []
        self._enough(positive, used, learnt, names, self.folds)
        jobs = []
        for c in learnt:
            rows, splits = used[:, c].nonzero()[0], []
            for trained, held in StratifiedKFold(self.folds).split(rows, positive[rows, c]):
                mask = np.zeros(len(features), dtype=bool)
                mask[rows[trained]] = True
                splits.append((mask, rows[held]))
            jobs += [delayed(_validate)(features, positive[:, c], mask, held, cost)
                     for cost, (mask, held) in itertools.product(self.costs, splits)]
        results = self._parallel(features, jobs, 'SVM, choice of costs')
        precision = np.array([result[0] for result in results]).reshape(len(learnt), len(self.costs), self.folds)
        return [self.costs[i] for i in precision.mean(axis=2).argmax(axis=1)], [result[1] for result in results]

    @staticmethod
    def _enough(positive, used, learnt, names, needed):
        for c in learnt:
            counts = [int((part[:, c] & used[:, c]).sum()) for part in (positive, ~positive)]
            if min(counts) < needed:
                raise ValueError(f'class {names[c]!r} has {counts[0]} positive and {counts[1]} negative training '
                                 f'images, and at least {needed} of each are needed: use more images, fewer folds, or '
                                 'a single cost (no cross-validation)')

    def _parallel(self, features, jobs, description):
        # liblinear releases the GIL, so threads share the one matrix. Its dual solver draws from a generator that is
        # global to the process: only processes (joblib maps the matrix into their memory) keep that reproducible
        backend = 'loky' if needs_dual(features) else 'threading'
        # on a small matrix a fit is mostly Python, and threads would only wait for each other
        n_jobs = 1 if backend == 'threading' and features.size < SMALL else self.n_jobs
        results = Parallel(n_jobs, backend=backend, return_as='generator')(jobs)
        return list(progress_bar(results, description, total=len(jobs), unit='fit'))

    def _records(self, train, test, available, decision, costs, converged):
        targets = as_targets(test.labels, len(test.classes)).numpy()
        mean, precision = mean_average_precision(decision, targets)
        settings = dict(describe(train, test), preset=self.preset, n_train_available=available,
                        max_train_images=self.max_train_images, difficult=self.difficult, folds=self.folds,
                        costs=list(self.costs), cost_of_class=costs, fits=len(converged),
                        fits_not_converged=converged.count(False),
                        average_precision={str(name): 100 * float(value) for name, value in
                                           zip(test.classes, precision, strict=True) if not np.isnan(value)})
        records = [dict(metric='svm_mAP', value=100 * mean, settings=settings)]
        if test.labels.ndim == 1:
            accuracy = topk_accuracy(decision, test.labels, (1, ))
            records.append(dict(metric='svm_top1', value=100 * accuracy[1], settings=settings))
        return records
