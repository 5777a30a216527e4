"""Images from files: decoding with OpenCV, and the transforms that run in the workers.

A transform takes and gives a dict. A dataset fills in ``path``, ``index``, ``epoch`` and ``seed``; the last transform
leaves ``inputs``: one uint8 tensor (C, H, W) RGB, or a list of them. A transform of your own that changes the picture
before it is cut leaves it as ``image``, uint8 (H, W, 3) RGB; those below start from it if it is there, and from the
file otherwise. Colour and everything else that needs no file runs later, on the device, for the whole batch.

Random numbers come from a counter-based generator keyed by (seed, epoch, index, view): a crop is the same whatever
worker cuts it, in whatever order, after whatever resume.
"""

import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.logging import print_log
from torch.utils.data import get_worker_info

from mmwsl.registry import TRANSFORMS

EXTENSIONS = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff', '.pgm', '.ppm')
JPEG_EXTENSIONS = ('.jpg', '.jpeg')
EXIF_ORIENTATION = 0x0112
INTERPOLATIONS = dict(bicubic=cv2.INTER_CUBIC, bilinear=cv2.INTER_LINEAR, area=cv2.INTER_AREA)
# The flags that decode a JPEG to 1/r of its size, as colour.
REDUCTIONS = {1: cv2.IMREAD_COLOR, 2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4,
              8: cv2.IMREAD_REDUCED_COLOR_8}
# Newer OpenCV decodes straight to RGB: the bit that asks for BGR is exchanged for the one that asks for RGB.
_RGB_FLAG = getattr(cv2, 'IMREAD_COLOR_RGB', None)

CROP_ATTEMPTS = 10
DRAWS_PER_CROP = 2 * CROP_ATTEMPTS + 3
PROGRESS_SECONDS = 10.0


class ImageError(ValueError):
    """A file that exists but cannot be read as an image; ``on_error='skip'`` leaves out these, and missing files."""


def read_image(path, reduction=1, upright=True):
    """Decode an image file to uint8 (H, W, 3) RGB, turned upright as its EXIF orientation says.

    Args:
        path: the file. Grey becomes three equal channels, alpha is dropped, 16 bits become 8.
        reduction: 1, 2, 4 or 8: decode to about 1/reduction of width and height (rounded up), much faster for JPEG.
        upright: False leaves the pixels as they are stored, where annotations count in those.

    Raises:
        FileNotFoundError: no such file.
        ImageError: the file is empty, truncated or no image.
        ValueError: ``reduction`` is not one of the four.
    """
    if reduction not in REDUCTIONS:
        raise ValueError(f'reduction={reduction} is impossible; choose 1, 2, 4 or 8')
    try:
        encoded = np.fromfile(path, dtype=np.uint8)
    except FileNotFoundError:
        raise FileNotFoundError(f'image {path} does not exist') from None
    if encoded.size == 0:
        raise ImageError(f'image {path} is empty (0 bytes); restore or remove the file')
    flag = REDUCTIONS[reduction] | (0 if upright else cv2.IMREAD_IGNORE_ORIENTATION)
    try:
        if _RGB_FLAG is not None:
            image = cv2.imdecode(encoded, flag & ~cv2.IMREAD_COLOR | _RGB_FLAG)
        else:
            image = cv2.imdecode(encoded, flag)
            image = None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    except cv2.error as error:
        raise ImageError(f'image {path} cannot be decoded: {error}') from error
    if image is None:
        raise ImageError(f'image {path} cannot be decoded: truncated, corrupt, or not an image ({encoded.size} bytes); '
                         "restore or remove the file, or let the dataset leave it out with on_error='skip'")
    return image


def image_size(path):
    """(width, height) of the upright image, from the file's header alone.

    Raises:
        FileNotFoundError: no such file.
        ImageError: the header is not that of an image.
    """
    from PIL import Image  # only where it is needed: importing it costs more than the rest of this module
    try:
        with Image.open(path) as image:
            width, height = image.size
            turned = image.getexif().get(EXIF_ORIENTATION, 1) >= 5
    except FileNotFoundError:
        raise FileNotFoundError(f'image {path} does not exist') from None
    except Exception as error:  # every decoder behind PIL has its own
        raise ImageError(f'image {path} has no readable header: {error}; restore or remove the file, or let the '
                         "dataset leave it out with on_error='skip'") from error
    return (height, width) if turned else (width, height)


