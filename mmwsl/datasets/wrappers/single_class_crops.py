"""Squares cut out of annotated photos, each around one object and with one class in it: for localization by a tag."""

import cv2
import numpy as np
import torch

from mmwsl.datasets.annotated import AnnotatedDataset
from mmwsl.datasets.base import InMemoryDataset
from mmwsl.datasets.checks import frame
from mmwsl.registry import DATASETS
from mmwsl.structures import SUPERVISION_LEVELS


def square_around(box, context, width, height, rng):
    """A square (left, top, side), in pixels, that holds ``box`` if the image is large enough.

    Its side is ``context`` times the box's longer side, at most the image's shorter side; where the box lies in it is
    drawn evenly among the positions at which the square stays within the image.
    """
    side = min(context * max(box[2] - box[0], box[3] - box[1]), width, height)
    corner = []
    for low, high, length in zip(box[:2], box[2:], (width, height), strict=True):
        lowest, highest = max(high - side, 0), min(low, length - side)
        if lowest > highest:  # the box is longer than the square: keep to its middle
            lowest = highest = min(max((low + high - side) / 2, 0), length - side)
        corner.append(rng.uniform(lowest, highest))
    return (*corner, side)


@DATASETS.register_module()
class SingleClassCrops(InMemoryDataset):
    """One square an object of a set with boxes, where boxes of other classes cover at most ``others`` of the square.

    Difficult and small objects get no square of their own. The squares are cut and resized once and kept in memory.
    ``gt_label`` is the class; with ``supervision='boxes'`` or ``'full'`` samples also have ``gt_boxes`` (N, 4) of that
    class's objects, those that lie in the square by at least half, clipped to it, in pixels of the crop.

    Args:
        dataset: config or instance of an :class:`AnnotatedDataset` without a pipeline.
        size: side of the crops in pixels.
        context: side of the square over the longer side of the object's box, at least 1.
        others: largest share of the square that a box of another class covers.
        min_side: smallest longer side of an object, in pixels of the photo.
        seed: of the positions.
        supervision: ``'image'``, ``'boxes'``, ``'full'``, ...
        max_images: keep only so many crops, evenly spaced.

    Raises:
        ValueError: the dataset has no boxes, a photo another size than its annotation says, or no crop is left.
    """

    def __init__(self, dataset, size=96, context=1.5, others=0.05, min_side=32, seed=0, supervision='image',
                 max_images=None):
        dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        if not isinstance(dataset, AnnotatedDataset) or dataset.pipeline:
            raise ValueError('SingleClassCrops cuts photos with boxes: give it VOC, COCO or another AnnotatedDataset, '
                             f'without a pipeline, not {type(dataset).__name__}')
        if context < 1 or not 0 <= others <= 1:
            raise ValueError(f'SingleClassCrops: context={context} must be at least 1 and others={others} in [0, 1]')
        images, labels, boxes = [], [], []
        for position, annotation in enumerate(dataset.annotations):
            rng = np.random.default_rng((seed, position))
            photo = None
            for number in self._objects(annotation, min_side):
                if photo is None:
                    item = dataset[position]
                    if int(item['data_samples'].index) != position:  # skipped: another photo takes its place
                        break
                    frame(dataset.paths[position], dataset.recorded_sizes(position))  # the boxes are of this size
                    photo = item['inputs'].permute(1, 2, 0).numpy()
                label = int(annotation['box_labels'][number])
                left, top, side = square_around(annotation['boxes'][number], context, photo.shape[1], photo.shape[0],
                                                rng)
                inside = annotation['boxes'].reshape(-1, 2, 2).astype(np.float64) - (left, top)
                clipped = inside.clip(0, side)
                covered = (clipped[:, 1] - clipped[:, 0]).prod(axis=1)
                if (covered[annotation['box_labels'] != label] > others * side**2).any():
                    continue
                shown = (annotation['box_labels'] == label) & (
                    covered >= 0.5 * (inside[:, 1] - inside[:, 0]).prod(axis=1))
                shown[number] = True
                x, y, extent = round(left), round(top), max(1, round(side))
                images.append(cv2.resize(photo[y:y + extent, x:x + extent], (size, size), interpolation=cv2.INTER_AREA))
                labels.append(label)
                boxes.append(torch.from_numpy(clipped[shown].reshape(-1, 4) * (size / side)).float())
        if not images:
            raise ValueError(f'SingleClassCrops: no object of {len(dataset.annotations)} photos is at least {min_side} '
                             f'pixels long and by itself; lower min_side or raise others={others}')
        self.boxes = boxes
        super().__init__(torch.from_numpy(np.stack(images).transpose(0, 3, 1, 2)), labels, dataset.classes, supervision,
                         max_images)
        allowed = SUPERVISION_LEVELS[supervision]
        self._boxes_visible = allowed is None or 'gt_boxes' in allowed

    @staticmethod
    def _objects(annotation, min_side):
        extents = annotation['boxes'][:, 2:] - annotation['boxes'][:, :2]
        return np.flatnonzero((extents.max(axis=1, initial=0) >= min_side) & ~annotation['difficult'])

    def keep(self, positions):
        self.boxes = [self.boxes[position] for position in positions]
        super().keep(positions)

    def data_sample(self, index):
        sample = super().data_sample(index)
        if self._boxes_visible:
            one = torch.as_tensor(index).ndim == 0
            sample.gt_boxes = self.boxes[index] if one else [self.boxes[each] for each in index.tolist()]
        return sample
