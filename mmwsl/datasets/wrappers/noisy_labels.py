"""Image sets of which some labels are wrong, planted and known."""

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import Dataset

from mmwsl.datasets.weak_labels.noise import (
    KINDS_OF_NOISE,
    asymmetric_noise,
    instance_noise,
    noisy_tags,
    symmetric_noise,
)
from mmwsl.registry import DATASETS

SIDE = 16  # of the images that instance noise looks at


@DATASETS.register_module()
class NoisyLabels(Dataset):
    """A data set of images with class numbers or tags, some of which are wrong in the same way every time.

    ``gt_label`` is what a careless annotator gave, ``gt_clean_label`` the truth, by which it is told what a method
    selects; no loss sees it.

    Args:
        dataset: config or instance of an image set with labels.
        kind: ``'symmetric'``, any other class; ``'asymmetric'``, the class that one is taken for; ``'instance'``, as
            the image looks. See :mod:`mmwsl.datasets.weak_labels.noise`. Tags: the first two.
        rate: share of wrong labels, in [0, 1); 0 leaves all as they are.
        successors: of asymmetric noise, dict of a class number -> the one it is taken for; None = the next.
        seed: of the noise.

    Raises:
        ValueError: an unknown kind, a rate out of range, a set without labels, or instance noise of tags.
    """

    def __init__(self, dataset, kind='symmetric', rate=0.2, successors=None, seed=0):
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        name, labels = type(self.dataset).__name__, self.dataset.labels
        if kind not in KINDS_OF_NOISE:
            raise ValueError(f'NoisyLabels: kind={kind!r} is unknown; choose one of {", ".join(KINDS_OF_NOISE)}')
        if not 0 <= rate < 1:
            raise ValueError(f'NoisyLabels: rate={rate} must be a share of the labels, at least 0 and below 1')
        if labels is None:
            raise ValueError(f"NoisyLabels: {name} has no labels to spoil; set supervision='image' on it")
        self.classes, self.metainfo = list(self.dataset.classes), self.dataset.metainfo
        self.supervision, self.clean_labels = self.dataset.supervision, labels
        rng, clean, count = np.random.default_rng([seed, len(labels)]), labels.numpy(), len(self.classes)
        if labels.ndim == 2:
            if kind == 'instance':
                raise ValueError(f"NoisyLabels: kind='instance' is of one class an image, and {name} has tags; choose "
                                 'symmetric or asymmetric')
            following = None
            if kind == 'asymmetric':
                following = successors or {label: (label + 1) % count for label in range(count)}
            noisy = noisy_tags(clean, rate, rng, following)
        elif kind == 'instance':
            noisy = instance_noise(clean, rate, count, rng, self._features())
        elif kind == 'asymmetric':
            noisy = asymmetric_noise(clean, rate, count, rng, successors)
        else:
            noisy = symmetric_noise(clean, rate, count, rng)
        self.labels = torch.from_numpy(noisy)

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, index):
        item = self.dataset[index]
        self._spoil(item['data_samples'])
        return item

    def __getitems__(self, indices):
        """The batch ``indices``, or the list of its items where the set has no batches."""
        if not hasattr(self.dataset, '__getitems__'):
            return [self[index] for index in indices]
        batch = self.dataset.__getitems__(indices)
        for sample in [batch['data_samples']] if isinstance(batch, dict) else [item['data_samples'] for item in batch]:
            self._spoil(sample)
        return batch

    def set_epoch(self, epoch):
        """Tell the set, if it draws anew in each epoch."""
        if hasattr(self.dataset, 'set_epoch'):
            self.dataset.set_epoch(epoch)

    def _spoil(self, sample):
        sample.gt_label, sample.gt_clean_label = self.labels[sample.index], self.clean_labels[sample.index]

    def _features(self):
        """(N, D): the images at 16 x 16 pixels, of mean 0 and deviation 1 over the set."""
        rows = []
        for index in range(len(self.dataset)):
            image = self.dataset[index]['inputs']
            if not isinstance(image, torch.Tensor):
                raise ValueError("NoisyLabels: kind='instance' looks at one view of an image, and the pipeline of "
                                 f'{type(self.dataset).__name__} makes several; choose another kind')
            rows.append(F.adaptive_avg_pool2d(image.float(), SIDE).flatten().numpy())
        rows = np.stack(rows).astype(np.float64)
        return (rows - rows.mean(axis=0)) / (rows.std(axis=0) + 1e-6)
