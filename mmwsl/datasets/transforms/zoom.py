"""Zooming out and in on pictures with boxes (Liu et al. 2016, SSD): on a larger ground, and to a part of it."""

import numpy as np

from mmwsl.datasets.transforms.geometry import BOXES, GeometricTransform
from mmwsl.registry import TRANSFORMS


def shift_annotations(results, left, top, width, height):
    """``results`` with boxes and masks seen in a window of the picture, or of a ground around it.

    Objects whose center is outside keep their place in the list, with a box and a mask of nothing; detectors do not
    train on these.

    Args:
        left, top: corner of the window in the picture; negative where it begins before it.
        width, height: of the window.

    Raises:
        ValueError: there is a class map, which is not moved.
    """
    if 'class_map' in results:
        raise ValueError('ZoomOut and RandomWindow do not move class maps; use RandomCropMap for these')
    centers = None
    for name in BOXES & results.keys():
        boxes = results[name] - np.float32([left, top, left, top])
        middle = (boxes[:, :2] + boxes[:, 2:]) / 2
        outside = ~((middle >= 0) & (middle < [width, height])).all(axis=1)
        boxes = boxes.clip(0, np.float32([width, height, width, height]))
        boxes[outside] = 0
        results[name] = boxes.astype(np.float32)
        centers = outside if name == 'boxes' else centers
    if 'masks' in results:
        results['masks'] = [_shift_mask(mask, left, top, width, height, gone)
                            for mask, gone in zip(results['masks'], centers, strict=True)]
    return results


def _shift_mask(mask, left, top, width, height, gone):
    if not isinstance(mask, np.ndarray):
        return [] if gone else [polygon - np.float32([left, top]) for polygon in mask]
    moved = np.zeros((height, width), dtype=bool)
    if not gone:
        rows, columns = mask.shape
        part = mask[max(top, 0):min(top + height, rows), max(left, 0):min(left + width, columns)]
        y, x = max(-top, 0), max(-left, 0)
        moved[y:y + part.shape[0], x:x + part.shape[1]] = part
    return moved


@TRANSFORMS.register_module()
class ZoomOut(GeometricTransform):
    """Put the picture at a random place on a ground of one color that is up to ``most`` times as wide and high.

    Args:
        most: largest factor.
        prob: share of the images.
        fill: color of the ground, usually the mean that the preprocessor subtracts.

    Raises:
        ValueError: a factor below 1.
    """

    stream = 7

    def __init__(self, most=4.0, prob=0.5, fill=(124, 117, 104)):
        if most < 1:
            raise ValueError(f'ZoomOut: most={most} would be smaller than the picture; give 1 or more')
        self.most, self.prob, self.fill = most, prob, tuple(fill)

    def __call__(self, results):
        generator, image = self.generator(results), self.image(results)
        if generator.random() >= self.prob:
            return results
        height, width = image.shape[:2]
        factor = generator.uniform(1, self.most)
        tall, wide = int(height * factor), int(width * factor)
        top, left = (int(generator.integers(space + 1)) for space in (tall - height, wide - width))
        ground = np.empty((tall, wide, 3), dtype=image.dtype)
        ground[:] = self.fill
        ground[top:top + height, left:left + width] = image
        results['image'] = ground
        return shift_annotations(results, -left, -top, wide, tall)


@TRANSFORMS.register_module()
class RandomWindow(GeometricTransform):
    """Cut a random window that overlaps an object enough, or leave the picture as it is.

    The least IoU of the window with every object is drawn from ``overlaps``; None is the whole picture, 0 any window.
    The window has sides of 0.3 to 1 of the picture's and an aspect of 0.5 to 2, and the center of an object lies in it.

    Args:
        overlaps: see above.
        tries: before another overlap is drawn; after as many overlaps the picture stays whole.
    """

    stream = 8

    def __init__(self, overlaps=(None, 0.1, 0.3, 0.7, 0.9, 0.0), tries=50):
        self.overlaps, self.tries = tuple(overlaps), tries

    def __call__(self, results):
        image, generator = self.image(results), self.generator(results)
        boxes = results.get('boxes')
        if boxes is None or not len(boxes):
            return results
        height, width = image.shape[:2]
        for _ in range(self.tries):
            least = self.overlaps[generator.integers(len(self.overlaps))]
            if least is None:
                return results
            for _ in range(self.tries):
                wide, tall = (int(side * generator.uniform(0.3, 1)) for side in (width, height))
                if not wide or not tall or not 0.5 <= tall / wide <= 2:
                    continue
                left, top = (int(generator.integers(space + 1)) for space in (width - wide, height - tall))
                if self._fits(boxes, left, top, wide, tall, least):
                    results['image'] = np.ascontiguousarray(image[top:top + tall, left:left + wide])
                    return shift_annotations(results, left, top, wide, tall)
        return results

    @staticmethod
    def _fits(boxes, left, top, wide, tall, least):
        window = np.float32([left, top, left + wide, top + tall])
        middle = (boxes[:, :2] + boxes[:, 2:]) / 2
        inside = ((middle >= window[:2]) & (middle < window[2:])).all(axis=1)
        sides = (np.minimum(boxes[:, 2:], window[2:]) - np.maximum(boxes[:, :2], window[:2])).clip(0)
        shared = sides.prod(axis=1)
        union = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) + wide * tall - shared
        return inside.any() and (shared / union).min() >= least
