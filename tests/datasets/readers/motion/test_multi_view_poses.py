"""Views of people from files: as the figures that were written, and lists that say something wrong."""

import json

import cv2
import numpy as np
import pytest
import torch

from mmwsl.datasets import MultiViewFigures, MultiViewPoses
from mmwsl.datasets.readers.motion.multi_view_poses import toward_middle


@pytest.fixture
def root(tmp_path):
    figures, lines = MultiViewFigures(num_moments=4, people=2, cameras=3, size=32), []
    for number, ground in enumerate(figures.grounds):
        cv2.imwrite(str(tmp_path / f'ground{number}.png'), ground.permute(1, 2, 0).numpy()[..., ::-1])
    for moment, views in enumerate(figures.views):
        for number, view in enumerate(views):
            cv2.imwrite(str(tmp_path / f'{moment}_{number}.png'), view.permute(1, 2, 0).numpy()[..., ::-1])
        lines.append(dict(person=str(moment % 2), images=[f'{moment}_{number}.png' for number in range(3)],
                          backgrounds=[f'ground{number}.png' for number in range(3)],
                          rotations=figures.rotations.tolist(), pose=figures.poses[moment].tolist()))
    write(tmp_path, lines)
    return tmp_path


def write(folder, lines):
    (folder / 'views.jsonl').write_text('\n'.join(map(json.dumps, lines)) + '\n')


def change(root, **settings):
    lines = [json.loads(line) for line in (root / 'views.jsonl').read_text().splitlines()]
    lines[1].update(settings)
    write(root, lines)


def test_files_are_what_was_written(root):
    figures = MultiViewFigures(num_moments=4, people=2, cameras=3, size=32, supervision='full')
    found = MultiViewPoses(root, size=32, supervision='full')
    assert len(found) == len(figures) == 24
    true = {figures.parts(index)[:3]: figures[index] for index in range(24)}
    for index in range(24):
        item, other = found[index], true[found._pairs[index]]
        assert all(torch.equal(a, b) for a, b in zip(item['inputs'][:3], other['inputs'][:3], strict=True))
        torch.testing.assert_close(item['data_samples'].gt_pose, other['data_samples'].gt_pose)
        torch.testing.assert_close(item['data_samples'].rotation, other['data_samples'].rotation)


def test_a_crop_beside_the_axis_turns_the_camera():
    np.testing.assert_allclose(toward_middle(np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1]])), np.eye(3), atol=1e-12)
    turn = toward_middle(np.array([[2, 0, -0.5], [0, 2, 0.5], [0, 0, 1]]))  # the crop lies to the right of the axis
    np.testing.assert_allclose(turn @ np.array([0.5, 0, 1.0]) / np.hypot(0.5, 1), [0, 0, 1], atol=1e-12)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)


@pytest.mark.parametrize(('settings', 'message'), [
    (dict(rotations=None), 'rotations'), (dict(rotations=[np.eye(3).tolist()] * 2), 'needed'),
    (dict(rotations=[(2 * np.eye(3)).tolist()] * 3), 'without calibration'),
    (dict(rotations=[np.diag([1, 1, -1]).tolist()] * 3), 'do not mirror'), (dict(person='alone'), 'one moment only'),
    (dict(images=['0_0.png'], backgrounds=['ground0.png'], rotations=[np.eye(3).tolist()]), 'two or more'),
    (dict(pose=None), 'asks for')])
def test_lists_that_are_wrong(root, settings, message):
    change(root, **settings)
    with pytest.raises(ValueError, match=message):
        MultiViewPoses(root, size=32, supervision='full')


def test_files_that_are_missing(root):
    (root / '2_1.png').unlink()
    with pytest.raises(FileNotFoundError, match=r'line 3: .*2_1.png is missing'):
        MultiViewPoses(root, size=32)
    with pytest.raises(FileNotFoundError, match='views.jsonl'):
        MultiViewPoses(root / 'nothing')
