"""k-means of rows that are spread over ranks, on any device."""

import heapq
import math
from typing import NamedTuple

import torch

from mmwsl.dist import from_first_rank, row_numbers, sum_over_ranks, world_size
from mmwsl.ops.tensors import upcast

ENGINES = ('torch', 'faiss')
INITS = ('k-means++', 'random')
BLOCK = dict(cpu=2**21)  # distances held at once
BLOCK_ELSEWHERE = 2**26
SAMPLE = 16384  # rows that k-means++ looks at, or five times k if that is more


class KMeans(NamedTuple):
    """Result of :func:`kmeans`; equal on all ranks but for ``assignments``.

    Attributes:
        centroids: (k, D).
        assignments: (n,) int64, the nearest centroid of each row of this rank.
        counts: (k,) int64, rows of all ranks in each cluster; 0 where one has stayed empty.
        objective: sum over all rows of the squared distance to their centroid.
    """
    centroids: torch.Tensor
    assignments: torch.Tensor
    counts: torch.Tensor
    objective: float


def check_engine(engine: str) -> None:
    """Raise if ``engine`` cannot be used: when a model is built, not after an hour of extracting features.

    Raises:
        ValueError: unknown name.
        ImportError: faiss was asked for and is not installed.
    """
    if engine not in ENGINES:
        raise ValueError(f'k-means engine {engine!r} is unknown; choose one of {", ".join(ENGINES)}')
    if engine == 'faiss':
        try:
            import faiss  # noqa: F401
        except ImportError as error:
            raise ImportError("k-means engine 'faiss' was asked for, but faiss is not installed: pip install faiss-cpu "
                              "(or faiss-gpu), or choose engine='torch', which needs nothing") from error


