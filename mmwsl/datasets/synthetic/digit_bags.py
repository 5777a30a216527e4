"""Bags of handwritten digits, positive if one of them is a nine: MNIST-bags of scikit-learn's digits."""

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from mmwsl.datasets.synthetic.digits import raw_digits, split_indices
from mmwsl.registry import DATASETS
from mmwsl.structures import DataSample


@DATASETS.register_module()
class DigitBags(Dataset):
    """Bags of digits as Ilse et al. 2018 draw them from MNIST; bag i of ``(seed, split)`` is always the same.

    An item has ``inputs`` uint8 (N, 1, size, size) and a :class:`DataSample` with ``gt_label`` (1 if any digit is the
    target) and, with ``supervision='full'``, ``gt_instance_labels`` (N,), which of them are. Every digit of the split
    is drawn with the same chance, so that about two of three bags of ten are positive.

    Args:
        split: ``'train'`` or ``'test'``; they share no digit.
        num_bags: number of bags.
        mean_length, std_length: of the normal distribution of a bag's length, at least 1.
        target: the digit that makes a bag positive.
        size: side of the digits in pixels.
        seed: another seed, other bags.
        supervision: ``'image'`` (the bag's label) or ``'full'``.

    Raises:
        ValueError: an argument out of range.
    """

    def __init__(self, split='train', num_bags=200, mean_length=10, std_length=2, target=9, size=28, seed=0,
                 supervision='image'):
        if num_bags < 1 or mean_length < 1 or std_length < 0 or not 0 <= target <= 9 or size < 8:
            raise ValueError(f'DigitBags: num_bags={num_bags} and mean_length={mean_length} must be 1 or more, '
                             f'std_length={std_length} 0 or more, target={target} a digit, size={size} 8 or more')
        if supervision not in ('image', 'full'):
            raise ValueError(f"DigitBags: supervision={supervision!r} must be 'image' or 'full'")
        self.num_bags, self.mean_length, self.std_length, self.target = num_bags, mean_length, std_length, target
        self.seed, self.split, self.supervision, self.classes = seed, split, supervision, ['without', 'with']
        indices = split_indices(split)
        images, labels = raw_digits()
        self.digits = torch.from_numpy(np.stack([
            np.rint(cv2.resize(images[i], (size, size), interpolation=cv2.INTER_CUBIC).clip(0, 1) * 255)
            for i in indices]).astype(np.uint8))[:, None]
        self.is_target = labels[indices] == target

    @property
    def metainfo(self):
        return dict(classes=self.classes)

    def __len__(self):
        return self.num_bags

    def members(self, index):
        """Which digits bag ``index`` holds, and which of them are targets: int64 (N,), bool (N,)."""
        rng = np.random.default_rng([self.seed, index, self.split == 'test'])
        length = max(1, round(rng.normal(self.mean_length, self.std_length)))
        digits = rng.integers(len(self.digits), size=length)
        return digits, self.is_target[digits]

    def __getitem__(self, index):
        digits, hit = self.members(index)
        sample = DataSample(index=torch.tensor(index), gt_label=torch.tensor(int(hit.any())))
        if self.supervision == 'full':
            sample.gt_instance_labels = torch.from_numpy(hit)
        return dict(inputs=self.digits[digits], data_samples=sample)
