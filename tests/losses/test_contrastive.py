import math

import pytest
import torch
from torch.autograd import gradcheck

from mmwsl.losses import cosine_regression, info_nce, nt_xent
from mmwsl.ops.tensors import embedding_std, normalize


def unit_rows(rows, width, seed=0):
    x = torch.randn(rows, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return x / x.norm(dim=1, keepdim=True)


def slow_nt_xent(first, second, temperature):
    """Loss of each of the 2B rows, one sum at a time: rows of ``first``, then of ``second``."""
    rows = [*first.tolist(), *second.tolist()]
    batch = len(first)
    losses = []
    for i, row in enumerate(rows):
        positive, total = None, 0.0
        for j, other in enumerate(rows):
            if i == j:
                continue
            term = math.exp(sum(a * b for a, b in zip(row, other, strict=True)) / temperature)
            total += term
            if abs(i - j) == batch:
                positive = term
        losses.append(-math.log(positive / total))
    return losses


@pytest.mark.parametrize('temperature', [0.1, 0.5])
def test_nt_xent_equals_its_formula(temperature):
    first, second = unit_rows(5, 4), unit_rows(5, 4, seed=1)
    expected = slow_nt_xent(first, second, temperature)
    assert nt_xent(first, second, first, second, temperature).item() == pytest.approx(sum(expected) / 10, rel=1e-12)


def test_nt_xent_of_a_rank_counts_its_own_rows_against_all():
    first, second = unit_rows(6, 4), unit_rows(6, 4, seed=1)
    expected = slow_nt_xent(first, second, 0.2)
    for rank in range(3):
        rows = slice(2 * rank, 2 * rank + 2)
        loss = nt_xent(first[rows], second[rows], first, second, 0.2, rank)
        own = [expected[i] for i in (2 * rank, 2 * rank + 1, 6 + 2 * rank, 7 + 2 * rank)]
        assert loss.item() == pytest.approx(sum(own) / 4, rel=1e-12)


def test_nt_xent_by_hand():
    # Two images whose views agree and which are at right angles: every row sees e^{1/T} against e^{1/T} + 2.
    x = torch.eye(2, dtype=torch.float64)
    assert nt_xent(x, x, x, x, 1.0).item() == pytest.approx(math.log((math.e + 2) / math.e), rel=1e-12)


def test_info_nce_equals_its_formula():
    query, key, negatives = unit_rows(3, 4), unit_rows(3, 4, seed=1), unit_rows(7, 4, seed=2)
    losses = []
    for q, k in zip(query.tolist(), key.tolist(), strict=True):
        positive = math.exp(sum(a * b for a, b in zip(q, k, strict=True)) / 0.07)
        others = sum(math.exp(sum(a * b for a, b in zip(q, n, strict=True)) / 0.07) for n in negatives.tolist())
        losses.append(-math.log(positive / (positive + others)))
    assert info_nce(query, key, negatives, 0.07).item() == pytest.approx(sum(losses) / 3, rel=1e-12)


def test_cosine_regression_by_hand():
    prediction = torch.tensor([[3.0, 0.0], [1.0, 1.0], [0.0, -2.0]])
    target = torch.tensor([[5.0, 0.0], [0.0, 7.0], [0.0, 1.0]])
    # cosines 1, 1/sqrt(2), -1: 2 - 2 * their mean
    assert cosine_regression(prediction, target).item() == pytest.approx(2 - 2 * (0.5**0.5 / 3), rel=1e-6)
    assert cosine_regression(prediction, prediction).item() == pytest.approx(0, abs=1e-6)


def test_gradients_are_those_of_finite_differences():
    first, second, negatives = (unit_rows(3, 4, seed).requires_grad_() for seed in range(3))
    assert gradcheck(lambda a, b: nt_xent(a, b, a, b, 0.3), (first, second))
    assert gradcheck(lambda a, b: nt_xent(a[:1], b[:1], a, b, 0.3), (first, second))
    assert gradcheck(lambda a: info_nce(a, second.detach(), negatives.detach(), 0.3), (first,))
    assert gradcheck(lambda a: cosine_regression(a, second.detach()), (first,))


def test_embedding_std_tells_a_full_sphere_from_a_collapsed_one():
    full = unit_rows(4000, 16)
    assert embedding_std(full).item() == pytest.approx(1, abs=0.02)
    assert embedding_std(full * 37).item() == pytest.approx(embedding_std(full).item(), rel=1e-9)
    assert embedding_std(full[:1].repeat(64, 1)).item() == pytest.approx(0, abs=1e-7)
    # all on one axis, both signs: one of two dimensions has deviation 1 (n / (n - 1) for the sample), the other 0
    line = torch.tensor([[1.0, 0.0], [-1.0, 0.0]]).repeat(50, 1)
    assert embedding_std(line).item() == pytest.approx((100 / 99)**0.5 / 2 * 2**0.5, rel=1e-5)


def test_normalize_keeps_fp64_and_widens_bf16():
    assert normalize(unit_rows(2, 3)).dtype == torch.float64
    wide = normalize(torch.tensor([[3.0, 4.0]], dtype=torch.bfloat16))
    assert wide[0].tolist() == pytest.approx([0.6, 0.8], rel=1e-6)


def test_losses_stay_in_fp32_under_autocast():
    first, second, negatives = (unit_rows(16, 8, seed).float() for seed in range(3))
    losses = [lambda: nt_xent(first, second, first, second, 0.05), lambda: info_nce(first, second, negatives, 0.05),
              lambda: cosine_regression(first, second)]
    for loss in losses:
        expected = loss()
        with torch.autocast('cpu', dtype=torch.bfloat16):
            assert loss().item() == expected.item()
