"""Random walk on the pixels of maps: scores spread along affinities of pixels that lie near each other.

Affinities are symmetric, so they are kept once a pair: (B, K, H, W), the k-th of pixel (y, x) with pixel
(y + dy, x + dx) for the k-th (dy, dx) of :func:`half_disk`, and 0 where that one lies outside.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmwsl.ops.tensors import upcast

Offset = tuple[int, int]


def half_disk(radius: int) -> list[Offset]:
    """(dy, dx) of the pixels nearer than ``radius`` in one half of the disk: each pair of pixels once, 34 of radius 5.

    Raises:
        ValueError: a radius below 2 has no neighbors.
    """
    if radius < 2:
        raise ValueError(f'radius={radius} has no neighbors nearer than it; take 2 or more')
    return [(dy, dx) for dy in range(radius) for dx in range(1 - radius, radius)
            if (dy > 0 or dx > 0) and dy**2 + dx**2 < radius**2]


def path(offset: Offset) -> list[Offset]:
    """Pixels on the way from (0, 0) to ``offset``, both included: those of the box around them that are nearer than 1
    to the straight line."""
    dy, dx = offset
    return [(y, x) for y in range(min(0, dy), max(0, dy) + 1) for x in range(min(0, dx), max(0, dx) + 1)
            if (dy * x - dx * y)**2 < dy**2 + dx**2]


def path_affinity(edges: Tensor, radius: int = 5) -> Tensor:
    """1 - the largest value of ``edges`` (B, 1, H, W), in [0, 1], on the way between two pixels: (B, K, H, W).

    Affinity of IRN (Ahn et al. 2019). Differentiable in the edges; the largest one has the gradient.
    """
    if edges.ndim != 4 or edges.shape[1] != 1:
        raise ValueError(f'edges must be (B, 1, H, W), got {tuple(edges.shape)}')
    height, width = edges.shape[2:]
    padded = F.pad(edges[:, 0], (radius, radius, 0, radius), value=1.0)  # beyond the border all is edge
    found = []
    for offset in half_disk(radius):
        on_way = [padded[:, y:y + height, radius + x:radius + x + width] for y, x in path(offset)]
        found.append(1 - torch.stack(on_way).max(0).values)
    return torch.stack(found, 1)


def feature_affinity(features: Tensor, radius: int = 5) -> Tensor:
    """exp(-mean_d |f_i - f_j|) of ``features`` (B, D, H, W): (B, K, H, W).

    Affinity of PSA (Ahn and Kwak 2018). Differentiable in the features.
    """
    if features.ndim != 4:
        raise ValueError(f'features must be (B, D, H, W), got {tuple(features.shape)}')
    height, width = features.shape[2:]
    found = []
    for dy, dx in half_disk(radius):
        here, there = _pair(dy, dx, height, width)
        affinity = torch.exp(-(features[..., *here] - features[..., *there]).abs().mean(1))
        found.append(F.pad(affinity, (max(0, -dx), max(0, dx), 0, dy))[:, :height, :width])
    return torch.stack(found, 1)


@torch.no_grad()
def propagate(maps: Tensor, affinity: Tensor, offsets: Sequence[Offset], beta: float = 10,
              log2_steps: int = 8) -> Tensor:
    """Maps after 2^log2_steps steps of a random walk.

    T = A^beta with ones on the diagonal, each column divided by its sum, and the maps as rows times T^(2^log2_steps):
    the weights that a pixel's new score is made with sum to 1, so that a constant map stays as it is. Published
    settings: IRN beta 10 of :func:`path_affinity`, PSA beta 8 of :func:`feature_affinity`, both 2^8 steps, radius 5.

    T is never made: a step is a sum over shifted maps, and the power is a polynomial in T of degree about
    6 sqrt(2^log2_steps) (its Chebyshev expansion, cut where the rest is below 1e-9 of the largest score).

    Args:
        maps: (B, C, H, W).
        affinity: (B, K, H, W) in [0, 1], of :func:`path_affinity` or :func:`feature_affinity`.
        offsets: K of (dy, dx), of :func:`half_disk`.

    Returns:
        (B, C, H, W) in fp32, or fp64 where the maps were. Without gradient; NaN stays NaN and spreads.

    Raises:
        ValueError: sizes that differ, a negative number of steps.
    """
    if maps.ndim != 4 or not maps.is_floating_point():
        raise ValueError(f'maps must be (B, C, H, W) of floating point, got {tuple(maps.shape)} of {maps.dtype}')
    if affinity.shape != (len(maps), len(offsets), *maps.shape[2:]):
        raise ValueError(f'affinity must be {(len(maps), len(offsets), *maps.shape[2:])}, a map for each of the '
                         f'{len(offsets)} offsets, in the size of the maps, got {tuple(affinity.shape)}')
    if log2_steps < 0:
        raise ValueError(f'log2_steps={log2_steps} must not be negative')
    maps = upcast(maps)
    powers = affinity.to(maps.dtype)**beta
    degree = 1 + _neighbor_sum(torch.ones_like(maps[:, :1]), powers, offsets)

    def step(x: Tensor) -> Tensor:
        return (x + _neighbor_sum(x, powers, offsets)) / degree

    coefficients = _chebyshev_of_power(2**log2_steps)
    before, current = maps, step(maps)
    total = coefficients[0] * before
    for number, coefficient in enumerate(coefficients[1:], 1):
        if number > 1:
            before, current = current, step(current).mul_(2).sub_(before)
        total.add_(current, alpha=coefficient)
    return total


def _pair(dy: int, dx: int, height: int, width: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Slices of the pixels whose neighbor at (dy, dx) is inside, and of those neighbors; empty if there are none."""
    rows, columns = max(0, height - dy), max(0, width - abs(dx))
    left, right = (0, dx) if dx >= 0 else (-dx, 0)
    return ((slice(0, rows), slice(left, left + columns)), (slice(dy, dy + rows), slice(right, right + columns)))


def _neighbor_sum(x: Tensor, affinity: Tensor, offsets: Sequence[Offset]) -> Tensor:
    """Of each pixel the sum over its neighbors on both sides, weighted by their affinity."""
    total = torch.zeros_like(x)
    for number, (dy, dx) in enumerate(offsets):
        here, there = _pair(dy, dx, *x.shape[2:])
        weight = affinity[:, number:number + 1, *here]
        total[..., *here].addcmul_(weight, x[..., *there])
        total[..., *there].addcmul_(weight, x[..., *here])
    return total


def _chebyshev_of_power(steps: int, rest: float = 1e-9) -> list[float]:
    """Coefficients of x^steps as a sum of Chebyshev polynomials, without the last ones that sum to less than ``rest``.

    x^n = 2^(1 - n) sum_k binomial(n, (n - k) / 2) T_k(x) over k of n's parity, T_0 counting half.
    """
    found = [0.0 if (steps - k) % 2 else math.comb(steps, (steps - k) // 2) / 2**(steps - 1 if k else steps)
             for k in range(steps + 1)]
    left = 0.0
    while len(found) > 1 and left + found[-1] < rest:
        left += found.pop()
    return found
