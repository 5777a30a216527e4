"""Noise with short actions: sequences of features whose truth is known by construction."""

import numpy as np
import torch

from mmwsl.datasets.base import SequenceDataset, sequence_sample
from mmwsl.datasets.synthetic.digits import split_indices
from mmwsl.registry import DATASETS
from mmwsl.structures import strip_labels


@DATASETS.register_module()
class SyntheticSequences(SequenceDataset):
    """Noise in which one action happens: 15 steps of a weak pattern of its class, with a strong one on 3 of them.

    A classifier needs no more than the strong part, and the action is all 15 steps: the short form of what
    Hide-and-Seek is for. Item i of ``(seed, split)`` is always the same, and has the fields of :class:`THUMOS14` at 10
    features per second. Patterns are unit vectors, orthogonal to one another, drawn by ``seed``.

    Args:
        split: ``'train'`` or ``'test'``: other sequences of the same patterns.
        num_sequences: number of sequences.
        num_classes: number of actions.
        channels: D, at least twice the classes.
        lengths: fewest and most steps of a sequence.
        weak, strong: lengths of the patterns in a step.
        noise: standard deviation of each channel.
        seed: another seed, other patterns and sequences.
        supervision: ``'image'`` (the class) or ``'full'``.

    Raises:
        ValueError: an argument out of range.
    """

    ACTION, PEAK, RATE = 15, 3, 10

    def __init__(self, split='train', num_sequences=500, num_classes=5, channels=32, lengths=(60, 100), weak=1.5,
                 strong=4.0, noise=0.5, seed=0, supervision='image'):
        super().__init__(supervision)
        split_indices(split)  # knows the names of splits
        low, high = lengths
        if num_sequences < 1 or num_classes < 1 or channels < 2 * num_classes or not self.ACTION <= low <= high:
            raise ValueError(f'SyntheticSequences: num_sequences={num_sequences} and num_classes={num_classes} must be '
                             f'1 or more, channels={channels} twice the classes or more, lengths={lengths} (min, max) '
                             f'from {self.ACTION}')
        self.split, self.num_sequences, self.channels, self.lengths = split, num_sequences, channels, (low, high)
        self.noise, self.seed = noise, seed
        self.classes = [f'action {number}' for number in range(num_classes)]
        axes = np.linalg.qr(np.random.default_rng(seed).normal(size=(channels, channels)))[0]
        self.weak, self.strong = weak * axes[:num_classes], strong * axes[num_classes:2 * num_classes]

    def __len__(self):
        return self.num_sequences

    def __getitem__(self, index):
        rng = np.random.default_rng([self.seed, index, self.split == 'test'])
        label, length = rng.integers(len(self.classes)), rng.integers(self.lengths[0], self.lengths[1] + 1)
        start = rng.integers(length - self.ACTION + 1)
        peak = start + rng.integers(self.ACTION - self.PEAK + 1)
        features = self.noise * rng.normal(size=(length, self.channels))
        features[start:start + self.ACTION] += self.weak[label]
        features[peak:peak + self.PEAK] += self.strong[label]
        segment = np.array([start, start + self.ACTION]) / self.RATE
        sample = sequence_sample(index, int(label), self.RATE, [segment], [label])
        return dict(inputs=torch.from_numpy(features.astype(np.float32)),
                    data_samples=strip_labels(sample, self.supervision))
