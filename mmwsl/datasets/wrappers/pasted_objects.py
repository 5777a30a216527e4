"""Objects of photos laid upon one another: real masks and pixels, of which what is hidden is known."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch

from mmwsl.datasets.base import ImageDataset
from mmwsl.ops.occlusion.order import mask_boxes
from mmwsl.registry import DATASETS
from mmwsl.structures import strip_labels

TRIES = 100  # objects and places that are tried for a scene


@dataclass
class _Object:
    """An object as it is seen in its photo, cut out by its box: pixels (h, w, 3), mask (h, w), its corner (x, y)."""

    photo: int
    label: int
    pixels: np.ndarray
    mask: np.ndarray
    corner: tuple[int, int]


@DATASETS.register_module()
class PastedObjects(ImageDataset):
    """Scenes of a photo with one of its objects, and objects cut out of other photos laid upon it one after another.

    Nobody knows what real photos hide; of what is pasted here it is known. "Whole" is what is seen of an object in its
    own photo; objects that the frame cuts there are left out. Everything else in the photo is background. Scene i of
    ``seed`` is the same in whatever order it is asked for.

    An item has the fields of scenes (:class:`DigitScenes`): ``gt_boxes`` and ``gt_box_labels``, ``gt_amodal_masks``,
    ``gt_instance_masks`` (the visible parts) and ``gt_order``, as far as ``supervision`` permits.

    Args:
        dataset: config or instance of a dataset of photos with masks, as COCO with ``supervision='full'``.
        num_scenes: number of scenes.
        size: longer side of a scene in pixels.
        objects: smallest and largest number of objects.
        scale: smallest and largest longer side of a pasted object, in those of the scene's first one.
        cover: smallest and largest share that it hides of one of the objects below; of each of them a tenth stays seen.
        min_pixels: objects with a smaller mask are left out, counted in pixels of the scene.
        seed: another seed, other scenes.
        supervision: see :class:`ImageDataset`.

    Raises:
        ValueError: an argument out of range, or fewer than two photos have an object that can be used.
    """

    def __init__(self, dataset, num_scenes=200, size=128, objects=(2, 4), scale=(0.5, 1.2), cover=(0.1, 0.7),
                 min_pixels=200, seed=0, supervision='full'):
        if not (num_scenes >= 1 and 2 <= objects[0] <= objects[1] and 0 < scale[0] <= scale[1]
                and 0 <= cover[0] < cover[1] <= 0.9):
            raise ValueError(f'PastedObjects: num_scenes={num_scenes} must be at least 1, objects={tuple(objects)} at '
                             f'least (2, 2), scale={tuple(scale)} above 0 and cover={tuple(cover)} from 0 to 0.9, '
                             'smallest first')
        dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        super().__init__(None, dataset.metainfo.get('classes'), supervision)
        self.num_scenes, self.seed, self.size = num_scenes, seed, size
        self.range, self.scale, self.cover = tuple(objects), tuple(scale), tuple(cover)
        self.photos, self.cut_out = [], []
        for index in range(len(dataset)):
            item = dataset[index]
            photo = item['inputs'].permute(1, 2, 0).numpy()
            share = size / max(photo.shape[:2])
            width, height = (max(1, round(length * share)) for length in photo.shape[1::-1])
            self.photos.append(cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA))
            self.cut_out += self._objects(item['data_samples'], index, width, height, min_pixels)
        if len({each.photo for each in self.cut_out}) < 2:
            raise ValueError(f'PastedObjects: fewer than two of {len(dataset)} photos have an object of '
                             f'min_pixels={min_pixels} within their frame; has the dataset masks, and '
                             "supervision='full'?")

    def _objects(self, sample, photo, width, height, min_pixels):
        """What can be cut out of a photo; crowds cannot."""
        found = []
        if 'gt_instance_masks' not in sample:
            return found
        crowd = sample.get('gt_difficult', torch.zeros(len(sample.gt_instance_masks), dtype=torch.bool))
        for number in (~crowd).nonzero()[:, 0].tolist():
            mask = _resized(sample.gt_instance_masks[number].numpy(), width, height)
            x1, y1, x2, y2 = mask_boxes(mask[None])[0].tolist()
            if mask.sum() >= min_pixels and x1 > 0 and y1 > 0 and x2 < width and y2 < height:
                found.append(_Object(photo, int(sample.gt_box_labels[number]), self.photos[photo][y1:y2, x1:x2],
                                     mask[y1:y2, x1:x2], (x1, y1)))
        return found

    def __len__(self):
        return self.num_scenes

    def __getitem__(self, index):
        index = self.position(index)
        rng = np.random.default_rng((self.seed, index))
        wanted = rng.integers(self.range[0], self.range[1] + 1)
        first = self.cut_out[rng.integers(len(self.cut_out))]
        picture = self.photos[first.photo].copy()
        shapes, labels = [_placed(first.mask, first.corner, picture.shape)], [first.label]
        for _ in range(TRIES):
            if len(shapes) == wanted:
                break
            upon = self.cut_out[rng.integers(len(self.cut_out))]
            mask, pixels = self._scaled(upon, max(first.mask.shape) * rng.uniform(*self.scale))
            below = mask_boxes(shapes[rng.integers(len(shapes))][None])[0]
            middle = rng.uniform(below[:2], below[2:])
            x, y = np.round(middle - np.array(mask.shape[::-1]) / 2).astype(int).tolist()
            if upon.photo == first.photo or not mask.any() or not self._within(mask, x, y, picture.shape):
                continue
            shape = _placed(mask, (x, y), picture.shape)
            if self._fits(shape, shapes):
                picture[y:y + mask.shape[0], x:x + mask.shape[1]][mask] = pixels[mask]
                shapes.append(shape)
                labels.append(upon.label)
        return dict(inputs=torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1))),
                    data_samples=self._sample(index, np.stack(shapes), labels))

    @staticmethod
    def _scaled(each, longer):
        """Mask and pixels of an object whose longer side is of ``longer`` pixels."""
        share = longer / max(each.mask.shape)
        width, height = (max(1, round(length * share)) for length in each.mask.shape[::-1])
        how = cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR
        return _resized(each.mask, width, height), cv2.resize(
            np.ascontiguousarray(each.pixels), (width, height), interpolation=how)

    @staticmethod
    def _within(mask, x, y, shape):
        return x >= 0 and y >= 0 and x + mask.shape[1] <= shape[1] and y + mask.shape[0] <= shape[0]

    def _fits(self, shape, below):
        """Whether an object hides enough of one below, not too much of any, and leaves some of each."""
        covered = [(each & shape).sum() / each.sum() for each in below]
        left = [(each & ~shape & ~np.any([*below[number + 1:], np.zeros_like(each)], axis=0)).sum() / each.sum()
                for number, each in enumerate(below)]
        return self.cover[0] <= max(covered) < self.cover[1] and min(left) >= 0.1

    def _sample(self, index, shapes, labels):
        visible = shapes.copy()
        for number in range(len(shapes)):
            visible[number] &= ~shapes[number + 1:].any(0)
        sample = self.data_sample(index)
        sample.gt_boxes = torch.from_numpy(mask_boxes(shapes)).float()
        sample.gt_box_labels = torch.tensor(labels)
        sample.gt_amodal_masks, sample.gt_instance_masks = torch.from_numpy(shapes), torch.from_numpy(visible)
        sample.gt_order = torch.arange(len(shapes))
        return strip_labels(sample, self.supervision)


def _resized(mask, width, height):
    """A mask at another size: pixels of which it covers half."""
    return cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA) >= 0.5


def _placed(mask, corner, shape):
    """A mask within a picture of (height, width, ...), its corner at (x, y)."""
    whole = np.zeros(shape[:2], dtype=bool)
    whole[corner[1]:corner[1] + mask.shape[0], corner[0]:corner[0] + mask.shape[1]] = mask
    return whole
