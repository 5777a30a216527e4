"""Barlow Twins' and VICReg's statistics, against loops and numpy, and over two ranks."""

import math

import numpy as np
import pytest
import torch
from gloo_ranks import on_ranks

from mmwsl.dist import all_reduce
from mmwsl.losses import barlow_twins, cross_correlation, variance_and_covariance


def rows(seed, count=12, dims=5):
    """Embeddings with means and scales unlike one another, as heads give them."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(count, dims, generator=generator, dtype=torch.float64)
    return x @ torch.randn(dims, dims, generator=generator, dtype=torch.float64) + torch.arange(dims) * 3.0


def test_cross_correlation_by_loops():
    first, second = rows(0), rows(1)
    found = cross_correlation(first, second, eps=1e-3)
    for i in range(5):
        for j in range(5):
            a, b = first[:, i].tolist(), second[:, j].tolist()
            mean_a, mean_b = sum(a) / 12, sum(b) / 12
            var_a, var_b = sum((v - mean_a)**2 for v in a) / 12, sum((v - mean_b)**2 for v in b) / 12
            covariance = sum((v - mean_a) * (w - mean_b) for v, w in zip(a, b, strict=True)) / 12
            expected = covariance / math.sqrt((var_a + 1e-3) * (var_b + 1e-3))
            assert found[i, j].item() == pytest.approx(expected, rel=1e-9)


def test_barlow_twins_by_hand():
    """Columns that are equal, opposite or independent give correlations of 1, -1 and 0."""
    a, b = torch.tensor([1.0, 1, -1, -1]).double(), torch.tensor([1.0, -1, 1, -1]).double()
    same = torch.stack([a, b], 1)
    on, off = barlow_twins(same, 5 * same + 7)
    assert on.item() == pytest.approx(0, abs=1e-9) and off.item() == pytest.approx(0, abs=1e-9)
    on, off = barlow_twins(same, torch.stack([a, -b], 1))
    assert on.item() == pytest.approx(4, rel=1e-4) and off.item() == pytest.approx(0, abs=1e-9)
    on, off = barlow_twins(same, torch.stack([b, a], 1))  # dimensions exchanged
    assert on.item() == pytest.approx(2, rel=1e-4) and off.item() == pytest.approx(2, rel=1e-4)


def test_barlow_twins_by_corrcoef():
    first, second = rows(0), rows(1)
    correlation = np.corrcoef(first.T.numpy(), second.T.numpy())[:5, 5:]
    on, off = barlow_twins(first, second)
    assert on.item() == pytest.approx(sum((1 - correlation[i, i])**2 for i in range(5)), rel=1e-4)
    assert off.item() == pytest.approx(
        sum(correlation[i, j]**2 for i in range(5) for j in range(5) if i != j), rel=1e-4)


def test_variance_and_covariance_by_numpy():
    x = rows(0) * torch.tensor([0.1, 0.05, 0.2, 1.0, 3.0])  # some dimensions vary less than 1, others more
    variance, covariance = variance_and_covariance(x)
    matrix = np.cov(x.T.numpy())  # divides by B - 1
    std = np.sqrt(np.diag(matrix) + 1e-4)
    assert 0 < (std < 1).sum() < 5
    assert variance.item() == pytest.approx(sum(max(0, 1 - s) for s in std) / 5, rel=1e-9)
    expected = sum(matrix[i, j]**2 for i in range(5) for j in range(5) if i != j) / 5
    assert covariance.item() == pytest.approx(expected, rel=1e-9)


def test_variance_of_a_collapsed_batch():
    """All rows equal: the hinge is 1 - sqrt(eps), with a finite gradient (the root of 0 would give none)."""
    x = torch.ones(8, 3, requires_grad=True)
    variance, covariance = variance_and_covariance(x)
    assert variance.item() == pytest.approx(0.99) and covariance.item() == 0
    (variance + covariance).backward()
    assert x.grad.isfinite().all()


def test_statistics_are_fp32_under_autocast():
    """bf16 products would move a correlation by about 0.4 %."""
    first, second = rows(0, 64).float(), rows(1, 64).float()
    expected = cross_correlation(first.double(), second.double())
    with torch.autocast('cpu', torch.bfloat16):
        found = cross_correlation(first, second)
        _, covariance = variance_and_covariance(first)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-5)
    assert covariance.item() == pytest.approx(variance_and_covariance(first.double())[1].item(), rel=1e-5)


def both_losses(first, second, total):
    return sum(barlow_twins(first, second, total)) + sum(variance_and_covariance(first, total))


def shares(rank, size):
    """Loss and gradient of a rank with 5 of 12 rows, or 7: statistics count rows, not ranks."""
    parts = [rows(seed).split([5, 7])[rank].clone().requires_grad_() for seed in (0, 1)]
    loss = both_losses(*parts, all_reduce)
    loss.backward()
    return dict(loss=loss.detach(), gradients=[part.grad for part in parts])


def test_two_ranks_have_the_statistics_of_the_whole(tmp_path):
    whole = [rows(seed).requires_grad_() for seed in (0, 1)]
    loss = both_losses(*whole, lambda x: x)
    loss.backward()
    ranks = on_ranks(shares, tmp_path)
    for rank in ranks:
        torch.testing.assert_close(rank['loss'], loss.detach(), rtol=1e-10, atol=0)
    for number, part in enumerate(whole):
        # each rank's own loss counts, so the sum over ranks is twice the whole's; averaging then makes it once
        found = torch.cat([rank['gradients'][number] for rank in ranks])
        torch.testing.assert_close(found, 2 * part.grad, rtol=1e-9, atol=1e-12)
