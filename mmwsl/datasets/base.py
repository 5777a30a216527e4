"""Bases of the data sets: classes, labels and supervision of images, images in memory, and sequences."""

import numpy as np
import torch
from torch.utils.data import Dataset

from mmwsl.structures import SUPERVISION_LEVELS, DataSample


def evenly_spaced(total, count=None):
    """Positions of ``count`` of ``total`` items, evenly spaced and the same every time; int64 (min(count, total),).

    With class-sorted data every class keeps its share. ``count=None`` keeps all.

    Raises:
        ValueError: ``count`` is below 1.
    """
    if count is None or count >= total:
        return torch.arange(total)
    if count < 1:
        raise ValueError(f'max_images={count} leaves no image; give a number of 1 or more, or None for all')
    return torch.arange(count) * total // count


class ImageDataset(Dataset):
    """Base of the datasets of still images: knows the classes and the labels, not where the images come from.

    Subclasses give ``__getitem__``; an item is ``dict(inputs=uint8 tensor (C, H, W) RGB, data_samples=DataSample)``.

    Args:
        labels: class numbers (N,), or a 0/1 matrix (N, C) where an image may have several tags, -1 = unknown; None if
            the images are unlabelled.
        classes: names of the classes, in the order of their numbers; None or empty if unlabelled.
        supervision: what may be seen of the labels, one of ``SUPERVISION_LEVELS``; ``'none'`` hides them from the items
            and from :attr:`labels` alike.

    Raises:
        ValueError: unknown supervision, labels of a wrong type or shape, or a class number without a name.
    """

    def __init__(self, labels=None, classes=None, supervision='image'):
        if supervision not in SUPERVISION_LEVELS:
            raise ValueError(f'supervision={supervision!r} is unknown; choose one of {", ".join(SUPERVISION_LEVELS)}')
        self.supervision = supervision
        self.classes = [str(name) for name in classes or []]
        self._labels = None if labels is None else self._checked(torch.as_tensor(labels))
        allowed = SUPERVISION_LEVELS[supervision]
        self._labels_visible = self._labels is not None and (allowed is None or 'gt_label' in allowed)

    def _checked(self, labels):
        name = type(self).__name__
        if labels.ndim == 1 and not labels.is_floating_point() and labels.dtype != torch.bool:
            labels = labels.to(torch.int64)
            if len(labels) and labels.min() < 0:
                raise ValueError(f'{name}: labels must be class numbers from 0, found {labels.min().item()}')
            if len(labels) and self.classes and labels.max() >= len(self.classes):
                raise ValueError(f'{name}: label {labels.max().item()} has no name, only {len(self.classes)} classes '
                                 'are given; complete `classes` or correct the labels')
            return labels
        if labels.ndim == 2:
            if self.classes and labels.shape[1] != len(self.classes):
                raise ValueError(f'{name}: labels have {labels.shape[1]} columns, but {len(self.classes)} classes are '
                                 'given; there must be one column a class')
            labels = labels.to(torch.float32)
            if not torch.isin(labels, torch.tensor([0., 1., -1.])).all():
                wrong = labels[~torch.isin(labels, torch.tensor([0., 1., -1.]))]
                raise ValueError(f'{name}: tags must be 0, 1 or -1 (unknown), found {wrong[0].item():g}')
            return labels
        raise ValueError(f'{name}: labels must be integers of shape (N,) or 0/1 of shape (N, classes), got '
                         f'{labels.dtype} of shape {tuple(labels.shape)}')

    @property
    def labels(self):
        """int64 (N,), or float32 (N, C) for several tags an image; None if unlabelled or ``supervision='none'``."""
        return self._labels if self._labels_visible else None

    @property
    def metainfo(self):
        """dict(classes=[...]) of plain types."""
        return dict(classes=list(self.classes))

    def data_sample(self, index):
        """The :class:`DataSample` of one image (an int), or of a batch at once (int64 tensor (B,))."""
        sample = DataSample(index=torch.as_tensor(index, dtype=torch.int64))
        if self._labels_visible:
            sample.gt_label = self._labels[index]
        return sample

    def position(self, index):
        """``index`` as a number from 0 to N - 1; counts from the end if negative.

        Raises:
            IndexError: there is no such image.
        """
        index = int(index)
        if not -len(self) <= index < len(self):
            raise IndexError(f'{type(self).__name__} has {len(self)} images, there is no image {index}')
        return index % len(self)


