"""Class maps of which most pixels are unlabelled, made of points, scribbles or boxes."""

import cv2
import numpy as np

from mmwsl.datasets.scribbles import UNLABELLED, draw_points, draw_stroke
from mmwsl.datasets.weak_labels.grab_cut import vote_foreground

KINDS = ('points', 'scribbles', 'boxes', 'rectangles', 'full')
MIN_PIXELS = 8  # of a connected part of a class map that counts as an object


def points_map(points, shape, num_classes, void=None):
    """uint8 (H, W): class + 1 at points, or 0 at those of the background, 255 elsewhere.

    Args:
        points: (P, 3) x, y in pixels and class; -1 = background.
        shape: (H, W).
        num_classes: without the background.
        void: bool (H, W), pixels that have no class, or None.

    Raises:
        ValueError: a point outside of the image, of a class that is not there, on a void pixel, or on the pixel of one
            of another class.
    """
    made = np.full(shape, UNLABELLED, dtype=np.uint8)
    for number, (x, y, label) in enumerate(np.asarray(points, dtype=np.float64).reshape(-1, 3)):
        where = f'point {number} at {x:g}, {y:g}'
        if not np.isfinite([x, y, label]).all():
            raise ValueError(f'{where} of class {label:g}: these must be numbers; correct them, or leave the row out')
        column, row, value = int(np.floor(x)), int(np.floor(y)), int(label) + 1
        if not (0 <= row < shape[0] and 0 <= column < shape[1]):
            raise ValueError(f'{where} is outside of the image, {shape[1]} x {shape[0]} pixels; x and y count from 0')
        if not 0 <= value <= num_classes:
            raise ValueError(f'{where} has the class {int(label)}; there are 0 to {num_classes - 1}, and -1 = '
                             'background')
        if void is not None and void[row, column]:
            raise ValueError(f'{where} is on a void pixel, which has no class; move it into the object')
        if made[row, column] not in (UNLABELLED, value):
            raise ValueError(f'{where} has the class {int(label)}, and another point at the same pixel class '
                             f'{int(made[row, column]) - 1}; leave one of them out')
        made[row, column] = value
    return made


def boxes_map(image, boxes, labels, refine=True, votes=1, seed=0):
    """uint8 (H, W): class + 1 on what is object in the boxes, 0 outside of all, 255 where that is not decided.

    Where boxes overlap, the smaller one is in front.

    Args:
        image: uint8 (H, W, 3), RGB.
        boxes: (N, 4) in pixels.
        labels: (N,) classes.
        refine: by GrabCut, see :func:`vote_foreground`; False fills the whole boxes.
        votes, seed: of it.

    Raises:
        ValueError: a box that does not touch the image.
    """
    height, width = image.shape[:2]
    made = np.zeros((height, width), dtype=np.uint8)
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    outside = (boxes[:, :2] >= [width, height]).any(1) | (boxes[:, 2:] <= 0).any(1)
    if outside.any():
        number = int(outside.argmax())
        raise ValueError(f'box {number} ({", ".join(f"{value:g}" for value in boxes[number])}) is outside of the '
                         f'image, {width} x {height} pixels')
    order = np.argsort(-(boxes[:, 2:] - boxes[:, :2]).prod(axis=1), kind='stable')
    for number in order:
        if refine:
            found, unsure = vote_foreground(image, boxes[number], votes, seed=seed)
            made[unsure] = UNLABELLED
        else:
            left, top, right, bottom = np.rint(boxes[number]).astype(int).clip(0)
            found = (slice(top, bottom), slice(left, right))
        made[found] = labels[number] + 1
    return made


def fill_shares(class_map, boxes, labels):
    """(N,): the share of each box whose pixels have its class in ``class_map``."""
    shares = []
    for box, label in zip(np.rint(np.asarray(boxes)).astype(int).clip(0), labels, strict=True):
        part = class_map[box[1]:max(box[3], box[1] + 1), box[0]:max(box[2], box[0] + 1)]
        shares.append(float((part == label + 1).mean()) if part.size else 0.0)
    return np.array(shares, dtype=np.float32)


def objects_of(class_map):
    """Connected parts of a class map as objects, where nothing else says what an object is.

    Args:
        class_map: uint8 (H, W): 0 = background, class + 1, 255 = void.

    Returns:
        tuple: bool masks (N, H, W) and int64 classes (N,); parts of fewer than 8 pixels are left out.
    """
    masks, labels = [], []
    for value in np.unique(class_map[(class_map > 0) & (class_map != UNLABELLED)]).tolist():
        count, parts = cv2.connectedComponents((class_map == value).astype(np.uint8), connectivity=8)
        for part in range(1, count):
            if (parts == part).sum() >= MIN_PIXELS:
                masks.append(parts == part)
                labels.append(value - 1)
    return (np.stack(masks) if masks else np.zeros((0, *class_map.shape), dtype=bool),
            np.array(labels, dtype=np.int64))


def weak_map(kind, image, class_map, masks, labels, rng, votes=1):
    """What is left of a class map when an annotator only sets labels of a weaker kind.

    Args:
        kind: ``'points'``, one pixel of every object and of the background; ``'scribbles'``, one stroke of each;
            ``'boxes'``, the tight ones, see :func:`boxes_map`; ``'rectangles'``, the same without GrabCut; ``'full'``,
            all of it.
        image: uint8 (H, W, 3), RGB; for boxes.
        class_map: uint8 (H, W): 0 = background, class + 1, 255 = void, where no label is set.
        masks, labels: (N, H, W) and (N,) of the objects, visible parts.
        rng: numpy generator.
        votes: of GrabCut.

    Returns:
        uint8 (H, W), 255 = unlabelled.

    Raises:
        ValueError: an unknown kind.
    """
    if kind not in KINDS:
        raise ValueError(f'labels={kind!r} are unknown; choose one of {", ".join(KINDS)}')
    if kind == 'full':
        return class_map.copy()
    void = class_map == UNLABELLED
    background = class_map == 0
    if kind == 'points':
        points = draw_points(np.concatenate([masks, background[None]]), [*labels, -1], rng)
        return points_map(points, class_map.shape, 254, void)
    if kind == 'scribbles':
        made = np.full(class_map.shape, UNLABELLED, dtype=np.uint8)
        for mask, label in zip([*masks, background], [*labels, -1], strict=True):
            made[draw_stroke(mask, rng)] = label + 1
        return made
    visible, boxes = tight_boxes(masks)
    made = boxes_map(image, boxes, labels[visible], kind == 'boxes', votes, int(rng.integers(2**31)))
    made[void] = UNLABELLED
    return made


def tight_boxes(masks):
    """Numbers of the masks (N, H, W) that are not empty, and the tight boxes (M, 4) float32 around these."""
    visible = np.flatnonzero(masks.any((1, 2)))
    boxes = np.zeros((len(visible), 4), dtype=np.float32)
    for box, number in zip(boxes, visible, strict=True):
        rows, columns = np.flatnonzero(masks[number].any(1)), np.flatnonzero(masks[number].any(0))
        box[:] = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return visible, boxes
