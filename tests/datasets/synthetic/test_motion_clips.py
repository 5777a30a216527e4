"""Clips with known motion: flow that explains the next frame, hues that tell a direction, parts that turn as one."""

import numpy as np
import pytest
import torch

from mmwsl.datasets import MotionClips
from mmwsl.flow import warp


def items(count=6, **settings):
    data = MotionClips(num_clips=count, supervision='full', **settings)
    return [data[position] for position in range(count)]


@pytest.mark.parametrize('settings', [dict(kind='colored'), dict(kind='figures'), dict(kind='figures', camera=0.03)])
def test_the_true_flow_explains_the_next_frame(settings):
    for item in items(speed=(0.04, 0.06), **settings):
        first, second = item['inputs'].permute(0, 2, 3, 1).numpy()
        sample = item['data_samples']
        flow, parts = sample.gt_flow[0].permute(1, 2, 0).numpy(), sample.gt_mask[0].numpy()
        moving = (np.linalg.norm(flow, axis=-1) > 1) & (parts > 0)
        if moving.any():
            error = np.abs(warp(second, flow).astype(float) - first)[moving].mean()
            assert error < 0.7 * np.abs(second.astype(float) - first)[moving].mean() + 3


def test_a_hue_tells_the_direction_and_only_where_it_should():
    def angles(**settings):
        found = []
        for item in items(24, kind='colored', **settings):
            there = item['data_samples'].gt_mask[0].numpy() > 0
            dx, dy = item['data_samples'].gt_flow[0].numpy()[:, there].mean(1)
            red, green, blue = item['inputs'][0].numpy()[:, there].astype(float).mean(1)
            hue = np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue)
            found.append(np.cos(hue - np.arctan2(dy, dx)))
        return np.mean(found)
    assert angles() > 0.95
    assert abs(angles(hue_tells=False)) < 0.5


def test_parts_turn_as_one_and_static_figures_do_not_move():
    """The flow of each part is that of a rotation and a shift: linear in the position, antisymmetric."""
    for item in items(4, kind='figures'):
        sample = item['data_samples']
        for mask in sample.gt_instance_masks[0]:
            if mask.sum() < 20:
                continue
            y, x = torch.nonzero(mask, as_tuple=True)
            design = np.stack([x + 0.5, y + 0.5, np.ones(len(x))], 1)
            solution, *_ = np.linalg.lstsq(design, sample.gt_flow[0][:, y, x].T.numpy(), rcond=None)
            np.testing.assert_allclose(design @ solution, sample.gt_flow[0][:, y, x].T, atol=1e-3)
            assert solution[0, 1] == pytest.approx(-solution[1, 0], abs=1e-3)
    for item in items(2, kind='static'):
        assert item['data_samples'].gt_flow.abs().max() < 1e-6 and (item['inputs'][0] == item['inputs'][1]).all()


def test_clips_are_the_same_again_and_differ_by_seed_and_split():
    data = MotionClips(num_clips=3, clip_length=3)
    assert (data[2]['inputs'] == MotionClips(num_clips=9, clip_length=3)[2]['inputs']).all()
    for other in (dict(seed=1), dict(split='test')):
        assert not (data[2]['inputs'] == MotionClips(num_clips=3, clip_length=3, **other)[2]['inputs']).all()
    batch = data.__getitems__([0, 2])
    assert batch['inputs'].shape == (2, 3, 3, 64, 64) and set(batch['data_samples'].keys()) == {'index'}


@pytest.mark.parametrize(('settings', 'message'), [
    (dict(kind='walking'), 'choose one of colored'), (dict(split='val'), "choose 'train' or 'test'"),
    (dict(clip_length=1), 'clip_length=1 is no clip'), (dict(speed=(0.5, 0.1)), 'speed'), (dict(size=8), 'size=8'),
    (dict(limbs=(0, 2)), 'limbs'), (dict(camera=1.0), 'camera=1.0')])
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        MotionClips(**settings)
