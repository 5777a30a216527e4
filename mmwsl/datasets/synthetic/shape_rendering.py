"""How the images of :mod:`shapes` are painted: outlines, textures, backgrounds, contexts, and what each pixel shows."""

import colorsys
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from mmwsl.datasets.synthetic.scene_rendering import LUMA, scene_truth, with_luma

SUPERSAMPLING = 4  # an outline is filled on a grid so many times finer
PATTERNS = ('flat', 'stripes', 'checks', 'dots')
PATTERN_CONTRAST = 0.15  # luma between the two tones of a texture
SPREAD = 0.1  # largest luma by which the first tone is further from its ground than the contrast
GRAIN = 6.0  # standard deviation of a textured background's fine noise, in gray levels


def _turned(radii, count, start=-np.pi / 2):
    angles = start + np.arange(count) * 2 * np.pi / count
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) * np.resize(radii, count)[:, None]


def _arc(radius, first, last, center=(0, 0), count=24):
    angles = np.linspace(first, last, count)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius + center


@lru_cache(maxsize=1)
def outlines():
    """Outline of every shape: name -> list of closed polygons (P, 2), of which the second is a hole; y points down."""
    turn, corner = np.linspace(0, 2 * np.pi, 48, endpoint=False), np.arctan2(0.8, 0.6)
    heart = np.stack([16 * np.sin(turn) ** 3, -13 * np.cos(turn) + 5 * np.cos(2 * turn) + 2 * np.cos(3 * turn)
                      + np.cos(4 * turn)], axis=1)
    # Two arcs through the same two points: the outer about the origin, the inner about (0.9, 0).
    inner = np.arctan2(0.8, 0.6 - 0.9)
    return {
        'circle': [_turned(1.0, 40)],
        'square': [_turned(1.0, 4, -np.pi / 4)],
        'triangle': [_turned(1.0, 3)],
        'star': [_turned((1.0, 0.42), 10)],
        'ring': [_turned(1.0, 40), _turned(0.55, 40)],
        'cross': [np.array([[-1, -3], [1, -3], [1, -1], [3, -1], [3, 1], [1, 1], [1, 3], [-1, 3], [-1, 1], [-3, 1],
                            [-3, -1], [-1, -1]]) / 3],
        'crescent': [np.concatenate([_arc(1.0, corner, 2 * np.pi - corner),
                                     _arc(np.hypot(0.8, 0.3), 2 * np.pi - inner, inner, (0.9, 0))])],
        'heart': [heart / 17],
        'bar': [np.array([[-1, -0.3], [1, -0.3], [1, 0.3], [-1, 0.3]])],
        'flower': [_turned(1 + 0.35 * np.cos(5 * turn), 48)],
    }


SHAPES = tuple(outlines())


def capsule(aspect):
    """A bar with round ends, ``aspect`` times as long as thick: list of one polygon."""
    shift = 1 - 1 / aspect
    return [np.concatenate([_arc(1 / aspect, -np.pi / 2, np.pi / 2, (shift, 0)),
                            _arc(1 / aspect, np.pi / 2, 3 * np.pi / 2, (-shift, 0))])]


@lru_cache(maxsize=1)
def _grain():
    return np.random.default_rng(0).normal(0, GRAIN, (512, 512, 1)).astype(np.float32)


def tint(hue):
    """A saturated color (3,) in [0, 1] of a hue in turns."""
    return np.array(colorsys.hsv_to_rgb(hue % 1, 0.75, 0.8))


def two_tones(ground, contrast, brightness):
    """Lumas of an object's two tones on a ground of luma ``ground``, all in [0, 1].

    The first is ``contrast`` (0 to 0.5) and up to ``SPREAD`` more away from the ground, the second further still: both
    as far as there is room, which for ``contrast`` there is on one side at least. They stay near the ground, because
    what is nearly black or white shows no hue.
    """
    away = 1 if brightness >= 0 else -1
    if not 0 <= ground + away * contrast <= 1:
        away = -away
    first = min(max(ground + away * (contrast + SPREAD * abs(brightness)), 0.0), 1.0)
    return first, min(max(first + away * PATTERN_CONTRAST, 0.0), 1.0)


@dataclass
class Texture:
    """Two tones in a pattern that moves and is cut with its object."""
    pattern: str
    angle: float
    period: float  # pixels
    phase: np.ndarray  # (2,)

    def draw(self, dx, dy):
        """Share of the second tone (h, w) in [0, 1], at distances ``dx`` (1, w) and ``dy`` (h, 1) from the center."""
        if self.pattern == 'flat':
            return np.zeros((dy.shape[0], dx.shape[1]), dtype=np.float32)
        cos, sin = np.cos(self.angle) * 2 * np.pi / self.period, np.sin(self.angle) * 2 * np.pi / self.period
        u = np.sin(cos * dx + sin * dy + self.phase[0])
        if self.pattern == 'stripes':
            return 0.5 + 0.5 * u
        v = np.sin(cos * dy - sin * dx + self.phase[1])
        return 0.5 + 0.5 * u * v if self.pattern == 'checks' else (u + v - 0.6).clip(0, 1)


@dataclass
class TexturedBackground:
    """Two colors mixed by smooth noise, with fine grain; ``noise`` None = one color. It does not move."""
    colors: np.ndarray  # (2, 3) in [0, 255]
    noise: np.ndarray | None  # (n, n) in [0, 1]
    grain: tuple  # (y, x) of the fine noise
    velocity: np.ndarray

    def draw(self, size):
        """The background (size, size, 3) float32."""
        canvas = np.empty((size, size, 3), dtype=np.float32)
        canvas[:] = self.colors[0]
        if self.noise is not None:
            mix = cv2.resize(self.noise, (size, size), interpolation=cv2.INTER_CUBIC).clip(0, 1)
            canvas += mix[..., None] * (self.colors[1] - self.colors[0])
            y, x = self.grain
            canvas += _grain()[y:y + size, x:x + size]
        return canvas


