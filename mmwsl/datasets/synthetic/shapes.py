"""Textured shapes, drawn on the fly: with context that misleads, occlusion, or small parts upon larger carriers."""

import numpy as np
import torch

from mmwsl.datasets.base import ImageDataset, evenly_spaced
from mmwsl.datasets.scribbles import draw_points, draw_scribbles
from mmwsl.datasets.synthetic.scene_rendering import draw_center, draw_velocity, rotation_matrix, with_luma
from mmwsl.datasets.synthetic.shape_rendering import (
    PATTERNS,
    SHAPES,
    Context,
    PaintedShape,
    ShapeScene,
    Texture,
    TexturedBackground,
    capsule,
    outlines,
    tint,
    visible_shares,
)
from mmwsl.registry import DATASETS
from mmwsl.structures import stack_samples, strip_labels

SPLITS = ('train', 'test')
VISIBLE = 0.25  # an object of which less than this share would be seen is left out
CARRIER_ASPECT = (1.6, 2.4)


@DATASETS.register_module()
class Shapes(ImageDataset):
    """Images of textured shapes on textured backgrounds: the outline is the class, and all of the truth is known.

    Image i of ``(seed, split)`` is the same in whatever order, batch or process it is asked for. Objects of which
    others would hide more than three quarters are left out, so that the tags are exactly the classes that are seen.

    Fields with N objects on an image of H = W = ``size`` (those that ``supervision`` does not permit are left out):

    * ``gt_label``: int64 class if every image has one object, else 0/1 float (C,)
    * ``gt_boxes`` (N, 4): whole object, also where hidden; ``gt_box_labels`` (N,)
    * ``gt_amodal_masks``, ``gt_instance_masks`` (N, H, W) bool: whole object, visible part
    * ``gt_order`` (N,): 0 = furthest back; ``gt_mask`` (H, W) uint8: class + 1 of the front-most object, 0 = background
    * ``gt_context_mask`` (H, W) bool: background that comes with a class
    * ``gt_points`` (N, 3), with ``supervision='points'`` alone: a pixel of each object; ``gt_scribbles`` (H, W) uint8,
      with ``'scribbles'`` alone: strokes in objects and background as in ``gt_mask``, 255 elsewhere

    With ``clip_length=T`` the inputs are (T, 3, H, W), boxes and masks get a leading T; ``gt_flow`` (T - 1, 2, H, W)
    float32 is dx, dy in pixels to the next frame, 0 on the background, which stands still. Tags are those of the first
    frame; clips have neither points nor scribbles.

    Args:
        split: ``'train'`` or ``'test'``.
        num_images: number of images.
        size: side in pixels, 32 to 512.
        seed: another seed, other images.
        num_classes: the first so many of ``SHAPES``: circle, square, triangle, star, ring, cross, crescent, heart, bar,
            flower.
        objects: smallest and largest number of objects per image; the smallest may be 0.
        scale: smallest and largest object, as the longer side of its hull in sides of the image, at most 0.9. None:
            (0.25, 0.5), of carriers (0.5, 0.8).
        max_cover: share of the smaller box that two boxes may have in common, where there is room: 0 = apart.
        max_angle: largest rotation in degrees either way; carriers lie in any direction.
        hue_evidence: how often an object has its class's own hue; otherwise that of a random class.
        background: ``'textured'`` or ``'plain'`` (one random color).
        contrast: smallest difference of luma (0 to 0.5) between an object's first tone and the mean beneath it.
        context_classes: numbers of the classes that have a context: beyond a random line the background has the stripes
            and the hue of the class.
        context_probability, context_elsewhere: how often it is there in images with the class, and in others.
        part: name of a shape: the only class, a small one upon a carrier (a capsule, as a ring on a finger).
            ``objects`` and ``scale`` are of the carriers then, and ``num_classes`` and contexts do not count.
        part_probability: how often a carrier has one.
        part_scale: smallest and largest part, in thicknesses of the carrier.
        carrier_class: make ``'carrier'`` the second class, not background.
        clip_length: frames per clip, at least 2; None gives still images.
        max_speed: of objects, each way, in sides per frame.
        in_memory: draw all images at construction and keep them (num_images x 3 x size x size bytes).
        supervision: see :class:`ImageDataset`; masks, order, context and flow come with ``'full'``.
        max_images: keep only so many images, evenly spaced.

    Raises:
        ValueError: an argument is unknown or out of range; the message names the remedy.
    """

    def __init__(self, split='train', num_images=8192, size=64, seed=0, num_classes=5, objects=(1, 3), scale=None,
                 max_cover=0.3, max_angle=30.0, hue_evidence=0.5, background='textured', contrast=0.2,
                 context_classes=(), context_probability=0.9, context_elsewhere=0.05, part=None, part_probability=0.3,
                 part_scale=(0.45, 0.7), carrier_class=False, clip_length=None, max_speed=0.05, in_memory=False,
                 supervision='image', max_images=None):
        scale = scale or ((0.25, 0.5) if part is None else (0.5, 0.8))
        self.split, self.size, self.seed, self.num_classes = split, size, seed, num_classes
        self.objects, self.scale, self.max_cover, self.max_angle = tuple(objects), tuple(scale), max_cover, max_angle
        self.hue_evidence, self.background, self.contrast = hue_evidence, background, contrast
        self.context_classes, self.context_probability = tuple(context_classes), context_probability
        self.context_elsewhere = context_elsewhere
        self.part, self.part_probability, self.part_scale = part, part_probability, tuple(part_scale)
        self.carrier_class, self.clip_length, self.max_speed = carrier_class, clip_length, max_speed
        self._check(num_images)
        names = list(SHAPES[:num_classes]) if part is None else [part] + ['carrier'] * carrier_class
        self._numbers = evenly_spaced(num_images, max_images)
        labels, images = [], []
        for index in range(len(self._numbers)):
            scene = self._scene(index)
            labels.append([each.label for each in scene.objects if each.label >= 0])
            if in_memory:
                images.append(self._to_tensor([frame[0] for frame in self._frames(scene)]))
        super().__init__(self._as_labels(labels, len(names)), names, supervision)
        self._with_truth = supervision not in ('none', 'image')
        self.images = torch.stack(images) if in_memory else None

    def _check(self, num_images):
        def require(condition, message):
            if not condition:
                raise ValueError(f'Shapes: {message}')

        def span(name, low, high):
            values = getattr(self, name)
            require(len(values) == 2 and low <= values[0] <= values[1] <= high,
                    f'{name}={values} must be (min, max) with {low} <= min <= max <= {high}')

        require(self.split in SPLITS, f"split={self.split!r} is unknown; choose 'train' or 'test'")
        require(num_images >= 1, f'num_images={num_images} leaves no image; give 1 or more')
        require(32 <= self.size <= 512, f'size={self.size} is out of range; choose 32 to 512 pixels')
        require(self.seed >= 0, f'seed={self.seed} is negative; give 0 or more')
        require(1 <= self.num_classes <= len(SHAPES), f'num_classes={self.num_classes} must be 1 to {len(SHAPES)}')
        span('objects', 0, 100)
        span('scale', 0.01, 0.9)
        span('part_scale', 0.1, 0.9)
        require(self.part is None or self.part in SHAPES,
                f'part={self.part!r} is unknown; choose one of {", ".join(SHAPES)}')
        smallest = self.scale[0] * self.size
        if self.part is not None:
            smallest *= self.part_scale[0] / CARRIER_ASPECT[1]
        require(smallest >= 4, f'objects have {smallest:.1f} pixels at least, too few to tell a shape; raise size, '
                               'scale or part_scale until they have 4')
        require(self.background in ('textured', 'plain'),
                f"background={self.background!r} is unknown; choose 'textured' or 'plain'")
        require(all(0 <= label < self.num_classes for label in self.context_classes),
                f'context_classes={self.context_classes} must be numbers from 0 to {self.num_classes - 1}')
        require(self.part is None or not self.context_classes, 'give part or context_classes, not both')
        for name, high in (('max_cover', 1), ('hue_evidence', 1), ('context_probability', 1), ('context_elsewhere', 1),
                           ('part_probability', 1), ('contrast', 0.5), ('max_angle', 180), ('max_speed', 0.5)):
            require(0 <= getattr(self, name) <= high, f'{name}={getattr(self, name)} must be from 0 to {high}')
        require(self.clip_length is None or self.clip_length >= 2,
                f'clip_length={self.clip_length} is no clip; give 2 or more frames, or None for still images')

    def __len__(self):
        return len(self._numbers)

    def __getitem__(self, index):
        index = self.position(index)
        sample = self.data_sample(index)
        if not self._with_truth:
            return dict(inputs=self._image(index), data_samples=sample)
        inputs, truth = self._annotated(index)
        sample.set_data({key: torch.from_numpy(value) for key, value in truth.items()})
        return dict(inputs=inputs, data_samples=strip_labels(sample, self.supervision))

    def __getitems__(self, indices):
        """The batch ``indices``: dict(inputs=uint8 (B, [T,] 3, H, W), data_samples=one batched DataSample).

        Fields whose size depends on the number of objects are lists where the images differ in it.
        """
        indices = [self.position(index) for index in indices]
        if self._with_truth:
            items = [self[index] for index in indices]
            return dict(inputs=torch.stack([item['inputs'] for item in items]),
                        data_samples=stack_samples([item['data_samples'] for item in items]))
        chosen = torch.as_tensor(indices, dtype=torch.int64)
        inputs = torch.stack([self._image(i) for i in indices]) if self.images is None else self.images[chosen]
        return dict(inputs=inputs, data_samples=self.data_sample(chosen))

    def _as_labels(self, drawn, count):
        if self.objects == (1, 1) and self.part is None:
            return torch.tensor([labels[0] for labels in drawn])
        tags = torch.zeros(len(drawn), count)
        for row, labels in zip(tags, drawn, strict=True):
            row[labels] = 1
        return tags

    # -- composing an image: everything random is drawn here, in a fixed order, from the image's own generator

    def _rng(self, index, purpose=0):
        # A counter-based generator keyed by (seed, split, image): independent streams, nothing to advance or share.
        stream = purpose << 56 | SPLITS.index(self.split) << 48 | int(self._numbers[index])
        return np.random.Generator(np.random.Philox(key=np.array([self.seed, stream], dtype=np.uint64)))

    def _scene(self, index):
        rng = self._rng(index)
        count = rng.integers(self.objects[0], self.objects[1] + 1)
        background, objects = self._draw_background(rng), []
        units = []  # a shape, or a carrier and its part: nothing comes between these two
        for _ in range(count):
            units.append(self._draw_shape(rng, objects) if self.part is None else self._draw_carrier(rng, objects))
            objects += units[-1]
        order = np.zeros(len(objects), dtype=np.int64)
        numbers = iter(range(len(objects)))
        positions = [[next(numbers) for _ in unit] for unit in units]
        order[[i for unit in rng.permutation(len(units)) for i in positions[unit]]] = np.arange(len(objects))
        if len(units) > 1:
            covers = [each.cover(self.size) for each in objects]
            seen = visible_shares(covers, order, self.size) >= VISIBLE
            keep = [i for unit in positions for i in unit if seen[i] and seen[unit[0]]]
            objects, order = [objects[i] for i in keep], np.argsort(np.argsort(order[keep]))
        contexts = self._draw_contexts(rng, {each.label for each in objects})
        return ShapeScene(background, contexts, objects, order, self.contrast)

    def _draw_background(self, rng):
        colors, dark = rng.uniform(0.3, 0.9, size=(2, 3)), rng.uniform(0.3, 0.6)
        colors = 255 * np.stack([with_luma(colors[0], dark), with_luma(colors[1], dark + 0.12)])
        noise = rng.random((rng.integers(3, 9),) * 2, dtype=np.float32) if self.background == 'textured' else None
        return TexturedBackground(colors, noise, tuple(rng.integers(512 - self.size + 1, size=2)), np.zeros(2))

    def _draw_contexts(self, rng, labels):
        contexts = []
        for label in self.context_classes:
            chance = self.context_probability if label in labels else self.context_elsewhere
            there, side = rng.random() < chance, rng.uniform(0, 2 * np.pi)
            distance, period, phase, luma = rng.random(4)
            if there:
                contexts.append(Context(label / self.num_classes, side, self.size * (0.05 + 0.15 * distance),
                                        self.size * (0.08 + 0.04 * period), 2 * np.pi * phase, 0.35 + 0.3 * luma))
        return contexts

    def _draw_shape(self, rng, others):
        label = int(rng.integers(self.num_classes))
        hue = label if rng.random() < self.hue_evidence else rng.integers(self.num_classes)
        extent, angle = rng.uniform(*self.scale) * self.size, np.deg2rad(rng.uniform(-self.max_angle, self.max_angle))
        return [self._place(rng, label, outlines()[SHAPES[label]], extent, angle, hue / self.num_classes, others)]

    def _draw_carrier(self, rng, others):
        """A carrier, and perhaps a part, on its middle half."""
        extent, angle = rng.uniform(*self.scale) * self.size, rng.uniform(0, np.pi)
        aspect, hue = rng.uniform(*CARRIER_ASPECT), rng.random()
        carrier = self._place(rng, 1 if self.carrier_class else -1, capsule(aspect), extent, angle, hue, others)
        hull = np.abs(rotation_matrix(angle)) @ (1 - 1 / aspect, 0) + 1 / aspect
        length = extent / hull.max()
        there, where = rng.random() < self.part_probability, rng.uniform(-0.5, 0.5)
        share = rng.uniform(*self.part_scale)
        turn, own = np.deg2rad(rng.uniform(-self.max_angle, self.max_angle)), rng.random() < self.hue_evidence
        hue = 0.15 if own else rng.random()
        offset = rotation_matrix(angle) @ (where * length * (1 - 1 / aspect), 0)
        part = self._place(rng, 0, outlines()[self.part or SHAPES[0]], share * length / aspect, turn, hue, [],
                           (carrier, offset))
        return [carrier, part] if there else [carrier]

    def _place(self, rng, label, polygons, extent, angle, hue, others, on=None):
        """A shape, its hull's longer side ``extent`` pixels: free of others, or at an offset on a carrier."""
        turned = [polygon @ rotation_matrix(angle).T for polygon in polygons]
        low, high = turned[0].min(axis=0), turned[0].max(axis=0)
        scale = extent / (high - low).max()
        half = (high - low) / 2 * scale
        if on is None:
            inside = half + 1, self.size - half - 1
            center = draw_center(rng, half, *inside, others, self.max_cover)
            velocity = draw_velocity(rng, center, *inside, self._steps, self.max_speed * self.size)
        else:
            center, velocity = on[0].center + on[1], on[0].velocity
        texture = Texture(PATTERNS[rng.integers(len(PATTERNS))], rng.uniform(0, np.pi), max(extent / 4, 3.0),
                          rng.uniform(0, 2 * np.pi, 2))
        rgb = np.stack([tint(hue + rng.uniform(-0.03, 0.03)), tint(hue + rng.uniform(-0.08, 0.08))])
        polygons = [(polygon - (low + high) / 2) * scale for polygon in turned]
        return PaintedShape(label, polygons, half, center, velocity, texture, rgb, rng.uniform(-1, 1))

    @property
    def _steps(self):
        return (self.clip_length or 1) - 1

    # -- pictures and truth

    def _frames(self, scene):
        return [scene.render(self.size, frame) for frame in range(self._steps + 1)]

    def _to_tensor(self, frames):
        images = torch.from_numpy(np.ascontiguousarray(np.stack(frames).transpose(0, 3, 1, 2)))
        return images[0] if self.clip_length is None else images

    def _image(self, index):
        if self.images is not None:
            return self.images[index]
        return self._to_tensor([frame[0] for frame in self._frames(self._scene(index))])

    def _annotated(self, index):
        """Inputs as a tensor, and all fields but the label as arrays."""
        scene = self._scene(index)
        frames = self._frames(scene)
        truths = [scene.truth(covers, context, self.size) for _, covers, context in frames]
        shown = np.array([each.label >= 0 for each in scene.objects], dtype=bool)
        labels = np.array([each.label for each in scene.objects], dtype=np.int64)[shown]
        truth = {key: np.stack([each[key] for each in truths]) for key in truths[0]}
        if self.clip_length is None:
            truth = {key: value[0] for key, value in truth.items() if key != 'gt_flow'}
            if self.supervision == 'points':
                truth['gt_points'] = draw_points(truth['gt_instance_masks'], labels, self._rng(index, 1))
            if self.supervision == 'scribbles':
                truth['gt_scribbles'] = draw_scribbles(truth['gt_instance_masks'], labels, self._rng(index, 1))
        else:
            truth['gt_flow'] = truth['gt_flow'][:-1]
        order = np.argsort(np.argsort(scene.order[shown]))
        truth.update(gt_box_labels=labels, gt_order=order.astype(np.int64))
        return self._to_tensor([frame[0] for frame in frames]), truth
