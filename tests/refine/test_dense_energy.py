"""Dense energy, against sums over pairs of pixels, and its gradient."""

import math

import pytest
import torch

from mmwsl.refine import dense_energy
from mmwsl.refine.dense_energy import LATTICE_SUM


def picture(height=6, width=5, batch=2):
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 60, (batch, 3, height, width), generator=generator).byte()
    return images, torch.rand(batch, 2, height, width, generator=generator, dtype=torch.float64).softmax(1)


def by_loops(image, maps, position_std, color_std):
    """sum_k sum_ij S_ki K_ij (1 - S_kj) of one image."""
    _, height, width = image.shape
    points = [(y, x) for y in range(height) for x in range(width)]
    total = 0.0
    for p in points:
        for q in points:
            colors = sum((float(image[c][p]) - float(image[c][q]))**2 for c in range(3))
            kernel = math.exp(-math.dist(p, q)**2 / (2 * position_std**2) - colors / (2 * color_std**2))
            total += sum(kernel * maps[k][p].item() * (1 - maps[k][q].item()) for k in range(len(maps)))
    return total


def test_exact_against_loops():
    images, maps = picture()
    found = dense_energy(images, maps, weight=0.1, color_std=15, position_std=4, scale=1, method='exact')
    expected = sum(by_loops(image, each, 4, 15) for image, each in zip(images, maps, strict=True))
    assert found.item() == pytest.approx(0.1 / 2 * LATTICE_SUM * expected, rel=1e-9)


def test_scale_halves_image_maps_and_position():
    """A picture of 2 x 2 blocks at half size is the picture of its blocks."""
    images, maps = picture()
    doubled, blocks = (x.repeat_interleave(2, 2).repeat_interleave(2, 3) for x in (images, maps))
    small = dense_energy(images, maps, position_std=4, scale=1, method='exact')
    assert dense_energy(doubled, blocks, position_std=8, scale=0.5, method='exact').item() == pytest.approx(small.item())


def test_valid_leaves_pixels_out():
    images, maps = picture(batch=1)
    valid = torch.ones(1, 6, 5, dtype=torch.bool)
    valid[:, 4:] = False
    found = dense_energy(images, maps, valid, scale=1, method='exact')
    cut = dense_energy(images[:, :, :4], maps[:, :, :4], scale=1, method='exact')
    assert found.item() == pytest.approx(cut.item(), rel=1e-9)


@pytest.mark.parametrize('method', ['exact', 'lattice'])
def test_gradient(method):
    images, maps = picture(4, 4, 1)
    assert torch.autograd.gradcheck(lambda x: dense_energy(images, x, weight=1, position_std=8, method=method),
                                    maps.clone().requires_grad_())


def test_lattice_and_exact_agree():
    """In scale, which the share of a lattice's sums makes equal on photos, and in the gradient's direction."""
    generator = torch.Generator().manual_seed(0)
    images = torch.nn.functional.interpolate(torch.rand(1, 3, 6, 6, generator=generator) * 255, (48, 48), mode='bilinear')
    images = (images + 4 * torch.randn(images.shape, generator=generator)).clamp(0, 255)
    maps = torch.rand(1, 3, 48, 48, generator=generator).softmax(1)
    energies, gradients = [], []
    for method in ('lattice', 'exact'):
        inputs = maps.clone().requires_grad_()
        energy = dense_energy(images, inputs, weight=1, method=method)
        energy.backward()
        energies.append(energy.item())
        gradients.append(inputs.grad.flatten())
    assert energies[0] / energies[1] == pytest.approx(1, abs=0.3)
    assert torch.nn.functional.cosine_similarity(*gradients, dim=0) > 0.99


def test_maps_that_follow_the_image_cost_less():
    images = torch.zeros(1, 3, 8, 8)
    images[..., 4:] = 200
    along, across = torch.zeros(2, 1, 2, 8, 8)
    along[:, 0, :, :4] = along[:, 1, :, 4:] = 1
    across[:, 0, :4] = across[:, 1, 4:] = 1
    for method in ('lattice', 'exact'):
        cheap, dear = (dense_energy(images, maps, scale=1, method=method).item() for maps in (along, across))
        assert cheap < 0.01 * dear


def test_wrong_inputs_are_refused():
    images, maps = picture()
    with pytest.raises(ValueError, match='2 images of 6 x 5 pixels, but 2 maps of 5 x 5'):
        dense_energy(images, maps[:, :, :5])
    with pytest.raises(ValueError, match=r'valid must be \(2, 6, 5\)'):
        dense_energy(images, maps, torch.ones(2, 3, 5))
    with pytest.raises(ValueError, match='120 of 120 probabilities are NaN'):
        dense_energy(images, maps * float('nan'))
    with pytest.raises(ValueError, match="method='slow' is unknown"):
        dense_energy(images, maps, method='slow')
