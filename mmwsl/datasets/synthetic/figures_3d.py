"""Figures of sticks in three dimensions, seen by several calibrated cameras: poses whose every view is known."""

import cv2
import numpy as np
import torch

from mmwsl.datasets.base import ImageDataset, evenly_spaced
from mmwsl.datasets.synthetic.scene_rendering import rotation_matrix
from mmwsl.datasets.synthetic.shape_rendering import GRAIN, tint
from mmwsl.registry import DATASETS

SPLITS = ('train', 'test')
JOINTS = ('pelvis', 'neck', 'head', 'left elbow', 'left hand', 'right elbow', 'right hand', 'left knee', 'left foot',
          'right knee', 'right foot')
BONES = ((0, 1), (1, 2), (1, 3), (3, 4), (1, 5), (5, 6), (0, 7), (7, 8), (0, 9), (9, 10))
SIDES = (0, 0, 1, 1, 2, 2, 1, 1, 2, 2)  # of each bone: trunk, left, right, which have colors of their own
LENGTHS = (0.5, 0.22, 0.3, 0.3, 0.3, 0.3, 0.38, 0.38, 0.38, 0.38)  # of the bones


@DATASETS.register_module()
class MultiViewFigures(ImageDataset):
    """Pairs of views of a figure by two of several cameras around it, drawn on the fly and kept in memory.

    An item is a moment and an ordered pair of cameras; inputs are a list of uint8 (3, H, W): what the first camera
    sees, what the second does, the second's background, and the same person at another moment, by the first. Samples
    have ``rotation`` (2, 3, 3), from the world's coordinates (x right, y down, z away) to each camera's; and with
    ``supervision='full'`` ``gt_pose`` (J, 3), the joints ``JOINTS`` in the first camera's coordinates, from the pelvis,
    in heights of about 1.6.

    Args:
        split: ``'train'`` or ``'test'``: other moments of other people, before the same backgrounds.
        num_moments: number of moments, a multiple of ``people`` and at least twice that.
        people: number of them, each with colors of their own, warm ones on the left and cold ones on the right.
        cameras: number of them, evenly around.
        size: side in pixels, 32 to 256.
        seed: another seed, other people, moments and backgrounds.
        supervision: ``'none'`` hides the pose.
        max_images: keep only so many items, evenly spaced.
        limb_width: of a bone, in the joints' units, 0.02 to 0.4; in small pictures thin ones are hard to see.

    Raises:
        ValueError: an argument is unknown or out of range.
    """

    def __init__(self, split='train', num_moments=600, people=6, cameras=4, size=64, seed=0, supervision='none',
                 max_images=None, limb_width=0.09):
        super().__init__(None, None, supervision)
        if split not in SPLITS:
            raise ValueError(f"MultiViewFigures: split={split!r} is unknown; choose 'train' or 'test'")
        if people < 1 or num_moments < 2 * people or num_moments % people:
            raise ValueError(f'MultiViewFigures: num_moments={num_moments} must be a multiple of people={people}, '
                             'twice that or more, as appearance is taken from another moment of a person')
        if cameras < 2 or not 32 <= size <= 256 or seed < 0:
            raise ValueError(f'MultiViewFigures: cameras={cameras} must be 2 or more, size={size} from 32 to 256, and '
                             f'seed={seed} not negative')
        if not 0.02 <= limb_width <= 0.4:
            raise ValueError(f'MultiViewFigures: limb_width={limb_width} must be from 0.02 to 0.4')
        self.people, self.cameras, self.size = people, cameras, size
        fixed = np.random.default_rng([seed, 2])
        self.rotations = np.stack([camera(2 * np.pi * (number + fixed.uniform(-0.1, 0.1)) / cameras,
                                          fixed.uniform(0.0, 0.3)) for number in range(cameras)])
        grounds = [draw_background(fixed, size) for _ in range(cameras)]
        rng = np.random.default_rng([seed, SPLITS.index(split)])
        palettes = [draw_palette(rng) for _ in range(people)]
        self.poses = np.stack([draw_pose(rng) for _ in range(num_moments)])
        shown = [[draw_figure(grounds[number], pose @ rotation.T, palettes[moment % people], limb_width)
                  for number, rotation in enumerate(self.rotations)] for moment, pose in enumerate(self.poses)]
        self.views = torch.from_numpy(np.ascontiguousarray(np.array(shown).transpose(0, 1, 4, 2, 3)))
        self._numbers = evenly_spaced(num_moments * cameras * (cameras - 1), max_images)
        self.grounds = torch.from_numpy(np.ascontiguousarray(np.stack(grounds).transpose(0, 3, 1, 2)))

    def __len__(self):
        return len(self._numbers)

    def parts(self, index):
        """(moment, camera, other camera, other moment of the same person) of an item."""
        index = int(self._numbers[index])
        moment, pair = divmod(index, self.cameras * (self.cameras - 1))
        first, step = divmod(pair, self.cameras - 1)
        repeats = len(self.poses) // self.people
        other = (moment + self.people * (1 + index % (repeats - 1))) % len(self.poses)
        return moment, first, (first + 1 + step) % self.cameras, other

    def __getitem__(self, index):
        index = self.position(index)
        moment, first, second, other = self.parts(index)
        sample = self.data_sample(index)
        sample.rotation = torch.from_numpy(self.rotations[[first, second]].astype(np.float32))
        if self.supervision == 'full':
            sample.gt_pose = torch.from_numpy((self.poses[moment] @ self.rotations[first].T).astype(np.float32))
        inputs = [self.views[moment, first], self.views[moment, second], self.grounds[second], self.views[other, first]]
        return dict(inputs=inputs, data_samples=sample)


