"""Clips of figures that do something: their classes, that they move, what is refused."""

import numpy as np
import pytest
import torch

from mmwsl.datasets import ActionFigures
from mmwsl.datasets.synthetic.action_figures import ACTIONS, limbs_of
from mmwsl.datasets.synthetic.figures_3d import JOINTS, pose_of


def joint(action, phase, name):
    """Right, down and away of a joint, from the pelvis."""
    return pose_of(limbs_of(action, phase))[JOINTS.index(name)]


def test_clips_have_their_actions_and_depend_on_their_number_alone():
    clips = ActionFigures(num_clips=14, clip_length=4, size=32, supervision='image')
    assert clips.labels.tolist() == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1] and clips.classes == list(ACTIONS)
    assert clips[13]['inputs'].shape == (4, 3, 32, 32) and int(clips[13]['data_samples'].gt_label) == 1
    fewer = ActionFigures(num_clips=14, clip_length=4, size=32, supervision='none', max_images=7)
    assert torch.equal(fewer.images, clips.images[::2]) and 'gt_label' not in fewer[0]['data_samples']
    assert not torch.equal(ActionFigures('test', 1, 4, 32).images[0], clips.images[0])
    batch = clips.__getitems__([2, 5])
    assert torch.equal(batch['inputs'], clips.images[[2, 5]]) and batch['data_samples'].gt_label.tolist() == [2, 5]
    for clip in clips.images.float():  # only the figure moves, and it does in every clip
        moved = (clip[1:] != clip[:-1]).any(1).float().mean((1, 2))
        assert moved.max() > 0.01 and moved.max() < 0.5


@pytest.mark.parametrize('action', ACTIONS)
def test_an_action_goes_round(action):
    np.testing.assert_allclose(limbs_of(action, 0), limbs_of(action, 2 * np.pi), atol=1e-12)
    assert np.abs(limbs_of(action, np.pi / 2) - limbs_of(action, 3 * np.pi / 2)).max() > 0.3 or np.abs(
        limbs_of(action, 0) - limbs_of(action, np.pi)).max() > 0.3


def test_what_the_actions_are():
    neck = joint('wave', 0, 'neck')
    assert joint('wave', 0, 'left hand')[1] < neck[1] < joint('wave', 0, 'right hand')[1]  # up is negative
    assert joint('jumping jack', np.pi, 'left hand')[1] < neck[1] < joint('jumping jack', 0, 'left hand')[1]
    left, right = (joint('kick', np.pi, f'{side} foot')[2] for side in ('left', 'right'))
    assert right > 0.7 and abs(left) < 0.1
    assert joint('walk', np.pi / 2, 'left foot')[2] > 0.3 and joint('walk', np.pi / 2, 'right foot')[2] < -0.3
    assert joint('squat', np.pi, 'left foot')[1] < joint('squat', 0, 'left foot')[1] - 0.1
    hands = [np.linalg.norm(joint('clap', phase, 'left hand') - joint('clap', phase, 'right hand'))
             for phase in (0, np.pi)]
    assert hands[1] < 0.3 * hands[0] or hands[1] < 0.15


@pytest.mark.parametrize('settings', [dict(split='val'), dict(num_clips=0), dict(clip_length=1), dict(size=8),
                                      dict(seed=-1)])
def test_what_is_refused(settings):
    with pytest.raises(ValueError, match='ActionFigures'):
        ActionFigures(**{**dict(num_clips=1, clip_length=2, size=32), **settings})
