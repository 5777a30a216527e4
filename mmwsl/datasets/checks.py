"""Whether an image and what is annotated on it fit each other."""

import numpy as np

from mmwsl.datasets.transforms.decode import ImageError, image_header

TOLERANCE = 1.0  # pixels by which a box may reach beyond its image: exporters round


class AnnotationError(ImageError):
    """An annotation that cannot be used, or does not fit its image; left out by ``on_error='skip'``."""


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
                              f'order{place}')
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
                                  f'{other[1]}; restore the file of that size, or bring the annotation to the image')
    return upright, size