def draw_palette(rng):
    """Colors (3, 3) of a person's trunk, left and right: the left is red to green, the right is cyan to purple, since
    nothing else of a figure tells its front from its back, and so its left from its right."""
    hues = rng.random(), rng.uniform(0.0, 0.35), rng.uniform(0.5, 0.8)
    return np.stack([255 * tint(hue) * rng.uniform(0.7, 1) for hue in hues])


def camera(yaw, pitch):
    """Rotation (3, 3) from the world to a camera that stands at an angle around the figure, and looks down a little."""
    turn = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    tilt = np.eye(3)
    tilt[1:, 1:] = rotation_matrix(pitch)
    return tilt @ turn


def draw_pose(rng):
    """Joints (J, 3) of a random pose: limbs swing forward, back and aside, and the whole turns about the vertical."""
    limbs = [(rng.uniform(-swing, swing), rng.uniform(0.1, aside))
             for swing, aside in [(1.3, 0.9)] * 4 + [(0.8, 0.5)] * 4]  # arms, legs
    yaw = rng.uniform(0, 2 * np.pi)
    return pose_of(limbs) @ camera(yaw, 0).T


def pose_of(limbs):
    """Joints (J, 3) of a figure that looks away from the viewer.

    Args:
        limbs: (8, 2), of each bone but the trunk's and the head's, the angles in radians by which it swings forward,
            and by which it stands aside, away from the trunk.
    """
    pose = np.zeros((len(JOINTS), 3))
    directions = np.zeros((len(BONES), 3))
    directions[:2] = [0, -1, 0]
    for bone, (swing, aside) in enumerate(limbs, start=2):
        aside = aside if SIDES[bone] == 1 else -aside
        directions[bone] = [np.sin(aside) * np.cos(swing), np.cos(aside) * np.cos(swing), np.sin(swing)]
    for (start, end), direction, length in zip(BONES, directions, LENGTHS, strict=True):
        pose[end] = pose[start] + length * direction
    return pose


def draw_background(rng, size):
    """Smooth gray-colored noise with grain, uint8 (size, size, 3)."""
    low, high = (rng.uniform(0.8, 1.0, 3) * rng.uniform(*span) for span in ((60, 100), (120, 170)))
    mix = cv2.resize(rng.random((5, 5)).astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    picture = low + mix[..., None] * (high - low) + rng.normal(0, GRAIN, (size, size, 1))
    return np.rint(picture.clip(0, 255)).astype(np.uint8)


def draw_figure(ground, pose, palette, limb_width=0.09):
    """A background with a figure before it, joints (J, 3) in the camera's coordinates; what is nearer is on top."""
    size, scale = len(ground), len(ground) / 2.2
    canvas = ground.copy()
    depth = [pose[list(bone), 2].mean() for bone in BONES]
    for number in np.argsort(depth)[::-1]:
        ends = np.rint((pose[list(BONES[number]), :2] * scale + (size / 2, size * 0.45)) * 16).astype(int)
        color = palette[SIDES[number]] * (0.75 + 0.25 * (number % 2))
        thickness = max(round(limb_width * scale), 2)
        cv2.line(canvas, ends[0].tolist(), ends[1].tolist(), color.tolist(), thickness, cv2.LINE_AA, shift=4)
    return canvas
