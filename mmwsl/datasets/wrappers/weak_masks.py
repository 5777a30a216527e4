"""Class maps as points, scribbles or boxes leave them, of some images or of all: the rest is unlabelled."""

import numpy as np
import torch
from torch.utils.data import Dataset

from mmwsl.datasets.annotated import AnnotatedDataset
from mmwsl.datasets.transforms.decode import read_image
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

    Of photos with a pipeline labels are set on the photo in its file, and the pipeline moves them. A crop may show no
    label of a class of the photo, whose tag is then -1, as it is not known whether the crop shows the class.

    Without a pipeline and with ``'boxes'`` or ``'rectangles'`` it has ``gt_boxes`` (N, 4), ``gt_box_labels`` (N,) of
    the visible parts, and ``box_fill_rates`` (C,), the mean share of a box of each class that GrabCut takes for the
    object.

    Args:
        dataset: config or instance of a data set with ``supervision='full'``; an instance of photos is changed.
        labels: ``'points'``, ``'scribbles'``, ``'boxes'`` (GrabCut in each), ``'rectangles'`` (whole boxes) or
            ``'full'``; see :func:`mmwsl.datasets.weak_labels.weak_map`.
        labelled: share of the images that have labels, of which one at least; those of the others are all 255, and
            their tags -1.
        votes: of GrabCut, see :func:`mmwsl.datasets.weak_labels.vote_foreground`.
        seed: of the labels, and of the images that have some.

    Raises:
        ValueError: unknown labels, a share that is none, a set without class maps, or one with a pipeline that is no
            :class:`AnnotatedDataset`.
    """

    supervision = 'full'

    def __init__(self, dataset, labels='points', labelled=1.0, votes=1, seed=0):
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        if labels not in KINDS:
            raise ValueError(f'WeakMasks: labels={labels!r} are unknown; choose one of {", ".join(KINDS)}')
        if not 0 < labelled <= 1:
            raise ValueError(f'WeakMasks: labelled={labelled} must be a share of the images above 0, at most 1')
        self.of_photos = isinstance(self.dataset, AnnotatedDataset)
        if getattr(self.dataset, 'pipeline', None) and not self.of_photos:
            raise ValueError(f'WeakMasks: {type(self.dataset).__name__} has a pipeline, and labels would be set anew '
                             'on each view of an image; give a set of annotated photos, or one without a pipeline')
        self.classes, self.metainfo = list(self.dataset.classes), self.dataset.metainfo
        values = getattr(self.dataset, 'num_map_values', None)  # of class maps classes may name the background, too
        self.num_classes = len(self.classes) if values is None else values - 1
        self.kind, self.votes, self.seed = labels, votes, seed
        count = len(self.dataset)
        chosen = np.random.default_rng([seed, count]).permutation(count)[:max(1, round(labelled * count))]
        self.has_labels = np.zeros(count, dtype=bool)
        self.has_labels[chosen] = True
        self._made, self._rates = {}, None  # position -> item; of photos their class map and classes of objects
        if self.of_photos:
            self.dataset.weaken = self._weaken

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, index):
        index = range(len(self))[int(index)]
        if self.of_photos:
            return self._photo(index)
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
            total, boxes = np.zeros(self.num_classes), np.zeros(self.num_classes)
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
            class_map, masks, labels = self._photo_source(index) if self.of_photos else self._source(index)[2:]
            seen = labels[tight_boxes(masks)[0]]
            total += annotation_seconds(kind, self.num_classes, len(set(seen.tolist())), len(seen),
                                        bool((class_map == 0).any()))
        return total

    def set_epoch(self, epoch):
        """Tell the set, if it draws anew in each epoch."""
        if hasattr(self.dataset, 'set_epoch'):
            self.dataset.set_epoch(epoch)

    def _photo(self, index):
        item = self.dataset[index]
        sample = item['data_samples']
        if 'gt_mask' not in sample:
            raise self._no_maps()
        shown = torch.bincount(sample.gt_mask.flatten().long(), minlength=256)[1:self.num_classes + 1] > 0
        index = int(sample.index)  # of another photo, where this one cannot be read and is skipped
        tags = torch.full((self.num_classes,), -1.0)
        if self.has_labels[index]:
            tags[:] = 0
            tags[self._made[index][1]] = -1
        sample.gt_label = torch.where(shown, 1.0, tags)
        return item

    def _weaken(self, index, class_map, results):
        """The class map of a photo with the labels that it has."""
        if index not in self._made:
            masks, labels = objects_of(class_map)
            if self.has_labels[index]:
                needs_image = self.kind in ('boxes', 'rectangles')
                image = read_image(results['path'], upright=results['upright']) if needs_image else None
                made = weak_map(self.kind, image, class_map, masks, labels, np.random.default_rng([self.seed, index]),
                                self.votes)
            else:
                made = np.full_like(class_map, UNLABELLED)
            self._made[index] = made, labels
        return self._made[index][0].copy()

    def _no_maps(self):
        return ValueError(f"WeakMasks: {type(self.dataset).__name__} gives no class maps; set supervision='full' on "
                          'it, or choose a set that has some')

    def _photo_source(self, index):
        """Class map of a photo as it is in its file, masks and classes of objects."""
        self.dataset.weaken = None
        try:
            class_map = self.dataset.describe(index).get('class_map')
        finally:
            self.dataset.weaken = self._weaken
        if class_map is None:
            raise self._no_maps()
        return class_map, *objects_of(class_map)

    def _source(self, index):
        """Image, sample, class map, masks and classes of objects."""
        item = self.dataset[index]
        sample = item['data_samples']
        if 'gt_mask' not in sample:
            raise self._no_maps()
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
        tags = torch.zeros(self.num_classes)
        if self.has_labels[index]:
            made = self._weak(self.kind, index)
            tags[labels[visible]] = 1
        else:
            made, tags, visible, tight = np.full_like(class_map, UNLABELLED), tags - 1, visible[:0], tight[:0]
        fields = dict(gt_mask=torch.from_numpy(made), gt_label=tags)
        if self.kind in ('boxes', 'rectangles'):
            fields.update(gt_boxes=torch.from_numpy(tight), gt_box_labels=torch.from_numpy(labels[visible]))
        return image, fields

