"""Temporal localization: segments of a score over time, and their average precision."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

Segment = tuple[Any, float, float]  # video, start, end


def segments_from_scores(values: ArrayLike, threshold: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Segments where a temporal map lies above ``threshold`` times its maximum.

    Args:
        values: (T,), a class's score at each step.
        threshold: a share of the maximum; Hide-and-Seek's is 0.5.

    Returns:
        tuple: segments int64 (K, 2), first step and the one after the last; scores (K,), the mean within each. None if
        nothing is above 0.

    Raises:
        ValueError: another shape, or a value that is not finite.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise ValueError(f'a temporal map must be (T,) with finite values and at least one step; got {values.shape}')
    above = (values > threshold * values.max()) & (values.max() > 0)
    edges = np.flatnonzero(np.diff(above.astype(np.int8), prepend=0, append=0))
    segments = edges.reshape(-1, 2)
    return segments, np.array([values[start:end].mean() for start, end in segments])


def segment_overlap(segments: ArrayLike, others: ArrayLike) -> np.ndarray:
    """IoU (N, M) of segments (start, end) on one line."""
    segments = np.asarray(segments, dtype=np.float64).reshape(-1, 1, 2)
    others = np.asarray(others, dtype=np.float64).reshape(1, -1, 2)
    shared = np.minimum(segments[..., 1], others[..., 1]) - np.maximum(segments[..., 0], others[..., 0])
    shared = shared.clip(min=0)
    lengths = [each[..., 1] - each[..., 0] for each in (segments, others)]
    return shared / np.maximum(lengths[0] + lengths[1] - shared, np.finfo(np.float64).tiny)


def temporal_average_precision(detections: Iterable[tuple[Any, float, float, float]], truths: Sequence[Segment],
                               iou: float = 0.5, ignored: Sequence[Segment] = ()) -> float:
    """Average precision of one class over videos: the mean, over true segments, of the precision at each hit.

    Detections are matched by falling score, each to the free true segment of its video that it overlaps most; an IoU
    must lie strictly above ``iou``, and a second detection of a true segment is wrong. Equal scores are one threshold,
    with one precision, so that the order of the videos says nothing; the development kit of THUMOS14 ranks them as it
    collected them, all hits before all misses, which flatters maps that say nothing.

    Args:
        detections: list of (video, start, end, score).
        truths: list of (video, start, end).
        iou: the threshold.
        ignored: list of (video, start, end), THUMOS14's ambiguous segments: a detection that hits no true segment and
            overlaps one of these is left out.

    Returns:
        float: in [0, 1]; NaN without true segments.
    """
    if not truths:
        return float('nan')
    by_video: dict[Any, list[tuple[float, float]]] = {}
    unclear: dict[Any, list[tuple[float, float]]] = {}
    for groups, segments in ((by_video, truths), (unclear, ignored)):
        for video, start, end in segments:
            groups.setdefault(video, []).append((start, end))
    free = {video: np.ones(len(each), dtype=bool) for video, each in by_video.items()}
    hits, ranked = [], []
    for video, start, end, score in sorted(detections, key=lambda each: (-each[3], each[1], each[2])):
        hit = False
        if video in by_video:
            overlaps = np.where(free[video], segment_overlap([(start, end)], by_video[video])[0], 0)
            best = int(overlaps.argmax())
            if overlaps[best] > iou:
                hit, free[video][best] = True, False
        if hit or not segment_overlap([(start, end)], unclear.get(video, ())).any():
            hits.append(hit)
            ranked.append(score)
    if not any(hits):
        return 0.0
    last = np.flatnonzero(np.append(np.diff(ranked) != 0, True))  # of each threshold
    found = np.cumsum(hits)[last]
    return float((np.diff(found, prepend=0) * found / (last + 1)).sum() / len(truths))
