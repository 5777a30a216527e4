"""Mixtures in one dimension: against scikit-learn's, against numpy's quantiles, and the threshold by hand."""

import numpy as np
import pytest
import torch

from mmwsl.clustering import Mixture, fit_mixture, outer_limits, separating_value
from mmwsl.clustering.mixture import quantiles


def sample():
    generator = np.random.default_rng(0)
    values = np.concatenate([generator.normal(0.25, 0.06, 300), generator.normal(0.7, 0.1, 200)])
    return np.sort(values.clip(0, 1))


def test_quantiles_of_counted_values():
    values, counts = torch.tensor([0.1, 0.2, 0.5, 0.9]).double(), torch.tensor([[2., 0., 1., 3.], [0., 1., 0., 0.]])
    shares = torch.tensor([0., 0.3, 0.5, 1.]).double()
    found = quantiles(values, counts.double(), shares)
    assert found[0].tolist() == pytest.approx(np.quantile([0.1, 0.1, 0.5, 0.9, 0.9, 0.9], shares).tolist())
    assert found[1].tolist() == [values[1].item()] * 4


@pytest.mark.parametrize('components', [2, 3])
def test_fit_is_that_of_scikit_learn(components):
    """After the same number of steps from the same start, of values one by one and of values that are counted."""
    mixture = pytest.importorskip('sklearn.mixture')
    values = sample()
    start = np.quantile(values, np.linspace(0, 1, components))
    model = mixture.GaussianMixture(
        components, covariance_type='diag', weights_init=np.full(components, 1 / components), tol=0, max_iter=40,
        means_init=start[:, None], precisions_init=np.ones((components, 1)))
    with pytest.warns(match='did not converge'):
        model.fit(values[:, None])
    values = torch.tensor(values)
    found = fit_mixture(values, torch.ones(2, len(values)), components, iterations=40)
    for mine, theirs in zip(found, (model.weights_, model.means_[:, 0], model.covariances_[:, 0]), strict=True):
        assert torch.allclose(mine, torch.tensor(theirs).expand(2, -1), atol=1e-7)
    unique, counts = values.mul(100).round().div(100).unique(return_counts=True)
    one_by_one = fit_mixture(unique.repeat_interleave(counts), torch.ones(len(values)), components)
    for first, second in zip(one_by_one, fit_mixture(unique, counts, components), strict=True):
        assert torch.allclose(first, second, atol=1e-9)


def test_threshold_is_where_the_densities_cross():
    values = torch.tensor(sample())
    counts = torch.ones(len(values))
    mixture = fit_mixture(values, counts, 2)
    grid = torch.linspace(0.25, 0.7, 4501).double()
    densities = [mixture.weights[k] * torch.exp(-(grid - mixture.means[k])**2 / 2 / mixture.variances[k])
                 / mixture.variances[k].sqrt() for k in range(2)]
    crossing = grid[(densities[0] - densities[1]).abs().argmin()]
    assert separating_value(values, counts, mixture).item() == pytest.approx(crossing.item(), abs=0.03)
    swapped = Mixture(*(each.flip(-1) for each in mixture))
    assert separating_value(values, counts, swapped) == separating_value(values, counts, mixture)


def test_threshold_by_trying_all():
    generator = torch.Generator().manual_seed(0)
    values, counts = torch.linspace(0.05, 0.95, 10).double(), torch.randint(4, (10,), generator=generator).double()
    mixture = Mixture(*(torch.tensor(each).double() for each in ([0.6, 0.4], [0.3, 0.6], [0.02, 0.05])))
    sides = [torch.distributions.Normal(mixture.means[k], mixture.variances[k].sqrt()).log_prob(values)
             + mixture.weights[k].log() for k in range(2)]
    totals = [(counts[i:] * sides[1][i:]).sum() + (counts[:i] * sides[0][:i]).sum() for i in range(10)]
    assert separating_value(values, counts, mixture) == values[torch.stack(totals).argmax()]


def test_limits_of_the_outer_components():
    values, counts = torch.tensor([0.1, 0.2, 0.4, 0.5, 0.8, 0.9]).double(), torch.tensor([1., 1., 2., 1., 0., 3.])
    mixture = Mixture(*(torch.tensor(each).double() for each in ([1 / 3] * 3, [0.1, 0.45, 0.9], [0.01] * 3)))
    low, high = outer_limits(values, counts, mixture)
    assert (low.item(), high.item()) == (values[1].item(), values[5].item())  # 0.8 is not there
    low, high = outer_limits(values, counts * 0, mixture)
    assert (low.item(), high.item()) == (-float('inf'), float('inf'))
