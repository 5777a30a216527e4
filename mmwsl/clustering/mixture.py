"""Mixtures of Gaussians in one dimension, fitted to counted values: batched, and without waiting for the device."""

import math
from collections import namedtuple

import torch
from torch import Tensor

Mixture = namedtuple('Mixture', 'weights means variances')  # each (..., K)


def quantiles(values: Tensor, counts: Tensor, shares: Tensor) -> Tensor:
    """Quantiles (..., K) of ``values`` (N,), ascending, of which ``counts`` (..., N) says how often each is there.

    Between two neighbors that of a share is interpolated, as numpy does. Where nothing is counted, the last value.

    Args:
        shares: (K,) in [0, 1].
    """
    ends = counts.cumsum(-1)  # value i has the places ends[i - 1] ... ends[i] - 1 of all in order
    places = shares * (ends[..., -1:] - 1).clamp(min=0)
    low, high = (values[(ends[..., None, :] <= place[..., None]).sum(-1).clamp(max=len(values) - 1)]
                 for place in (places.floor(), places.ceil()))
    return low + (places - places.floor()) * (high - low)


def log_densities(values: Tensor, mixture: Mixture) -> Tensor:
    """log(weight) + log(density) of every component at every value (N,): (..., K, N)."""
    weights, means, variances = (each[..., None] for each in mixture)
    return weights.log() - 0.5 * ((values - means)**2 / variances + variances.log() + math.log(2 * math.pi))


@torch.no_grad()
def fit_mixture(values: Tensor, counts: Tensor, num_components: int, iterations: int = 100,
                regularization: float = 1e-6) -> Mixture:
    """Fit a mixture of Gaussians by expectation and maximization, without waiting for the device.

    The components start with equal weights and variance 1 at evenly spaced quantiles: two at the smallest and the
    largest value, three at the median, too.

    Args:
        values: (N,), ascending.
        counts: (..., N), how often each is there; a batch of samples over the same values.
        num_components: K, 2 or more.
        iterations: steps; nothing stops them earlier.
        regularization: is added to the variances.

    Returns:
        :class:`Mixture` in fp64. NaN where nothing is counted.
    """
    values, counts = values.double(), counts.double()
    total = counts.sum(-1, keepdim=True)
    means = quantiles(values, counts, torch.linspace(0, 1, num_components, dtype=values.dtype, device=values.device))
    mixture = Mixture(torch.full_like(means, 1 / num_components), means, torch.ones_like(means))
    for _ in range(iterations):
        shares = log_densities(values, mixture).softmax(-2) * counts[..., None, :]  # (..., K, N)
        mass = shares.sum(-1) + 10 * torch.finfo(values.dtype).eps
        means = (shares * values).sum(-1) / mass
        variances = (shares * (values - means[..., None])**2).sum(-1) / mass + regularization
        mixture = Mixture(mass / total, means, variances)
    return mixture


@torch.no_grad()
def separating_value(values: Tensor, counts: Tensor, mixture: Mixture) -> Tensor:
    """The threshold (...,) at which two components explain best what lies below and from it on.

    It is argmax_t sum_{x >= t} log(w_1 N_1(x)) + sum_{x < t} log(w_0 N_0(x)), with component 1 that of the larger mean:
    the logarithm of the product of both sides' densities. As printed for CoSA (Yang et al. 2024) the two products are
    added; that underflows with some hundred values, and one side would decide.

    Args:
        values, counts: see :func:`fit_mixture`.
        mixture: of two components.
    """
    order = mixture.means.argsort(-1)
    mixture = Mixture(*(each.gather(-1, order) for each in mixture))
    below, above = (log_densities(values.double(), mixture) * counts.double()[..., None, :]).unbind(-2)
    before = below.cumsum(-1) - below
    after = above.flip(-1).cumsum(-1).flip(-1)
    return values[(before + after).argmax(-1)]


@torch.no_grad()
def outer_limits(values: Tensor, counts: Tensor, mixture: Mixture) -> tuple[Tensor, Tensor]:
    """The largest value (...,) that belongs to the first component, and the smallest one of the last.

    Where a component has no value, infinite.
    """
    owner, there = log_densities(values.double(), mixture).argmax(-2), counts > 0
    infinite = torch.full_like(values, float('inf'))
    low = torch.where(there & (owner == 0), values, -infinite).amax(-1)
    high = torch.where(there & (owner == mixture.means.shape[-1] - 1), values, infinite).amin(-1)
    return low, high
