"""What moves in a clip, by a vote of pieces that look alike in all of its frames (after Faktor and Irani 2014)."""

from collections.abc import Sequence

import cv2
import numpy as np

from mmwsl.flow.geometry import resize_flow
from mmwsl.flow.moving import motion_saliency
from mmwsl.flow.superpixels import piece_means, superpixels

FOREGROUND, BACKGROUND = 0.7, 0.4  # consensus above which a pixel is an object's, and below which it is not


def border_saliency(flow: np.ndarray, width: float = 0.1) -> np.ndarray:
    """Distance of the flow to the median flow of the picture's border, float32 (H, W) in [0, 1], 1 for the furthest.

    Args:
        flow: float32 (H, W, 2).
        width: of the border, as a share of the sides.
    """
    height, wide = flow.shape[:2]
    rows, columns = max(round(width * height), 1), max(round(width * wide), 1)
    edge = np.ones((height, wide), bool)
    edge[rows:height - rows, columns:wide - columns] = False
    distance = np.linalg.norm(flow - np.median(flow[edge], axis=0), axis=-1)
    most = np.percentile(distance, 99)
    return (distance / most).clip(0, 1).astype(np.float32) if most > 0.5 else np.zeros((height, wide), np.float32)


def consensus(frames: Sequence[np.ndarray], flows: Sequence[np.ndarray], pieces: int = 200, neighbors: int = 15,
              rounds: int = 10, position: float = 0.5, side: int = 160) -> np.ndarray:
    """How much each pixel of a clip belongs to what moves, float32 (T, H, W) in [0, 1], 1 for the most in the clip.

    Each superpixel begins with the mean saliency of its pixels (half of flow without the camera's, half of the
    distance to the border's flow); then it takes the weighted mean of the pieces of all frames that are most like it
    in color and position, again and again.

    Args:
        frames: T of uint8 (H, W, 3) RGB.
        flows: T of float32 (H, W, 2), from each frame to another.
        pieces: superpixels of a frame.
        neighbors: K of the graph, the piece itself among them.
        rounds: of voting.
        position: weight of a position (a side is 1) against a color (Lab / 100).
        side: frames whose longer side is above that are shrunk to it before.

    Raises:
        ValueError: another number of flows than of frames, or none.
    """
    if not len(frames) or len(frames) != len(flows):
        raise ValueError(f'{len(frames)} frames and {len(flows)} flows: there must be one flow a frame, and at least '
                         'one')
    labels, features, votes = [], [], []
    full = frames[0].shape[:2]
    scale = min(side / max(full), 1.0)
    height, width = (max(round(each * scale), 1) for each in full)
    y, x = np.mgrid[:height, :width] / [[[height]], [[width]]]
    for frame, flow in zip(frames, flows, strict=True):
        if scale < 1:
            frame = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
            flow = resize_flow(flow, width, height)
        saliency = (motion_saliency(flow) + border_saliency(flow)) / 2
        pieces_of = superpixels(frame, pieces)
        lab = cv2.cvtColor(frame.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) / 100
        means = piece_means(np.dstack([lab, position * x, position * y, saliency]), pieces_of)
        labels.append(pieces_of)
        features.append(means[:, :5])
        votes.append(means[:, 5])
    vote = _voted(np.concatenate(features), np.concatenate(votes), neighbors, rounds)
    most = vote.max()
    if most > 0:
        vote = vote / most
    parts = np.split(vote, np.cumsum([len(each) for each in votes])[:-1])
    maps = [part[each].astype(np.float32) for part, each in zip(parts, labels, strict=True)]
    return np.stack([cv2.resize(each, full[::-1], interpolation=cv2.INTER_LINEAR) for each in maps])


def _voted(features: np.ndarray, votes: np.ndarray, neighbors: int, rounds: int) -> np.ndarray:
    """Votes (N,) after ``rounds`` of averaging over the nearest ``neighbors``, with row-normalised Gaussian weights."""
    from sklearn.neighbors import NearestNeighbors
    count = min(neighbors, len(features))
    distance, index = NearestNeighbors(n_neighbors=count).fit(features).kneighbors(features)
    scale = max(float(np.median(distance[:, -1])), 1e-6)
    weights = np.exp(-0.5 * np.square(distance / scale))
    weights /= weights.sum(1, keepdims=True)
    for _ in range(rounds):
        votes = (weights * votes[index]).sum(1)
    return votes


def trimap(votes: np.ndarray, foreground: float = FOREGROUND, background: float = BACKGROUND) -> np.ndarray:
    """Labels of a network from :func:`consensus`: uint8 like ``votes``, 1 object, 0 ground, 255 not decided."""
    return np.where(votes > foreground, 1, np.where(votes < background, 0, 255)).astype(np.uint8)
