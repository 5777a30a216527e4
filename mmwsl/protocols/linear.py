"""Linear classification of frozen, cached features: many learning rates trained at once as one wide head."""

import contextlib
import itertools
import math

import torch
import torch.nn.functional as F

from mmwsl.compat import renamed_arguments
from mmwsl.datasets import stratified_split
from mmwsl.evaluation.functional import topk_accuracy
from mmwsl.progress import progress_bar
from mmwsl.protocols.base import Protocol
from mmwsl.protocols.features import check_features, describe
from mmwsl.registry import PROTOCOLS


@torch.no_grad()
def train_linear(features, labels, num_classes, lr, weight_decay, epochs=30, batch_size=256, momentum=0.9, seed=0,
                 shift=0.0, scale=1.0, progress=iter):
    """Train H softmax classifiers side by side, each as if it were alone.

    All heads see the same batches and start from zero, so a head depends on its own lr and weight decay only. The H
    weight matrices lie in one (D, H * C) matrix: the batch is read once, and one product serves all heads. SGD with
    momentum as in torch.optim, lr_t = lr / 2 * (1 + cos(pi t / T)) per step; weight decay spares the bias.

    Args:
        features: (N, D) tensor.
        labels: (N,) int64 on the same device.
        num_classes: C.
        lr: H learning rates.
        weight_decay: H weight decays.
        epochs: passes over the data.
        batch_size: images per step; the last batch of an epoch may be smaller.
        momentum: of SGD.
        seed: of the batch order; the global generator is not used.
        shift: (D,) or number subtracted from the features.
        scale: (D,) or number they are multiplied by afterwards.
        progress: wraps the iterable over the epochs.

    Returns:
        tuple: weight (H, D, C) and bias (H, C), for the shifted and scaled features. A head that diverged holds
        values that are not finite.
    """
    heads, (count, dims) = len(lr), features.shape
    generator = torch.Generator().manual_seed(seed)
    lr = torch.as_tensor(lr, dtype=torch.float32, device=features.device)[:, None]  # (H, 1)
    weight_decay = torch.as_tensor(weight_decay, dtype=torch.float32, device=features.device)[:, None]
    weight = features.new_zeros(dims, heads, num_classes)
    bias = features.new_zeros(heads, num_classes)
    weight_velocity, bias_velocity = torch.zeros_like(weight), torch.zeros_like(bias)
    step, steps = 0, epochs * math.ceil(count / batch_size)
    for _ in progress(range(epochs)):
        for rows in torch.randperm(count, generator=generator).to(features.device).split(batch_size):
            x = (features[rows] - shift) * scale
            error = (x @ weight.flatten(1)).view(len(rows), heads, num_classes).add_(bias).softmax(dim=2)
            # gradient of the mean cross-entropy with respect to the logits: (softmax - one hot) / B
            error.sub_(F.one_hot(labels[rows], num_classes)[:, None]).div_(len(rows))
            weight_gradient = (x.T @ error.flatten(1)).view_as(weight).addcmul_(weight, weight_decay)
            rate = lr * (0.5 + 0.5 * math.cos(math.pi * step / steps))
            weight -= weight_velocity.mul_(momentum).add_(weight_gradient) * rate
            bias -= bias_velocity.mul_(momentum).add_(error.sum(dim=0)) * rate
            step += 1
    return weight.permute(1, 0, 2).contiguous(), bias


@contextlib.contextmanager
def _one_thread_if(small):
    """Run on one CPU thread: steps below some milliseconds gain little from more, and on a busy machine the threads
    wait for each other at every operation (measured on two shared cores: 15 s with one thread, 120 s with two)."""
    threads = torch.get_num_threads()
    if small:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@PROTOCOLS.register_module(name='linear')
