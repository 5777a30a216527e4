"""The random walk and its affinities, against loops over pairs of pixels and powers of a dense matrix."""

import math

import pytest
import torch

from mmwsl.refine import feature_affinity, half_disk, path_affinity, propagate
from mmwsl.refine.random_walk import path

HEIGHT, WIDTH = 7, 8


def random(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def dense(affinity, offsets, beta):
    """The matrix of transitions (N, N) of one image's affinity (K, H, W), its columns summing to 1."""
    matrix = torch.eye(HEIGHT * WIDTH, dtype=torch.float64)
    for k, (dy, dx) in enumerate(offsets):
        for y in range(HEIGHT):
            for x in range(WIDTH):
                if 0 <= y + dy < HEIGHT and 0 <= x + dx < WIDTH:
                    i, j = y * WIDTH + x, (y + dy) * WIDTH + x + dx
                    matrix[i, j] = matrix[j, i] = affinity[k, y, x]**beta
                else:
                    assert affinity[k, y, x] == 0
    return matrix / matrix.sum(0, keepdim=True)


@pytest.mark.parametrize('log2_steps', [0, 1, 4, 8])
@pytest.mark.parametrize('radius', [3, 12])
def test_propagate_is_a_power_of_the_matrix(log2_steps, radius):
    """Also where the radius is larger than the image."""
    offsets = half_disk(radius)
    affinity, maps = path_affinity(random(2, 1, HEIGHT, WIDTH) * 0.4, radius), random(2, 3, HEIGHT, WIDTH, seed=1)
    found = propagate(maps, affinity, offsets, beta=5, log2_steps=log2_steps)
    for number in range(2):
        power = torch.linalg.matrix_power(dense(affinity[number], offsets, 5), 2**log2_steps)
        torch.testing.assert_close(found[number].flatten(1), maps[number].flatten(1) @ power, rtol=0, atol=1e-8)


def test_mass_and_constants():
    """A constant map stays; on a uniform affinity what does not reach the border keeps its sum."""
    offsets, constant = half_disk(3), torch.full((1, 1, 21, 21), 0.7, dtype=torch.float64)
    uneven = path_affinity(random(1, 1, 21, 21), 3)
    torch.testing.assert_close(propagate(constant, uneven, offsets), constant)
    uniform = path_affinity(torch.zeros(1, 1, 21, 21, dtype=torch.float64), 3)
    point = torch.zeros_like(constant)
    point[..., 10, 10] = 1
    spread = propagate(point, uniform, offsets, log2_steps=2)
    assert spread.sum().item() == pytest.approx(1, abs=1e-9) and spread.max().item() < 0.1


def test_an_edge_holds_the_walk_back():
    edges = torch.zeros(1, 1, 8, 9)
    edges[..., 4] = 1
    maps = torch.zeros(1, 1, 8, 9)
    maps[..., :4] = 1
    spread = propagate(maps, path_affinity(edges, 4), half_disk(4))
    torch.testing.assert_close(spread, maps, rtol=0, atol=1e-5)


def test_path_affinity_by_loops():
    edges, radius = random(2, 1, HEIGHT, WIDTH), 4
    found = path_affinity(edges, radius)
    for k, (dy, dx) in enumerate(half_disk(radius)):
        for y in range(HEIGHT):
            for x in range(WIDTH):
                expected = 0.0
                if y + dy < HEIGHT and 0 <= x + dx < WIDTH:
                    # distance of a pixel from the line through both ends: cross product over length
                    on_way = [edges[1, 0, r, c].item() for r in range(y, y + dy + 1)
                              for c in range(min(x, x + dx), max(x, x + dx) + 1)
                              if abs(dy * (c - x) - dx * (r - y)) / math.hypot(dy, dx) < 1]
                    expected = 1 - max(on_way)
                assert found[1, k, y, x].item() == pytest.approx(expected, abs=1e-12)


def test_paths_of_few_pixels():
    assert path((0, 3)) == [(0, 0), (0, 1), (0, 2), (0, 3)]
    assert path((1, -1)) == [(0, -1), (0, 0), (1, -1), (1, 0)]
    assert path((1, 3)) == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 2), (1, 3)]
    assert path((3, 3)) == [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 2), (3, 3)]


def test_feature_affinity_by_loops():
    features = random(1, 4, HEIGHT, WIDTH)
    for radius in (3, 10):
        found = feature_affinity(features, radius)
        for k, (dy, dx) in enumerate(half_disk(radius)):
            for y in range(HEIGHT):
                for x in range(WIDTH):
                    expected = 0.0
                    if y + dy < HEIGHT and 0 <= x + dx < WIDTH:
                        differences = features[0, :, y, x] - features[0, :, y + dy, x + dx]
                        expected = math.exp(-sum(map(abs, differences.tolist())) / 4)
                    assert found[0, k, y, x].item() == pytest.approx(expected, abs=1e-12)


def test_affinities_have_gradients():
    edges, features = random(1, 1, 4, 4).requires_grad_(), random(1, 2, 4, 4).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: path_affinity(x, 3), edges)
    assert torch.autograd.gradcheck(lambda x: feature_affinity(x, 3), features)


def test_half_disk():
    assert len(half_disk(5)) == 34 and len(half_disk(10)) == 152
    assert half_disk(2) == [(0, 1), (1, -1), (1, 0), (1, 1)]


def test_dtypes_and_batch_order():
    affinity, maps = path_affinity(random(2, 1, HEIGHT, WIDTH), 3), random(2, 1, HEIGHT, WIDTH, seed=1)
    found = propagate(maps, affinity, half_disk(3))
    turned = propagate(maps.flip(0), affinity.flip(0), half_disk(3))
    torch.testing.assert_close(turned.flip(0), found)
    low = propagate(maps.bfloat16(), affinity.float(), half_disk(3))
    assert low.dtype == torch.float32
    torch.testing.assert_close(low, found.float(), rtol=0, atol=1e-2)


def test_wrong_inputs_are_refused():
    maps, affinity = random(1, 2, 4, 5), path_affinity(random(1, 1, 4, 5), 3)
    with pytest.raises(ValueError, match=r'affinity must be \(1, 34, 4, 5\), a map for each of the 34 offsets'):
        propagate(maps, affinity, half_disk(5))
    with pytest.raises(ValueError, match=r'affinity must be \(1, 12, 4, 4\)'):
        propagate(maps[..., :4], affinity, half_disk(3))
    with pytest.raises(ValueError, match='log2_steps=-1'):
        propagate(maps, affinity, half_disk(3), log2_steps=-1)
    with pytest.raises(ValueError, match=r'edges must be \(B, 1, H, W\)'):
        path_affinity(maps)
    with pytest.raises(ValueError, match='radius=1 has no neighbors'):
        half_disk(1)
