import pytest
import torch
from gloo_ranks import on_ranks
from sklearn.decomposition import PCA

from mmwsl.clustering import replace_non_finite, whiten


def rows(count=400, dims=12, dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    mixing = torch.randn(dims, dims, generator=generator, dtype=torch.float64)
    return (torch.randn(count, dims, generator=generator, dtype=torch.float64) @ mixing + 5).to(dtype)


def test_the_components_of_sklearn_up_to_their_sign():
    features = rows()
    ours = whiten(features, 5)
    theirs = torch.from_numpy(PCA(5, whiten=True, svd_solver='full').fit_transform(features.double().numpy())).float()
    assert ours.shape == (400, 5) and ours.dtype == torch.float32
    torch.testing.assert_close(ours.abs(), theirs.abs(), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(torch.cov(ours.T), torch.eye(5), rtol=0, atol=1e-4)


def test_a_small_component_beside_large_ones():
    """Of 2e-6 of the largest variance, far from 0: as in fp64 to 1e-6 of its deviation."""
    generator = torch.Generator().manual_seed(1)
    scale = torch.tensor([1.0, 0.5, 0.25, 2e-6**0.5], dtype=torch.float64)
    axes = torch.linalg.qr(torch.randn(4, 4, generator=generator, dtype=torch.float64))[0]
    features = ((torch.randn(2000, 4, generator=generator, dtype=torch.float64) * scale) @ axes + 3).float()
    centred = features.double() - features.double().mean(0)
    left, _, _ = torch.linalg.svd(centred, full_matrices=False)
    torch.testing.assert_close(whiten(features, 4).double().abs(), left.abs() * 1999**0.5, rtol=1e-6, atol=1e-6)


def test_components_without_variance_are_zero():
    features = torch.cat([rows(100, 3), rows(100, 3)], dim=1)  # rank 3
    ours = whiten(features, 5)
    assert torch.equal(ours[:, 3:], torch.zeros(100, 2))
    torch.testing.assert_close(torch.cov(ours[:, :3].T), torch.eye(3), rtol=0, atol=1e-3)
    assert torch.equal(whiten(torch.ones(10, 4), 2), torch.zeros(10, 2))


def test_bad_settings():
    with pytest.raises(ValueError, match='13 principal components of features with 12 dimensions are impossible'):
        whiten(rows(), 13)
    with pytest.raises(ValueError, match='need two rows or more, there are 1'):
        whiten(rows(1), 2)


def test_a_thousandth_of_the_values_may_be_broken():
    features = torch.ones(100, 10)
    features[3, 4] = float('nan')
    clean = replace_non_finite(features)
    assert clean[3, 4] == 0 and clean.sum() == 999
    features[5, 0] = float('inf')
    with pytest.raises(FloatingPointError, match='2 of 1000 values of the features are NaN or infinite'):
        replace_non_finite(features)


def on_a_rank(rank, size):
    features, results = rows(dtype=torch.float64), {}
    for name, bound in dict(unequal=150, none=400).items():
        results[name] = whiten(features[:bound] if rank == 0 else features[bound:], 6)
    broken = torch.ones(100, 10)
    if rank == 0:
        broken[:, 0] = float('nan')  # 10 % here, none there
    try:
        replace_non_finite(broken)
    except FloatingPointError as error:
        results['error'] = str(error)
    return results


def test_two_ranks(tmp_path):
    ranks, expected = on_ranks(on_a_rank, tmp_path), whiten(rows(dtype=torch.float64), 6)
    for name, bound in dict(unequal=150, none=400).items():
        both = torch.cat([rank[name] for rank in ranks])
        assert len(ranks[0][name]) == bound
        both = both * (both * expected).sum(0).sign()  # the sign of an axis is free
        torch.testing.assert_close(both, expected, rtol=0, atol=1e-9)
    # both ranks stop, not only the one with the bad rows: the other would wait for it
    assert all('100 of 2000 values' in rank['error'] for rank in ranks)
