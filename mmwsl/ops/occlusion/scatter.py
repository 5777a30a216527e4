"""Scenes composed of cut-out objects: random positions, random order, and what is seen of each."""

from collections.abc import Sequence

import numpy as np

from .order import mask_boxes

Piece = tuple[np.ndarray, np.ndarray]  # pixels (h, w, 3) uint8 and where they are the object's, (h, w) bool


def cut_pieces(contents: np.ndarray, shapes: np.ndarray) -> list[Piece]:
    """Objects cut out along their boxes; one of which nothing is there has no pixels.

    Args:
        contents: (N, H, W, 3) uint8, or one picture of all objects (H, W, 3).
        shapes: bool (N, H, W).
    """
    contents = np.broadcast_to(contents, (*shapes.shape, 3))
    return [(content[y1:y2, x1:x2].copy(), shape[y1:y2, x1:x2].copy())
            for content, shape, (x1, y1, x2, y2) in zip(contents, shapes, mask_boxes(shapes), strict=True)]


def scatter_pieces(background: np.ndarray, pieces: Sequence[Piece], rng: np.random.Generator
                   ) -> tuple[np.ndarray, np.ndarray]:
    """Put objects on a background, each in front of those before it.

    An object lies anywhere within the picture; along an axis on which it is longer than the picture it is cut off at
    random.

    Args:
        background: (H, W, 3) uint8.
        pieces: from back to front.
        rng: draws the positions.

    Returns:
        tuple: the picture (H, W, 3) uint8, and what is seen of each object, bool (N, H, W).
    """
    picture, height, width = background.copy(), *background.shape[:2]
    seen = np.zeros((len(pieces), height, width), dtype=bool)
    for number, (pixels, shape) in enumerate(pieces):
        window, part = [], []
        for length, room in zip(shape.shape, (height, width), strict=True):
            corner = int(rng.integers(min(0, room - length), max(0, room - length) + 1))
            window.append(slice(max(corner, 0), min(corner + length, room)))
            part.append(slice(window[-1].start - corner, window[-1].stop - corner))
        within = shape[tuple(part)]
        rows, columns = window
        seen[:number, rows, columns] &= ~within
        seen[number, rows, columns] = within
        picture[tuple(window)][within] = pixels[tuple(part)][within]
    return picture, seen
