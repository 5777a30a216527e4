"""The data set of a user's own photos, for configs."""

import os
from typing import Any

import torch

from mmwsl.datasets.annotated import AnnotatedDataset
from mmwsl.datasets.own.formats import read_own_data
from mmwsl.datasets.own.records import PARTS, split_positions
from mmwsl.datasets.readers.coco import masks_of_shapes
from mmwsl.registry import DATASETS


@DATASETS.register_module()
class OwnData(AnnotatedDataset):
    """A user's own photos, with labels in any form that is read (``mmwsl/datasets/own/formats.py``), or with none.

    Args:
        data: folder or file.
        split: ``'train'``, ``'test'``, or None for all photos.
        format: one of ``FORMATS``; None = recognised.
        tags: ``labels`` are tags (N, C) if True, class numbers (N,) if False; None = class numbers where every photo
            has one class.
        test_share, split_seed: of the split, where the data has none.
        background: with ``supervision='full'``, where there are class maps, the classes are ``background``, ..., photos
            have no labels, and those without a map are left out; False = as with any other supervision.
        settings: supervision, pipeline, drop_empty, on_error, verify, seed, max_images: see :class:`AnnotatedDataset`.

    Raises:
        FileNotFoundError, ValueError: see :func:`read_own_data`; class numbers asked for where a photo has none, or
            several classes.
    """

    def __init__(self, data: os.PathLike[str] | str, split: str | None = None, format: str | None = None,
                 tags: bool | None = None, test_share: float = 0.2, split_seed: int = 0, background: bool = True,
                 supervision: str = 'image', **settings: Any):
        if split not in (None, *PARTS):
            raise ValueError(f'OwnData: split={split!r} is unknown; choose {", ".join(PARTS)} or None')
        records = read_own_data(data, format)
        of_maps = background and supervision == 'full' and records.has_class_maps
        if of_maps:
            records = records.with_class_maps()
        if split is not None:
            records = records.select(split_positions(records, test_share, split_seed)[split])
        labels = records.tags
        if tags is False and not records.one_class_each:
            raise ValueError(f'{data}: class numbers need exactly one class a photo, and '
                             + ('there are no labels' if labels is None else 'some photos have none or several'))
        if labels is not None and not tags and records.one_class_each:
            labels = labels.argmax(1)
        self.map_values, self.maps_are_learned = records.map_values, background
        classes = records.classes
        if records.has_class_maps:
            self.num_map_values = len(classes) + 1
        if of_maps:  # then classes are what pixels are told apart as
            classes, labels = ['background', *classes], None
        super().__init__(records.paths, labels, classes, records.annotations or [{} for _ in records.paths],
                         supervision=supervision, **settings)

    def masks_of(self, index: int, size: tuple[int, int]) -> list[Any] | None:
        annotation = self.annotations[index]
        return masks_of_shapes(annotation, self.paths[index], size) if 'segmentations' in annotation else None

    @property
    def tag_matrix(self) -> torch.Tensor | None:
        """float32 (N, C) of tags, also where ``labels`` are class numbers; None without labels."""
        labels = self.labels
        if labels is None or labels.ndim == 2:
            return labels
        return torch.nn.functional.one_hot(labels, len(self.classes)).float()
