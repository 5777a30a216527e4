"""Crops and resizings of a single image in the workers, on the way from a file to ``inputs``.

A transform takes and gives a dict. A dataset fills in ``path``, ``index``, ``epoch`` and ``seed``; the last transform
leaves ``inputs``: one uint8 tensor (C, H, W) RGB, or a list of them. A transform of your own that changes the picture
before it is cut leaves it as ``image``, uint8 (H, W, 3) RGB; those below start from it if it is there, and from the
file otherwise. Colour and everything else that needs no file runs later, on the device, for the whole batch.

Random numbers come from a counter-based generator keyed by (seed, epoch, index, view): a crop is the same whatever
worker cuts it, in whatever order, after whatever resume.
"""

import math

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
from mmwsl.registry import TRANSFORMS

CROP_ATTEMPTS = 10
DRAWS_PER_CROP = 2 * CROP_ATTEMPTS + 3


def random_crop_box(width, height, draws, scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3)):
    """The box of a random resized crop: area uniform in ``scale``, log of width / height uniform in ``ratio``.

    Of ten tries the first that fits is taken; if none does, the largest central box within ``ratio`` (the usual
    definition).

    Args:
        draws: at least 22 uniform numbers in [0, 1): ten areas, ten ratios, x, y.

    Returns:
        tuple: x, y, width, height in whole pixels.
    """
    low, high = math.log(ratio[0]), math.log(ratio[1])
    for attempt in range(CROP_ATTEMPTS):
        area = width * height * (scale[0] + (scale[1] - scale[0]) * draws[attempt])
        aspect = math.exp(low + (high - low) * draws[CROP_ATTEMPTS + attempt])
        crop_width, crop_height = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < crop_width <= width and 0 < crop_height <= height:
            x = int(draws[2 * CROP_ATTEMPTS] * (width - crop_width + 1))
            y = int(draws[2 * CROP_ATTEMPTS + 1] * (height - crop_height + 1))
            return x, y, crop_width, crop_height
    crop_width, crop_height = width, height
    if width / height < ratio[0]:
        crop_height = max(round(width / ratio[0]), 1)
    elif width / height > ratio[1]:
        crop_width = max(round(height * ratio[1]), 1)
    return (width - crop_width) // 2, (height - crop_height) // 2, crop_width, crop_height


@TRANSFORMS.register_module()
class RandomCrops:
    """Decode once and cut V random resized, randomly flipped crops; ``inputs`` = list of V uint8 (3, size, size).

    A JPEG is decoded at 1/2, 1/4 or 1/8 of its size when every crop would be shrunk by as much anyway.

    Args:
        num_views: number of crops.
        size: side of the crops in pixels.
        scale: smallest and largest area of a crop, as shares of the image's; within (0, 1].
        ratio: smallest and largest width / height.
        flip_prob: probability of a horizontal flip.
        interpolation: ``'bicubic'``, ``'bilinear'`` or ``'area'``.
        crops: for crops of several kinds (multi-crop), a list of dict(num, size, scale), any of them left out taken
            from the arguments above; views are numbered through in this order. None = one kind.

    Raises:
        ValueError: a setting out of range.
    """

    def __init__(self, num_views=2, size=224, scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3), flip_prob=0.5,
                 interpolation='bicubic', crops=None):
        self.interpolation = check_interpolation(interpolation)
        self.ratio = tuple(ratio)
        self.flip_prob = flip_prob
        self.views = []  # (size, scale) of each view
        for crop in [{}] if crops is None else crops:
            unknown = set(crop) - {'num', 'size', 'scale'}
            if unknown:
                raise ValueError(f'RandomCrops: a kind of crop has num, size and scale, not {sorted(unknown)}')
            kind = int(crop.get('size', size)), tuple(crop.get('scale', scale))
            self.views += [kind] * int(crop.get('num', num_views))
        if not self.views:
            raise ValueError('RandomCrops: no views; num_views (or num in crops) must be 1 or more')
        for view_size, view_scale in self.views:
            if view_size < 1 or len(view_scale) != 2 or not 0 < view_scale[0] <= view_scale[1] <= 1:
                raise ValueError(f'RandomCrops: size={view_size}, scale={view_scale} is impossible; size must be 1 or '
                                 'more, and scale two shares of the area with 0 < smallest <= largest <= 1')
        if len(self.ratio) != 2 or not 0 < self.ratio[0] <= self.ratio[1]:
            raise ValueError(f'RandomCrops: ratio={ratio} is impossible; it needs 0 < smallest <= largest')
        if not 0 <= flip_prob <= 1:
            raise ValueError(f'RandomCrops: flip_prob={flip_prob} is no probability; it must be from 0 to 1')

    def draw(self, results):
        """Uniform numbers (V, 23), one row a view: same seed, epoch, index and view, same row."""
        key = [results.get('seed', 0), results.get('epoch', 0)]
        # The lowest word of the counter runs while drawing; the others tell the streams apart.
        counters = [[0, view, results.get('index', 0), 0] for view in range(len(self.views))]
        return [np.random.Generator(np.random.Philox(counter=counter, key=key)).random(DRAWS_PER_CROP).tolist()
                for counter in counters]

    def boxes(self, width, height, draws):
        """x, y, width, height of each view's crop, for a picture of that size."""
        return [random_crop_box(width, height, row, scale, self.ratio)
                for row, (_, scale) in zip(draws, self.views, strict=True)]

    def __call__(self, results):
        draws = self.draw(results)
        size = jpeg_size(results)
        if size is None:
            image = load_image(results)
            size = image.shape[1], image.shape[0]
            boxes = self.boxes(*size, draws)
        else:
            boxes = self.boxes(*size, draws)
            shrink = min(min(box[2:]) / view[0] for box, view in zip(boxes, self.views, strict=True))
            image = load_image(results, lossless_reduction(shrink))
        scale_x, scale_y = image.shape[1] / size[0], image.shape[0] / size[1]  # below 1 where decoded at reduced size
        inputs = []
        for (x, y, width, height), row, (side, _) in zip(boxes, draws, self.views, strict=True):
            left, top = round(x * scale_x), round(y * scale_y)
            right, bottom = max(round((x + width) * scale_x), left + 1), max(round((y + height) * scale_y), top + 1)
            crop = resize(image[top:bottom, left:right], side, side, self.interpolation)
            if row[-1] < self.flip_prob:
                crop = cv2.flip(crop, 1)
            inputs.append(to_tensor(crop))
        results['inputs'] = inputs
        return results


