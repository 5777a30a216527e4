"""Scenes whose factors are known: texture of the background, shape of an object, and its color."""

import cv2
import numpy as np
import torch

from mmwsl.datasets.base import InMemoryDataset, evenly_spaced
from mmwsl.datasets.synthetic.scene_rendering import rotation_matrix
from mmwsl.datasets.synthetic.shape_rendering import SHAPES, SUPERSAMPLING, outlines, tint
from mmwsl.registry import DATASETS
from mmwsl.structures import strip_labels

SPLITS = ('train', 'test')
TEXTURES = ('rows', 'columns', 'checks', 'noise')
FACTORS = ('texture', 'shape', 'color')


@DATASETS.register_module()
class FactorScenes(InMemoryDataset):
    """One shape of one color before a gray texture: the three factors are independent, and every shape has every color.

    The classes are the pairs of shape and color, those of a shape beside each other: a hierarchy of shapes (parents)
    and colors of them (children). Everything else (place, size, turn, tones, period) is drawn at random.

    Fields, as far as ``supervision`` permits:

    * ``gt_label``: int64, shape * colors + color
    * ``gt_boxes`` (1, 4), ``gt_box_labels`` (1,)
    * ``gt_mask`` (H, W) uint8: class + 1 on the object
    * ``gt_factors`` (3,) int64: numbers of texture, shape and color

    Args:
        split: ``'train'`` or ``'test'``.
        num_images: number of images.
        size: side in pixels, 16 to 256.
        seed: another seed, other images.
        shapes: names of the shapes; see :class:`Shapes`.
        colors: number of hues, evenly spaced.
        textures: the first so many of rows, columns, checks, noise.
        scale: smallest and largest half side of a shape's hull, in sides of the image.
        supervision: see :class:`ImageDataset`.
        max_images: keep only so many, evenly spaced.

    Raises:
        ValueError: an argument is unknown or out of range.
    """

    def __init__(self, split='train', num_images=4096, size=32, seed=0, shapes=('circle', 'cross'), colors=3,
                 textures=4, scale=(0.17, 0.25), supervision='image', max_images=None):
        self.split, self.size, self.seed, self.shapes = split, size, seed, tuple(shapes)
        self.colors, self.textures, self.scale = colors, textures, tuple(scale)
        self._check(num_images)
        drawn = [self._draw(int(number)) for number in evenly_spaced(num_images, max_images)]
        images, masks, boxes, factors = (torch.from_numpy(np.stack(each)) for each in zip(*drawn, strict=True))
        labels = factors[:, 1] * colors + factors[:, 2]
        names = [f'{shape} {color}' for shape in self.shapes for color in range(colors)]
        super().__init__(images.permute(0, 3, 1, 2).contiguous(), labels, names, supervision)
        self.masks, self.boxes, self.factors, self._classes = masks, boxes, factors, labels

    def _check(self, num_images):
        def require(condition, message):
            if not condition:
                raise ValueError(f'FactorScenes: {message}')
        require(self.split in SPLITS, f"split={self.split!r} is unknown; choose 'train' or 'test'")
        require(num_images >= 1, f'num_images={num_images} leaves no image; give 1 or more')
        require(16 <= self.size <= 256, f'size={self.size} is out of range; choose 16 to 256 pixels')
        require(self.seed >= 0, f'seed={self.seed} is negative; give 0 or more')
        unknown = set(self.shapes) - set(SHAPES)
        require(self.shapes and not unknown, f'shapes {sorted(unknown)} are unknown; choose of {", ".join(SHAPES)}')
        require(1 <= self.colors <= 12, f'colors={self.colors} must be 1 to 12')
        require(1 <= self.textures <= len(TEXTURES), f'textures={self.textures} must be 1 to {len(TEXTURES)}')
        require(len(self.scale) == 2 and 0.1 <= self.scale[0] <= self.scale[1] <= 0.4,
                f'scale={self.scale} must be (min, max) with 0.1 <= min <= max <= 0.4')

    @property
    def num_factors(self):
        """How many values each of :data:`FACTORS` has."""
        return self.textures, len(self.shapes), self.colors

    def data_sample(self, index):
        """As :class:`ImageDataset`'s, with the fields above."""
        sample = super().data_sample(index)
        label = self._classes[index]
        sample.gt_boxes, sample.gt_box_labels = self.boxes[index], label[..., None]
        sample.gt_mask = self.masks[index] * (label[..., None, None] + 1).to(torch.uint8)
        sample.gt_factors = self.factors[index]
        return strip_labels(sample, self.supervision)

    def _draw(self, number):
        """Image (H, W, 3) uint8, mask (H, W) uint8, box (1, 4) float32, factors (3,) of image ``number``."""
        stream = SPLITS.index(self.split) << 48 | number
        rng = np.random.Generator(np.random.Philox(key=np.array([self.seed, stream], dtype=np.uint64)))
        factors = np.array([rng.integers(count) for count in self.num_factors])
        canvas = self._background(rng, TEXTURES[factors[0]])
        radius = rng.uniform(*self.scale) * self.size
        turn, margin = rotation_matrix(rng.uniform(-0.3, 0.3)), radius * 1.1
        center = rng.uniform(margin, self.size - margin, 2)
        share = np.zeros((self.size * SUPERSAMPLING,) * 2, dtype=np.uint8)
        points = [np.rint(((polygon * radius @ turn.T + center) * SUPERSAMPLING - 0.5) * 16).astype(np.int32)
                  for polygon in outlines()[self.shapes[factors[1]]]]
        cv2.fillPoly(share, points, 255, shift=4)
        share = cv2.resize(share, (self.size, self.size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        color = 255 * tint(factors[2] / self.colors) * rng.uniform(0.85, 1.15)
        canvas += (color - canvas) * share[..., None]
        mask = share >= 0.5
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        box = np.array([[columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]], dtype=np.float32)
        return np.rint(canvas.clip(0, 255)).astype(np.uint8), mask.astype(np.uint8), box, factors

    def _background(self, rng, texture):
        """Two grays in a pattern, (H, W, 3) float32."""
        dark, contrast = rng.uniform(60, 120), rng.uniform(50, 80)
        period, phases = self.size / rng.uniform(5, 7), rng.uniform(0, 2 * np.pi, 2)
        steps = 2 * np.pi * np.arange(self.size) / period
        rows, columns = np.sin(steps + phases[0])[:, None], np.sin(steps + phases[1])[None]
        if texture == 'noise':
            # a quarter of the period, so that it cannot be taken for checks
            coarse = rng.random((max(int(self.size / 2), 8),) * 2, dtype=np.float32)
            share = cv2.resize(coarse, (self.size, self.size), interpolation=cv2.INTER_LINEAR)
        else:
            wave = dict(rows=rows + 0 * columns, columns=columns + 0 * rows, checks=rows * columns)[texture]
            share = 0.5 + 0.5 * np.clip(2 * wave, -1, 1)
        return np.repeat((dark + contrast * share)[..., None], 3, axis=2).astype(np.float32)