@dataclass
class Context:
    """The half of the image beyond a line, in the stripes of a class: what often comes with it and is background."""
    hue: float
    angle: float  # of the line's normal, and of the stripes
    distance: float  # of the line from the image's center, pixels
    period: float
    phase: float
    luma: float

    def draw(self, canvas):
        """Paint it; returns where, bool (H, W)."""
        size = len(canvas)
        steps = np.arange(size) + 0.5 - size / 2
        along = np.cos(self.angle) * steps[None] + np.sin(self.angle) * steps[:, None]
        mask = along > self.distance
        wave = 0.5 + 0.5 * np.sin(along[mask] * (2 * np.pi / self.period) + self.phase)
        first, second = (with_luma(tint(self.hue), luma) * 255 for luma in (self.luma - 0.1, self.luma + 0.1))
        canvas[mask] = first + (second - first) * wave[:, None]
        return mask


@dataclass
class PaintedShape:
    label: int  # -1 = belongs to the background
    polygons: list  # (P, 2) each, about the center of the hull, pixels
    half: np.ndarray  # half width and height of the hull
    center: np.ndarray
    velocity: np.ndarray
    texture: Texture
    rgb: np.ndarray  # (2, 3): tints of the two tones
    brightness: float  # -1 to 1: below 0 darker than the ground if there is room; how far beyond the contrast
    colors: list | None = None  # fixed in the first frame, in contrast to what lies beneath

    def cover(self, size, frame=0):
        """Where the shape is: (y, x) slices, and how much of each pixel it covers, float32 (h, w) of 0 or 0.5 to 1."""
        center = self.center + self.velocity * frame
        x1, y1 = np.maximum(np.floor(center - self.half), 0).astype(int).tolist()
        x2, y2 = np.minimum(np.ceil(center + self.half), size).astype(int).tolist()
        fine = np.zeros(((y2 - y1) * SUPERSAMPLING, (x2 - x1) * SUPERSAMPLING), dtype=np.uint8)
        corner = center - (x1, y1)
        # Samples sit at their pixels' centers, OpenCV's at whole numbers; 4 bits behind the point.
        points = [np.rint(((polygon + corner) * SUPERSAMPLING - 0.5) * 16).astype(np.int32)
                  for polygon in self.polygons]
        cv2.fillPoly(fine, points, 255, shift=4)
        share = cv2.resize(fine, (x2 - x1, y2 - y1), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        # Pixels of which less than half is covered are not painted, so that the mask is exactly what is painted.
        share[share < 0.5] = 0
        return (slice(y1, y2), slice(x1, x2)), share

    def paint(self, canvas, window, share, contrast, frame=0):
        """Paint the shape on ``canvas`` (H, W, 3), with :meth:`cover`'s window and shares."""
        patch = canvas[window]
        if self.colors is None:
            ground = float(np.clip(patch[share > 0].mean(axis=0) @ LUMA / 255, 0, 1))
            lumas = two_tones(ground, contrast, self.brightness)
            self.colors = [with_luma(rgb, each) * 255 for rgb, each in zip(self.rgb, lumas, strict=True)]
        first, second = self.colors
        center = self.center + self.velocity * frame
        dx = np.arange(window[1].start, window[1].stop)[None] + 0.5 - center[0]
        dy = np.arange(window[0].start, window[0].stop)[:, None] + 0.5 - center[1]
        color = first + (second - first) * self.texture.draw(dx, dy)[..., None]
        patch += (color - patch) * share[..., None]


@dataclass
class ShapeScene:
    """A background, contexts on it and shapes on these; ``order`` (N,): position of each in the painting order."""
    background: TexturedBackground
    contexts: list
    objects: list
    order: np.ndarray
    contrast: float

    def render(self, size, frame=0):
        """Image (H, W, 3) uint8, windows and shares of every object, and where a context was painted, bool (H, W)."""
        canvas, beyond = self.background.draw(size), np.zeros((size, size), dtype=bool)
        for context in self.contexts:
            beyond |= context.draw(canvas)
        covers = [shape.cover(size, frame) for shape in self.objects]
        for i in np.argsort(self.order):
            self.objects[i].paint(canvas, *covers[i], self.contrast, frame)
        return np.rint(canvas.clip(0, 255)).astype(np.uint8), covers, beyond

    def truth(self, covers, context, size):
        """Fields of a rendered frame as arrays, of the objects that have a class."""
        labels = np.array([shape.label for shape in self.objects], dtype=np.int64)
        truth = scene_truth(self, [(window, share > 0, None) for window, share in covers], labels, size)
        objects = truth['gt_amodal_masks'].any(axis=0)
        shown = labels >= 0
        for name in ('gt_boxes', 'gt_amodal_masks', 'gt_instance_masks'):
            truth[name] = truth[name][shown]
        return dict(truth, gt_context_mask=context & ~objects)


def visible_shares(covers, order, size):
    """Share of each shape's pixels that no other hides, (N,)."""
    free, shares = np.ones((size, size), dtype=bool), np.ones(len(covers))
    for i in np.argsort(-order):
        window, share = covers[i]
        mask = share > 0
        shares[i] = (mask & free[window]).sum() / max(mask.sum(), 1)
        free[window] &= ~mask
    return shares
