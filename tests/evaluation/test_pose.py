"""Pose metrics against hand-worked values."""

import numpy as np
import pytest

from mmwsl.evaluation.functional import fit_landmarks, landmark_errors, n_mpjpe


def test_landmarks_after_a_linear_map():
    rng = np.random.default_rng(0)
    found, mixing = rng.normal(size=(40, 3, 2)), rng.normal(size=(6, 4))
    true = (found.reshape(40, 6) @ mixing).reshape(40, 2, 2)
    weights = fit_landmarks(found[:20], true[:20])
    assert landmark_errors(found[20:], true[20:], weights).max() < 1e-9
    moved = landmark_errors(found[20:], true[20:] + [3, 4], weights)
    assert moved == pytest.approx(np.full((20, 2), 5.0))  # without bias a constant cannot be learnt
    with pytest.raises(ValueError, match='5 images are fewer'):
        fit_landmarks(found[:5], true[:5])


def test_scale_does_not_count():
    pose = np.array([[[0, 0, 0], [3, 4, 0], [0, 0, 2]]])
    assert n_mpjpe(0.3 * pose, pose) == pytest.approx(0, abs=1e-12)
    other = np.array([[[0, 0, 0], [3, 4, 0], [0, 2, 0.]]])
    scale = (other * pose).sum() / (other**2).sum()  # 25 / 29
    expected = np.linalg.norm(scale * other - pose, axis=-1).mean()
    assert n_mpjpe(other, pose) == pytest.approx(expected) and scale == pytest.approx(25 / 29)
    assert n_mpjpe(np.zeros((1, 3, 3)), pose) == pytest.approx(7 / 3)
