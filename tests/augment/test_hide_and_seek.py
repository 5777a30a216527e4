import pytest
import torch

from mmwsl.augment import HideAndSeek


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def hidden_of(operation, count, height, width, seed=0):
    return (operation(torch.ones(count, 3, height, width), seeded(seed)) != 1).any(1)


def test_cells_are_whole_and_hidden_with_the_probability():
    hidden = hidden_of(HideAndSeek(4, 0.3), 2000, 10, 14)
    for top in range(0, 10, 4):  # the last row and column of cells are partial
        for left in range(0, 14, 4):
            cell = hidden[:, top:top + 4, left:left + 4].flatten(1)
            assert torch.equal(cell.any(1), cell.all(1))
            assert cell.any(1).float().mean().item() == pytest.approx(0.3, abs=0.045)
    # cells are independent of each other
    first, second = hidden[:, 0, 0].float(), hidden[:, 0, 4].float()
    assert (first * second).mean().item() == pytest.approx(0.09, abs=0.025)


def test_sizes_are_drawn_evenly_and_zero_hides_nothing():
    hidden = hidden_of(HideAndSeek((0, 2, 5), 0.5), 3000, 20, 20)
    assert (~hidden.flatten(1).any(1)).float().mean().item() == pytest.approx(1 / 3, abs=0.03)
    def constant_in(size):
        cells = hidden.view(3000, 20 // size, size, 20 // size, size)
        return (cells.amax((2, 4)) == cells.amin((2, 4))).flatten(1).all(1) & hidden.flatten(1).any(1)
    assert constant_in(2).float().mean().item() == pytest.approx(1 / 3, abs=0.03)
    assert constant_in(5).float().mean().item() == pytest.approx(1 / 3, abs=0.03)


def test_fill_and_expected_activation():
    # with the mean as fill, a filter over a hidden region sees the mean in expectation; with black it does not
    mean = torch.tensor([0.6, 0.3, 0.2])
    images = (mean.view(1, 3, 1, 1) + 0.1 * torch.randn(4000, 3, 8, 8, generator=seeded(1))).clamp(0, 1)
    weights = torch.rand(3, 8, 8, generator=seeded(2))
    whole = (weights * images).sum((1, 2, 3)).mean()
    with_mean = (weights * HideAndSeek(4, 0.5, mean)(images, seeded())).sum((1, 2, 3)).mean()
    with_black = (weights * HideAndSeek(4, 0.5, 0.0)(images, seeded())).sum((1, 2, 3)).mean()
    assert abs(with_mean / whole - 1) < 0.01 and with_black / whole < 0.6
    assert torch.equal(HideAndSeek(4, 1, mean)(images), mean.view(1, 3, 1, 1).expand_as(images))
    assert torch.equal(HideAndSeek(4, 0)(images), images)


def test_seed_and_layout_and_one_pixel_cells():
    images = torch.rand(16, 3, 9, 13, generator=seeded())
    operation = HideAndSeek((1, 3), 0.5, (1.0, 0.0, 0.0))
    views = operation(images, seeded(1))
    assert torch.equal(views, operation(images, seeded(1))) and not torch.equal(views, operation(images, seeded(2)))
    assert torch.equal(views, operation(images.to(memory_format=torch.channels_last), seeded(1)))
    assert HideAndSeek(56)(images[:1]).shape == (1, 3, 9, 13)  # one cell, larger than the image


@pytest.mark.parametrize('make, text', [
    (lambda: HideAndSeek((0,)), 'at least one above 0'),
    (lambda: HideAndSeek(-4), 'integers >= 0'),
    (lambda: HideAndSeek(()), 'patch_sizes='),
    (lambda: HideAndSeek(4, 1.2), 'hide_prob=1.2'),
    (lambda: HideAndSeek(4)(torch.rand(1, 1, 8, 8)), 'fill has 3 values for images of 1 channels'),
])
def test_bad_arguments(make, text):
    with pytest.raises(ValueError, match=text):
        make()