@TRANSFORMS.register_module(name=['ResizeCenterCrop', 'CenterCropResize'])
class ResizeCenterCrop:
    """Resize so that the short side is ``resize``, then cut the central ``crop`` x ``crop``; the usual test input.

    ``inputs`` = uint8 (3, crop, crop), and ``region``: the part of the image that it shows, left, top, right, bottom as
    shares of its width and height.

    Raises:
        ValueError: ``crop`` larger than ``resize``.
    """

    def __init__(self, resize=256, crop=224, interpolation='bicubic'):
        self.interpolation = check_interpolation(interpolation)
        if not 1 <= crop <= resize:
            raise ValueError(f'ResizeCenterCrop: a crop of {crop} does not fit a short side of {resize}; '
                             'choose 1 <= crop <= resize')
        self.resize = resize
        self.crop = crop

    def position(self, results):
        """Where the crop lies, (x, y) in [0, 1]."""
        return 0.5, 0.5

    def __call__(self, results):
        size = jpeg_size(results)
        image = load_image(results, 1 if size is None else lossless_reduction(min(size) / self.resize))
        position = self.position(results)
        results['inputs'] = to_tensor(self.cut(image, size, position))
        results['region'] = self.region(size or (image.shape[1], image.shape[0]), position)
        return results

    def cut(self, image, size, position):
        return resize_center_crop(image, self.resize, self.crop, self.interpolation, size, position)

    def region(self, size, position):
        return region_of_crop(size, self.resize, self.crop, position)


def crop_position(size, short, crop, position=(0.5, 0.5)):
    """New (width, height) of an image of ``size`` (width, height) with a short side of ``short``, and (left, top) of a
    crop of it; see :func:`resize_center_crop`."""
    width, height = size
    # The long side is rounded down, like everybody's Resize(256); at least the crop, for extreme shapes.
    new = (short if width <= height else int(short * width / height),
           short if height <= width else int(short * height / width))
    return new, tuple(round((side - crop) * share) for side, share in zip(new, position, strict=True))


def region_of_crop(size, short, crop, position=(0.5, 0.5)):
    """What :func:`resize_center_crop` cuts: left, top, right, bottom as shares of the image's width and height."""
    (width, height), (left, top) = crop_position(size, short, crop, position)
    return left / width, top / height, (left + crop) / width, (top + crop) / height


def resize_center_crop(image, short, crop, interpolation='bicubic', size=None, position=(0.5, 0.5)):
    """uint8 (H, W, C) resized to a short side of ``short`` and cropped to its center, (crop, crop, C).

    ``position`` puts the crop elsewhere: 0 left or top, 1 right or bottom. ``size`` is the
    (width, height) that counts, if ``image`` was decoded at reduced size; None = the image's own.
    """
    new_size, (left, top) = crop_position(size or (image.shape[1], image.shape[0]), short, crop, position)
    image = resize(image, *new_size, interpolation)
    return image[top:top + crop, left:left + crop]


@TRANSFORMS.register_module()
class ResizeRandomCrop(ResizeCenterCrop):
    """As :class:`ResizeCenterCrop`, but the crop lies at a random position, drawn from (seed, epoch, index).

    Args:
        resize, crop, interpolation: see :class:`ResizeCenterCrop`.
        square: only within the central square of the resized image.
    """

    def __init__(self, resize=256, crop=224, interpolation='bicubic', square=False):
        super().__init__(resize, crop, interpolation)
        self.square = square

    def position(self, results):
        seed = [results.get(key, 0) for key in ('seed', 'epoch', 'index')]
        return np.random.default_rng(seed).random(2)

    def cut(self, image, size, position):
        if self.square:
            image, size = resize_center_crop(image, self.resize, self.resize, self.interpolation, size), None
        return super().cut(image, size, position)

    def region(self, size, position):
        if not self.square:
            return super().region(size, position)
        outer = region_of_crop(size, self.resize, self.resize)
        inner = super().region((self.resize, self.resize), position)
        low, extent = outer[:2] * 2, [outer[2] - outer[0], outer[3] - outer[1]] * 2
        return tuple(start + share * length for start, share, length in zip(low, inner, extent, strict=True))
