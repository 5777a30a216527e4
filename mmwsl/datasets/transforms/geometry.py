"""Transforms of whole pictures that move boxes, masks and class maps along with the image.

They read and leave ``image`` and, where they are there, ``boxes`` (N, 4) and ``proposals`` (R, 4) float32, ``masks`` (a
list of N, each a list of polygons (K, 2) or a bitmap (H, W) bool), ``class_map`` (H, W) uint8 and ``flow`` (H, W, 2)
float32. A dataset refuses a pipeline with any other transform when boxes are asked for.
"""

import warnings

import cv2
import numpy as np

from mmwsl.datasets.transforms.decode import (
    check_interpolation,
    jpeg_size,
    load_image,
    lossless_reduction,
    resize,
    to_tensor,
)
from mmwsl.flow import flip_flow, resize_flow
from mmwsl.registry import TRANSFORMS

BOXES = {'boxes', 'proposals'}


class GeometricTransform:
    """What they share: the picture, and random numbers that depend on seed, epoch and image alone."""

    moves_annotations = True
    stream = 0  # tells the random numbers of one transform from those of another

    @staticmethod
    def image(results):
        results['image'] = load_image(results)
        results.setdefault('ori_shape', results['image'].shape[:2])
        return results['image']

    def generator(self, results):
        return np.random.default_rng([results.get(key, 0) for key in ('seed', 'epoch', 'index')] + [self.stream])


@TRANSFORMS.register_module()
class ResizeShortEdge(GeometricTransform):
    """Resize so that the short side is one of ``short``, drawn for every image, and the long side at most ``longest``.

    Args:
        short: a side in pixels, or several to draw from.
        longest: limit of the long side.
        interpolation: of the image; class maps keep the nearest value.

    Raises:
        ValueError: no side, or an unknown interpolation.
    """

    stream = 1

    def __init__(self, short=800, longest=1333, interpolation='bilinear'):
        self.short = [short] if isinstance(short, int) else list(short)
        if not self.short or min(*self.short, longest) < 1:
            raise ValueError(f'ResizeShortEdge: short={short}, longest={longest} is impossible; sides are 1 or more')
        self.longest, self.interpolation = longest, check_interpolation(interpolation)

    def __call__(self, results):
        image = self.image(results)
        height, width = image.shape[:2]
        short = self.short[self.generator(results).integers(len(self.short))]
        scale = min(short / min(height, width), self.longest / max(height, width))
        return resize_annotated(results, max(round(width * scale), 1), max(round(height * scale), 1),
                                self.interpolation)


@TRANSFORMS.register_module()
class ResizeToSquare(GeometricTransform):
    """Resize the whole image to ``size`` x ``size``, whatever its shape.

    Args:
        size: side in pixels.
        interpolation: ``'bicubic'``, ``'bilinear'`` or ``'area'``.
        decode_reduced: decode a JPEG at 1/2, 1/4 or 1/8 of its size where it is shrunk by as much anyway; faster, and
            pixels differ a little.

    Raises:
        ValueError: no size, or an unknown interpolation.
    """

    def __init__(self, size=224, interpolation='bilinear', decode_reduced=False):
        if size < 1:
            raise ValueError(f'ResizeToSquare: size={size} is impossible; it must be 1 or more')
        self.size, self.interpolation, self.decode_reduced = size, check_interpolation(interpolation), decode_reduced

    def __call__(self, results):
        size = jpeg_size(results) if self.decode_reduced else None  # boxes count in these pixels
        if size is not None:
            results['image'] = load_image(results, lossless_reduction(min(size) / self.size))
            results.setdefault('ori_shape', size[::-1])
        self.image(results)
        return resize_annotated(results, self.size, self.size, self.interpolation, size)


