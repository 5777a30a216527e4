"""Points and scribbles drawn from masks, as an annotator might set them: pure functions of arrays and a generator."""

import cv2
import numpy as np

UNLABELLED = 255


def draw_points(masks, labels, rng):
    """One random pixel of every object.

    Args:
        masks: (N, H, W) bool.
        labels: (N,) classes.
        rng: numpy generator.

    Returns:
        float32 (M, 3): x, y and class, in the order of the masks; x and y are whole. Empty masks have no point.
    """
    points = []
    for mask, label in zip(masks, labels, strict=True):
        pixels = np.flatnonzero(mask)
        if len(pixels):
            y, x = np.unravel_index(pixels[rng.integers(len(pixels))], mask.shape)
            points.append((x, y, label))
    return np.array(points, dtype=np.float32).reshape(-1, 3)


def draw_scribbles(masks, labels, rng, width=3, length=(0.5, 0.9), background=True):
    """A stroke along the middle of every object, and one of the background.

    Args:
        masks: (N, H, W) bool, visible parts.
        labels: (N,) classes.
        rng: numpy generator.
        width: of a stroke in pixels; it never leaves its object.
        length: smallest and largest share of the way through the object that a stroke takes.
        background: draw one where no object is.

    Returns:
        uint8 (H, W): class + 1 on the strokes of objects, 0 on that of the background, 255 elsewhere. Empty masks have
        no stroke.
    """
    masks = np.asarray(masks, dtype=bool)
    scribbles = np.full(masks.shape[1:], UNLABELLED, dtype=np.uint8)
    regions = list(zip(masks, labels, strict=True))
    if background:
        regions.append((~masks.any(axis=0), -1))
    for mask, label in regions:
        scribbles[draw_stroke(mask, rng, width, length)] = label + 1
    return scribbles


def draw_stroke(mask, rng, width=3, length=(0.5, 0.9)):
    """A smooth stroke inside the largest part of ``mask``, bool (H, W); empty if the mask is, else of 1 pixel or more.

    See :func:`middle_path` for its course and :func:`draw_scribbles` for the arguments.
    """
    path = middle_path(mask)
    if not len(path):
        return np.zeros(mask.shape, dtype=bool)
    count = max(int(round(rng.uniform(*length) * len(path))), 1)
    start = rng.integers(len(path) - count + 1)
    path = path[start:start + count]
    core = path[len(path) // 2]  # is drawn even if the smooth curve misses a thin object
    reach = min(2 + len(path) // 10, (len(path) - 1) // 2)
    if reach:
        padded = np.pad(path.astype(np.float64), ((reach, reach), (0, 0)), mode='edge')
        weights = np.ones(2 * reach + 1) / (2 * reach + 1)
        path = np.stack([np.convolve(column, weights, mode='valid') for column in padded.T], axis=1)
    canvas = np.zeros(mask.shape, dtype=np.uint8)
    cv2.polylines(canvas, [np.rint(path).astype(np.int32)], False, 1)
    canvas[core[1], core[0]] = 1
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    return (cv2.dilate(canvas, brush) > 0) & mask


def middle_path(mask):
    """A way along the middle of the largest part of a mask, from one far end to another.

    It is the cheapest path of pixels between two ends as far from each other as the part allows; a step costs less
    the further it is from the edge, which keeps it near the medial axis, and without its spurs.

    Returns:
        int64 (P, 2): x, y; none if the mask is empty.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import dijkstra
    mask = np.pad(np.asarray(mask, dtype=np.uint8), 1)
    count, parts, sizes, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count == 1:
        return np.zeros((0, 2), dtype=np.int64)
    mask = parts == 1 + sizes[1:, cv2.CC_STAT_AREA].argmax()
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    rows, columns = np.nonzero(mask)
    numbers = np.full(mask.shape, -1)
    numbers[rows, columns] = np.arange(len(rows))
    starts, ends, steps = [], [], []
    for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
        neighbor = numbers[rows + dy, columns + dx]
        own = np.flatnonzero(neighbor >= 0)
        starts.append(own)
        ends.append(neighbor[own])
        steps.append(np.full(len(own), np.hypot(dx, dy)))
    starts, ends, steps = map(np.concatenate, (starts, ends, steps))
    depths = depth[rows, columns]
    costs = steps / np.minimum(depths[starts], depths[ends]) ** 2

    def from_pixel(pixel, weights, paths=False):
        graph = coo_matrix((weights, (starts, ends)), shape=(len(rows),) * 2).tocsr()
        return dijkstra(graph, directed=False, indices=pixel, return_predecessors=paths)

    first = from_pixel(depths.argmax(), steps).argmax()
    last = from_pixel(first, steps).argmax()
    previous, path = from_pixel(first, costs, paths=True)[1], [last]
    while path[-1] != first:
        path.append(previous[path[-1]])
    return np.stack([columns[path], rows[path]], axis=1) - 1
