"""The object in a box by GrabCut (Rother et al. 2004), once or by a vote (Khoreva et al. 2017)."""

import cv2
import numpy as np

MARGIN = 0.5  # of a box's sides: so much of the photo around it tells what the background looks like
MIN_SHARE = 0.1  # of a box: a smaller object is none, and the box stands for it
ALWAYS, NEVER = 0.7, 0.2  # shares of the votes of a pixel that is object, and of one that is not


def grab_cut(image, box, iterations=3, seed=0):
    """Pixels of the object in a box.

    Args:
        image: uint8 (H, W, 3), RGB.
        box: x1, y1, x2, y2 in pixels; the last two exclusive.
        iterations: of GrabCut.
        seed: of its k-means.

    Returns:
        bool (H, W), False outside the box. It is the whole box where GrabCut finds less than a tenth of it, or where no
        background is left around it.
    """
    height, width = image.shape[:2]
    left, top, right, bottom = _whole(box, width, height)
    inside = np.zeros((height, width), dtype=bool)
    inside[top:bottom, left:right] = True
    x, y = round((right - left) * MARGIN), round((bottom - top) * MARGIN)
    rows, columns = slice(max(top - y, 0), bottom + y), slice(max(left - x, 0), right + x)
    # OpenCV's own numbers: its colors are in any order, and its masks are written in place
    mask = np.where(inside[rows, columns], cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
    if (mask == cv2.GC_PR_FGD).all() or (mask == cv2.GC_BGD).all():
        return inside
    cv2.setRNGSeed(seed)
    try:
        cv2.grabCut(np.ascontiguousarray(image[rows, columns]), mask, None, np.zeros((1, 65)), np.zeros((1, 65)),
                    iterations, cv2.GC_INIT_WITH_MASK)
    except cv2.error:  # fewer pixels than colors to tell apart
        return inside
    found = np.zeros_like(inside)
    found[rows, columns] = (mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)
    found &= inside
    return found if found.sum() >= MIN_SHARE * inside.sum() else inside


def vote_foreground(image, box, votes=1, jitter=0.1, iterations=3, seed=0):
    """The object in a box by several GrabCuts of boxes that are a little moved.

    Args:
        image, box, iterations: see :func:`grab_cut`.
        votes: number of them; the first is of the box itself.
        jitter: of the others' edges, as a share of the box's sides each way.
        seed: of the movements.

    Returns:
        tuple: two bool (H, W) within the box: what is object (by 0.7 of the votes or more), and what may be (by more
        than 0.2, but not by so many).
    """
    rng = np.random.default_rng(seed)
    box = np.asarray(box, dtype=np.float64)
    sides = np.tile(box[2:] - box[:2], 2)
    total = np.zeros(image.shape[:2])
    for number in range(votes):
        moved = box if number == 0 else box + rng.uniform(-jitter, jitter, 4) * sides
        total += grab_cut(image, moved, iterations, seed)
    left, top, right, bottom = _whole(box, *image.shape[1::-1])
    inside = np.zeros(total.shape, dtype=bool)
    inside[top:bottom, left:right] = True
    share = total / votes
    return (share >= ALWAYS) & inside, (share > NEVER) & (share < ALWAYS) & inside


def _whole(box, width, height):
    """The pixels that a box covers by at least a half of each, one at least: left, top, right, bottom."""
    left, top = (min(max(round(float(low)), 0), side - 1) for low, side in zip(box[:2], (width, height), strict=True))
    right, bottom = (min(max(round(float(high)), low + 1), side)
                     for high, low, side in zip(box[2:], (left, top), (width, height), strict=True))
    return left, top, right, bottom
