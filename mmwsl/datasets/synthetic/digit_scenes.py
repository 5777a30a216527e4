"""Scenes of handwritten digits on photographs: composed on the fly, with every ground truth known by construction."""

import numpy as np
import torch

from mmwsl.datasets.base import ImageDataset, evenly_spaced
from mmwsl.datasets.synthetic.digits import CLASSES, raw_digits, split_indices
from mmwsl.datasets.synthetic.scene_rendering import (
    BODY_DIGIT,
    MAX_CROP,
    PHOTO_REGIONS,
    Background,
    Body,
    Scene,
    SceneObject,
    draw_center,
    draw_center_upon,
    draw_velocity,
    glyph_atlas,
    photo_pyramids,
    rotation_matrix,
    scene_content,
    scene_truth,
)
from mmwsl.registry import DATASETS
from mmwsl.structures import SUPERVISION_LEVELS, stack_samples, strip_labels

MAX_COVER = 0.6  # share of the smaller of two boxes that they may have in common


@DATASETS.register_module()
class DigitScenes(ImageDataset):
    """Scenes composed of scikit-learn's handwritten digits on crops of its two bundled photographs.

    Scene i of ``(seed, split)`` is the same in whatever order, batch or process it is asked for. Digits
    (:func:`split_indices`) and background pixels (``PHOTO_REGIONS``) of the two splits are disjoint. Digits stand
    upright up to ``max_angle``.

    Fields with N objects on a scene of H = W = ``size`` (those that ``supervision`` does not permit are left out):

    * ``gt_label``: int64 class if every scene has one object, else 0/1 float (10,)
    * ``gt_boxes`` (N, 4): whole object, also where hidden; ``gt_box_labels`` (N,)
    * ``gt_amodal_masks``, ``gt_instance_masks`` (N, H, W) bool: whole object, visible part (all False if hidden)
    * ``gt_order`` (N,): 0 = furthest back; ``gt_mask`` (H, W) uint8: class + 1 of the front-most object, 0 = background
    * ``gt_part_boxes`` (N, 4), compound objects only: the digit on the body
    * ``gt_contents`` (N, 3, H, W) uint8, with ``content``: each object's pixels as seen with nothing in front of it, 0
      outside of its amodal mask; ``gt_background`` (3, H, W) uint8: the scene without objects

    With ``clip_length=T`` the inputs are (T, 3, H, W); boxes and masks get a leading T; ``gt_flow`` (T - 1, 2, H, W)
    float32 says where the surface seen at each pixel of frame t is in frame t + 1 (dx, dy in pixels).

    Args:
        split: ``'train'`` or ``'test'``.
        num_scenes: number of scenes.
        size: side in pixels, 32 to 128.
        seed: another seed, other scenes.
        objects: smallest and largest number of objects per scene.
        digit_scale: smallest and largest object, as the longer side of its (rotated) hull in sides of the scene, at
            most 0.9. None: (0.35, 0.6) for plain, (0.5, 0.8) for compound objects.
        kind: ``'plain'``: the object is a digit. ``'compound'``: it is a striped ellipse, and the class is told by a
            digit upon it that covers less than 15 % of its area.
        body_evidence: how often the stripes of a compound object have the class's own direction (class x 18 degrees);
            otherwise the direction is that of a random class.
        stripe_strength: of a compound object, above 0 to 1; at less than 1 its stripes are as much fainter.
        background: ``'photo'`` or ``'plain'`` (one random color).
        background_rotation: turn each background by a random multiple of 90 degrees and mirror every other one, so that
            only the objects tell which way is up.
        contrast: smallest difference of luma (0 to 0.5) between a digit and the mean of what it lies on.
        max_angle: largest rotation of a digit, in degrees either way.
        clip_length: frames per clip, at least 2; None gives still images.
        max_speed: of objects and background, each way, in sides per frame.
        stacked: each object lies on the one painted before it, away from the one before that: three objects are three
            deep, and the first is mostly hidden from the third by the second.
        content: also give ``gt_contents`` and ``gt_background``; with ``supervision='full'``.
        in_memory: render all scenes at construction and keep them (num_scenes x 3 x size x size bytes).
        supervision: see :class:`ImageDataset`; boxes come with ``'boxes'``, masks, order and flow with ``'full'``.
        max_images: keep only so many scenes, evenly spaced.

    Raises:
        ValueError: an argument is unknown or out of range; the message names the remedy.
    """

    def __init__(self, split='train', num_scenes=8192, size=64, seed=0, objects=(1, 1), digit_scale=None, kind='plain',
                 body_evidence=0.5, stripe_strength=1.0, background='photo', background_rotation=True, contrast=0.3,
                 max_angle=15.0, clip_length=None, max_speed=0.05, in_memory=False, supervision='image',
                 max_images=None, stacked=False, content=False):
        if digit_scale is None:
            digit_scale = (0.5, 0.8) if kind == 'compound' else (0.35, 0.6)
        self.split, self.size, self.seed, self.kind, self.background = split, size, seed, kind, background
        self.objects, self.digit_scale = tuple(objects), tuple(digit_scale)
        self.body_evidence, self.background_rotation, self.contrast = body_evidence, background_rotation, contrast
        self.stripe_strength = stripe_strength
        self.max_angle, self.clip_length, self.max_speed = max_angle, clip_length, max_speed
        self.stacked, self.content = stacked, content
        self._check(num_scenes)
        self._digits = split_indices(split)
        self._scenes = evenly_spaced(num_scenes, max_images)
        super().__init__(self._all_labels(), CLASSES, supervision)
        allowed = SUPERVISION_LEVELS[supervision]
        self._with_geometry = allowed is None or 'gt_boxes' in allowed
        self.images = torch.stack([self._image(self._scene(i)) for i in range(len(self))]) if in_memory else None

    def _check(self, num_scenes):
        def require(condition, message):
            if not condition:
                raise ValueError(f'DigitScenes: {message}')

        require(self.split in PHOTO_REGIONS, f"split={self.split!r} is unknown; choose 'train' or 'test'")
        require(num_scenes >= 1, f'num_scenes={num_scenes} leaves no scene; give 1 or more')
        require(32 <= self.size <= 128, f'size={self.size} is out of range; choose 32 to 128 pixels')
        require(self.seed >= 0, f'seed={self.seed} is negative; give 0 or more')
        require(self.kind in ('plain', 'compound'), f"kind={self.kind!r} is unknown; choose 'plain' or 'compound'")
        require(self.background in ('photo', 'plain'),
                f"background={self.background!r} is unknown; choose 'photo' or 'plain'")
        require(len(self.objects) == 2 and 1 <= self.objects[0] <= self.objects[1],
                f'objects={self.objects} must be (min, max) with 1 <= min <= max; swap or raise them')
        low, high = self.digit_scale if len(self.digit_scale) == 2 else (1, 0)
        require(0 < low <= high <= 0.9,
                f'digit_scale={self.digit_scale} must be (min, max) with 0 < min <= max <= 0.9')
        pixels = 20 if self.kind == 'compound' else 8
        require(low * self.size >= pixels - 1e-6,
                f'objects of digit_scale={low} on size={self.size} have {low * self.size:.1f} pixels, too few to read '
                f'a digit; {self.kind} objects need {pixels}: raise size or digit_scale')
        require(0 <= self.body_evidence <= 1, f'body_evidence={self.body_evidence} must be a share from 0 to 1')
        require(0 < self.stripe_strength <= 1, f'stripe_strength={self.stripe_strength} must be above 0 and at most 1')
        require(0 <= self.contrast <= 0.5, f'contrast={self.contrast} must be from 0 to 0.5')
        require(0 <= self.max_angle <= 180, f'max_angle={self.max_angle} must be from 0 to 180 degrees')
        require(self.clip_length is None or self.clip_length >= 2,
                f'clip_length={self.clip_length} is no clip; give 2 or more frames, or None for still images')
        require(0 <= self.max_speed <= 0.5, f'max_speed={self.max_speed} must be from 0 to 0.5 sides per frame')

    def __len__(self):
        return len(self._scenes)

    def __getitem__(self, index):
        index = self.position(index)
        inputs, sample = self._item(index)
        return dict(inputs=inputs, data_samples=sample)

    def __getitems__(self, indices):
        """The batch ``indices``: dict(inputs=uint8 (B, [T,] 3, H, W), data_samples=one batched DataSample).

        Fields whose size depends on the number of objects are lists where the scenes differ in it.
        """
        indices = [self.position(index) for index in indices]
        if self._with_geometry:
            inputs, samples = zip(*map(self._item, indices), strict=True)
            return dict(inputs=torch.stack(inputs), data_samples=stack_samples(samples))
        chosen = torch.as_tensor(indices, dtype=torch.int64)
        if self.images is not None:
            inputs = self.images[chosen]
        else:
            inputs = torch.stack([self._image(self._scene(index)) for index in indices])
        return dict(inputs=inputs, data_samples=self.data_sample(chosen))

    def _item(self, index):
        sample = self.data_sample(index)
        if not self._with_geometry:
            inputs = self.images[index] if self.images is not None else self._image(self._scene(index))
            return inputs, sample
        inputs, truth = self._annotated(self._scene(index))
        sample.set_data({key: torch.from_numpy(value) for key, value in truth.items()})
        return inputs, strip_labels(sample, self.supervision)

    def _all_labels(self):
        digit_labels = raw_digits()[1]
        drawn = [digit_labels[self._draw_digits(self._rng(index))] for index in range(len(self))]
        if self.objects == (1, 1):
            return torch.from_numpy(np.concatenate(drawn))
        labels = torch.zeros(len(drawn), len(CLASSES))
        for row, present in zip(labels, drawn, strict=True):
            row[present] = 1
        return labels

    # -- composing a scene: everything random is drawn here, in a fixed order, from the scene's own generator

    def _rng(self, index):
        # A counter-based generator keyed by (seed, split, scene): independent streams, nothing to advance or share.
        stream = list(PHOTO_REGIONS).index(self.split) << 48 | int(self._scenes[index])
        return np.random.Generator(np.random.Philox(key=np.array([self.seed, stream], dtype=np.uint64)))

    def _draw_digits(self, rng):
        """Indices of the scene's digits; drawn first, so that labels are known without the rest."""
        return self._digits[rng.integers(len(self._digits), size=rng.integers(self.objects[0], self.objects[1] + 1))]

    def _scene(self, index):
        rng = self._rng(index)
        digits = self._draw_digits(rng)
        order = rng.permutation(len(digits)) if len(digits) > 1 else np.zeros(1, dtype=np.int64)
        background = self._draw_background(rng)
        objects = []
        for digit in digits[np.argsort(order)] if self.stacked else digits:
            objects.append(self._draw_object(rng, int(digit), objects))
        return Scene(background, [objects[i] for i in order] if self.stacked else objects, order, self.contrast)

    @property
    def _steps(self):
        return (self.clip_length or 1) - 1

    def _draw_background(self, rng):
        if self.background == 'plain':
            return Background(None, rng.integers(256, size=3, dtype=np.uint8), np.eye(2), np.zeros(2), np.zeros(2))
        pyramids = photo_pyramids(self.split)
        levels = pyramids[rng.integers(len(pyramids))]
        side = np.exp(rng.uniform(np.log(self.size), np.log(MAX_CROP)))  # as many large as small crops
        turn, mirror = (rng.integers(4), rng.integers(2)) if self.background_rotation else (0, 0)
        # Exact right angles, so that nothing is interpolated but the zoom.
        cos, sin = ((1, 0), (0, 1), (-1, 0), (0, -1))[turn]
        matrix = np.array([[cos, -sin], [sin, cos]]) * [1 - 2 * mirror, 1] * (side / self.size)
        height, width = levels[0].shape[:2]
        low, high = np.full(2, side / 2), np.array([width, height]) - side / 2
        center = low + rng.random(2) * (high - low)
        # The window moves over the photo; the content moves the other way in the scene.
        window = draw_velocity(rng, center, low, high, self._steps, self.max_speed * side)
        return Background(levels, np.zeros(3), matrix, center, -np.linalg.solve(matrix, window))

    def _draw_object(self, rng, digit, others):
        extent = rng.uniform(*self.digit_scale) * self.size
        angle = np.deg2rad(rng.uniform(-self.max_angle, self.max_angle))
        box = glyph_atlas()[1][digit]
        width, height = box[2:] - box[:2]
        hull = np.abs(rotation_matrix(angle)) @ (width, height)  # of the rotated digit, in glyph pixels
        if self.kind == 'plain':
            scale = extent / hull.max()
            half, offset, body = hull * scale / 2, np.zeros(2), None
        else:
            body, half = self._draw_body(rng, extent, int(raw_digits()[1][digit]))
            scale = rng.uniform(*BODY_DIGIT) * 2 * np.sqrt(body.axes.prod()) / max(width, height)
            room = (body.axes - np.hypot(width, height) * scale / 2).clip(0)
            where, distance = rng.random() * 2 * np.pi, np.sqrt(rng.random())  # even over the body
            offset = rotation_matrix(body.angle) @ (room * distance * (np.cos(where), np.sin(where)))
        low, high = half + 1, self.size - half - 1  # one pixel for the anti-aliased edge
        place = draw_center_upon if self.stacked and others else draw_center
        center = place(rng, half, low, high, others, MAX_COVER)
        velocity = draw_velocity(rng, center, low, high, self._steps, self.max_speed * self.size)
        rgb, brightness = rng.uniform(0.05, 0.95, size=(3, 3)), rng.random(2)
        return SceneObject(digit, half, center, velocity, angle, scale, offset, body, rgb, brightness)

    def _draw_body(self, rng, extent, label):
        aspect, angle = rng.uniform(0.7, 1.0), rng.uniform(0, np.pi)
        axes = np.array([1.0, aspect])
        half = np.hypot(*(rotation_matrix(angle) * axes).T)  # of an ellipse's hull
        factor = extent / 2 / half.max()
        other, own = rng.integers(len(CLASSES)), rng.random() < self.body_evidence
        stripes = np.deg2rad(18 * (label if own else other) + rng.uniform(-4, 4))
        period = max(rng.uniform(0.16, 0.24) * 2 * factor * np.sqrt(aspect), 3.0)
        phase = rng.uniform(0, 2 * np.pi)
        return Body(axes * factor, angle, stripes, period, phase, self.stripe_strength), half * factor

    # -- pictures and truth

    def _image(self, scene):
        frames = [scene.render(self.size, frame)[0] for frame in range(self._steps + 1)]
        return self._to_tensor(frames)

    def _to_tensor(self, frames):
        if self.clip_length is None:
            return torch.from_numpy(np.ascontiguousarray(frames[0].transpose(2, 0, 1)))
        return torch.from_numpy(np.ascontiguousarray(np.stack(frames).transpose(0, 3, 1, 2)))

    def _annotated(self, scene):
        """Inputs as a tensor, and all fields but the label as arrays."""
        labels = raw_digits()[1][[item.digit for item in scene.objects]]
        frames, truths = [], []
        for frame in range(self._steps + 1):
            image, painted, layers = scene.render(self.size, frame)
            frames.append(image)
            truths.append(scene_truth(scene, painted, labels, self.size))
            if self.content:
                truths[-1].update(scene_content(layers, truths[-1]['gt_amodal_masks']))
        if self.clip_length is None:
            truth = truths[0]
            del truth['gt_flow']
        else:
            truth = {key: np.stack([item[key] for item in truths]) for key in truths[0]}
            truth['gt_flow'] = truth['gt_flow'][:-1]
        truth.update(gt_box_labels=labels, gt_order=scene.order.astype(np.int64))
        return self._to_tensor(frames), truth
