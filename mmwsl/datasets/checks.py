"""Whether an image and what is annotated on it fit each other, and whether class maps hold classes."""

import math
import time

import numpy as np

from mmwsl.datasets.base import evenly_spaced
from mmwsl.datasets.transforms.decode import ImageError, image_header, load_image
from mmwsl.progress import progress_bar

VOID = 255  # value of class maps that is no class
QUICK_ITEMS, QUICK_SECONDS = 64, 5.0

TOLERANCE = 1.0  # pixels by which a box may reach beyond its image: exporters round


class AnnotationError(ImageError):
    """An annotation that cannot be used, or does not fit its image; left out by ``on_error='skip'``.

    ``kind`` says what is wrong: ``'boxes'``, ``'sizes'``, ``'class maps'`` or ``'masks'``.
    """

    def __init__(self, text, kind='annotations'):
        super().__init__(text)
        self.kind = kind


def fit_boxes(boxes, size, names):
    """Boxes that reach beyond their image by at most a pixel, clipped to it.

    Args:
        boxes: float32 (N, 4) of left, top, right, bottom in pixels.
        size: (width, height) of the image, or None where it is not known, which leaves the boxes as they are.
        names: N names or numbers of the objects, for messages.

    Raises:
        AnnotationError: a number that is not finite, a right or lower side before the left or upper one, or a box that
            reaches further out.
    """
    limits = np.float32([np.inf] * 4 if size is None else [*size, *size])
    bad = ~np.isfinite(boxes).all(axis=1) | (boxes[:, 2:] < boxes[:, :2]).any(axis=1)
    if size is not None:
        bad |= (boxes < -TOLERANCE).any(axis=1) | (boxes > limits + TOLERANCE).any(axis=1)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        values = ', '.join(f'{value:g}' for value in boxes[first])
        place = '' if size is None else f', inside the image of {size[0]} x {size[1]} pixels'
        raise AnnotationError(f'{bad.sum()} of {len(boxes)} boxes cannot be used, the first is that of object '
                              f'{names[first]}: left, top, right, bottom = {values}; they must be finite and in '
                              f'order{place}', kind='boxes')
    return boxes if size is None else boxes.clip(0, limits)


def frame(path, recorded, strict=True):
    """In which pixels the annotations of an image count.

    They are those that are stored, unless the recorded size equals only that of the image turned as EXIF says.

    Args:
        path: the image.
        recorded: pairs of a file and the (width, height) that it says the image has; may be empty.
        strict: another size is an error; False where only tags are seen, which other sizes do not harm.

    Returns:
        tuple: whether the image has to be turned upright, and its (width, height) then.

    Raises:
        FileNotFoundError, ImageError: see :func:`image_header`.
        AnnotationError: a file says another size.
    """
    stored, orientation = image_header(path)
    turned = stored[::-1] if orientation >= 5 else stored
    sizes = [tuple(size) for _, size in recorded]
    upright = bool(sizes) and sizes[0] != stored and sizes[0] == turned
    size = turned if upright else stored
    for file, other in recorded:
        if strict and tuple(other) != size:
            exif = f' ({turned[0]} x {turned[1]} turned upright as EXIF says)' if turned != stored else ''
            raise AnnotationError(f'{path} has {stored[0]} x {stored[1]} pixels{exif}, but {file} says {other[0]} x '
                                  f'{other[1]}; restore the file of that size, or bring the annotation to the image',
                                  kind='sizes')
    return upright, size


def text_of_values(counts, num_classes=None):
    """What class maps hold, and how that is mended: ``0 (62.5 %), 255 (37.5 %); ...``.

    Args:
        counts: pixels of each value.
        num_classes: number of classes, None if not known.
    """
    held = ', '.join(f'{value} ({100 * counts[value] / sum(counts):.3g} %)' for value in np.flatnonzero(counts))
    range_of = '0, 1, ...' if num_classes is None else f'0 to {num_classes - 1}'
    return (f'{held}; classes are {range_of}, and {VOID} is void. Where other values mean classes, map them by the '
            f'setting `values` of ClassMaps: values={{{VOID}: 1}} makes class 1 of {VOID}')


def inspect(dataset, positions, seconds=math.inf, decode=False):
    """Check items of a :class:`FileDataset`.

    Args:
        positions: of the items to look at.
        seconds: what is not looked at by then is left out.
        decode: decode every image, too, and not only its header.

    Returns:
        tuple: the errors, one an item at most; the number of items looked at; and the pixels of each value in their
        class maps, int64 (256,).
    """
    faults, seen, counts, end = [], 0, np.zeros(256, np.int64), time.monotonic() + seconds
    for position in positions:
        if time.monotonic() > end:
            break
        seen += 1
        try:
            class_map = dataset.check(position).get('class_map')
            if decode:
                load_image(dataset.describe(position))
        except (ImageError, OSError) as error:
            faults.append(error)
            continue
        if class_map is not None:
            counts += np.bincount(class_map.ravel(), minlength=256)
    return faults, seen, counts


def absent_classes(counts, num_classes=None):
    """Numbers of the classes that have no pixel, as far as the number of classes is known.

    Args:
        counts: pixels of each value, (256,).
    """
    return [] if num_classes is None else [number for number in range(num_classes) if not counts[number]]


def shows_one_class(counts, num_classes):
    """Whether class maps were seen in which at most one class has pixels, though there are several classes."""
    return bool(counts.any()) and num_classes != 1 and np.count_nonzero(counts[:min(num_classes or VOID, VOID)]) <= 1


def check_quickly(dataset, training, num_classes=None):
    """Check some items of a data set before work starts on it, for at most :data:`QUICK_SECONDS`.

    Where the class maps looked at lead to the suspicion that only one class has pixels, all of them are read before
    a training is stopped.

    Args:
        dataset: any; those that are not files, or are all in memory, are passed over.
        training: whether it is to be learned from.
        num_classes: classes of the network, for class maps of a data set that names none.

    Raises:
        ImageError: an image cannot be read or does not fit its annotations, unless it would be skipped.
        ValueError: no class but one has a pixel in the whole training set, a value is no class, or the network has
            another number of classes than the maps.
    """
    if not hasattr(dataset, 'check'):
        return
    name, of_maps = type(dataset).__name__, getattr(dataset, 'num_map_values', None)
    count = of_maps or num_classes
    faults, seen, counts = inspect(dataset, evenly_spaced(len(dataset), QUICK_ITEMS).tolist(), QUICK_SECONDS)
    if faults and dataset.on_error == 'raise':
        raise ImageError(f'{name}: {len(faults)} of {seen} items looked at cannot be used, the first: {faults[0]}')
    compared = of_maps and num_classes and getattr(dataset, 'maps_are_learned', True)
    if counts.any() and compared and of_maps != num_classes:
        raise ValueError(f'{name} has {of_maps} classes in its class maps, the head of the network {num_classes}; set '
                         'num_classes of the head')
    if count is not None and counts[count:VOID].any():
        raise ValueError(f'{name}: {seen} class maps hold the values {text_of_values(counts, count)}')
    if not training or not shows_one_class(counts, count):
        return
    _, seen, counts = inspect(dataset, progress_bar(range(len(dataset)), 'reading all class maps'))
    if shows_one_class(counts, count):
        raise ValueError(f'{name}: nothing can be learned from {seen} class maps in which one class at most has '
                         f'pixels; they hold the values {text_of_values(counts, count)}')
