"""Weighted k-nearest-neighbour classification of frozen features.

Wu et al., "Unsupervised Feature Learning via Non-Parametric Instance Discrimination" (2018), section 3.4.
"""

import torch
import torch.nn.functional as F

from mmwsl.evaluation.functional import topk_accuracy
from mmwsl.progress import progress_bar
from mmwsl.protocols.base import Protocol
from mmwsl.protocols.features import check_features, describe
from mmwsl.registry import PROTOCOLS

PRESETS = {
    'dino': dict(k=(10, 20, 100, 200), temperature=0.07),
    'instdisc': dict(k=(200, ), temperature=0.07),
    'lightly': dict(k=(200, ), temperature=0.1),  # its Imagenette and ImageNet-100 values use k=20
    'solo': dict(k=(20, ), temperature=0.07),
}


@torch.no_grad()
def knn_predict(train_features, train_labels, test_features, k=(10, 20, 100, 200), temperature=0.07, num_classes=None,
                chunk=None, progress=iter):
    """Weighted kNN class scores, for several k in one pass.

    The score of class c is the sum over the k nearest training images of ``exp(s / T) [label = c]`` with s the cosine
    similarity. Each row of scores is divided by its largest weight, which changes no ranking and keeps small T finite.

    Args:
        train_features: (N, D) tensor; normalised here.
        train_labels: (N,) int64 in [0, num_classes).
        test_features: (M, D) tensor on the same device.
        k: the numbers of neighbours, 1 <= k <= N.
        temperature: T > 0.
        num_classes: C; default the largest training label + 1.
        chunk: test rows handled at once; default what 256 MB (2 GB on a GPU) of similarities hold.
        progress: wraps the iterable over the chunks.

    Returns:
        dict: k -> (M, C) float32 scores in [0, k].

    Raises:
        ValueError: k outside [1, N], T not positive, a label outside [0, C).
    """
    count = len(train_features)
    ks = sorted(set(k))
    if not ks or ks[0] < 1 or ks[-1] > count:
        raise ValueError(f'k={tuple(k)} must lie between 1 and the number of training images, {count}: '
                         'choose smaller k or use more training images')
    if temperature <= 0:
        raise ValueError(f'temperature={temperature} must be positive')
    if num_classes is None:
        num_classes = int(train_labels.max()) + 1
    if train_labels.min() < 0 or train_labels.max() >= num_classes:
        raise ValueError(f'training labels run from {train_labels.min()} to {train_labels.max()}; '
                         f'with {num_classes} classes they must lie in 0 to {num_classes - 1}')
    if chunk is None:
        budget = 2**31 if train_features.is_cuda else 2**28
        chunk = max(1, budget // (8 * count))  # float32 similarities, and as much again for the selection
    reference = F.normalize(train_features.float(), dim=1).T
    queries = F.normalize(test_features.float(), dim=1)
    scores = {one: queries.new_empty(len(queries), num_classes) for one in ks}
    for start in progress(range(0, len(queries), chunk)):
        rows = slice(start, start + chunk)
        similarity, neighbors = (queries[rows] @ reference).topk(ks[-1], dim=1)  # (m, K), nearest first
        weights = ((similarity - similarity[:, :1]) / temperature).exp()
        votes = train_labels[neighbors]
        total, previous = queries.new_zeros(len(votes), num_classes), 0
        for one in ks:
            total.scatter_add_(1, votes[:, previous:one], weights[:, previous:one])
            scores[one][rows] = total
            previous = one
    return scores


@PROTOCOLS.register_module(name='knn')
class KNN(Protocol):
    """kNN accuracy: metrics ``knn{k}_top1`` and ``knn{k}_top5`` in percent, for every k.

    Top-5 means the best min(5, k, C) classes; the setting ``top5_classes`` states how many.

    Args:
        k: numbers of neighbours; default (10, 20, 100, 200).
        temperature: T of the vote ``exp(s / T)``; default 0.07.
        preset: instead of the two, the values of 'dino' (the default), 'instdisc', 'lightly' or 'solo'.
        device: where to compute; default the GPU if there is one.

    Raises:
        ValueError: an unknown preset, or a preset together with k or temperature.
    """

    def __init__(self, k=None, temperature=None, preset=None, device=None):
        if preset is not None and (k is not None or temperature is not None):
            raise ValueError(f"preset={preset!r} fixes k and temperature; give either the preset or the values")
        if preset is not None and preset not in PRESETS:
            raise ValueError(f'preset={preset!r} is unknown; choose one of {", ".join(PRESETS)}')
        if preset is None and k is None and temperature is None:
            preset = 'dino'
        values = PRESETS[preset or 'dino']
        self.preset = preset
        self.k = tuple(values['k'] if k is None else [k] if isinstance(k, int) else k)
        self.temperature = values['temperature'] if temperature is None else temperature
        self.device = device or ('cuda' if torch.cuda.is_available() else 'cpu')

    def run(self, source):
        """Classify the test images by the training images, one class per image; see :meth:`Protocol.run`."""
        train, test = source.features()
        check_features(train, test, 'knn')
        classes = len(train.classes)
        scores = knn_predict(train.features.to(self.device), train.labels.to(self.device),
                             test.features.to(self.device), self.k, self.temperature, classes,
                             progress=lambda chunks: progress_bar(chunks, 'kNN', unit='chunk'))
        records = []
        for k in self.k:
            top5 = min(5, k, classes)
            accuracy = topk_accuracy(scores[k], test.labels, (1, top5))
            settings = dict(describe(train, test), preset=self.preset, k=k, temperature=self.temperature)
            records.append(dict(metric=f'knn{k}_top1', value=100 * accuracy[1], settings=settings))
            records.append(dict(metric=f'knn{k}_top5', value=100 * accuracy[top5],
                                settings=dict(settings, top5_classes=top5)))
        return records
