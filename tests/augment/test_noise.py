import cv2
import numpy as np
import pytest
import torch

from mmwsl.augment import Cutout, GaussianNoise, Sobel


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_noise_has_the_deviation_asked_for():
    images = torch.full((2000, 1, 20, 20), 0.5)
    deviation = GaussianNoise((0.02, 0.1), 1)(images, seeded()).sub(0.5).flatten(1).std(1).sort().values
    assert (deviation - torch.linspace(0.02, 0.1, 2000)).abs().max() < 0.008
    assert torch.equal(GaussianNoise(prob=0)(images), images)
    changed = (GaussianNoise((0.1, 0.1), 0.3)(images, seeded()) != images).flatten(1).any(1)
    assert changed.float().mean().item() == pytest.approx(0.3, abs=0.03)


def test_cutout_is_one_clipped_rectangle_with_uniform_centre():
    side, length = 12, 6
    views = Cutout(0.5, 1, fill=0.25)(torch.ones(3000, 3, side, side), seeded())
    hidden = views == 0.25
    assert torch.equal(hidden[:, 0], hidden[:, 2]) and (views[~hidden] == 1).all()
    rows, columns = hidden[:, 0].any(2), hidden[:, 0].any(1)
    assert torch.equal(hidden[:, 0], rows[:, :, None] & columns[:, None, :])
    # the expected share of a row: centre c hides rows c - 3 .. c + 2 inside the image
    expected = np.mean([len(set(range(c - 3, c + 3)) & set(range(side))) for c in range(side)]) / side
    assert rows.float().mean().item() == pytest.approx(expected, abs=0.01)
    assert rows.sum(1).max() == length and rows.sum(1).min() == 3
    assert torch.equal(Cutout(prob=0)(views), views)
    assert hidden.flatten(1).any(1).all()


@pytest.mark.parametrize('operation', [GaussianNoise(prob=0.5), Cutout(0.3, 0.5)])
def test_range_seed_and_layout(operation):
    images = torch.rand(32, 3, 9, 14, generator=seeded())
    views = operation(images, seeded(1))
    assert views.shape == images.shape and views.min() >= 0 and views.max() <= 1
    assert torch.equal(views, operation(images, seeded(1))) and not torch.equal(views, operation(images, seeded(2)))
    assert torch.equal(views, operation(images.to(memory_format=torch.channels_last), seeded(1)))
    assert len(torch.unique(operation(images[:1].repeat(9, 1, 1, 1), seeded(1)).flatten(1), dim=0)) > 1


def test_sobel_equals_opencv():
    images = torch.rand(2, 3, 9, 13, generator=seeded())
    edges = Sobel()(images)
    assert edges.shape == (2, 2, 9, 13)
    for image, edge in zip(images.numpy(), edges.numpy(), strict=True):
        grey = image.mean(0)
        for channel, (x, y) in enumerate(((1, 0), (0, 1))):
            expected = cv2.Sobel(grey, cv2.CV_32F, x, y, ksize=3, borderType=cv2.BORDER_REPLICATE)
            np.testing.assert_allclose(edge[channel], expected, atol=1e-5)
    assert Sobel()(torch.full((1, 3, 4, 4), 0.7)).abs().max() < 1e-6


@pytest.mark.parametrize('make, text', [
    (lambda: GaussianNoise((-0.1, 0.1)), 'sigma='),
    (lambda: GaussianNoise(0.1), 'must be a pair'),
    (lambda: GaussianNoise(prob=3), 'prob=3'),
    (lambda: Cutout(0), r'size=0 must be a fraction of the side'),
    (lambda: Cutout(16), r'size=16 must be a fraction of the side'),
    (lambda: Sobel()(torch.rand(3, 4, 4)), r'\(B, C, H, W\)'),
])
def test_bad_arguments(make, text):
    with pytest.raises(ValueError, match=text):
        make()
