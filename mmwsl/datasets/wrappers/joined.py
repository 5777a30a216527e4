"""Several data sets of the same classes as one."""

import torch
from torch.utils.data import Dataset

from mmwsl.registry import DATASETS


@DATASETS.register_module()
class Joined(Dataset):
    """Data sets put one behind the other.

    Args:
        datasets: configs or instances of image data sets, with the same classes and labels of one kind.

    Raises:
        ValueError: none, other classes, or labels of two kinds.
    """

    def __init__(self, datasets):
        self.datasets = [DATASETS.build(each) if isinstance(each, dict) else each for each in datasets]
        if not self.datasets:
            raise ValueError('Joined: there are no data sets; name one or more')
        first = self.datasets[0]
        for each in self.datasets[1:]:
            if list(each.classes) != list(first.classes):
                raise ValueError(f'Joined: {type(first).__name__} and {type(each).__name__} have other classes: '
                                 f'{", ".join(first.classes[:5])} ... and {", ".join(each.classes[:5])} ...')
            if _kind(each) != _kind(first):
                raise ValueError(f'Joined: {type(first).__name__} has {_kind(first)}, {type(each).__name__} '
                                 f'{_kind(each)}; give them supervision and labels of one kind')
        self.classes, self.supervision = list(first.classes), first.supervision

    @property
    def labels(self):
        """Labels of all images, see :class:`mmwsl.datasets.ImageDataset`."""
        return None if self.datasets[0].labels is None else torch.cat([each.labels for each in self.datasets])

    @property
    def metainfo(self):
        """That of the first."""
        return self.datasets[0].metainfo

    def __len__(self):
        return sum(map(len, self.datasets))

    def __getitem__(self, index):
        position = int(index)
        if not -len(self) <= position < len(self):
            raise IndexError(f'Joined has {len(self)} images, there is no image {position}')
        position %= len(self)
        before = 0
        for each in self.datasets:
            if position < before + len(each):
                break
            before += len(each)
        item = each[position - before]
        item['data_samples'].index = item['data_samples'].index + before
        return item

    def set_epoch(self, epoch):
        """Hand the epoch on, see :class:`mmwsl.datasets.EpochSampler`."""
        for each in self.datasets:
            if hasattr(each, 'set_epoch'):
                each.set_epoch(epoch)

    def set_seed(self, seed):
        """Hand the seed on."""
        for each in self.datasets:
            if hasattr(each, 'set_seed'):
                each.set_seed(seed)


def _kind(dataset):
    labels = dataset.labels
    return 'no labels' if labels is None else 'class numbers' if labels.ndim == 1 else 'tags'
