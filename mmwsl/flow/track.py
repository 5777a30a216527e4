"""Boxes followed through the frames of a clip."""

from collections.abc import Sequence

import cv2
import numpy as np

TRACKERS = ('lucas_kanade', 'mil')
LEAST_POINTS = 4  # fewer that agree, and the track is lost
BACK_AND_FORTH = 1.0  # pixels: a point that returns farther from where it came is not followed


def track_box(frames: Sequence[np.ndarray], box: np.ndarray, method: str = 'lucas_kanade') -> np.ndarray | None:
    """Boxes of all frames of what ``box`` shows in the first, float32 (T, 4); None where it gets lost.

    ``'lucas_kanade'``: corners in the box are followed from frame to frame and back by pyramids; the box moves by the
    median of those that return, and grows by the median ratio of their distances. ``'mil'``: OpenCV's tracker by
    multiple-instance learning, slower, for what has no corners.

    Args:
        frames: uint8 (H, W, 3) RGB, of one size.
        box: (4,) left, top, right, bottom in pixels.
        method: see above.

    Raises:
        ValueError: an unknown method, or an empty box.
    """
    if method not in TRACKERS:
        raise ValueError(f'method={method!r} is unknown; choose one of {", ".join(TRACKERS)}')
    box = np.asarray(box, np.float32)
    if box[2] - box[0] < 2 or box[3] - box[1] < 2:
        raise ValueError(f'box {box.tolist()} is smaller than 2 x 2 pixels; nothing can be followed in it')
    boxes = _by_points(frames, box) if method == 'lucas_kanade' else _by_instances(frames, box)
    return None if boxes is None else np.stack(boxes).astype(np.float32)


def _by_points(frames: Sequence[np.ndarray], box: np.ndarray) -> list[np.ndarray] | None:
    boxes, gray = [box], cv2.cvtColor(frames[0], cv2.COLOR_RGB2GRAY)
    for frame in frames[1:]:
        following = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        inside = np.zeros_like(gray)
        left, top, right, bottom = np.rint(boxes[-1]).astype(int).clip(0)
        inside[top:bottom, left:right] = 1
        points = cv2.goodFeaturesToTrack(gray, 40, 0.01, 2, mask=inside)
        if points is None or len(points) < LEAST_POINTS:
            return None
        moved = _follow(gray, following, points)
        back = _follow(following, gray, moved)
        kept = np.linalg.norm(back - points, axis=-1)[:, 0] < BACK_AND_FORTH
        if kept.sum() < LEAST_POINTS:
            return None
        points, moved = points[kept, 0], moved[kept, 0]
        boxes.append(_moved(boxes[-1], points, moved))
        center = (boxes[-1][:2] + boxes[-1][2:]) / 2
        if not (0 <= center[0] < frame.shape[1] and 0 <= center[1] < frame.shape[0]):
            return None
        gray = following
    return boxes


def _follow(gray: np.ndarray, following: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Where points (N, 1, 2) of an image are in the next, by pyramidal Lucas-Kanade."""
    return np.asarray(cv2.calcOpticalFlowPyrLK(gray, following, points, points.copy(), winSize=(9, 9), maxLevel=3)[0])


def _moved(box: np.ndarray, points: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """The box after points (N, 2) in it came to ``moved`` (N, 2)."""
    first, second = np.triu_indices(len(points), 1)
    before, after = (np.linalg.norm(each[first] - each[second], axis=1) for each in (points, moved))
    grown = float(np.median(after[before > 1] / before[before > 1])) if (before > 1).any() else 1.0
    shift = np.median(moved - points, axis=0)
    middle, half = (box[:2] + box[2:]) / 2 + shift, (box[2:] - box[:2]) / 2 * grown
    return np.concatenate([middle - half, middle + half])


def _by_instances(frames: Sequence[np.ndarray], box: np.ndarray) -> list[np.ndarray] | None:
    tracker = cv2.TrackerMIL_create()  # type: ignore[attr-defined]  # OpenCV's hints do not know it
    left, top, right, bottom = (int(each) for each in np.rint(box))
    tracker.init(np.ascontiguousarray(frames[0]), (left, top, right - left, bottom - top))
    boxes = [box]
    for frame in frames[1:]:
        found, (x, y, width, height) = tracker.update(np.ascontiguousarray(frame))
        if not found:
            return None
        boxes.append(np.array([x, y, x + width, y + height], np.float32))
    return boxes