@TRANSFORMS.register_module()
class ResizeToShape(GeometricTransform):
    """Resize the whole image to ``height`` x ``width``, whatever its shape; persons stand upright, 256 x 128.

    Raises:
        ValueError: no size, or an unknown interpolation.
    """

    def __init__(self, height, width, interpolation='bilinear'):
        if min(height, width) < 1:
            raise ValueError(f'ResizeToShape: {height} x {width} is impossible; sides are 1 or more')
        self.height, self.width, self.interpolation = height, width, check_interpolation(interpolation)

    def __call__(self, results):
        self.image(results)
        return resize_annotated(results, self.width, self.height, self.interpolation)


@TRANSFORMS.register_module()
class ResizeSquash(ResizeToSquare):
    """Old name of ``ResizeToSquare(interpolation='bicubic', decode_reduced=True)``, for one release."""

    def __init__(self, size=224, interpolation='bicubic'):
        warnings.warn("ResizeSquash is ResizeToSquare with interpolation='bicubic' and decode_reduced=True; the old "
                      'name goes in the next release', DeprecationWarning, stacklevel=2)
        super().__init__(size, interpolation, decode_reduced=True)

    def __call__(self, results):
        results = super().__call__(results)
        results['inputs'] = to_tensor(results['image'])
        return results


def resize_annotated(results, new_width, new_height, interpolation='bilinear', size=None):
    """``results`` with image, boxes, masks, class map and flow at a new size.

    Args:
        size: (width, height) that boxes and polygons count in, if ``image`` was decoded at reduced size; None = the
            image's own.
    """
    width, height = size or (results['image'].shape[1], results['image'].shape[0])
    factor = np.float32([new_width / width, new_height / height])
    results['image'] = resize(results['image'], new_width, new_height, interpolation)
    results['scale_factor'] = tuple((factor * results.get('scale_factor', (1.0, 1.0))).tolist())
    for name in BOXES & results.keys():
        # multiplied first: whole numbers stay whole, which are rounded down where boxes are scored
        scaled = results[name] * np.float64([new_width, new_height] * 2) / ([width, height] * 2)
        results[name] = scaled.astype(np.float32)
    if 'masks' in results:
        results['masks'] = [
            _resize_map(mask.view(np.uint8), new_width, new_height).view(bool) if isinstance(mask, np.ndarray)
            else [polygon * factor for polygon in mask] for mask in results['masks']]
    if 'class_map' in results:
        results['class_map'] = _resize_map(results['class_map'], new_width, new_height)
    if 'flow' in results:
        results['flow'] = resize_flow(results['flow'], new_width, new_height)
    return results


def _resize_map(array, width, height):
    return cv2.resize(array, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)


@TRANSFORMS.register_module()
class RandomFlip(GeometricTransform):
    """Mirror left and right with probability ``prob``.

    Raises:
        ValueError: ``prob`` is no probability.
    """

    stream = 2

    def __init__(self, prob=0.5):
        if not 0 <= prob <= 1:
            raise ValueError(f'RandomFlip: prob={prob} is no probability; it must be from 0 to 1')
        self.prob = prob

    def __call__(self, results):
        image = self.image(results)
        results['flipped'] = bool(self.generator(results).random() < self.prob)
        if not results['flipped']:
            return results
        width = image.shape[1]
        results['image'] = cv2.flip(image, 1)
        for name in BOXES & results.keys():
            left, top, right, bottom = results[name].T
            results[name] = np.stack([width - right, top, width - left, bottom], axis=1)
        if 'masks' in results:
            results['masks'] = [
                np.ascontiguousarray(mask[:, ::-1]) if isinstance(mask, np.ndarray)
                else [np.stack([width - polygon[:, 0], polygon[:, 1]], axis=1) for polygon in mask]
                for mask in results['masks']]
        if 'class_map' in results:
            results['class_map'] = np.ascontiguousarray(results['class_map'][:, ::-1])
        if 'flow' in results:
            results['flow'] = flip_flow(results['flow'])
        return results


