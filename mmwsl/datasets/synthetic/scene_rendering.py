"""How the scenes of :mod:`digit_scenes` are painted: photograph crops, bodies, digits, and what each pixel shows."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import cv2
import numpy as np

from mmwsl.datasets.synthetic.digits import raw_digits

PHOTOS = ('china.jpg', 'flower.jpg')
# x1 y1 x2 y2 of the part of each photograph (640 x 427) that a split may show; divisible by 4 for the pyramid.
PHOTO_REGIONS = {'train': (0, 0, 384, 424), 'test': (384, 0, 640, 424)}
MAX_CROP = 208  # longest side of a background crop in photo pixels: fits both regions and leaves room to move
PYRAMID_LEVELS = 3
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
# Fainter ink is not drawn at all, so that the mask (ink of at least this alpha) is exactly the set of painted pixels.
MIN_ALPHA = 32
BODY_DIGIT = (0.33, 0.4)  # longer side of a compound object's digit, in mean diameters of its body
STRIPE_CONTRAST = 0.15
PLACEMENTS = 8  # positions tried for an object


@lru_cache(maxsize=1)
def glyph_atlas():
    """The 1,797 digits as smooth alpha maps, and the tight box of each.

    Returns:
        tuple: list of uint8 (1797, S, S) for S = 80, 40, 20, and boxes (1797, 4) float64 x1 y1 x2 y2 in pixels of the
        first.
    """
    ink = np.pad(raw_digits()[0], ((0, 0), (1, 1), (1, 1)))
    ink = np.stack([cv2.resize(image, (80, 80), interpolation=cv2.INTER_CUBIC) for image in ink])
    # The 4 x 4 ink counts blur the pen stroke; a steeper ramp around half ink gives its edge back.
    levels = [np.rint(((ink - 7 / 16) / (6 / 16)).clip(0, 1) * 255).astype(np.uint8)]
    for side in (40, 20):
        levels.append(np.stack([cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA) for image in levels[0]]))
    boxes = np.array([tight_box(glyph >= MIN_ALPHA) for glyph in levels[0]], dtype=np.float64)
    return levels, boxes


@lru_cache(maxsize=2)
def photo_pyramids(split):
    """Per photograph, the region of ``split`` at full, half and quarter size: lists of uint8 (H, W, 3) RGB.

    Each level is made of the region alone, so no interpolation mixes in a pixel of the other split.

    Raises:
        FileNotFoundError: the installed scikit-learn lacks the photograph.
    """
    x1, y1, x2, y2 = PHOTO_REGIONS[split]
    pyramids = []
    for name in PHOTOS:
        path = files('sklearn.datasets.images') / name
        if not path.is_file():
            raise FileNotFoundError(f'{path} is missing: the photographs of scikit-learn are the backgrounds of '
                                    "DigitScenes; reinstall scikit-learn, or use background='plain'")
        encoded = np.frombuffer(path.read_bytes(), dtype=np.uint8)
        photo = cv2.cvtColor(cv2.imdecode(encoded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        levels = [np.ascontiguousarray(photo[y1:y2, x1:x2])]
        for _ in range(PYRAMID_LEVELS - 1):
            height, width = levels[-1].shape[:2]
            levels.append(cv2.resize(levels[-1], (width // 2, height // 2), interpolation=cv2.INTER_AREA))
        pyramids.append(levels)
    return pyramids


def contrasting_luma(luma, contrast, position):
    """A luma in [0, 1] at least ``contrast`` (0 to 0.5) away from ``luma``; ``position`` in [0, 1) chooses evenly."""
    below, above = max(luma - contrast, 0.0), max(1 - luma - contrast, 0.0)
    target = position * (below + above)
    if target > below or luma < contrast:
        target += luma + contrast - below
    return target


def with_luma(rgb, luma):
    """Darken or lighten ``rgb`` (3,), strictly between 0 and 1, to exactly ``luma``, without leaving [0, 1]."""
    own = float(rgb @ LUMA)
    return rgb * (luma / own) if luma < own else 1 - (1 - rgb) * ((1 - luma) / (1 - own))


def tight_box(mask):
    """(x1, y1, x2, y2) of a non-empty mask (H, W), x2 and y2 exclusive."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def rotation_matrix(angle):
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def draw_velocity(rng, start, low, high, steps, max_speed):
    """A velocity (2,) with which ``start`` (2,) stays between ``low`` and ``high`` (2,) for ``steps`` steps."""
    if not steps:
        return np.zeros(2)
    slowest, fastest = np.maximum((low - start) / steps, -max_speed), np.minimum((high - start) / steps, max_speed)
    return slowest + rng.random(2) * (fastest - slowest)


