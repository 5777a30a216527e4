import cv2
import numpy as np
import pytest
import torch

from mmwsl.augment import GaussianBlur, blur_batched, blur_opencv, gaussian_kernels


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_kernel_values():
    # exp(-d^2 / 2) for d = 0, 1, 2 is 1, .606531, .135335; sum 2.483732
    kernel = gaussian_kernels(torch.tensor([1.0]), 5)[0]
    assert kernel.tolist() == pytest.approx([0.054489, 0.244201, 0.402620, 0.244201, 0.054489], abs=1e-6)


@pytest.mark.parametrize('size, shape', [(23, (32, 32)), (13, (21, 40)), (3, (7, 5)), (1, (4, 4))])
def test_both_ways_agree_with_a_plain_sum(size, shape):
    images = torch.rand(5, 3, *shape, generator=seeded())
    sigma = torch.tensor([0.1, 0.5, 1.0, 1.7, 2.0])
    batched, opencv = blur_batched(images, sigma, size), blur_opencv(images, sigma, size)
    torch.testing.assert_close(batched, opencv, atol=2e-3, rtol=0)
    pad = size // 2
    for image, view, width in zip(images.numpy(), batched.numpy(), sigma.tolist(), strict=True):
        weights = np.exp(-np.arange(-pad, pad + 1) ** 2 / (2 * width ** 2))
        weights /= weights.sum()
        padded = np.pad(image, ((0, 0), (pad, pad), (pad, pad)), mode='reflect')
        expected = sum(weights[i] * weights[j] * padded[:, i:i + shape[0], j:j + shape[1]]
                       for i in range(size) for j in range(size))
        np.testing.assert_allclose(view, expected, atol=1e-5)
        np.testing.assert_allclose(view[0], cv2.GaussianBlur(image[0], (size, size), width), atol=1e-5)


def test_probability_and_sigma():
    images = torch.rand(2000, 1, 5, 5, generator=seeded())
    assert torch.equal(GaussianBlur(5, prob=0)(images), images)
    assert (GaussianBlur(5, (1, 2), prob=1)(images) != images).flatten(1).any(1).all()
    changed = (GaussianBlur(5, (1, 2), prob=0.3)(images, seeded()) != images).flatten(1).any(1)
    assert changed.float().mean().item() == pytest.approx(0.3, abs=0.03)
    # a point keeps the product of the central weights, from which the sigma of each sample follows
    point = torch.zeros(2000, 1, 15, 15)
    point[:, :, 7, 7] = 1
    views = GaussianBlur(15, (1.0, 2.0), prob=1)(point, seeded())
    sigma = (1 / (2 * np.pi * views[:, 0, 7, 7])).sqrt().sort().values
    assert (sigma - torch.linspace(1, 2, 2000)).abs().max() < 0.05


def test_seed_layout_range_and_input_untouched():
    images = torch.rand(16, 3, 19, 30, generator=seeded())
    before, blur = images.clone(), GaussianBlur(prob=0.5)
    views = blur(images, seeded(1))
    assert torch.equal(images, before) and views.min() >= 0 and views.max() <= 1
    assert torch.equal(views, blur(images, seeded(1))) and not torch.equal(views, blur(images, seeded(2)))
    assert torch.equal(views, blur(images.to(memory_format=torch.channels_last), seeded(1)))
    assert GaussianBlur(prob=1)(images[:1]).shape == (1, 3, 19, 30)


def test_kernel_is_cut_to_small_images_and_follows_sigma():
    image = torch.rand(1, 3, 4, 6, generator=seeded())
    expected = blur_batched(image, torch.tensor([2.0]), 7)
    torch.testing.assert_close(GaussianBlur(23, (2, 2), 1)(image), expected, atol=2e-3, rtol=0)
    assert GaussianBlur(None, (0.1, 2.0)).kernel_size == 13


@pytest.mark.parametrize('settings, text', [
    (dict(kernel_size=4), 'odd positive integer'),
    (dict(kernel_size=2.5), 'odd positive integer'),
    (dict(sigma=(0, 1)), 'sigma='),
    (dict(sigma=(2, 1)), 'sigma='),
    (dict(prob=-1), 'prob=-1 is not a probability'),
])
def test_bad_arguments(settings, text):
    with pytest.raises(ValueError, match=text):
        GaussianBlur(**settings)
