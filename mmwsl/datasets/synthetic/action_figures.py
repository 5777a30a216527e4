"""Clips of figures of sticks that do something, drawn on the fly: actions that a frame may tell, with their names."""

import numpy as np
import torch

from mmwsl.datasets.base import ImageDataset, evenly_spaced
from mmwsl.datasets.synthetic.figures_3d import (
    SPLITS,
    camera,
    draw_background,
    draw_figure,
    draw_palette,
    pose_of,
)
from mmwsl.registry import DATASETS

ACTIONS = ('walk', 'wave', 'jumping jack', 'kick', 'squat', 'clap')
LIMBS = 8  # bones that move: upper arm and forearm, thigh and shin, first the left ones of each pair
HANGING = np.array([[0, 0.15]] * 4 + [[0, 0.1]] * 4)  # swing and aside of each limb, in radians


@DATASETS.register_module()
class ActionFigures(ImageDataset):
    """Clips of one figure each, which does one of ``ACTIONS``, kept in memory; inputs uint8 (T, 3, size, size).

    Each clip has a person, a ground, a pace and a direction that the person looks in of its own. Clip i is of the
    class ``i % 6``.

    Args:
        split: ``'train'`` or ``'test'``: other clips.
        num_clips: number of them.
        clip_length: T, frames of a clip, about one and a half times through the action at most.
        size: side in pixels, 32 to 256.
        seed: another seed, other clips.
        supervision: ``'none'`` hides the action.
        max_images: keep only so many clips, evenly spaced.

    Raises:
        ValueError: an argument is unknown or out of range.
    """

    def __init__(self, split='train', num_clips=600, clip_length=8, size=48, seed=0, supervision='none',
                 max_images=None):
        if split not in SPLITS:
            raise ValueError(f"ActionFigures: split={split!r} is unknown; choose 'train' or 'test'")
        if num_clips < 1 or clip_length < 2 or not 32 <= size <= 256 or seed < 0:
            raise ValueError(f'ActionFigures: num_clips={num_clips} must be 1 or more, clip_length={clip_length} 2 or '
                             f'more, size={size} from 32 to 256, and seed={seed} not negative')
        numbers = evenly_spaced(num_clips, max_images)
        super().__init__(numbers % len(ACTIONS), ACTIONS, supervision)
        clips = [draw_clip(np.random.default_rng([seed, SPLITS.index(split), number]), ACTIONS[number % len(ACTIONS)],
                           clip_length, size) for number in numbers.tolist()]
        self.images = torch.from_numpy(np.ascontiguousarray(np.array(clips).transpose(0, 1, 4, 2, 3)))

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        index = self.position(index)
        return dict(inputs=self.images[index], data_samples=self.data_sample(index))

    def __getitems__(self, indices):
        """The batch ``indices``: dict(inputs=uint8 (B, T, 3, size, size), data_samples=one batched DataSample)."""
        indices = torch.as_tensor([self.position(index) for index in indices], dtype=torch.int64)
        return dict(inputs=self.images[indices], data_samples=self.data_sample(indices))


def limbs_of(action, phase):
    """Swing, forward, and aside, outward and up, of the eight limbs, radians (8, 2), at a phase of 0 to 2 pi."""
    limbs, wave, bend = HANGING.copy(), np.sin(phase), (1 - np.cos(phase)) / 2
    left_arm, right_arm, left_leg, right_leg = slice(0, 2), slice(2, 4), slice(4, 6), slice(6, 8)
    if action == 'walk':
        limbs[left_arm, 0], limbs[right_arm, 0] = -0.6 * wave, 0.6 * wave
        limbs[left_leg, 0], limbs[right_leg, 0] = 0.6 * wave, -0.6 * wave
    elif action == 'wave':
        limbs[left_arm, 1] = 1.7, 2.6 + 0.5 * wave
    elif action == 'jumping jack':
        limbs[:4, 1], limbs[4:, 1] = 0.3 + 2.5 * bend, 0.1 + 0.5 * bend
    elif action == 'kick':
        limbs[right_leg, 0], limbs[:4, 1] = 1.4 * bend, 0.6
    elif action == 'squat':
        limbs[[4, 6], 0], limbs[[5, 7], 0], limbs[:4, 0] = 1.3 * bend, -0.8 * bend, 1.4 * bend
    else:
        limbs[:4, 0], limbs[[1, 3], 1] = 1.1, 0.2 - 0.8 * bend  # clap
    return limbs


def draw_clip(rng, action, length, size):
    """Frames uint8 (T, size, size, 3) of a person who does an action."""
    ground = draw_background(rng, size)
    palette = draw_palette(rng)
    view = camera(0, rng.uniform(0.0, 0.3)) @ camera(rng.uniform(-0.9, 0.9), 0)
    habit, scale = rng.normal(0, 0.08, (LIMBS, 2)), rng.uniform(0.8, 1.15)
    phases = rng.uniform(0, 2 * np.pi) + np.linspace(0, 2 * np.pi * rng.uniform(0.8, 1.5), length)
    frames = []
    for phase in phases:
        limbs = HANGING + scale * (limbs_of(action, phase) - HANGING) + habit
        frames.append(draw_figure(ground, pose_of(limbs) @ view.T, palette))
    return np.stack(frames)
