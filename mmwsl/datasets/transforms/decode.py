"""Images from files: read, measure and decode them with OpenCV, resize them without aliasing, as tensors."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.logging import print_log
from torch.utils.data import get_worker_info

from mmwsl.datasets.transforms.pixels import read_special, special_format, tiff_tags

JPEG_EXTENSIONS = ('.jpg', '.jpeg', '.jpe', '.jfif')
EXTENSIONS = (*JPEG_EXTENSIONS, '.png', '.bmp', '.dib', '.webp', '.gif', '.tif', '.tiff', '.pbm', '.pgm', '.ppm',
              '.pnm')
EXIF_ORIENTATION = 0x0112
INTERPOLATIONS = dict(bicubic=cv2.INTER_CUBIC, bilinear=cv2.INTER_LINEAR, area=cv2.INTER_AREA)
# The flags that decode a JPEG to 1/r of its size, as colour.
REDUCTIONS = {1: cv2.IMREAD_COLOR, 2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4,
              8: cv2.IMREAD_REDUCED_COLOR_8}
# Newer OpenCV decodes straight to RGB: the bit that asks for BGR is exchanged for the one that asks for RGB.
_RGB_FLAG = getattr(cv2, 'IMREAD_COLOR_RGB', None)
PROGRESS_SECONDS = 10.0


class ImageError(ValueError):
    """A file that exists but cannot be read as an image; ``on_error='skip'`` leaves out these, and missing files."""


def read_image(path, reduction=1, upright=True, value_range=None):
    """Decode an image file to uint8 (H, W, 3) RGB, turned upright as its EXIF orientation says.

    Args:
        path: the file. What becomes of its pixels, a table in docs/datasets.md says: grey becomes three equal channels,
            alpha is left out, more bits become 8.
        reduction: 1, 2, 4 or 8: decode to about 1/reduction of width and height (rounded up), much faster for JPEG.
        upright: False leaves the pixels as they are stored, where annotations count in those.
        value_range: (black, white) of files of more than 8 bits, of signed ones and of floats; None = what the file
            says, else 0 and 65535, or with a warning 0 and 4095 if no value is above that.

    Raises:
        FileNotFoundError: no such file.
        ImageError: the file is empty, truncated, no image, or its values have no one meaning as a picture.
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
    kind = special_format(encoded)
    if kind is not None:
        return _read_special(encoded, kind, path, reduction, upright, value_range)
    flag = REDUCTIONS[reduction] | (0 if upright else cv2.IMREAD_IGNORE_ORIENTATION)
    try:
        if _RGB_FLAG is not None:
            image = cv2.imdecode(encoded, flag & ~cv2.IMREAD_COLOR | _RGB_FLAG)
        else:
            image = cv2.imdecode(encoded, flag)
            image = None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    except cv2.error as error:
        raise ImageError(f'image {path} cannot be decoded: {error}') from error
    return _decoded(image, path, encoded)


def _read_special(encoded, kind, path, reduction, upright, value_range):
    try:
        image = _decoded(read_special(encoded, kind, path, upright, value_range), path, encoded)
    except ImageError:
        raise
    except Exception as error:  # every decoder behind PIL has its own
        raise ImageError(f'image {path} cannot be decoded: {error}') from error
    height, width = image.shape[:2]
    size = -(-width // reduction), -(-height // reduction)
    return image if reduction == 1 else cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _decoded(image, path, encoded):
    if image is None:
        raise ImageError(f'image {path} cannot be decoded: truncated, corrupt, or not an image ({encoded.size} bytes); '
                         "restore or remove the file, or let the dataset leave it out with on_error='skip'")
    return image


def image_header(path):
    """(width, height) as stored and the EXIF orientation, 1 to 8, from the file's header alone.

    Another value than 1 to 8, or none, is 1; from 5 on the upright image has width and height exchanged.

    Raises:
        FileNotFoundError: no such file.
        ImageError: the header is not that of an image.
    """
    from PIL import Image  # only where it is needed: importing it costs more than the rest of this module
    try:
        with open(path, 'rb') as file:
            tags = tiff_tags(file)
            if tags is not None:  # PIL says the size of a TIFF as it will be when it is turned
                size, orientation = (tags[256], tags[257]), tags.get(EXIF_ORIENTATION, 1)
            else:
                file.seek(0)
                image, exif = Image.open(file), Image.Exif()
                # not getexif(), which decodes a PNG as a whole, and takes what OpenCV does not know from XMP
                exif.load(image.info.get('exif'))
                size, orientation = image.size, exif.get(EXIF_ORIENTATION, 1)
            return size, int(orientation) if orientation in range(1, 9) else 1
    except FileNotFoundError:
        raise FileNotFoundError(f'image {path} does not exist') from None
    except Exception as error:  # every decoder behind PIL has its own
        raise ImageError(f'image {path} has no readable header: {error}; restore or remove the file, or let the '
                         "dataset leave it out with on_error='skip'") from error


def image_size(path, upright=True):
    """(width, height) of the image, turned upright or as it is stored, from the file's header alone.

    Raises:
        FileNotFoundError, ImageError: see :func:`image_header`.
    """
    size, orientation = image_header(path)
    return size[::-1] if upright and orientation >= 5 else size


def load_image(results, reduction=1):
    """The picture that a pipeline works on: ``image`` if it is there, else the file ``path``, decoded.

    Args:
        results: dict of a pipeline; ``upright`` False leaves the pixels as they are stored; ``value_range`` may be
            there.
        reduction: see :func:`read_image`.
    """
    if 'image' in results:
        return results['image']
    return read_image(results['path'], reduction, results.get('upright', True), results.get('value_range'))


def jpeg_size(results):
    """(width, height) where knowing it before decoding can save time: of a JPEG yet to be decoded; else None.

    Args:
        results: dict of a pipeline, with ``path``, and ``image`` if it is decoded.
    """
    if 'image' not in results and Path(results['path']).suffix.lower() in JPEG_EXTENSIONS:
        return image_size(results['path'], results.get('upright', True))
    return None


def check_interpolation(name):
    """``name``, if it is one of :data:`INTERPOLATIONS`.

    Raises:
        ValueError: it is not.
    """
    if name not in INTERPOLATIONS:
        raise ValueError(f'interpolation={name!r} is unknown; choose one of {", ".join(INTERPOLATIONS)}')
    return name


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


def lossless_reduction(shrink):
    """The largest JPEG reduction (8, 4, 2 or 1) not above ``shrink``, the factor everything is shrunk by anyway."""
    return next((reduction for reduction in (8, 4, 2) if shrink >= reduction), 1)


def limit_worker_threads():
    """In a DataLoader worker, keep OpenCV to the worker's own thread: more would compete with the other workers."""
    if get_worker_info() is not None and cv2.getNumThreads() > 1:
        cv2.setNumThreads(0)


def decode_images(paths, fit, on_error='raise', value_range=None):
    """Decode many files to one tensor, on all processors, logging progress when it takes long.

    Args:
        paths: N files.
        fit: called as ``fit(image, path)`` with uint8 (H, W, 3) RGB; returns the same of the final size.
        on_error: ``'raise'`` stops at the first file that cannot be decoded, ``'skip'`` leaves such files out.
        value_range: see :func:`read_image`.

    Returns:
        tuple: uint8 tensor (M, 3, H, W), and the list of the M positions in ``paths`` that were decoded.
    """
    def decode(position):
        try:
            return position, to_tensor(fit(read_image(paths[position], value_range=value_range), paths[position]))
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
