"""Objects cut out of pictures by clicks, and how good the masks are against the number of clicks."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from mmwsl.apis.motion.frames import check_picture, write_image
from mmwsl.apis.motion.guided import THRESHOLD, GuidedMotion, check_threshold
from mmwsl.datasets.transforms.decode import read_image
from mmwsl.files import check_writable, write_atomically


def cut_out(image: Path | str, positive: Sequence[Sequence[float]], out: Path | str,
            config: Path | str, checkpoint: Path | str,
            negative: Sequence[Sequence[float]] = (), size: int | None = None, threshold: float = THRESHOLD,
            device: str | None = None, strip: Path | str | None = None) -> Path:
    """Cut out of a picture what moves with clicked points, and write the mask as a PNG: 255 = it, 0 = not.

    Args:
        image: the file.
        out: ``.png``.
        strip: also write a picture here, ``.png`` or ``.jpg``: see :func:`draw_clicks`.
        others: see :class:`GuidedMotion` and :meth:`GuidedMotion.cut_out`.

    Returns:
        Path of the mask.

    Raises:
        ValueError: other endings, an impossible threshold, no positive point, or another network.
        FileNotFoundError, ImageError: the image cannot be read.
        OSError: ``out`` cannot be written.
    """
    out = check_writable(out)
    if out.suffix.lower() != '.png':
        raise ValueError(f'{out}: a mask is a .png, which keeps its values')
    check_threshold(threshold)
    check_picture(strip)
    picture = read_image(image)
    shares = GuidedMotion(config, checkpoint, size, device).moves_with(picture, positive, negative)
    write_atomically(out, cv2.imencode('.png', 255 * (shares > threshold).astype(np.uint8))[1].tobytes())
    if strip is not None:
        write_image(Path(strip), draw_clicks(picture, positive, negative, shares, threshold))
    return out


def draw_clicks(image: np.ndarray, positive: Sequence[Sequence[float]], negative: Sequence[Sequence[float]],
                shares: np.ndarray, threshold: float = THRESHOLD) -> np.ndarray:
    """Side by side: the image with its clicks, red or (negative) blue; what moves with them, brighter if more; the cut.

    Args:
        image: uint8 (H, W, 3) RGB.
        positive, negative: points x, y in pixels.
        shares: float (H, W), see :meth:`GuidedMotion.moves_with`.
        threshold: of them.

    Returns:
        uint8 (H, 3 W, 3) RGB.
    """
    clicked, radius = image.copy(), max(1, min(image.shape[:2]) // 60)
    for points, color in ((positive, (255, 0, 0)), (negative, (0, 0, 255))):
        for x, y in np.asarray(points, float).reshape(-1, 2).round().astype(int).tolist():
            cv2.circle(clicked, (x, y), radius, color, -1)
    moving = np.repeat((255 * shares.clip(0, 1)).round().astype(np.uint8)[..., None], 3, axis=2)
    cut = np.where((shares > threshold)[..., None], image, image // 4 + 180)
    return np.concatenate([clicked, moving, cut.astype(np.uint8)], axis=1)


def next_click(mask: np.ndarray, truth: np.ndarray) -> tuple[tuple[int, int], bool] | None:
    """Where a user would click next: the middle of the largest wrong region, and whether it was missed.

    Args:
        mask: bool (H, W), what is cut out so far.
        truth: bool (H, W).

    Returns:
        ((x, y), True if the point is to be added, False if to be taken away), or None where nothing is wrong.
    """
    wrong = mask != truth
    count, regions, statistics, _ = cv2.connectedComponentsWithStats(wrong.astype(np.uint8), connectivity=4)
    if count == 1:
        return None
    region = regions == 1 + int(statistics[1:, cv2.CC_STAT_AREA].argmax())
    distance = cv2.distanceTransform(np.pad(region, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(int(distance.argmax()), distance.shape)
    return (int(x), int(y)), bool(truth[y, x])


def iou_of_clicks(network: GuidedMotion, image: np.ndarray, truth: np.ndarray, clicks: int = 5,
                  threshold: float = THRESHOLD) -> list[float]:
    """IoU of the mask with the truth after 1, 2, ... clicks of a user who corrects the largest fault each time.

    Args:
        network: see above.
        image: uint8 (H, W, 3) RGB.
        truth: bool (H, W), not empty.
        clicks: how many.
        threshold: see :meth:`GuidedMotion.cut_out`.

    Returns:
        list: of ``clicks`` numbers in [0, 1]; where nothing is left to correct the last one goes on.
    """
    mask, values = np.zeros(truth.shape, bool), []
    points: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
    for _ in range(clicks):
        found = next_click(mask, truth)
        if found is not None:
            points[found[1]].append(found[0])
            mask = network.cut_out(image, points[True], points[False], threshold)
        values.append(float((mask & truth).sum() / (mask | truth).sum()))
    return values
