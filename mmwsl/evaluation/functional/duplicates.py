"""Near-duplicates: the same picture in another file, by features and a second look at small grey pictures."""

import cv2
import numpy as np

SIDE = 16  # of the pictures of the second look: what re-encoding and resizing leaves alone
FIFTH = 4
CORRELATION, DETAIL = 0.96, 0.8
FLAT = 4.  # standard deviation in grey levels below which a picture has nothing to correlate
ASPECT = 1.06  # most that the shapes of two copies may differ


def distance_threshold(similarities: np.ndarray) -> float:
    """Cosine distance up to which a pair is worth a second look: the median of that to the fifth neighbor.

    It follows from the network's own distances, however near to each other it puts all photos. Not the first neighbor:
    where most photos have a copy, that is the copy.

    Args:
        similarities: (N, k) of each photo's neighbors, nearest first.
    """
    return float(np.median(1 - similarities[:, min(FIFTH, similarities.shape[1] - 1)]))


def near_duplicates(neighbors: np.ndarray, similarities: np.ndarray, thumbnails: np.ndarray,
                    aspects: np.ndarray | None = None) -> np.ndarray:
    """Pairs of photos that are one picture: near in features, and alike in a second look.

    Args:
        neighbors: (N, k) of each photo the nearest others.
        similarities: (N, k) cosine.
        thumbnails: (N, S, S, 3) or (N, S, S) uint8: the whole photos, squashed.
        aspects: (N,) width / height of the photos; None = not compared.

    Returns:
        (M, 2) int64, the smaller number first, sorted.
    """
    if neighbors.shape[1] == 0:
        return np.empty((0, 2), dtype=np.int64)
    row, column = np.nonzero(1 - similarities <= distance_threshold(similarities))
    pairs = np.stack([row, neighbors[row, column]], axis=1)
    pairs = np.unique(np.sort(pairs, axis=1), axis=0).astype(np.int64)
    if aspects is not None:
        ratio = np.log(aspects[pairs[:, 0]] / aspects[pairs[:, 1]])
        pairs = pairs[np.abs(ratio) <= np.log(ASPECT)]
    return pairs[look_alike(thumbnails, pairs)]


def look_alike(thumbnails: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Whether the two pictures of each pair are the same: (M,) bool.

    Small grey pictures must correlate, and so must their detail (what is left when a blurred picture is taken away):
    photos of one scene have the first in common, not the second. Pictures without contrast must have the same levels.

    Args:
        thumbnails: (N, S, S, 3) or (N, S, S) uint8.
        pairs: (M, 2).
    """
    if not len(pairs):
        return np.zeros(0, dtype=bool)
    used, position = np.unique(pairs, return_inverse=True)
    position = position.reshape(pairs.shape)
    small = np.stack([_grey(thumbnails[number]) for number in used.tolist()])
    detail = small - np.stack([cv2.GaussianBlur(picture, (0, 0), 1.5) for picture in small])
    first, second = position[:, 0], position[:, 1]
    flat = np.maximum(small.std((1, 2))[first], small.std((1, 2))[second]) < FLAT
    level = np.abs(small[first] - small[second]).mean((1, 2)) < FLAT / 2
    same = (_correlation(small[first], small[second]) > CORRELATION) \
        & (_correlation(detail[first], detail[second]) > DETAIL)
    return np.where(flat, level, same)


def _grey(picture: np.ndarray) -> np.ndarray:
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)


def _correlation(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    first, second = (each - each.mean((1, 2), keepdims=True) for each in (first, second))
    lengths = np.sqrt((first**2).sum((1, 2)) * (second**2).sum((1, 2)))
    return (first * second).sum((1, 2)) / np.maximum(lengths, 1e-6)
