"""Real handwritten digits that come with scikit-learn: a data set that is always there."""

from functools import lru_cache

import cv2
import numpy as np

from mmwsl.datasets.base import InMemoryDataset
from mmwsl.registry import DATASETS

CLASSES = [str(digit) for digit in range(10)]
TEST_COUNT = 500  # of 1,797


@lru_cache(maxsize=1)
def raw_digits():
    """scikit-learn's digits: ink (1797, 8, 8) float32 in [0, 1], 1 = full ink, and classes (1797,) int64; read-only."""
    from sklearn.datasets import load_digits  # here, because every command would wait a second for it

    bunch = load_digits()
    images = (bunch.images / 16).astype(np.float32)
    labels = bunch.target.astype(np.int64)
    images.flags.writeable = labels.flags.writeable = False
    return images, labels


def split_indices(split):
    """Which of the 1,797 digits belong to ``split``: ascending int64 array.

    ``'train'`` (1,297) and ``'test'`` (500) have no digit in common and equal class shares; the split is fixed.

    Raises:
        ValueError: unknown split.
    """
    if split not in ('train', 'test'):
        raise ValueError(f"split={split!r} is unknown; choose 'train' or 'test'")
    labels = raw_digits()[1]
    # Shuffled within each class, classes one after another: taking positions at an even distance is then stratified.
    shuffled = np.random.default_rng(0).permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind='stable')]
    is_test = np.zeros(len(labels), dtype=bool)
    is_test[by_class[(np.arange(TEST_COUNT) * len(labels) + len(labels) // 2) // TEST_COUNT]] = True
    return np.flatnonzero(is_test == (split == 'test'))


@DATASETS.register_module()
class Digits(InMemoryDataset):
    """scikit-learn's 1,797 handwritten digits (8 x 8, real ink), enlarged: white ink on black, three equal channels.

    The bundled file is the test set of UCI's Optical Recognition of Handwritten Digits (13 writers). It does not say
    who wrote what, so the same writers are in both splits.

    Args:
        split: ``'train'`` (1,297 digits) or ``'test'`` (500): disjoint, stratified, always the same.
        size: side in pixels, 8 to 256; enlarged by cubic interpolation.
        supervision, max_images: see :class:`InMemoryDataset`.

    Raises:
        ValueError: unknown split, or ``size`` out of range.
    """

    def __init__(self, split='train', size=32, supervision='image', max_images=None):
        if not 8 <= size <= 256:
            raise ValueError(f'Digits: size={size} is out of range; the digits have 8 x 8 pixels, choose 8 to 256')
        indices = split_indices(split)
        images, labels = raw_digits()
        enlarged = np.stack([cv2.resize(images[i], (size, size), interpolation=cv2.INTER_CUBIC) for i in indices])
        grey = np.rint(enlarged.clip(0, 1) * 255).astype(np.uint8)
        super().__init__(np.repeat(grey[:, None], 3, axis=1), labels[indices], CLASSES, supervision, max_images)
