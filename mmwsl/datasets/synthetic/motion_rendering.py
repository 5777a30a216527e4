"""How the clips of :mod:`motion_clips` are painted: rigid parts with stripes, a ground, and the flow of each pixel."""

from dataclasses import dataclass, field

import cv2
import numpy as np

from mmwsl.datasets.synthetic.shape_rendering import GRAIN, SUPERSAMPLING

TONES = 0.25  # share of a part's color that its second tone lacks


@dataclass
class Pose:
    """Where a part is in a frame: its own point p lies at ``turn @ p + shift``."""
    turn: np.ndarray  # (2, 2), a rotation, or any other that can be undone
    shift: np.ndarray  # (2,) pixels

    def place(self, points):
        """Positions (..., 2) in the frame of points (..., 2) of the part."""
        return points @ self.turn.T + self.shift

    def locate(self, positions):
        """Points (..., 2) of the part that lie at positions (..., 2) of the frame."""
        return (positions - self.shift) @ np.linalg.inv(self.turn).T


@dataclass
class Part:
    """A rigid piece: an outline and stripes about its own origin, and where it is in every frame."""
    polygon: np.ndarray  # (P, 2) pixels
    color: np.ndarray  # (3,) in [0, 255]
    stripes: np.ndarray  # (2,) waves per pixel along both axes
    poses: list = field(default_factory=list)  # a Pose for each frame

    def cover(self, size, frame):
        """Share of each pixel that it covers, float32 (H, W); what is less than half covered is not painted."""
        fine = np.zeros((size * SUPERSAMPLING,) * 2, np.uint8)
        # samples sit at their pixels' centers, OpenCV's at whole numbers; 4 bits behind the point
        points = np.rint((self.poses[frame].place(self.polygon) * SUPERSAMPLING - 0.5) * 16).astype(np.int32)
        cv2.fillPoly(fine, [points], 255, shift=4)
        share = cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        share[share < 0.5] = 0
        return share

    def paint(self, canvas, share, positions, frame):
        """Paint it over ``canvas`` (H, W, 3) where ``share`` (H, W) of a pixel is covered."""
        there = share > 0
        wave = np.sin(2 * np.pi * self.poses[frame].locate(positions[there]) @ self.stripes)
        color = self.color * (1 - TONES * (0.5 + 0.5 * wave[:, None]))
        canvas[there] += (color - canvas[there]) * share[there][:, None]

    def flow(self, positions, frame):
        """Motion (N, 2) to the next frame of what it shows at positions (N, 2)."""
        return self.poses[frame + 1].place(self.poses[frame].locate(positions)) - positions


@dataclass
class Ground:
    """Smooth noise in two colors with fine grain, larger than the picture, of which the camera sees a window."""
    picture: np.ndarray  # (S, S, 3) float32
    margin: int  # pixels on each side
    velocity: np.ndarray  # (2,) pixels a frame, of the ground in the picture

    def draw(self, size, frame):
        """The background (size, size, 3) of a frame."""
        x, y = self.margin - self.velocity * frame
        matrix = np.float32([[1, 0, -x], [0, 1, -y]])
        return cv2.warpAffine(self.picture, matrix, (size, size), flags=cv2.INTER_LINEAR)


def draw_ground(rng, size, margin, velocity):
    """A :class:`Ground` of random colors."""
    side = size + 2 * margin
    low, high = rng.uniform(60, 110), rng.uniform(130, 180)
    colors = (rng.uniform(0.7, 1.0, (2, 3)) * [[low], [high]]).astype(np.float32)
    count = int(rng.integers(3, 9))
    mix = cv2.resize(rng.random((count, count), np.float32), (side, side), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    picture = colors[0] + mix[..., None] * (colors[1] - colors[0])
    picture += rng.normal(0, GRAIN, (side, side, 1)).astype(np.float32)
    return Ground(picture, margin, np.asarray(velocity, float))


def render(ground, parts, size, frame):
    """A frame: image uint8 (H, W, 3), and which part is seen at each pixel, int64 (H, W), -1 = the ground.

    Later parts are in front.
    """
    canvas = ground.draw(size, frame)
    positions = np.stack(np.meshgrid(np.arange(size), np.arange(size)), -1) + 0.5
    shown = np.full((size, size), -1)
    for number, part in enumerate(parts):
        share = part.cover(size, frame)
        part.paint(canvas, share, positions, frame)
        shown[share > 0] = number
    return np.rint(canvas.clip(0, 255)).astype(np.uint8), shown


def true_flow(ground, parts, shown, frame):
    """Flow of a frame to the next, float32 (H, W, 2), of what is seen at each pixel (:func:`render`)."""
    size = len(shown)
    positions = np.stack(np.meshgrid(np.arange(size), np.arange(size)), -1) + 0.5
    flow = np.broadcast_to(ground.velocity, (size, size, 2)).astype(np.float32)
    for number, part in enumerate(parts):
        there = shown == number
        flow[there] = part.flow(positions[there], frame)
    return flow
