"""Figures seen by several cameras: views agree with their joints, splits differ, what is refused."""

import numpy as np
import pytest
import torch

from mmwsl.datasets import MultiViewFigures
from mmwsl.datasets.synthetic.figures_3d import BONES, LENGTHS, draw_palette


@pytest.fixture(scope='module')
def figures():
    return MultiViewFigures(num_moments=8, people=2, size=48, supervision='full')


def test_items_are_pairs_of_cameras(figures):
    assert len(figures) == 8 * 12
    parts = [figures.parts(index) for index in range(len(figures))]
    assert len({part[:3] for part in parts}) == 96 and all(first != second for _, first, second, _ in parts)
    assert all(moment != other and moment % 2 == other % 2 for moment, _, _, other in parts)
    item = figures[30]
    moment, first, second, other = figures.parts(30)
    assert torch.equal(item['inputs'][1], figures.views[moment, second])
    assert torch.equal(item['inputs'][3], figures.views[other, first])


def test_the_figure_is_drawn_where_its_joints_are(figures):
    for index in range(0, 96, 7):
        item, (moment, first, _, _) = figures[index], figures.parts(index)
        changed = (item['inputs'][0] != figures.grounds[first]).any(0).numpy()
        places = item['data_samples'].gt_pose.numpy()[:, :2] * 48 / 2.2 + [24, 0.45 * 48]
        assert all(changed[int(y), int(x)] for x, y in places) and 0.02 < changed.mean() < 0.4
        world = item['data_samples'].gt_pose.numpy() @ item['data_samples'].rotation[0].numpy()
        np.testing.assert_allclose(world, figures.poses[moment], atol=1e-5)


def test_the_left_is_warm_and_the_right_cold():
    rng = np.random.default_rng(0)
    palettes = np.stack([draw_palette(rng) for _ in range(200)])
    assert palettes.shape == (200, 3, 3) and 0 <= palettes.min() and palettes.max() <= 255
    red, green, blue = palettes[:, 1].T
    assert (blue < np.maximum(red, green)).all() and len(np.unique(red)) > 100
    red, green, blue = palettes[:, 2].T
    assert (blue >= green - 1e-9).all() and (blue > red).all()


def test_wide_limbs_cover_what_thin_ones_do(figures):
    wide = MultiViewFigures(num_moments=8, people=2, size=48, limb_width=0.2)
    thin, broad = ((each.views != each.grounds).any(2) for each in (figures, wide))
    assert 1.2 < broad.float().mean() / thin.float().mean() < 4 and (broad | ~thin).float().mean() > 0.999


def test_bones_keep_their_lengths_and_cameras_turn_only(figures):
    for pose in figures.poses:
        lengths = [np.linalg.norm(pose[end] - pose[start]) for start, end in BONES]
        np.testing.assert_allclose(lengths, LENGTHS, atol=1e-9)
    for rotation in figures.rotations:
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(rotation) == pytest.approx(1)


def test_same_cameras_other_people(figures):
    tested = MultiViewFigures('test', num_moments=8, people=2, size=48)
    assert torch.equal(tested.grounds, figures.grounds) and (tested.rotations == figures.rotations).all()
    assert not np.allclose(tested.poses, figures.poses) and 'gt_pose' not in tested[0]['data_samples']


@pytest.mark.parametrize('settings', [dict(split='val'), dict(num_moments=7, people=2), dict(cameras=1), dict(size=8),
                                      dict(num_moments=6, people=6), dict(limb_width=0.5)])
def test_what_is_refused(settings):
    with pytest.raises(ValueError, match='MultiViewFigures'):
        MultiViewFigures(**settings)