def draw_center(rng, half, low, high, others, max_cover):
    """A center (2,) between ``low`` and ``high`` for a box of half sides ``half`` (2,), beside others where it can be.

    Of ``PLACEMENTS`` positions the first where the box has at most ``max_cover`` of the smaller box in common with any
    of ``others`` (with ``center`` and ``half``), else the one where it has least.
    """
    if not others:
        return low + rng.random(2) * (high - low)
    positions = low + rng.random((PLACEMENTS, 2)) * (high - low)
    centers, halves = np.array([other.center for other in others]), np.array([other.half for other in others])
    overlap = (half + halves - np.abs(positions[:, None] - centers)).clip(0)  # (positions, others, 2)
    overlap = np.minimum(overlap, 2 * np.minimum(half, halves)).prod(axis=-1)
    cover = (overlap / (4 * np.minimum(half.prod(), halves.prod(axis=-1)))).max(axis=1)
    fitting = np.flatnonzero(cover <= max_cover)
    return positions[fitting[0] if len(fitting) else cover.argmin()]


def draw_center_upon(rng, half, low, high, others, max_cover):
    """A center (2,) between ``low`` and ``high`` that puts a box upon the last of ``others``, as :func:`draw_center`.

    It is some half of the two boxes' mean half sides away from the last one, in a direction that leads away from the
    one before that, where the scene has room.
    """
    below = others[-1]
    turn = rng.uniform(-np.pi / 4, np.pi / 4) if len(others) > 1 else rng.uniform(0, 2 * np.pi)
    along = below.center - others[-2].center if len(others) > 1 else np.array([1.0, 0.0])
    direction = rotation_matrix(turn) @ (along / max(np.hypot(*along), 1e-6))
    reach = rng.uniform(0.45, 0.75) * (half + below.half) / 2
    ways = [below.center + sign * direction * reach for sign in (1, -1)] if len(others) == 1 else [
        below.center + direction * reach]
    clipped = [way.clip(low, high) for way in ways]
    return min(zip(ways, clipped, strict=True), key=lambda pair: np.abs(pair[0] - pair[1]).sum())[1]


@dataclass
class Background:
    """A crop of a photograph, or one color; ``matrix`` takes scene to photo coordinates about the two centers."""
    levels: list | None
    color: np.ndarray
    matrix: np.ndarray
    center: np.ndarray
    velocity: np.ndarray  # of the photo's content, scene pixels per frame

    def draw(self, size, frame):
        if self.levels is None:
            return np.full((size, size, 3), self.color, dtype=np.uint8)
        zoom = abs(np.linalg.det(self.matrix)) ** 0.5
        level = min(max(int(np.log2(zoom)), 0), len(self.levels) - 1)
        matrix = self.matrix / 2 ** level
        # Sample i sits at i + 0.5 on both sides.
        corner = self.center / 2 ** level + matrix @ (np.full(2, 0.5 - size / 2) - self.velocity * frame) - 0.5
        return cv2.warpAffine(self.levels[level], np.column_stack([matrix, corner]), (size, size),
                              flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)


