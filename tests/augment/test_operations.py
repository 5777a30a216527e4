"""One random operation per image: each against values worked by hand, and the draw."""

import pytest
import torch

from mmwsl.augment import RandomOperation, autocontrast, equalize, posterize
from mmwsl.augment.operations import smoothed


def test_autocontrast_by_hand():
    image = torch.tensor([[[[0.2, 0.4, 0.6]], [[0.5, 0.5, 0.5]]]])
    assert torch.allclose(autocontrast(image), torch.tensor([[[[0., 0.5, 1.]], [[0.5, 0.5, 0.5]]]]))


def test_equalization_by_hand():
    image = torch.tensor([[[[0.1, 0.1, 0.2, 0.3, 0.9, 0.9]], [[0.5] * 6]]])
    assert torch.allclose(equalize(image), torch.tensor([[[[0., 0., 0.5, 0.75, 1., 1.]], [[0.5] * 6]]]))


def test_posterization_by_hand():
    image = torch.tensor([0., 15, 16, 200, 255]).view(1, 1, 1, 5) / 255
    bits = torch.tensor([4.]).view(1, 1, 1, 1)
    assert (posterize(image, bits) * 255).round().flatten().tolist() == [0, 0, 16, 192, 240]


def test_smoothing_by_hand():
    image = torch.zeros(1, 1, 3, 3)
    image[0, 0, 1, 1] = 13.
    assert torch.allclose(smoothed(image)[0, 0], torch.tensor([[1., 1., 1.], [1., 5., 1.], [1., 1., 1.]]))


def test_every_operation_is_drawn_and_some_leave_the_image():
    images = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0)).expand(300, -1, -1, -1)
    views = RandomOperation()(images, torch.Generator().manual_seed(1))
    assert views.shape == images.shape and 0 <= views.min() and views.max() <= 1
    kept = (views == images).flatten(1).all(1).float().mean().item()
    assert kept == pytest.approx(1 / 9, abs=0.08)  # solarization and posterization rarely leave all pixels
    known = [autocontrast(images[:1]), equalize(images[:1])]
    for each in known:
        assert (views == each).flatten(1).all(1).float().mean().item() == pytest.approx(1 / 9, abs=0.08)


def test_what_it_refuses():
    with pytest.raises(ValueError, match='factors'):
        RandomOperation(factors=(0.9, 0.1))
    with pytest.raises(ValueError, match='bits'):
        RandomOperation(bits=(0, 8))
