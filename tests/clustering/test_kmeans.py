import sys

import pytest
import torch
import torch.nn.functional as F
from gloo_ranks import on_ranks
from sklearn.cluster import KMeans as SklearnKMeans
from sklearn.metrics import normalized_mutual_info_score

from mmwsl.clustering import (
    add_rows,
    assign,
    check_engine,
    kmeans,
    normalized_mutual_information,
)
from mmwsl.clustering.kmeans import BLOCK, plus_plus, sample_rows, split_largest
from mmwsl.dist import assemble


def blobs(count=1500, centres=12, dims=8, seed=0, spread=0.3):
    generator = torch.Generator().manual_seed(seed)
    centre = 3 * torch.randn(centres, dims, generator=generator)
    which = torch.arange(count) % centres
    return centre[which] + spread * torch.randn(count, dims, generator=generator), which


def sphere(count=3000, dims=16):
    """Unit rows without clusters, as features early in training are."""
    generator = torch.Generator().manual_seed(1)
    return F.normalize(torch.randn(count, dims, generator=generator).relu() + 0.1, dim=1)


def objective(features, centroids):
    """Slow and in fp64."""
    apart = (features.double()[:, None] - centroids.double()).square().sum(2)
    return apart.min(1).values.sum().item(), apart.argmin(1)


# One process ---------------------------------------------------------------------------------------------------------

def test_clusters_that_lie_apart_are_found_exactly():
    features, which = blobs()
    found = kmeans(features, 12, seed=3)
    assert normalized_mutual_information(which, found.assignments) == pytest.approx(1)
    for cluster in range(12):
        members = features[found.assignments == cluster]
        torch.testing.assert_close(found.centroids[cluster], members.mean(0))
        assert found.counts[cluster] == len(members) == 125
    assert found.objective == pytest.approx(objective(features, found.centroids)[0], rel=1e-4)


@pytest.mark.parametrize('init', ['k-means++', 'random'])
@pytest.mark.parametrize('k', [10, 60])
def test_as_good_as_sklearn(init, k):
    features = sphere()
    found = kmeans(features, k, iterations=20, seed=0, init=init)
    theirs = SklearnKMeans(k, init=init, n_init=3, max_iter=20, random_state=0).fit(features.numpy()).inertia_
    assert found.objective < 1.02 * theirs
    assert found.objective == pytest.approx(objective(features, found.centroids)[0], rel=1e-4)


def test_as_good_as_faiss():
    pytest.importorskip('faiss')
    features = sphere()
    ours, theirs = kmeans(features, 40, seed=0), kmeans(features, 40, seed=0, engine='faiss')
    assert ours.objective == pytest.approx(theirs.objective, rel=0.02)
    assert theirs.objective == pytest.approx(objective(features, theirs.centroids)[0], rel=1e-4)
    assert theirs.counts.sum() == len(features) and len(theirs.counts) == 40


def test_one_round_by_hand():
    features = torch.tensor([[0.], [1.], [10.], [14.]])
    found = kmeans(features, 2, iterations=1, init=torch.tensor([[0.], [9.]]))
    assert found.centroids.tolist() == [[0.5], [12.0]]
    assert found.assignments.tolist() == [0, 0, 1, 1] and found.counts.tolist() == [2, 2]
    assert found.objective == pytest.approx(0.5 + 8)


def test_memory_is_bounded_without_a_change_of_result(monkeypatch):
    features = sphere(500)
    whole = assign(features, features[:30])
    monkeypatch.setitem(BLOCK, 'cpu', 30 * 7)  # seven rows at once
    parts = assign(features, features[:30])
    assert torch.equal(whole[0], parts[0])
    torch.testing.assert_close(whole[1], parts[1])


