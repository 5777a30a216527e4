"""Class maps as points, scribbles or boxes leave them, of some images or of all: the rest is unlabelled."""

import numpy as np
import torch
from torch.utils.data import Dataset

from mmwsl.datasets.weak_labels import (
    KINDS,
    UNLABELLED,
    annotation_seconds,
    fill_shares,
    objects_of,
    tight_boxes,
    weak_map,
)
from mmwsl.registry import DATASETS
from mmwsl.structures import DataSample

RATE_IMAGES = 64  # evenly spaced images whose boxes give the fill rates of the classes


@DATASETS.register_module()
class WeakMasks(Dataset):
    """A data set with class maps that hands over only what an annotator of weaker labels would have set.

    An item has ``gt_mask`` (H, W) uint8: 0 = background, class + 1, 255 = unlabelled, and the tags ``gt_label`` (C,)
    of 0 and 1. Image i of a seed has the same labels in every epoch, process and order. Of objects of the set
    (``gt_instance_masks``, ``gt_box_labels``) each has its label; where it has class maps alone, each connected part.

    With ``'boxes'`` or ``'rectangles'`` it has ``gt_boxes`` (N, 4), ``gt_box_labels`` (N,) of the visible parts, and
    ``box_fill_rates`` (C,), the mean share of a box of each class that GrabCut takes for the object.

    Args:
        dataset: config or instance of a data set with ``supervision='full'`` and no pipeline that moves images: labels
            are set once, on the image itself. For photos with pipelines write maps first, by ``mmwsl weak-masks``.
        labels: ``'points'``, ``'scribbles'``, ``'boxes'`` (GrabCut in each), ``'rectangles'`` (whole boxes) or
            ``'full'``; see :func:`mmwsl.datasets.weak_labels.weak_map`.
        labelled: share of the images that have labels, of which one at least; those of the others are all 255, and
            their tags -1.
        votes: of GrabCut, see :func:`mmwsl.datasets.weak_labels.vote_foreground`.
        seed: of the labels, and of the images that have some.

    Raises:
        ValueError: unknown labels, a share that is none, or a set without class maps or with a pipeline.
    """

    supervision = 'full'

    def __init__(self, dataset, labels='points', labelled=1.0, votes=1, seed=0):
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        if labels not in KINDS:
            raise ValueError(f'WeakMasks: labels={labels!r} are unknown; choose one of {", ".join(KINDS)}')
        if not 0 < labelled <= 1:
            raise ValueError(f'WeakMasks: labelled={labelled} must be a share of the images above 0, at most 1')
        if getattr(self.dataset, 'pipeline', None):
            raise ValueError(f'WeakMasks: {type(self.dataset).__name__} has a pipeline, and labels would be set anew '
                             'on each view of an image; write them once, by mmwsl weak-masks, and train on that folder')
        self.classes, self.metainfo = list(self.dataset.classes), self.dataset.metainfo
        self.kind, self.votes, self.seed = labels, votes, seed
        count = len(self.dataset)
        chosen = np.random.default_rng([seed, count]).permutation(count)[:max(1, round(labelled * count))]
        self.has_labels = np.zeros(count, dtype=bool)
        self.has_labels[chosen] = True
        self._made, self._rates = {}, None  # position -> item

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, index):
        index = range(len(self))[int(index)]
        if index not in self._made:
            self._made[index] = self._item(index)
        image, fields = self._made[index]
        if self.kind in ('boxes', 'rectangles'):
            fields = dict(fields, box_fill_rates=self.fill_rates())
        return dict(inputs=image, data_samples=DataSample(index=torch.tensor(index), **fields))

    def fill_rates(self):
        """(C,) float32: mean share of a box of each class that is the object, 1 of a class without a box.

        By GrabCut, over 64 images that are evenly spaced among those with labels.
        """
        if self._rates is None:
            total, boxes = np.zeros(len(self.classes)), np.zeros(len(self.classes))
            positions = np.flatnonzero(self.has_labels)
            for index in positions[np.unique(np.linspace(0, len(positions) - 1, RATE_IMAGES).astype(int))]:
                _, _, _, masks, labels = self._source(int(index))
                made = self._weak('boxes', int(index))
                visible, tight = tight_boxes(masks)
                for label, share in zip(labels[visible], fill_shares(made, tight, labels[visible]), strict=True):
                    total[label] += share
                    boxes[label] += 1
            self._rates = torch.from_numpy(np.where(boxes > 0, total / boxes.clip(1), 1)).float()
        return self._rates

    def annotation_seconds(self):
        """Seconds of an annotator for all labels, see :func:`mmwsl.datasets.weak_labels.annotation_seconds`."""
        kind, total = 'boxes' if self.kind == 'rectangles' else self.kind, 0.0
        for index in np.flatnonzero(self.has_labels).tolist():
            _, _, class_map, masks, labels = self._source(index)
            seen = labels[[bool(mask.any()) for mask in masks]]
            total += annotation_seconds(kind, len(self.classes), len(set(seen.tolist())), len(seen),
                                        bool((class_map == 0).any()))
        return total

    def _source(self, index):
        """Image, sample, class map, masks and classes of objects."""
        item = self.dataset[index]
        sample = item['data_samples']
        if 'gt_mask' not in sample:
            raise ValueError(f"WeakMasks: {type(self.dataset).__name__} gives no class maps; set supervision='full' on "
                             'it, or choose a set that has some')
        class_map = sample.gt_mask.numpy()
        if 'gt_instance_masks' in sample:
            masks, labels = sample.gt_instance_masks.numpy(), sample.gt_box_labels.numpy()
        else:
            masks, labels = objects_of(class_map)
        return item['inputs'], sample, class_map, masks, labels

    def _weak(self, kind, index):
        image, _, class_map, masks, labels = self._source(index)
        rng = np.random.default_rng([self.seed, index])
        return weak_map(kind, image.permute(1, 2, 0).numpy(), class_map, masks, labels, rng, votes=self.votes)

    def _item(self, index):
        image, _, class_map, masks, labels = self._source(index)
        visible, tight = tight_boxes(masks)
        tags = torch.zeros(len(self.classes))
        if self.has_labels[index]:
            made = self._weak(self.kind, index)
            tags[labels[visible]] = 1
        else:
            made, tags, visible, tight = np.full_like(class_map, UNLABELLED), tags - 1, visible[:0], tight[:0]
        fields = dict(gt_mask=torch.from_numpy(made), gt_label=tags)
        if self.kind in ('boxes', 'rectangles'):
            fields.update(gt_boxes=torch.from_numpy(tight), gt_box_labels=torch.from_numpy(labels[visible]))
        return image, fields

