"""Logistic regression on frozen features: transfer as Kornblith et al. (2019) and SimCLR (appendix B.8) measure it."""

import torch
import torch.nn.functional as F

from mmwsl.datasets import stratified_split
from mmwsl.evaluation.functional import mean_average_precision, mean_class_accuracy, topk_accuracy
from mmwsl.progress import progress_bar
from mmwsl.protocols.base import Protocol
from mmwsl.protocols.features import check_features, describe
from mmwsl.registry import PROTOCOLS

METRICS = ('top1', 'mean_class', 'mAP', 'mAP_11points')


def logistic_loss(scores, labels):
    """Summed cross-entropy: softmax for one class per image, sigmoid per tag (-1 ignored) otherwise.

    Args:
        scores: (N, C).
        labels: (N,) class numbers, or (N, C) of 1, 0 and -1.
    """
    if labels.ndim == 1:
        return F.cross_entropy(scores, labels, reduction='sum')
    losses = F.binary_cross_entropy_with_logits(scores, (labels == 1).to(scores), reduction='none')
    return (losses * (labels >= 0)).sum()


def fit_logistic(features, labels, num_classes, strength, start=None, iterations=500):
    """Minimise ``logistic_loss(x W + b) + strength / 2 * ||W||^2`` by L-BFGS; the bias b is free.

    scikit-learn's ``C`` is 1 / strength.

    Args:
        features: (N, D) float64.
        labels: see :func:`logistic_loss`.
        num_classes: C.
        strength: of the penalty, above 0.
        start: (D + 1, C) to begin from; None = zeros.
        iterations: at most so many steps.

    Returns:
        (D + 1, C) tensor: W and, last, b.
    """
    solution = features.new_zeros(features.shape[1] + 1, num_classes) if start is None else start.clone()
    solution.requires_grad_()
    optimizer = torch.optim.LBFGS([solution], max_iter=iterations, max_eval=2 * iterations, history_size=20,
                                  tolerance_grad=1e-7, tolerance_change=1e-12, line_search_fn='strong_wolfe')

    def objective():
        optimizer.zero_grad()
        penalty = strength / 2 * solution[:-1].square().sum()
        # divided, so that the tolerances do not depend on the number of images
        loss = (logistic_loss(predict(features, solution), labels) + penalty) / len(features)
        loss.backward()
        return loss

    optimizer.step(objective)
    return solution.detach()


def predict(features, solution):
    """Scores (N, C) of features (N, D)."""
    return torch.addmm(solution[-1], features, solution[:-1])


def metric_value(scores, labels, metric):
    """A metric in percent: ``top1``, ``mean_class`` (top-1 averaged over the classes), ``mAP`` or ``mAP_11points``."""
    if metric == 'top1':
        return 100 * topk_accuracy(scores, labels, (1,))[1]
    if metric == 'mean_class':
        return 100 * mean_class_accuracy(scores, labels)
    mode = '11_points' if metric == 'mAP_11points' else 'all_points'
    return 100 * mean_average_precision(scores.cpu().numpy(), labels.cpu().numpy(), mode)[0]


@PROTOCOLS.register_module(name='logistic')
class Logistic(Protocol):
    """Multinomial logistic regression, or one logistic regression per tag: metric ``logistic_{metric}`` in percent.

    The strength of the L2 penalty is the one with the best value on a held-out part of the training images (the
    stronger among equals); then all of them are fitted again.

    Args:
        metric: ``'top1'``, ``'mean_class'``, ``'mAP'`` or ``'mAP_11points'``; the last two are for images of several
            tags.
        strengths: how many, evenly spaced in the logarithm.
        weakest, strongest: their range.
        holdout: fraction that is held out.
        seed: of that choice.
        iterations: steps of L-BFGS for each, which begins where the one before, of a stronger penalty, ended.
        device: default the GPU, if there is one.

    Raises:
        ValueError: an unknown metric, or strengths that are not positive.
    """

    def __init__(self, metric='top1', strengths=45, weakest=1e-6, strongest=1e5, holdout=0.2, seed=0, iterations=500,
                 device=None):
        if metric not in METRICS:
            raise ValueError(f'metric={metric!r} is unknown; choose one of {", ".join(METRICS)}')
        if strengths < 1 or not 0 < weakest <= strongest:
            raise ValueError(f'{strengths} strengths from {weakest} to {strongest}: at least one, all of them positive')
        self.metric, self.holdout, self.seed, self.iterations = metric, holdout, seed, iterations
        self.strengths = torch.logspace(*torch.tensor([strongest, weakest]).double().log10().tolist(), strengths,
                                        dtype=torch.float64).tolist()
        self.device = device or ('cuda' if torch.cuda.is_available() else 'cpu')

    def run(self, source):
        """Train on the training images, score on the test images; see :meth:`Protocol.run`.

        Raises:
            ValueError: a metric of tags for images of one class each, or the other way round.
        """
        train, test = source.features()
        tags = self.metric.startswith('mAP')
        check_features(train, test, 'logistic', multi_label=tags)
        if tags != (train.labels.ndim == 2):
            raise ValueError(f'metric={self.metric!r} is of {"several tags" if tags else "one class"} per image; these '
                             'labels are not')
        features, labels = train.features.to(self.device).double(), train.labels.to(self.device)
        classes, chosen, held_values = len(train.classes), self.strengths[0], None
        solution = None
        if len(self.strengths) > 1:
            kept, held = (rows.to(self.device) for rows in stratified_split(train.labels, self.holdout, self.seed))
            held_values, solutions = [], []
            for strength in progress_bar(self.strengths, 'logistic regression', unit='fit'):
                solution = fit_logistic(features[kept], labels[kept], classes, strength, solution, self.iterations)
                held_values.append(metric_value(predict(features[held], solution), labels[held], self.metric))
                solutions.append(solution)
            best = held_values.index(max(held_values))
            chosen, solution = self.strengths[best], solutions[best]
        solution = fit_logistic(features, labels, classes, chosen, solution, self.iterations)
        scores = predict(test.features.to(self.device).double(), solution).cpu()
        settings = dict(describe(train, test), strength=chosen, strengths=self.strengths, holdout=self.holdout,
                        holdout_figures=held_values)
        value = metric_value(scores, test.labels, self.metric)
        return [dict(metric=f'logistic_{self.metric}', value=value, settings=settings)]
