import math

import pytest
import torch

from mmwsl.augment import RandomRotation, rotate


def picture(height=9, width=9):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize('quarters', [0, 1, 2, 3])
def test_right_angles_are_exact_and_counter_clockwise(quarters):
    turned = rotate(picture(), torch.tensor([quarters * math.pi / 2]))
    torch.testing.assert_close(turned, picture().rot90(quarters, (2, 3)), rtol=0, atol=1e-5)


def test_the_shape_of_the_image_does_not_bend_the_turn():
    """A bright pixel of a wide image moves on a circle."""
    image = torch.zeros(1, 1, 21, 41)
    image[0, 0, 10, 28] = 1  # 8 to the right of the centre
    turned = rotate(image, torch.tensor([math.pi / 2]))[0, 0]
    assert divmod(turned.argmax().item(), 41) == (2, 20)  # 8 above it
    assert turned.sum() == pytest.approx(1, abs=1e-4)


def test_angles_are_drawn_per_image_within_the_limit():
    images = torch.zeros(400, 1, 101, 101)
    images[:, :, 50, 90] = 1
    images = torch.nn.functional.avg_pool2d(images, 3, 1, 1)
    views = RandomRotation(10)(images, torch.Generator().manual_seed(0))
    rows = (views[:, 0].sum(2) * torch.arange(101.)).sum(1) / views[:, 0].sum((1, 2)) - 50
    angles = torch.rad2deg(torch.asin(-rows / 40))
    assert angles.abs().max() < 10.2 and angles.max() > 9 and angles.min() < -9
    assert angles.mean().abs() < 1 and angles.std() == pytest.approx(20 / 12**0.5, rel=0.1)
    assert torch.equal(views, RandomRotation(10)(images, torch.Generator().manual_seed(0)))


def test_no_turn_changes_nothing():
    torch.testing.assert_close(RandomRotation(0)(picture(8, 12)), picture(8, 12), rtol=0, atol=1e-5)


def test_bad_input():
    with pytest.raises(ValueError, match=r'degrees=-1 must lie in \[0, 180\]'):
        RandomRotation(-1)
    with pytest.raises(ValueError, match='images must be'):
        RandomRotation(2)(torch.zeros(3, 4, 4))