class Linear(Protocol):
    """Accuracy of a linear classifier on cached features: metrics ``linear_top1`` and ``linear_top5`` in percent.

    Every pair of learning rate and weight decay is trained at once on a part of the training set; the pair with the
    best accuracy on the held-out rest (the lower cross-entropy among equals) is trained again on the whole training
    set, and that classifier, as it is after its last epoch, is scored on the test set once. The features are those of
    un-augmented images, so values do not compare with probes that crop and flip in every epoch.

    Args:
        lr: learning rates of the grid, for ``batch_size`` as it is.
        weight_decay: weight decays of the grid.
        epochs: of the selection and of the final training.
        batch_size: images per step.
        momentum: of SGD.
        standardize: bring every dimension to mean 0 and standard deviation 1 over the training set, as a batch norm
            without affine parameters does (the grid is meant for this); a dimension that never varies becomes 0.
        holdout: fraction of the training set that selects.
        seed: of the split and of the batch order.
        device: where to compute; default the GPU if there is one.

    Raises:
        ValueError: a grid without a value, or a value that is negative.
    """

    @renamed_arguments(standardise='standardize')
    def __init__(self, lr=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0), weight_decay=(0.0, 1e-4, 1e-3), epochs=30,
                 batch_size=256, momentum=0.9, standardize=True, holdout=0.1, seed=0, device=None):
        if not len(lr) or not len(weight_decay) or min(lr) <= 0 or min(weight_decay) < 0:
            raise ValueError(f'lr={lr} must hold positive values and weight_decay={weight_decay} values of at least 0')
        self.grid = list(itertools.product(lr, weight_decay))
        self.options = dict(epochs=epochs, batch_size=batch_size, momentum=momentum, seed=seed)
        self.standardize = standardize
        self.holdout = holdout
        self.seed = seed
        self.device = device or ('cuda' if torch.cuda.is_available() else 'cpu')

    def run(self, source):
        """Train on the training images, score on the test images, one class per image; see :meth:`Protocol.run`.

        Raises:
            RuntimeError: every learning rate diverged.
        """
        train, test = source.features()
        check_features(train, test, 'linear')
        classes = len(train.classes)
        features, labels = train.features.to(self.device), train.labels.to(self.device)
        shift, scale = self._standardization(features)

        def fit(rows, grid, description):
            lr, weight_decay = zip(*grid, strict=True)
            part = slice(None) if rows is None else rows.to(self.device)
            products = self.options['batch_size'] * features.shape[1] * len(grid) * classes  # of one step
            with _one_thread_if(products < 1e8):
                return train_linear(features[part], labels[part], classes, lr, weight_decay, shift=shift, scale=scale,
                                    progress=lambda epochs: progress_bar(epochs, description, unit='epoch'),
                                    **self.options)

        best_pair, held_accuracy = self.grid[0], None
        if len(self.grid) > 1:
            kept, held = stratified_split(train.labels, self.holdout, self.seed)
            weight, bias = fit(kept, self.grid, 'linear, selection')
            held_features = (features[held.to(self.device)] - shift) * scale
            best, held_accuracy = self._select(weight, bias, held_features, labels[held.to(self.device)])
            best_pair = self.grid[best]
        weight, bias = fit(None, [best_pair], 'linear')
        scores = self._scores(weight[0], bias[0], (test.features.to(self.device) - shift) * scale)
        if not scores.isfinite().all():
            raise RuntimeError(f'training with lr={best_pair[0]} diverged: give smaller learning rates or '
                               'standardize=True')

        top5 = min(5, classes)
        accuracy = topk_accuracy(scores, test.labels, (1, top5))
        settings = dict(describe(train, test), preset=None, inputs='cached', lr=best_pair[0], weight_decay=best_pair[1],
                        lr_grid=sorted({lr for lr, _ in self.grid}),
                        weight_decay_grid=sorted({decay for _, decay in self.grid}), holdout=self.holdout,
                        holdout_top1=held_accuracy,
                        standardise=self.standardize,  # spelt as in the records before
                        **self.options)
        return [dict(metric='linear_top1', value=100 * accuracy[1], settings=settings),
                dict(metric='linear_top5', value=100 * accuracy[top5], settings=dict(settings, top5_classes=top5))]

    def _standardization(self, features):
        if not self.standardize:
            return 0.0, 1.0
        mean, std = features.mean(dim=0), features.std(dim=0, correction=0)
        # a constant dimension has the rounding error of its mean as std; dividing by that would blow up test values
        return mean, torch.where(std > 1e-5 * mean.abs(), 1 / std, 0.0)

    @staticmethod
    def _scores(weight, bias, features):
        return torch.addmm(bias, features, weight)

    def _select(self, weight, bias, features, labels):
        """Index of the best head and its accuracy in percent."""
        quality = []
        for head in range(len(weight)):
            scores = self._scores(weight[head], bias[head], features)
            if scores.isfinite().all():
                quality.append((topk_accuracy(scores, labels, (1,))[1], -F.cross_entropy(scores, labels).item(), -head))
        if not quality:
            raise RuntimeError(f'all {len(weight)} learning rates diverged, from {self.grid[0][0]} to '
                               f'{self.grid[-1][0]}: give smaller ones, or standardize=True')
        accuracy, _, head = max(quality)
        return -head, 100 * accuracy
