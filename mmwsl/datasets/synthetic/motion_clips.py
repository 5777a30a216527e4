"""Clips with their true flow, drawn on the fly: colors that tell a direction, figures of several parts, still ones."""

import numpy as np
import torch

from mmwsl.datasets.base import ImageDataset, evenly_spaced
from mmwsl.datasets.synthetic.motion_rendering import Part, Pose, draw_ground, render, true_flow
from mmwsl.datasets.synthetic.scene_rendering import rotation_matrix
from mmwsl.datasets.synthetic.shape_rendering import capsule, outlines, tint
from mmwsl.registry import DATASETS
from mmwsl.structures import stack_samples, strip_labels

SPLITS = ('train', 'test')
KINDS = ('colored', 'figures', 'static', 'accelerating', 'pair')
SOLID = ('circle', 'square', 'triangle', 'cross', 'heart')  # of the outlines, those without thin pieces
LIMB_ASPECT = 2.8  # length of a limb in its thickness


@DATASETS.register_module()
class MotionClips(ImageDataset):
    """Clips before a textured ground, of which all of the truth is known.

    Clip i of ``(seed, split)`` is the same in whatever order, batch or process it is asked for. The kinds:

    * ``'colored'``: a shape that moves in a straight line; its hue tells the direction (``hue_tells``), so that a still
      can tell the motion
    * ``'figures'``: a body with limbs that turn about their joints, each on its own; some figures also travel
    * ``'static'``: such a figure, in which nothing moves
    * ``'accelerating'``: a shape that moves in a straight line, faster and faster, and turns and grows as it goes
    * ``'pair'``: a reddish circle and a bluish square, each of which moves in a straight line of its own

    Inputs are uint8 (T, 3, H, W). Fields, with ``supervision='full'`` alone, of N parts:

    * ``gt_flow`` (T - 1, 2, H, W) float32: dx and dy in pixels to the next frame of what is seen
    * ``gt_instance_masks`` (T, N, H, W) bool: where each part is seen; N is the largest number, those that are not
      there have no pixel
    * ``gt_mask`` (T, H, W) uint8: 1 + number of the part that is seen, 0 = ground

    Args:
        split: ``'train'`` or ``'test'``.
        num_clips: number of clips.
        kind: see above.
        size: side in pixels, 32 to 512.
        clip_length: T, frames of a clip, 2 or more.
        seed: another seed, other clips.
        speed: smallest and largest motion in sides a frame: of shapes, of travelling figures, and of the ends of limbs.
        hue_tells: of ``'colored'``: the hue is the direction; False: it is drawn at random.
        limbs: smallest and largest number of limbs.
        moving: how often a limb turns.
        travelling: how often a figure travels.
        camera: largest motion of the ground in sides a frame; shapes and figures move with it.
        in_memory: draw all clips at construction and keep their pictures (num_clips x T x 3 x size x size bytes).
        supervision: ``'none'`` hides the truth.
        max_images: keep only so many clips, evenly spaced.

    Raises:
        ValueError: an argument is unknown or out of range.
    """

    def __init__(self, split='train', num_clips=1000, kind='figures', size=64, clip_length=2, seed=0,
                 speed=(0.02, 0.06), hue_tells=True, limbs=(1, 3), moving=0.6, travelling=0.3, camera=0.0,
                 supervision='none', max_images=None, in_memory=False):
        super().__init__(None, None, supervision)
        self.split, self.kind, self.size, self.clip_length, self.seed = split, kind, size, clip_length, seed
        self.speed, self.hue_tells, self.limbs = tuple(speed), hue_tells, tuple(limbs)
        self.moving, self.travelling, self.camera = moving, travelling, camera
        self._check(num_clips)
        self._numbers = evenly_spaced(num_clips, max_images)
        self.images = torch.stack([self._inputs(index)[0] for index in range(len(self))]) if in_memory else None

    def _check(self, num_clips):
        def require(condition, message):
            if not condition:
                raise ValueError(f'MotionClips: {message}')
        require(self.split in SPLITS, f"split={self.split!r} is unknown; choose 'train' or 'test'")
        require(self.kind in KINDS, f'kind={self.kind!r} is unknown; choose one of {", ".join(KINDS)}')
        require(num_clips >= 1, f'num_clips={num_clips} leaves no clip; give 1 or more')
        require(32 <= self.size <= 512, f'size={self.size} is out of range; choose 32 to 512 pixels')
        require(self.clip_length >= 2, f'clip_length={self.clip_length} is no clip; give 2 or more frames')
        require(self.seed >= 0, f'seed={self.seed} is negative; give 0 or more')
        require(len(self.speed) == 2 and 0 <= self.speed[0] <= self.speed[1] <= 0.3,
                f'speed={self.speed} must be (min, max) with 0 <= min <= max <= 0.3')
        require(len(self.limbs) == 2 and 1 <= self.limbs[0] <= self.limbs[1] <= 6,
                f'limbs={self.limbs} must be (min, max) with 1 <= min <= max <= 6')
        for name, high in (('moving', 1), ('travelling', 1), ('camera', 0.2)):
            require(0 <= getattr(self, name) <= high, f'{name}={getattr(self, name)} must be from 0 to {high}')

    def __len__(self):
        return len(self._numbers)

    def __getitem__(self, index):
        index = self.position(index)
        sample = self.data_sample(index)
        if self.images is not None and self.supervision != 'full':
            return dict(inputs=self.images[index], data_samples=sample)
        inputs, shown, ground, parts = self._inputs(index)
        if self.supervision == 'full':
            flow = np.stack([true_flow(ground, parts, each, frame) for frame, each in enumerate(shown[:-1])])
            shown = torch.from_numpy(np.stack(shown))
            most = dict(colored=1, accelerating=1, pair=2).get(self.kind, 1 + self.limbs[1])
            sample.gt_flow = torch.from_numpy(np.ascontiguousarray(flow.transpose(0, 3, 1, 2)))
            sample.gt_instance_masks = shown[:, None] == torch.arange(most).view(1, -1, 1, 1)
            sample.gt_mask = (shown + 1).to(torch.uint8)
        return dict(inputs=inputs, data_samples=strip_labels(sample, self.supervision))

    def _inputs(self, index):
        """Pictures uint8 (T, 3, H, W) of a clip, and what they show, with the scene."""
        ground, parts = self._scene(index)
        rendered = [render(ground, parts, self.size, frame) for frame in range(self.clip_length)]
        frames, shown = zip(*rendered, strict=True)
        return torch.from_numpy(np.ascontiguousarray(np.stack(frames).transpose(0, 3, 1, 2))), shown, ground, parts

    def __getitems__(self, indices):
        """The batch ``indices``: dict(inputs=uint8 (B, T, 3, H, W), data_samples=one batched DataSample)."""
        items = [self[index] for index in indices]
        return dict(inputs=torch.stack([item['inputs'] for item in items]),
                    data_samples=stack_samples([item['data_samples'] for item in items]))

    # -- everything random of a clip is drawn here, from the clip's own generator

    def _scene(self, index):
        stream = SPLITS.index(self.split) << 48 | int(self._numbers[index])
        rng = np.random.Generator(np.random.Philox(key=np.array([self.seed, stream], dtype=np.uint64)))
        camera = rng.uniform(-1, 1, 2) * self.camera * self.size
        margin = int(np.ceil(self.camera * self.size * self.clip_length)) + 1
        ground = draw_ground(rng, self.size, margin, camera)
        make = dict(colored=self._shape, accelerating=self._growing, pair=self._pair).get(self.kind, self._figure)
        parts = make(rng, camera)
        return ground, parts

    def _shape(self, rng, camera):
        """A shape, its center such that it stays in the picture in the mean of its frames."""
        outline = outlines()[SOLID[rng.integers(len(SOLID))]][0]
        radius, direction = rng.uniform(0.13, 0.2) * self.size, rng.uniform(0, 2 * np.pi)
        hue = direction / (2 * np.pi) if self.hue_tells else rng.random()
        velocity = rng.uniform(*self.speed) * self.size * np.array([np.cos(direction), np.sin(direction)])
        middle = rng.uniform(radius, self.size - radius, 2)
        turn, half = rotation_matrix(rng.uniform(0, 2 * np.pi)), (self.clip_length - 1) / 2
        poses = [Pose(turn, middle + (velocity + camera) * (frame - half)) for frame in range(self.clip_length)]
        stripes = rotation_matrix(rng.uniform(0, np.pi)) @ [1 / max(radius / 2, 3.0), 0]
        return [Part(outline * radius, 255 * tint(hue), stripes, poses)]

    def _growing(self, rng, camera):
        """A shape whose steps grow evenly, from a third of their mean to five thirds, and whose outline does too."""
        outline = outlines()[SOLID[rng.integers(len(SOLID))]][0]
        radius, direction, frames = rng.uniform(0.1, 0.14) * self.size, rng.uniform(0, 2 * np.pi), self.clip_length
        pace = rng.uniform(*self.speed) * self.size
        steps = pace * np.linspace(1 / 3, 5 / 3, frames - 1) if frames > 2 else np.array([pace])
        way = np.concatenate([[0], steps.cumsum()])
        heading = np.array([np.cos(direction), np.sin(direction)])
        rooms = np.sort(np.stack([radius - way[-1] * heading.clip(max=0),
                                  self.size - radius - way[-1] * heading.clip(min=0)]), axis=0)
        start, angle, spin = rng.uniform(*rooms), rng.uniform(0, 2 * np.pi), rng.uniform(-0.05, 0.05)
        growth = rng.uniform(1.03, 1.06)
        poses = [Pose(growth**frame * rotation_matrix(angle + spin * frame), start + way[frame] * heading +
                      camera * frame) for frame in range(frames)]
        return [Part(outline * radius, *self._coat(rng, radius), poses)]

    def _pair(self, rng, camera):
        """A circle and a square of the same colors in all clips; the square may hide some of the circle."""
        parts = []
        for shape, hue in (('circle', 0.02), ('square', 0.6)):
            radius, direction = rng.uniform(0.1, 0.14) * self.size, rng.uniform(0, 2 * np.pi)
            velocity = rng.uniform(*self.speed) * self.size * np.array([np.cos(direction), np.sin(direction)])
            middle, half = rng.uniform(1.5 * radius, self.size - 1.5 * radius, 2), (self.clip_length - 1) / 2
            turn = rotation_matrix(rng.uniform(0, 2 * np.pi))
            poses = [Pose(turn, middle + (velocity + camera) * (frame - half)) for frame in range(self.clip_length)]
            parts.append(Part(outlines()[shape][0] * radius, 255 * tint(hue), self._coat(rng, radius)[1], poses))
        return parts

    def _figure(self, rng, camera):
        """A body, and limbs in front of it, each with its joint on the body's rim."""
        size, frames = self.size, self.clip_length
        radius = rng.uniform(0.1, 0.14) * size
        center = rng.uniform(0.4, 0.6, 2) * size
        travels = rng.random() < self.travelling and self.kind == 'figures'
        heading, pace = rng.uniform(0, 2 * np.pi), rng.uniform(*self.speed) * size
        velocity = camera + travels * pace * np.array([np.cos(heading), np.sin(heading)])
        centers = [center + velocity * frame for frame in range(frames)]
        still = np.eye(2)
        body = Part(outlines()['circle'][0] * radius, *self._coat(rng, radius), [Pose(still, each) for each in centers])
        count, start = int(rng.integers(self.limbs[0], self.limbs[1] + 1)), rng.uniform(0, 2 * np.pi)
        parts = [body]
        for number in range(count):
            # evenly around the body, so that limbs seldom meet
            angle = start + 2 * np.pi * (number + rng.uniform(-0.2, 0.2)) / count
            length = rng.uniform(0.26, 0.34) * size
            turns, pace, side = rng.random() < self.moving, rng.uniform(*self.speed) * size, rng.choice((-1, 1))
            rate = side * pace / length * (turns and self.kind == 'figures')
            joint = radius * 0.8 * np.array([np.cos(angle), np.sin(angle)])
            outline = (capsule(LIMB_ASPECT)[0] + (1 - 1 / LIMB_ASPECT, 0)) * length / 2  # its joint is the origin
            poses = [Pose(rotation_matrix(angle + rate * frame), each + joint) for frame, each in enumerate(centers)]
            parts.append(Part(outline, *self._coat(rng, length / 2), poses))
        return parts

    @staticmethod
    def _coat(rng, extent):
        """A color and stripes."""
        return (255 * tint(rng.random()) * rng.uniform(0.7, 1.0),
                rotation_matrix(rng.uniform(0, np.pi)) @ [1 / max(extent / 2, 3.0), 0])