@dataclass
class Body:
    """The ellipse of a compound object: half axes, their angle, and its stripes."""
    axes: np.ndarray
    angle: float
    stripe_angle: float
    period: float
    phase: float
    strength: float = 1.0  # of the stripes

    def draw(self, dx, dy):
        """Alpha (0 to 255) and stripes (0 to 1) at distances ``dx`` (1, W), ``dy`` (H, 1) from the center."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        radius = np.hypot((cos * dx + sin * dy) / self.axes[0], (cos * dy - sin * dx) / self.axes[1])
        alpha = ((1 - radius) * self.axes.min() + 0.5).clip(0, 1) * 255
        wave = (np.cos(self.stripe_angle) * dx + np.sin(self.stripe_angle) * dy) * (2 * np.pi / self.period)
        return alpha, 0.5 + 0.5 * self.strength * np.sin(wave + self.phase)


@dataclass
class SceneObject:
    digit: int
    half: np.ndarray  # half width and height of the hull
    center: np.ndarray
    velocity: np.ndarray
    angle: float
    scale: float  # scene pixels per glyph pixel
    offset: np.ndarray  # of the digit from the object's center
    body: Body | None
    rgb: np.ndarray  # (3, 3): tints of digit, body, stripes
    brightness: np.ndarray  # (2,): which of the permitted lumas digit and body take
    colors: list | None = None  # fixed in the first frame, in contrast to what lies beneath

    def draw(self, canvas, frame, contrast):
        """Paint the object; returns where: (y, x) slices, painted pixels, and the digit's among them (or None)."""
        size = len(canvas)
        center = self.center + self.velocity * frame
        x1, y1 = np.maximum(np.floor(center - self.half - 1), 0).astype(int).tolist()
        x2, y2 = np.minimum(np.ceil(center + self.half + 1), size).astype(int).tolist()
        window = slice(y1, y2), slice(x1, x2)
        patch = canvas[window].astype(np.float32)
        ink = self._ink(center + self.offset, x1, y1, x2, y2)
        if self.body is None:
            mask = ink >= MIN_ALPHA
            if self.colors is None:
                ground = patch[mask].mean(axis=0) @ LUMA / 255
                self.colors = [with_luma(self.rgb[0], contrasting_luma(ground, contrast, self.brightness[0]))]
            _blend(patch, self.colors[0], ink, mask)
            part = None
        else:
            alpha, stripes = self.body.draw(np.arange(x1, x2)[None] + 0.5 - center[0],
                                            np.arange(y1, y2)[:, None] + 0.5 - center[1])
            mask = alpha >= MIN_ALPHA
            part = (ink >= MIN_ALPHA) & mask
            if self.colors is None:
                ground = patch[mask].mean(axis=0) @ LUMA / 255
                base = contrasting_luma(ground, contrast, self.brightness[1])
                second = base + STRIPE_CONTRAST if base < 0.5 else base - STRIPE_CONTRAST
                digit = contrasting_luma((base + second) / 2, contrast, self.brightness[0])
                self.colors = [with_luma(rgb, luma) for rgb, luma in zip(self.rgb, (digit, base, second), strict=True)]
            digit, base, second = self.colors
            _blend(patch, base + (second - base) * stripes[..., None], alpha, mask)
            _blend(patch, digit, ink, part)
        canvas[window] = patch + 0.5
        return window, mask, part

    def _ink(self, center, x1, y1, x2, y2):
        levels, boxes = glyph_atlas()
        level = min(max(int(-np.log2(self.scale)), 0), len(levels) - 1)
        matrix = rotation_matrix(-self.angle) / (self.scale * 2 ** level)
        middle = (boxes[self.digit, :2] + boxes[self.digit, 2:]) / 2 ** (level + 1)
        corner = middle - 0.5 + matrix @ (np.array([x1 + 0.5, y1 + 0.5]) - center)
        return cv2.warpAffine(levels[level][self.digit], np.column_stack([matrix, corner]), (x2 - x1, y2 - y1),
                              flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)


def _blend(patch, color, alpha, mask):
    patch += (color * 255 - patch) * (alpha * mask / 255)[..., None]


@dataclass
class Scene:
    background: Background
    objects: list  # in the order of the annotation
    order: np.ndarray  # (N,) position of each object in the painting order
    contrast: float

    def render(self, size, frame=0):
        """Image (H, W, 3) uint8; per object what :meth:`SceneObject.draw` returns; and N + 1 images: the background,
        then per object the scene once it was painted and nothing over it."""
        canvas = self.background.draw(size, frame)
        painted, layers = [None] * len(self.objects), [canvas.copy()] + [None] * len(self.objects)
        for i in np.argsort(self.order):
            painted[i] = self.objects[i].draw(canvas, frame, self.contrast)
            layers[i + 1] = canvas.copy()
        return canvas, painted, layers


def scene_truth(scene, painted, labels, size):
    """Fields of a rendered scene as arrays; boxes of parts only where an object has one.

    Args:
        painted: what :meth:`Scene.render` returned of the frame.
        labels: (N,) class of each object.
        size: side of the scene in pixels.
    """
    count = len(painted)
    amodal = np.zeros((count, size, size), dtype=bool)
    boxes, part_boxes = np.zeros((2, count, 4), dtype=np.float32)
    for i, (window, mask, part) in enumerate(painted):
        amodal[i][window] = mask
        corner = np.array([window[1].start, window[0].start] * 2)
        boxes[i] = tight_box(mask) + corner
        if part is not None:
            part_boxes[i] = tight_box(part) + corner
    visible = np.zeros_like(amodal)
    class_map = np.zeros((size, size), dtype=np.uint8)
    flow = np.empty((2, size, size), dtype=np.float32)
    flow[:] = scene.background.velocity[:, None, None]
    free = np.ones((size, size), dtype=bool)
    for i in np.argsort(-scene.order):  # from the front
        visible[i] = amodal[i] & free
        free &= ~amodal[i]
        class_map[visible[i]] = labels[i] + 1
        flow[:, visible[i]] = scene.objects[i].velocity[:, None]
    truth = dict(gt_boxes=boxes, gt_amodal_masks=amodal, gt_instance_masks=visible, gt_mask=class_map, gt_flow=flow)
    if count and painted[0][2] is not None:
        truth['gt_part_boxes'] = part_boxes
    return truth


def scene_content(layers, amodal):
    """``gt_background`` (3, H, W) and ``gt_contents`` (N, 3, H, W), uint8, of what :meth:`Scene.render` gave.

    Args:
        layers: N + 1 images (H, W, 3).
        amodal: bool (N, H, W).
    """
    background, *contents = (layer.transpose(2, 0, 1) for layer in layers)
    return dict(gt_background=np.ascontiguousarray(background), gt_contents=np.stack(contents) * amodal[:, None])