def blocks(rows: torch.Tensor, columns: int) -> tuple[torch.Tensor, ...]:
    """``rows`` in pieces of which each, with a number per row and column, stays within the memory bound."""
    return rows.split(max(BLOCK.get(rows.device.type, BLOCK_ELSEWHERE) // columns, 1))


def add_rows(totals: torch.Tensor, numbers: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """totals[numbers] += rows, in an order that does not change from call to call."""
    if totals.is_cuda:  # sorts; index_add_ would add by atomics, in any order
        return totals.index_put_((numbers,), rows, accumulate=True)
    return totals.index_add_(0, numbers, rows)


def assign(features: torch.Tensor, centroids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Number of the nearest centroid (n,), and squared distance to it (n,), of each row of ``features`` (n, D)."""
    lengths, nearest, distance = centroids.square().sum(1), [], []
    for rows in blocks(features, len(centroids)):
        # |x - c|^2 without |x|^2, which does not change the choice
        least, number = torch.addmm(lengths, rows, centroids.T, alpha=-2).min(1)
        nearest.append(number)
        distance.append((least + rows.square().sum(1)).clamp_(min=0))
    return torch.cat(nearest), torch.cat(distance)


def sample_rows(features: torch.Tensor, count: int, seed: int, reduce: bool) -> torch.Tensor:
    """``count`` different rows of those of all ranks, chosen by ``seed``, on every rank: (count, D)."""
    first, total = row_numbers(features) if reduce else (0, len(features))
    chosen = torch.randperm(total, generator=torch.Generator().manual_seed(seed))[:count].to(features.device)
    mine = (chosen >= first) & (chosen < first + len(features))
    rows = features.new_zeros(count, features.shape[1])
    rows[mine] = features[chosen[mine] - first]
    return sum_over_ranks(rows) if reduce else rows


def plus_plus(sample: torch.Tensor, k: int, seed: int) -> torch.Tensor:
    """Start k-means with k rows of ``sample`` (m, D) that lie far apart (Arthur and Vassilvitskii 2007).

    Each is drawn with a probability proportional to the squared distance to the nearest one so far; of a few such
    draws the one that lowers the objective most is kept.
    """
    generator = torch.Generator(sample.device).manual_seed(seed)
    draws = min(2 + int(math.log(k)), len(sample))
    lengths = sample.square().sum(1)
    chosen = sample.new_empty(k, sample.shape[1])
    chosen[0] = sample[torch.randint(len(sample), (1,), device=sample.device, generator=generator)][0]
    distance = (sample - chosen[0]).square().sum(1)
    for number in range(1, k):
        # The earliest of exponential times with these rates is a draw with these probabilities.
        times = torch.empty_like(distance).exponential_(generator=generator) / distance
        candidates = times.topk(draws, largest=False).indices
        others = torch.addmm(lengths, sample[candidates], sample.T, alpha=-2) + lengths[candidates, None]
        others = torch.minimum(others.clamp_(min=0), distance)  # (draws, m)
        best = others.sum(1).argmin()[None]  # indexing with a scalar tensor would wait for the device
        chosen[number], distance = sample[candidates[best]][0], others[best][0]
    return chosen


def split_largest(centroids: torch.Tensor, counts: torch.Tensor, spread: float, generator: torch.Generator) -> None:
    """Give every empty cluster one half of the largest: two centroids a little to either side of its own, in place.

    Args:
        centroids: (k, D).
        counts: (k,) members.
        spread: root of the mean squared distance of rows to their centroids.
        generator: on the CPU, of the directions; in the same state on all ranks.
    """
    counts = counts.tolist()
    largest = [(-count, number) for number, count in enumerate(counts) if count > 1]
    heapq.heapify(largest)
    for empty in (number for number, count in enumerate(counts) if not count):
        if not largest:
            return
        count, number = heapq.heappop(largest)
        step = torch.randn(centroids.shape[1], generator=generator)
        step = (step * (0.01 * spread / step.norm())).to(centroids)
        centroids[empty] = centroids[number] + step
        centroids[number] -= step
        for part, half in ((number, -count // 2), (empty, -count - -count // 2)):
            if half > 1:
                heapq.heappush(largest, (-half, part))


@torch.no_grad()
def kmeans(features: torch.Tensor, k: int, iterations: int = 20, seed: int = 0, init: str | torch.Tensor = 'k-means++',
           engine: str = 'torch', distributed: bool = True) -> KMeans:
    """Lloyd's algorithm from a seeded start, until nothing changes or for ``iterations`` rounds.

    Where there are several ranks, the set is all ranks' rows in rank order. Only sums (k, D), counts and the sample for
    the start are exchanged, so the centroids are equal on all ranks, and up to rounding those of one rank with all
    rows. An empty cluster takes over one half of the largest one. Runs in fp32, or in fp64 on fp64 rows. Same seed,
    device and number of ranks, same result.

    Args:
        features: (n, D) floating point rows of this rank; n may differ between ranks, and may be 0.
        k: number of clusters, at most the number of rows of all ranks.
        iterations: most rounds of assignment and update.
        seed: of the start and of the splitting.
        init: ``'k-means++'`` on a sample of the rows, ``'random'`` rows, or centroids (k, D).
        engine: ``'torch'``, or ``'faiss'`` on one rank where it is installed (always starts at random rows).
        distributed: False = the rows are this rank's own problem, or the same on all ranks.

    Returns:
        KMeans

    Raises:
        ValueError: fewer rows than clusters, an unknown name, or another shape than said above.
        ImportError: faiss is not installed.
    """
    check_engine(engine)
    reduce = distributed and world_size() > 1
    total = row_numbers(features)[1] if reduce else len(features)
    if features.ndim != 2:
        raise ValueError(f'k-means needs rows (n, D), got shape {tuple(features.shape)}')
    if not 1 <= k <= total:
        raise ValueError(f'k-means: {k} clusters of {total} rows are impossible; k must be 1 or more, and at most the '
                         'number of rows')
    if engine == 'faiss':
        return _faiss(features, k, iterations, seed, reduce)
    features = upcast(features)

    def add_up(x: torch.Tensor) -> torch.Tensor:
        return sum_over_ranks(x) if reduce else x

    with torch.autocast(features.device.type, enabled=False):
        centroids = _start(features, k, seed, init, total, reduce)
        generator, before = torch.Generator().manual_seed(seed), None
        for _ in range(iterations):
            nearest, distance = assign(features, centroids)
            moved = features.new_full((), len(features)) if before is None else (nearest != before).sum()
            moved, spread = add_up(torch.stack([moved.double(), distance.double().sum()])).tolist()
            if not moved:
                break
            before = nearest
            counts = add_up(torch.bincount(nearest, minlength=k))
            sums = add_up(add_rows(torch.zeros_like(centroids), nearest, features))
            centroids = torch.where(counts[:, None] > 0, sums / counts[:, None], centroids)
            split_largest(centroids, counts, math.sqrt(spread / total), generator)
        nearest, distance = assign(features, centroids)
        counts = add_up(torch.bincount(nearest, minlength=k))
        objective = add_up(distance.double().sum()).item()
    return KMeans(centroids, nearest, counts, objective)


def _start(features: torch.Tensor, k: int, seed: int, init: str | torch.Tensor, total: int,
           reduce: bool) -> torch.Tensor:
    if isinstance(init, torch.Tensor):
        if init.shape != (k, features.shape[1]):
            raise ValueError(f'k-means: init has shape {tuple(init.shape)}, it must be {(k, features.shape[1])}')
        return init.to(features).clone()
    if init not in INITS:
        raise ValueError(f'k-means init {init!r} is unknown; choose one of {", ".join(INITS)}, or give centroids')
    if init == 'random':
        return sample_rows(features, k, seed, reduce)
    start = plus_plus(sample_rows(features, min(total, max(SAMPLE, 5 * k)), seed, reduce), k, seed)
    return from_first_rank(start) if reduce else start


def _faiss(features: torch.Tensor, k: int, iterations: int, seed: int, reduce: bool) -> KMeans:
    import faiss
    if reduce:
        raise ValueError("k-means engine 'faiss' needs all rows in one process; choose engine='torch' on several ranks")
    rows = features.float().cpu().contiguous().numpy()
    clustering = faiss.Kmeans(rows.shape[1], k, niter=iterations, seed=seed % 2**31, min_points_per_centroid=1,
                              max_points_per_centroid=len(rows))
    clustering.train(rows)
    nearest = clustering.index.search(rows, 1)[1][:, 0]
    centroids, nearest = (torch.from_numpy(x).to(features.device) for x in (clustering.centroids, nearest))
    distance = (features.float() - centroids[nearest]).square()
    return KMeans(centroids, nearest, torch.bincount(nearest, minlength=k), distance.double().sum().item())
