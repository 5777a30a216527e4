"""Persons seen by several cameras, in the folders of Market-1501, which DukeMTMC-reID has, too."""

import re
from pathlib import Path

import torch

from mmwsl.datasets.file_dataset import FileDataset
from mmwsl.datasets.readers.folder import find_images
from mmwsl.registry import DATASETS

TRAIN, QUERY, GALLERY = 'bounding_box_train', 'query', 'bounding_box_test'
NAME = re.compile(r'(-?\d+)_c(\d+)')
JUNK = -1  # boxes that are neither of a person who is searched nor of somebody else


@DATASETS.register_module()
class Market1501(FileDataset):
    """Pictures of persons, ``IDENTITY_cCAMERA...jpg``, in the folders ``bounding_box_train``, ``query`` and
    ``bounding_box_test``.

    Classes are the identities, which differ between the splits. ``'test'`` has the queries, then the gallery, in which
    identity 0 is people whom nobody asks for; junk, identity -1, is left out. Samples have ``camera``, int64, and in
    ``'test'`` ``is_query``, bool.

    Args:
        split: ``'train'`` or ``'test'``.
        data_root: folder of the three.
        settings: pipeline, supervision, on_error, verify, seed, max_images: see :class:`FileDataset`.

    Raises:
        FileNotFoundError: a folder is missing.
        ValueError: an unknown split, no image in a folder, a file of another name, or ``in_memory``, which would not
            keep the cameras.
    """

    def __init__(self, split='train', data_root='data/market1501', **settings):
        if split not in ('train', 'test'):
            raise ValueError(f"Market1501: split={split!r} is unknown; choose 'train' or 'test'")
        if settings.get('in_memory'):
            raise ValueError('Market1501: in_memory=True keeps no cameras; leave it out')
        paths, people, cameras, asks = [], [], [], []
        for folder in [TRAIN] if split == 'train' else [QUERY, GALLERY]:
            for path in _files(Path(data_root) / folder):
                found = NAME.match(path.name)
                if found is None:
                    raise ValueError(f'Market1501: {path} has another name than IDENTITY_cCAMERA..., such as '
                                     '0002_c1s1_000451_03.jpg; rename or remove it')
                if int(found[1]) != JUNK:
                    paths.append(path)
                    people.append(int(found[1]))
                    cameras.append(int(found[2]))
                    asks.append(folder == QUERY)
        classes = sorted(set(people))
        numbers = {person: number for number, person in enumerate(classes)}
        self.cameras = torch.tensor(cameras)
        self.queries = torch.tensor(asks) if split == 'test' else None
        super().__init__(paths, [numbers[person] for person in people], [f'{person:04d}' for person in classes],
                         **settings)

    def keep(self, positions):
        """See :meth:`FileDataset.keep`."""
        if len(positions) < len(self.paths):
            positions = torch.as_tensor(positions)
            self.cameras = self.cameras[positions]
            self.queries = None if self.queries is None else self.queries[positions]
        super().keep(positions)

    def data_sample(self, index):
        """See :meth:`ImageDataset.data_sample`."""
        sample = super().data_sample(index)
        sample.camera = self.cameras[index]
        if self.queries is not None:
            sample.is_query = self.queries[index]
        return sample


def _files(folder):
    if not folder.is_dir():
        raise FileNotFoundError(f'Market1501: {folder} does not exist (looked for from {Path.cwd()}); correct '
                                'data_root')
    names = find_images(folder)
    if not names:
        raise ValueError(f'Market1501: there are no images in {folder}; correct data_root')
    return [folder / name for name in names]
