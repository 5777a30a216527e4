import math

import pytest
import torch
from gloo_ranks import on_ranks

from mmwsl.clustering.sinkhorn import sinkhorn


def cosines(samples, clusters, seed=0):
    generator = torch.Generator().manual_seed(seed)
    z, c = (torch.nn.functional.normalize(torch.randn(count, 16, generator=generator).double())
            for count in (samples, clusters))
    return z @ c.T


def by_the_paper(scores, epsilon, iterations):
    """SwAV's listing with all its factors, entry by entry: Q is (K, B), rows get 1 / K of the mass, columns 1 / B."""
    samples, clusters = scores.shape
    q = [[math.exp(scores[b, k].item() / epsilon) for b in range(samples)] for k in range(clusters)]
    total = sum(map(sum, q))
    q = [[value / total for value in row] for row in q]
    for _ in range(iterations):
        q = [[value / sum(row) / clusters for value in row] for row in q]
        masses = [sum(q[k][b] for k in range(clusters)) for b in range(samples)]
        q = [[q[k][b] / masses[b] / samples for b in range(samples)] for k in range(clusters)]
    return torch.tensor(q, dtype=torch.float64).T * samples


@pytest.mark.parametrize('samples, clusters, iterations', [(12, 5, 3), (4, 9, 3), (7, 7, 1)])
def test_value(samples, clusters, iterations):
    scores = cosines(samples, clusters)
    expected = by_the_paper(scores, 0.05, iterations)
    torch.testing.assert_close(sinkhorn(scores, 0.05, iterations), expected, rtol=1e-9, atol=1e-15)


def test_samples_have_mass_one_and_clusters_equal_masses():
    scores = cosines(60, 6)
    scores[:, 0] += 0.5  # left to itself, every sample would choose cluster 0
    few, many = sinkhorn(scores), sinkhorn(scores, iterations=200)
    for assignment in (few, many):
        torch.testing.assert_close(assignment.sum(1), torch.ones(60).double())
    torch.testing.assert_close(many.sum(0), torch.full((6,), 10.0).double(), rtol=1e-4, atol=0)
    assert torch.softmax(scores / 0.05, 1).sum(0)[0] > 45  # what it would be without balance


def test_a_constant_changes_nothing_and_neither_does_the_order_of_samples():
    scores = cosines(12, 5)
    torch.testing.assert_close(sinkhorn(scores + 3), sinkhorn(scores))
    order = torch.randperm(12, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(sinkhorn(scores[order]), sinkhorn(scores)[order])


def test_rows_of_minus_infinity_take_no_part():
    scores = cosines(12, 5)
    padded = torch.cat([torch.full((4, 5), -math.inf).double(), scores])
    result = sinkhorn(padded)
    assert result[:4].eq(0).all()
    torch.testing.assert_close(result[4:], sinkhorn(scores))


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16, torch.float32])
def test_extreme_scores_stay_finite(dtype):
    scores = torch.tensor([[1.0, -1.0, 0.0], [1.0, -1.0, 0.0], [900.0, -900.0, 0.0]], dtype=dtype, requires_grad=True)
    result = sinkhorn(scores, epsilon=0.01)
    assert result.dtype == torch.float32 and not result.requires_grad
    assert result.isfinite().all() and scores.detach().isfinite().all()


def test_errors():
    with pytest.raises(ValueError, match=r'takes scores \(samples, clusters\), got shape \(4,\)'):
        sinkhorn(torch.zeros(4))
    for settings in (dict(epsilon=0), dict(iterations=0)):
        with pytest.raises(ValueError, match='needs epsilon > 0 and at least one iteration'):
            sinkhorn(torch.zeros(4, 2), **settings)


def uneven_shares(rank, size):
    rows = cosines(12, 5)[:5] if rank == 0 else cosines(12, 5)[5:]
    return dict(together=sinkhorn(rows, distributed=True), alone=sinkhorn(rows))


def test_rows_of_all_ranks_are_one_batch(tmp_path):
    ranks = on_ranks(uneven_shares, tmp_path)
    whole = sinkhorn(cosines(12, 5))
    torch.testing.assert_close(torch.cat([rank['together'] for rank in ranks]), whole, rtol=1e-9, atol=1e-12)
    assert (torch.cat([rank['alone'] for rank in ranks]) - whole).abs().max() > 0.01  # and not without the exchange
