"""The kernels: lattice, band matrices and all pairs, against sums over pairs of points."""

import pytest
import torch

from mmwsl.refine.kernels import ExactGaussian, Normalized, SpatialGaussian, bilateral_features
from mmwsl.refine.permutohedral import PermutohedralLattice


def random(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def sums(features, values):
    return torch.stack([(torch.exp(-0.5 * ((features - each)**2).sum(1))[:, None] * values).sum(0) for each in features])


def test_exact_gaussian():
    features, values = random(30, 5) * 3, random(30, 2, seed=1)
    torch.testing.assert_close(ExactGaussian(features).filter(values), sums(features, values))


@pytest.mark.parametrize('size, block', [((5, 90), 32), ((40, 3), 8), ((1, 1), 32)])
def test_spatial_gaussian(size, block):
    """Also over several blocks, and where the Gaussian is wider than the image."""
    image, values = torch.zeros(3, *size, dtype=torch.float64), random(size[0] * size[1], 2)
    for std in (1.0, 3.0):
        features = bilateral_features(image, std, 1)
        found = SpatialGaussian(size, std, values, block).filter(values)
        torch.testing.assert_close(found, sums(features, values), rtol=1e-6, atol=1e-6)


def test_bilateral_features():
    image = torch.arange(24.0).view(3, 2, 4)
    features = bilateral_features(image, 2, 10)
    assert features[6].tolist() == pytest.approx([2 / 2, 1 / 2, 0.6, 1.4, 2.2])  # pixel (1, 2)


@pytest.mark.parametrize('dims', [1, 2, 3, 5])
def test_lattice_is_near_the_gaussian(dims):
    """Both averages of a smooth function; points lie densely."""
    features = random(400, dims) * (2 if dims < 5 else 1)
    values = torch.cat([features.sin(), torch.ones(400, 1, dtype=torch.float64)], 1)
    found, expected = PermutohedralLattice(features).filter(values), sums(features, values)
    means = found[:, :-1] / found[:, -1:] - expected[:, :-1] / expected[:, -1:]
    assert means.abs().mean() < 0.02 and means.abs().max() < 0.1


def test_lattice_preserves_what_theory_says():
    """In the inside of dense points its sums are 2^(d+1) / (1 + 2^-d) times the volume of a cell, over the Gaussian's:
    .882 in two dimensions."""
    grid = torch.cartesian_prod(*[torch.arange(0, 12, 0.15, dtype=torch.float64)] * 2)
    inside = ((grid - 6).abs() < 1).all(1)
    found = PermutohedralLattice(grid).filter(torch.ones(len(grid), 1, dtype=torch.float64))[inside]
    gaussian = 2 * torch.pi / 0.15**2
    assert (found / gaussian).mean().item() == pytest.approx(8 * 0.8 * 1.5 / 3**0.5 / (2 * torch.pi), rel=1e-2)


def test_lattice_gradient_is_its_transposed():
    lattice = PermutohedralLattice(random(25, 5) * 4)
    matrix = lattice.filter(torch.eye(25, dtype=torch.float64))
    values = random(25, 3).requires_grad_()
    grad = random(25, 3, seed=1)
    lattice.filter(values).backward(grad)
    torch.testing.assert_close(values.grad, matrix.T @ grad)
    torch.testing.assert_close(lattice.filter(values).detach(), matrix @ values.detach())  # linear
    assert (matrix - matrix.T).abs().max() < 0.2 * matrix.max()


def test_far_points_do_not_touch():
    """Packed keys of neighbors never run into one another's."""
    features = torch.tensor([[0.0, 0.0], [0.0, 50.0], [50.0, 0.0], [50.0, 50.0]], dtype=torch.float64)
    matrix = PermutohedralLattice(features).filter(torch.eye(4, dtype=torch.float64))
    assert (matrix - matrix.diag().diag()).abs().max() == 0 and matrix.diag().min() > 0.1


def test_normalized():
    features, values = random(20, 2) * 3, random(20, 1, seed=1)
    matrix = ExactGaussian(features).matrix
    degree = matrix.sum(1)
    expected = (matrix / (degree[:, None] * degree).sqrt()) @ values
    torch.testing.assert_close(Normalized(ExactGaussian(features), 20, values).filter(values), expected)


def test_wrong_inputs_are_refused():
    with pytest.raises(ValueError, match=r'features must be \(N, d\)'):
        PermutohedralLattice(random(3))
    with pytest.raises(ValueError, match='features hold NaN or infinite'):
        PermutohedralLattice(random(3, 2) / 0)
    with pytest.raises(ValueError, match='values must be .3, C. of torch.float64, got .3, 2. of torch.float32'):
        PermutohedralLattice(random(3, 2)).filter(random(3, 2).float())