class InMemoryDataset(ImageDataset):
    """Images of one size held in memory as one tensor; a batch is fetched in one indexing operation.

    A DataLoader that finds ``__getitems__`` asks for the whole batch and gets one dict (use ``collate_batch``).

    Args:
        images: uint8 (N, C, H, W), C = 3 (RGB) or 1; tensor or array.
        labels, classes, supervision: see :class:`ImageDataset`.
        max_images: keep only so many, evenly spaced over the set (class-sorted data keep their balance); None = all.

    Raises:
        ValueError: images of a wrong type or shape, no images, or another number of labels than images.
    """

    def __init__(self, images, labels=None, classes=None, supervision='image', max_images=None):
        super().__init__(labels, classes, supervision)
        name = type(self).__name__
        images = torch.as_tensor(images)
        if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[1] not in (1, 3):
            raise ValueError(f'{name}: images must be uint8 of shape (N, 3, H, W) or (N, 1, H, W), got {images.dtype} '
                             f'of shape {tuple(images.shape)}')
        if images.numel() == 0:
            raise ValueError(f'{name}: no images (shape {tuple(images.shape)})')
        if self._labels is not None and len(self._labels) != len(images):
            raise ValueError(f'{name}: {len(images)} images but {len(self._labels)} labels; there must be one an image')
        self.images = images
        self.keep(evenly_spaced(len(images), max_images))

    def __len__(self):
        return len(self.images)

    def keep(self, positions):
        """Leave out every image but those at ``positions`` (ascending), which are numbered anew from 0."""
        if len(positions) < len(self.images):
            self.images = self.images[positions]
            self._labels = None if self._labels is None else self._labels[positions]
        self.images = self.images.contiguous()

    def __getitem__(self, index):
        index = self.position(index)
        return dict(inputs=self.images[index], data_samples=self.data_sample(index))

    def __getitems__(self, indices):
        """The batch ``indices``: dict(inputs=uint8 (B, C, H, W), data_samples=one batched DataSample)."""
        indices = torch.as_tensor(indices, dtype=torch.int64)
        return dict(inputs=self.images[indices], data_samples=self.data_sample(indices))


class SequenceDataset(Dataset):
    """Base of the datasets of sequences of features (T, D), T from item to item another, in which actions happen.

    Subclasses set ``classes`` and give ``__len__`` and ``__getitem__``; an item is ``dict(inputs=float32 (T, D),
    data_samples=DataSample)``, see :func:`sequence_sample`.

    Args:
        supervision: ``'image'`` (the class of the sequence) or ``'full'`` (its segments, too).

    Raises:
        ValueError: another supervision.
    """

    classes = ()

    def __init__(self, supervision='image'):
        if supervision not in ('image', 'full'):
            raise ValueError(f"{type(self).__name__}: supervision={supervision!r} must be 'image' or 'full'")
        self.supervision = supervision

    @property
    def metainfo(self):
        """dict(classes=[...]) of plain types."""
        return dict(classes=list(self.classes))

    def mean_feature(self):
        """Fill value of hidden segments: the mean over all steps of all sequences, (D,) float32."""
        total, steps = 0, 0
        for index in range(len(self)):
            features = self[index]['inputs']
            total, steps = total + features.sum(0, dtype=torch.float64), steps + len(features)
        return (total / steps).float()


def sequence_sample(index, label, rate, segments, segment_labels, ignored=()):
    """The :class:`DataSample` of a sequence.

    Args:
        index: position in the dataset.
        label: class number, or 0/1 (C,).
        rate: steps per second.
        segments, segment_labels: N pairs of start and end in seconds, and their class numbers.
        ignored: K pairs within which a detection is neither right nor wrong.
    """
    return DataSample(
        index=torch.tensor(index), gt_label=torch.as_tensor(label), rate=torch.tensor(float(rate)),
        gt_segments=torch.as_tensor(np.array(segments, dtype=np.float32).reshape(-1, 2)),
        gt_segment_labels=torch.as_tensor(np.array(segment_labels, dtype=np.int64)),
        gt_ignored_segments=torch.as_tensor(np.array(ignored, dtype=np.float32).reshape(-1, 2)))