def test_the_seed_decides():
    features = sphere()
    first, again, other = (kmeans(features, 30, iterations=3, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first.centroids, again.centroids) and torch.equal(first.assignments, again.assignments)
    assert not torch.equal(first.centroids, other.centroids)
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    kmeans(features, 5)
    assert torch.equal(torch.rand(3), expected)  # the global generator is left alone


def test_plus_plus_draws_by_squared_distance():
    """From a start at 0, the rows 1 and 3 come next in the ratio 1 : 9."""
    sample = torch.tensor([[0.], [1.], [3.]])
    seconds = [tuple(plus_plus(sample, 2, seed)[:, 0].tolist()) for seed in range(4000)]
    seconds = [b for a, b in seconds if a == 0]
    # two draws without repetition cover both rows, and the better one is kept: 3 leaves 1, 1 leaves 4
    assert 1200 < len(seconds) < 1470 and set(seconds) == {3.0}
    features = torch.cat([torch.zeros(300, 1), torch.ones(90, 1), 3 * torch.ones(10, 1)])  # 90 : 90 by distance
    times = torch.stack([torch.empty(400).exponential_(generator=torch.Generator().manual_seed(s))
                         / features[:, 0].square() for s in range(2000)])
    assert (features[times.argmin(1), 0] == 3).float().mean().item() == pytest.approx(0.5, abs=0.04)


def test_start_takes_different_rows():
    features = torch.arange(50.)[:, None]
    assert sorted(sample_rows(features, 50, 0, False)[:, 0].tolist()) == list(range(50))
    assert len(plus_plus(features, 50, 0).unique()) == 50


def test_empty_clusters_take_half_of_the_largest():
    centroids, counts = torch.tensor([[0., 0.], [5., 5.], [9., 9.], [7., 7.]]), torch.tensor([0, 40, 30, 0])
    split_largest(centroids, counts, 1.0, torch.Generator().manual_seed(0))
    for pair, middle in (((0, 1), 5.), ((3, 2), 9.)):  # 40 first, then 30, which is more than its halves of 20
        step = centroids[pair[0]] - middle
        assert step.norm() == pytest.approx(0.01, rel=1e-4)
        torch.testing.assert_close(centroids[pair[1]], middle - step)


@pytest.mark.parametrize('far', [1e3, 1e-3])
def test_no_cluster_stays_empty(far):
    """All but one of the centroids start where no row is near."""
    features = blobs(600)[0]
    init = torch.full((20, 8), far) + torch.arange(20.)[:, None] * far
    init[0] = 0
    found = kmeans(features, 20, iterations=20, init=init)
    assert (found.counts > 0).all() and found.counts.sum() == 600
    best = kmeans(features, 20).objective
    assert found.objective < 3 * best


def test_fewer_different_rows_than_clusters():
    features = torch.tensor([[0., 1.], [2., 3.]]).repeat(10, 1)
    found = kmeans(features, 5, iterations=10)
    assert found.objective == pytest.approx(0, abs=1e-2) and found.counts.sum() == 20
    assert found.centroids.isfinite().all()


def test_half_precision_and_autocast_are_clustered_in_fp32():
    features = sphere(400)
    with torch.autocast('cpu', torch.bfloat16):
        found = kmeans(features, 8)
    assert torch.equal(found.centroids, kmeans(features, 8).centroids)
    assert kmeans(features.bfloat16(), 8).centroids.dtype == torch.float32
    assert kmeans(features.double(), 8).centroids.dtype == torch.float64


def test_bad_settings(monkeypatch):
    features = sphere(10)
    with pytest.raises(ValueError, match='11 clusters of 10 rows are impossible'):
        kmeans(features, 11)
    with pytest.raises(ValueError, match='0 clusters of 10 rows'):
        kmeans(features, 0)
    with pytest.raises(ValueError, match="init 'far' is unknown; choose one of k-means[+][+], random"):
        kmeans(features, 3, init='far')
    with pytest.raises(ValueError, match=r'init has shape \(2, 16\), it must be \(3, 16\)'):
        kmeans(features, 3, init=features[:2])
    with pytest.raises(ValueError, match="engine 'tf' is unknown"):
        kmeans(features, 3, engine='tf')
    monkeypatch.setitem(sys.modules, 'faiss', None)
    with pytest.raises(ImportError, match="pip install faiss-cpu .or faiss-gpu., or choose engine='torch'"):
        check_engine('faiss')


def test_add_rows():
    numbers, rows = torch.tensor([2, 0, 2, 2]), torch.arange(8.).view(4, 2)
    assert add_rows(torch.ones(3, 2), numbers, rows).tolist() == [[3, 4], [1, 1], [11, 14]]


def test_mutual_information_is_that_of_sklearn():
    generator = torch.Generator().manual_seed(0)
    first = torch.randint(9, (500,), generator=generator)
    noise = torch.randint(30, (500,), generator=generator)
    mixed = torch.where(torch.rand(500, generator=generator) < 0.6, 8 - first, noise)
    for second in (first, 8 - first, mixed, torch.randint(4, (500,), generator=generator)):
        expected = normalized_mutual_info_score(first.numpy(), second.numpy(), average_method='geometric')
        assert normalized_mutual_information(first, second) == pytest.approx(expected, abs=1e-9)
    one = torch.zeros(500, dtype=torch.long)
    assert normalized_mutual_information(one, one) == 1 and normalized_mutual_information(one, first) == 0


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
def test_gpu():
    """Near the CPU's result from the same start, and bit for bit the same again."""
    features = sphere().cuda()
    init = features[::75]
    first, again = (kmeans(features, 40, iterations=10, init=init) for _ in range(2))
    assert torch.equal(first.centroids, again.centroids) and torch.equal(first.assignments, again.assignments)
    assert first.objective == pytest.approx(kmeans(features.cpu(), 40, iterations=10, init=init.cpu()).objective, rel=0.01)
    first, again = (kmeans(features, 40, seed=1) for _ in range(2))
    assert torch.equal(first.centroids, again.centroids)


# Several ranks --------------------------------------------------------------------------------------------------------

SHARES = {'equal': (700, 1400), 'unequal': (100, 1400), 'none': (1400, 1400)}  # where rank 1 starts and ends


def share(features, rank, size, bounds):
    return features[:bounds[0]] if rank == 0 else features[bounds[0]:bounds[1]]


def cluster_on_a_rank(rank, size):
    results = {}
    for dtype in (torch.float32, torch.float64):
        features = sphere(1400).to(dtype)
        for name, bounds in SHARES.items():
            mine = share(features, rank, size, bounds)
            for init in ('k-means++', 'random', features[::35]):
                key = f'{dtype} {name} {init if isinstance(init, str) else "given"}'
                results[key] = tuple(kmeans(mine, 40, iterations=8, seed=5, init=init))
    features = sphere(12)
    try:
        kmeans(share(features, rank, size, (6, 12)), 13)
    except ValueError as error:
        results['too many'] = str(error)
    results['local'] = tuple(kmeans(features, 3, distributed=False))
    mine = torch.arange(rank, 7, 2)
    results['assembled'] = assemble(10. * mine[:, None].repeat(1, 2), mine, 7)
    results['assembled by one'] = assemble(*((torch.arange(5), torch.arange(5)) if rank else
                                             (torch.arange(0), torch.arange(0))), 5)
    for name, indices in dict(twice=torch.tensor([0, 1]) + rank, never=torch.tensor([rank])).items():
        try:
            assemble(indices, indices, 3)
        except RuntimeError as error:
            results[name] = str(error)
    return results


@pytest.fixture(scope='module')
def ranks(tmp_path_factory):
    return on_ranks(cluster_on_a_rank, tmp_path_factory.mktemp('ranks'))


def test_two_ranks(ranks):
    """Same centroids on both, and those of one rank with all rows, whatever each one holds."""
    for dtype in (torch.float32, torch.float64):
        features = sphere(1400).to(dtype)
        for init in ('k-means++', 'random', features[::35]):
            expected = kmeans(features, 40, iterations=8, seed=5, init=init)
            for name, bounds in SHARES.items():
                key = f'{dtype} {name} {init if isinstance(init, str) else "given"}'
                both = [rank[key] for rank in ranks]
                assert torch.equal(both[0][0], both[1][0]) and torch.equal(both[0][2], both[1][2]), key
                assert len(both[0][1]) == bounds[0] and both[0][3] == both[1][3]
                if dtype == torch.float64:
                    torch.testing.assert_close(both[0][0], expected.centroids, rtol=0, atol=1e-12, msg=key)
                    assert torch.equal(torch.cat([both[0][1], both[1][1]]), expected.assignments), key
                    assert torch.equal(both[0][2], expected.counts)
                assert both[0][3] == pytest.approx(expected.objective, rel=1e-9 if dtype == torch.float64 else 1e-2)
    assert all('13 clusters of 12 rows are impossible' in rank['too many'] for rank in ranks)
    assert all(torch.equal(rank['local'][0], kmeans(sphere(12), 3).centroids) for rank in ranks)


def test_two_ranks_assemble(ranks):
    for rank in ranks:
        assert rank['assembled'].tolist() == [[10. * i, 10. * i] for i in range(7)]
        assert rank['assembled by one'].tolist() == list(range(5))
        assert '1 of 3 items were not seen exactly once, the first is 1 (2 times)' in rank['twice']
        assert '1 of 3 items were not seen exactly once, the first is 2 (0 times)' in rank['never']


def test_assemble_on_one_rank():
    assert assemble(torch.tensor([5., 6., 7.]), torch.tensor([2, 0, 1]), 3).tolist() == [6, 7, 5]
    with pytest.raises(RuntimeError, match='3 of 4 items were not seen exactly once, the first is 1'):
        assemble(torch.ones(3), torch.tensor([0, 2, 2]), 4)