@TRANSFORMS.register_module()
class RandomScale(GeometricTransform):
    """Resize to fit ``size`` (long side, short side) times a factor drawn from ``factors``, whatever the image's shape.

    Raises:
        ValueError: factors that are no two positive numbers in order.
    """

    stream = 3

    def __init__(self, size=(2048, 512), factors=(0.5, 2.0), interpolation='bilinear'):
        if len(factors) != 2 or not 0 < factors[0] <= factors[1]:
            raise ValueError(f'RandomScale: factors={factors} must be two positive numbers, the smaller first')
        self.size, self.factors, self.interpolation = tuple(size), tuple(factors), interpolation

    def __call__(self, results):
        height, width = self.image(results).shape[:2]
        factor = self.generator(results).uniform(*self.factors)
        scale = min(max(self.size) * factor / max(height, width), min(self.size) * factor / min(height, width))
        return resize_annotated(results, max(round(width * scale), 1), max(round(height * scale), 1),
                                self.interpolation)


@TRANSFORMS.register_module()
class RandomCropMap(GeometricTransform):
    """Cut ``size`` x ``size`` of the image and of its class map at random; what is missing is void.

    Args:
        size: side of the crop.
        most: no class may have more than this share of the crop's pixels that are not void, in ten tries.
        fill: colour of what lies outside the image, usually the mean that the preprocessor subtracts.

    Raises:
        ValueError: boxes are there, which it does not move, or no class map.
    """

    stream = 4

    def __init__(self, size=512, most=0.75, fill=(124, 116, 104)):
        self.size, self.most, self.fill = size, most, tuple(fill)

    def __call__(self, results):
        if BOXES & results.keys() or 'class_map' not in results:
            raise ValueError('RandomCropMap cuts images with class maps, and boxes would not be moved; it is for data '
                             'that have class maps alone')
        image, classes, generator = self.image(results), results['class_map'], self.generator(results)
        height, width = classes.shape
        for _ in range(10):
            top = generator.integers(max(height - self.size, 0) + 1)
            left = generator.integers(max(width - self.size, 0) + 1)
            part = classes[top:top + self.size, left:left + self.size]
            counts = np.bincount(part[part != 255], minlength=2)
            if np.count_nonzero(counts) > 1 and counts.max() <= self.most * counts.sum():
                break
        cut, missing = image[top:top + self.size, left:left + self.size], np.subtract(self.size, part.shape)
        border = dict(top=0, bottom=int(missing[0]), left=0, right=int(missing[1]), borderType=cv2.BORDER_CONSTANT)
        results['image'] = cv2.copyMakeBorder(cut, value=self.fill, **border)
        results['class_map'] = cv2.copyMakeBorder(part, value=255, **border)
        return results


@TRANSFORMS.register_module()
class RandomCropTagged(GeometricTransform):
    """Cut ``size`` x ``size`` at random of an image that has tags alone, which stay as they are.

    Args:
        size: side of the crop.
        fill: color of what lies outside the image, usually the mean that the preprocessor subtracts.

    Raises:
        ValueError: boxes, masks or a class map are there, which it does not move.
    """

    moves_annotations = False
    stream = 6

    def __init__(self, size=448, fill=(124, 116, 104)):
        self.size, self.fill = size, tuple(fill)

    def __call__(self, results):
        there = (BOXES | {'masks', 'class_map'}) & results.keys()
        if there:
            raise ValueError(f'RandomCropTagged would not move {", ".join(sorted(there))}; use RandomCropMap for class '
                             "maps, or supervision='image'")
        image, generator = self.image(results), self.generator(results)
        top, left = (int(generator.integers(max(side - self.size, 0) + 1)) for side in image.shape[:2])
        cut = image[top:top + self.size, left:left + self.size]
        down, right = np.subtract(self.size, cut.shape[:2]).tolist()
        results['image'] = cv2.copyMakeBorder(cut, 0, down, 0, right, cv2.BORDER_CONSTANT, value=self.fill)
        return results
