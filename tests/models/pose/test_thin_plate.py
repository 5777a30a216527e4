"""Thin-plate warps against SciPy's spline and against plain affine maps."""

import numpy as np
import torch
from scipy.interpolate import RBFInterpolator

from mmwsl.models.pose.thin_plate import draw_thin_plates, sample_images, thin_plate_basis


def test_basis_is_the_spline_of_scipy():
    rng = np.random.default_rng(0)
    moved = rng.normal(size=(16, 2)) * 0.1
    lattice = np.linspace(-1, 1, 4)
    control = np.array([(x, y) for y in lattice for x in lattice])
    pixels = np.array([((2 * x + 1) / 9 - 1, (2 * y + 1) / 7 - 1) for y in range(7) for x in range(9)])
    slow = RBFInterpolator(control, moved, kernel='thin_plate_spline')(pixels)
    fast = thin_plate_basis(7, 9, 4, torch.device('cpu')) @ torch.tensor(moved, dtype=torch.float32)
    np.testing.assert_allclose(fast.numpy(), slow, atol=1e-5)


def test_without_randomness_nothing_moves():
    images = torch.rand(2, 3, 12, 10)
    grid = draw_thin_plates(2, 12, 10, 'cpu', warp=(0.0, 0.0))
    torch.testing.assert_close(sample_images(images, grid), images, atol=1e-5, rtol=0)


def test_affine_part():
    torch.manual_seed(0)
    grid = draw_thin_plates(500, 8, 8, 'cpu', translation=0.2, warp=(0.0, 0.0))
    shift = (grid - draw_thin_plates(1, 8, 8, 'cpu', warp=(0.0, 0.0))).flatten(1, 2)
    assert shift.std(1).max() < 1e-5 and 0.18 < shift.abs().max() <= 0.2 and shift.mean().abs() < 0.02
    turned = draw_thin_plates(200, 8, 8, 'cpu', rotation=30.0, warp=(0.0, 0.0))
    angle = torch.atan2(turned[:, 3, 6, 1] - turned[:, 3, 1, 1], turned[:, 3, 6, 0] - turned[:, 3, 1, 0])
    assert 25 < angle.rad2deg().abs().max() <= 30.01
    bent = draw_thin_plates(50, 8, 8, 'cpu', warp=(0.0, 0.05)) - draw_thin_plates(1, 8, 8, 'cpu', warp=(0.0, 0.0))
    assert 0.01 < bent.std() < 0.05
