"""Clusters as labels: what an item without a class learns to be told apart by."""

from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset

from mmwsl.datasets.readers.features import open_features, read_labels
from mmwsl.registry import DATASETS
from mmwsl.structures import DataSample

NONE = -1


def pseudo_labels(clusters, labels, min_size=2, max_clusters=None):
    """Clusters of the items that have no label, numbered by their size.

    Args:
        clusters: (N,) int64; -1 = unassigned.
        labels: (N,) int64; -1 = none.
        min_size: items of smaller clusters get none; counted are items without a label.
        max_clusters: so many of the largest clusters count; None = all.

    Returns:
        (N,) int64: 0 is the largest cluster, of equal ones that with the lowest number; -1 = none.

    Raises:
        ValueError: clusters of other items.
    """
    clusters, labels = np.asarray(clusters), np.asarray(labels)
    if len(clusters) != len(labels):
        raise ValueError(f'{len(clusters)} clusters for {len(labels)} items: give those of the same items, in the same '
                         'order')
    result = np.full(len(labels), NONE, np.int64)
    asked = (labels == NONE) & (clusters >= 0)
    if asked.any():
        sizes = np.bincount(clusters[asked])
        order = np.argsort(-sizes, kind='stable')
        kept = order[sizes[order] >= max(min_size, 1)][:max_clusters]
        number = np.full(len(sizes), NONE, np.int64)
        number[kept] = np.arange(len(kept))
        result[asked] = number[clusters[asked]]
    return result


@DATASETS.register_module()
class FeatureRows(Dataset):
    """Features of items instead of images, with classes of some and clusters of the others; whole batches at once.

    Items are ``inputs`` (D,) float32, ``gt_label`` and ``pseudo_label``, -1 = none; an item with a class has no
    cluster, and one with neither is left out.

    Args:
        features: file, see :func:`mmwsl.datasets.readers.features.open_features`.
        labels: file of classes, see :func:`mmwsl.datasets.readers.features.read_labels`; -1 = none. Default: those in
            ``features``, which ``mmwsl extract`` writes of photos in folders of classes.
        clusters: file that ``mmwsl cluster`` wrote; None = no item has a cluster.
        unlabeled: name of the class in ``features`` that is none: the folder of the photos that nobody labeled.
        min_size, max_clusters: see :func:`pseudo_labels`.
        supervision: ``'image'``, or ``'none'``: no item has a class, and all may have a cluster.

    Attributes:
        classes: names, or numbers where the file of the labels has none.
        numbers: (N,) of the items in the files.
        labels, pseudo_labels: (N,) int64.

    Raises:
        FileNotFoundError: no such file.
        ValueError: files of other items, no class of that name, no item left, or unknown supervision.
    """

    def __init__(self, features, labels=None, clusters=None, unlabeled=None, min_size=2, max_clusters=None,
                 supervision='image'):
        if supervision not in ('none', 'image'):
            raise ValueError(f"FeatureRows: supervision={supervision!r} is unknown; choose 'none' or 'image'")
        self.supervision = supervision
        self.features = np.asarray(open_features(features), np.float32)
        known = read_labels(features if labels is None else labels, len(self.features))
        self.classes = _class_names(features if labels is None else labels, known)
        if unlabeled is not None:
            if unlabeled not in self.classes:
                raise ValueError(f'{features} has no class {unlabeled!r}, but {", ".join(self.classes)}')
            number = self.classes.index(unlabeled)
            self.classes.remove(unlabeled)
            known = np.where(known == number, NONE, known - (known > number))
        if supervision == 'none':
            known = np.full(len(known), NONE, np.int64)
        found = np.full(len(known), NONE) if clusters is None else read_labels(clusters, len(known))
        found = pseudo_labels(found, known, min_size, max_clusters)
        self.numbers = np.flatnonzero((known != NONE) | (found != NONE))
        if not len(self.numbers):
            raise ValueError(f'no item of {features} has a class, or is in a cluster of {min_size} or more: there is '
                             'nothing to learn from')
        self.features = self.features[self.numbers]
        self.labels, self.pseudo_labels = torch.from_numpy(known[self.numbers]), torch.from_numpy(found[self.numbers])

    @property
    def metainfo(self):
        """dict(classes=[...])."""
        return dict(classes=list(self.classes))

    def __len__(self):
        return len(self.features)

    def __getitem__(self, index):
        return self.__getitems__(torch.tensor(index))

    def __getitems__(self, indices):
        indices = torch.as_tensor(indices)
        sample = DataSample(index=indices, gt_label=self.labels[indices], pseudo_label=self.pseudo_labels[indices])
        return dict(inputs=torch.from_numpy(self.features[indices.numpy()]), data_samples=sample)


def _class_names(path, labels):
    if Path(path).suffix == '.npz':
        with np.load(path, allow_pickle=False) as loaded:
            if 'classes' in loaded:
                return [str(name) for name in loaded['classes']]
    return [str(number) for number in range(labels.max(initial=NONE) + 1)]