def resize(image, width, height, interpolation='bicubic'):
    """Resize uint8 (H, W, C) without aliasing.

    OpenCV's own bilinear and bicubic ignore pixels when they shrink. So shrinking by 2 or more begins with a mean over
    whole pixels, and what is left is smoothed by three taps (a, 1 - 2a, a) a direction with a = .12 (s^2 - 1), s = the
    shrinking: this brings the result near to PIL's (published recipes are PIL's), at about a fifth of its time.
    """
    shrink_x, shrink_y = image.shape[1] / width, image.shape[0] / height
    whole = int(min(shrink_x, shrink_y))
    if interpolation != 'area' and whole >= 2:
        # What does not fill a whole mean, less than a new pixel, is left out evenly at both sides.
        top, left = image.shape[0] % whole // 2, image.shape[1] % whole // 2
        image = image[top:top + image.shape[0] // whole * whole, left:left + image.shape[1] // whole * whole]
        image = cv2.resize(image, (image.shape[1] // whole, image.shape[0] // whole), interpolation=cv2.INTER_AREA)
        shrink_x, shrink_y = image.shape[1] / width, image.shape[0] / height
    if interpolation != 'area' and max(shrink_x, shrink_y) > 1.05:
        image = cv2.sepFilter2D(image, -1, _taps(shrink_x), _taps(shrink_y))
    if image.shape[:2] == (height, width):
        return image
    return cv2.resize(image, (width, height), interpolation=INTERPOLATIONS[interpolation])


def _taps(shrink):
    outer = min(max(0.12 * (shrink**2 - 1), 0), 0.25)
    return np.array([outer, 1 - 2 * outer, outer], dtype=np.float32)


def to_tensor(image):
    """uint8 (H, W, 3) array to a contiguous uint8 (3, H, W) tensor of its own memory."""
    planes = np.empty((3, *image.shape[:2]), dtype=np.uint8)
    cv2.split(image, list(planes))  # writes into the planes; some ten times faster than transposing with numpy
    return torch.from_numpy(planes)


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


def lossless_reduction(shrink):
    """The largest JPEG reduction (8, 4, 2 or 1) not above ``shrink``, the factor everything is shrunk by anyway."""
    return next((reduction for reduction in (8, 4, 2) if shrink >= reduction), 1)


def limit_worker_threads():
    """In a DataLoader worker, keep OpenCV to the worker's own thread: more would compete with the other workers."""
    if get_worker_info() is not None and cv2.getNumThreads() > 1:
        cv2.setNumThreads(0)


def decode_images(paths, fit, on_error='raise'):
    """Decode many files to one tensor, on all processors, logging progress when it takes long.

    Args:
        paths: N files.
        fit: called as ``fit(image, path)`` with uint8 (H, W, 3) RGB; returns the same of the final size.
        on_error: ``'raise'`` stops at the first file that cannot be decoded, ``'skip'`` leaves such files out.

    Returns:
        tuple: uint8 tensor (M, 3, H, W), and the list of the M positions in ``paths`` that were decoded.
    """
    def decode(position):
        try:
            return position, to_tensor(fit(read_image(paths[position]), paths[position]))
        except (ImageError, OSError):
            if on_error != 'skip':
                raise
            return position, None

    images, kept = None, []
    started = reported = time.monotonic()
    threads = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
    with ThreadPoolExecutor(threads) as pool:
        # In portions, so that an error stops the work and waiting results do not pile up.
        for start in range(0, len(paths), 1024):
            for position, image in pool.map(decode, range(start, min(start + 1024, len(paths)))):
                if image is None:
                    continue
                if images is None:
                    images = torch.empty((len(paths), *image.shape), dtype=torch.uint8)
                images[len(kept)] = image
                kept.append(position)
            now, done = time.monotonic(), min(start + 1024, len(paths))
            if now - reported > PROGRESS_SECONDS:
                reported = now
                left = (now - started) / done * (len(paths) - done)
                print_log(f'decoded {done} of {len(paths)} images, about {left:.0f} s left', logger='current')
    if images is None:
        raise ImageError(f'none of {len(paths)} images can be decoded; the first is {paths[0] if paths else None}')
    return images[:len(kept)], kept


class _Transform:
    """Interpolation by name, and where the picture comes from."""

    def __init__(self, interpolation):
        if interpolation not in INTERPOLATIONS:
            raise ValueError(f'interpolation={interpolation!r} is unknown; choose one of {", ".join(INTERPOLATIONS)}')
        self.interpolation = interpolation

    @staticmethod
    def _size(results):
        """(width, height) where knowing it before decoding can save time, else None."""
        if 'image' not in results and Path(results['path']).suffix.lower() in JPEG_EXTENSIONS:
            return image_size(results['path'])
        return None

    @staticmethod
    def _image(results, reduction=1):
        return results['image'] if 'image' in results else read_image(results['path'], reduction)


@TRANSFORMS.register_module()
class RandomCrops(_Transform):
    """Decode once and cut V random resized, randomly flipped crops; ``inputs`` = list of V uint8 (3, size, size).

    A JPEG is decoded at 1/2, 1/4 or 1/8 of its size when every crop would be shrunk by as much anyway.

    Args:
        num_views: number of crops.
        size: side of the crops in pixels.
        scale: least and largest area of a crop, as shares of the image's; within (0, 1].
        ratio: least and largest width / height.
        flip_prob: probability of a horizontal flip.
        interpolation: ``'bicubic'``, ``'bilinear'`` or ``'area'``.
        crops: for crops of several kinds (multi-crop), a list of dict(num, size, scale), any of them left out taken
            from the arguments above; views are numbered through in this order. None = one kind.

    Raises:
        ValueError: a setting out of range.
    """

    def __init__(self, num_views=2, size=224, scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3), flip_prob=0.5,
                 interpolation='bicubic', crops=None):
        super().__init__(interpolation)
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
                                 'more, and scale two shares of the area with 0 < least <= largest <= 1')
        if len(self.ratio) != 2 or not 0 < self.ratio[0] <= self.ratio[1]:
            raise ValueError(f'RandomCrops: ratio={ratio} is impossible; it needs 0 < least <= largest')
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
        size = self._size(results)
        if size is None:
            image = self._image(results)
            size = image.shape[1], image.shape[0]
            boxes = self.boxes(*size, draws)
        else:
            boxes = self.boxes(*size, draws)
            shrink = min(min(box[2:]) / view[0] for box, view in zip(boxes, self.views, strict=True))
            image = self._image(results, lossless_reduction(shrink))
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
class ResizeCenterCrop(_Transform):
    """Resize so that the short side is ``resize``, then cut the central ``crop`` x ``crop``; the usual test input.

    ``inputs`` = uint8 (3, crop, crop).

    Raises:
        ValueError: ``crop`` larger than ``resize``.
    """

    def __init__(self, resize=256, crop=224, interpolation='bicubic'):
        super().__init__(interpolation)
        if not 1 <= crop <= resize:
            raise ValueError(f'ResizeCenterCrop: a crop of {crop} does not fit a short side of {resize}; '
                             'choose 1 <= crop <= resize')
        self.resize = resize
        self.crop = crop

    def place(self, results):
        """Where the crop lies, (x, y) in [0, 1]."""
        return 0.5, 0.5

    def __call__(self, results):
        size = self._size(results)
        image = self._image(results, 1 if size is None else lossless_reduction(min(size) / self.resize))
        results['inputs'] = to_tensor(self.cut(image, size, self.place(results)))
        return results

    def cut(self, image, size, place):
        return resize_center_crop(image, self.resize, self.crop, self.interpolation, size, place)


def resize_center_crop(image, short, crop, interpolation='bicubic', size=None, place=(0.5, 0.5)):
    """uint8 (H, W, C) resized to a short side of ``short`` and cropped to its centre, (crop, crop, C).

    ``place`` puts the crop elsewhere: 0 left or top, 1 right or bottom. ``size`` is the
    (width, height) that counts, if ``image`` was decoded at reduced size; None = the image's own.
    """
    width, height = size or (image.shape[1], image.shape[0])
    # The long side is rounded down, like everybody's Resize(256); at least the crop, for extreme shapes.
    new_width = short if width <= height else int(short * width / height)
    new_height = short if height <= width else int(short * height / width)
    image = resize(image, new_width, new_height, interpolation)
    left, top = round((new_width - crop) * place[0]), round((new_height - crop) * place[1])
    return image[top:top + crop, left:left + crop]


@TRANSFORMS.register_module()
class ResizeRandomCrop(ResizeCenterCrop):
    """As :class:`ResizeCenterCrop`, but the crop lies at a random place, drawn from (seed, epoch, index).

    Args:
        resize, crop, interpolation: see :class:`ResizeCenterCrop`.
        square: only within the central square of the resized image.
    """

    def __init__(self, resize=256, crop=224, interpolation='bicubic', square=False):
        super().__init__(resize, crop, interpolation)
        self.square = square

    def place(self, results):
        seed = [results.get(key, 0) for key in ('seed', 'epoch', 'index')]
        return np.random.default_rng(seed).random(2)

    def cut(self, image, size, place):
        if self.square:
            image, size = resize_center_crop(image, self.resize, self.resize, self.interpolation, size), None
        return super().cut(image, size, place)


@TRANSFORMS.register_module()
class ResizeSquash(_Transform):
    """Resize the whole image to ``size`` x ``size``, whatever its shape; ``inputs`` = uint8 (3, size, size)."""

    def __init__(self, size=224, interpolation='bicubic'):
        super().__init__(interpolation)
        if size < 1:
            raise ValueError(f'ResizeSquash: size={size} is impossible; it must be 1 or more')
        self.size = size

    def __call__(self, results):
        size = self._size(results)
        image = self._image(results, 1 if size is None else lossless_reduction(min(size) / self.size))
        results['inputs'] = to_tensor(resize(image, self.size, self.size, self.interpolation))
        return results
