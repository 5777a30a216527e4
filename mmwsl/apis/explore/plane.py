"""A map of photos: points of the plane, in which near photos are near."""

import contextlib
import io
import re

import numpy as np
from tqdm import tqdm

from mmwsl.progress import progress_bar

COMPONENTS = 50  # of the features that t-SNE sees
TINY = 5  # photos below which a map is a row of them
MOST = 5000  # photos that t-SNE places; of more, a sample of so many, and the others beside their neighbors in it
ANCHORS = 3  # neighbors in the sample that place another photo
ITERATIONS = 1000


def embed(rows: np.ndarray, seed: int, most: int = MOST) -> np.ndarray:
    """A 2-d map (N, 2), each axis from 0 to 1: PCA, then t-SNE, of a sample where there are more than ``most`` rows.

    Args:
        rows: (N, D) features.
        seed: of the sample and of t-SNE.
        most: rows that t-SNE places itself; each other one goes to the mean of its nearest of them, the nearer the
            heavier.
    """
    if len(rows) < TINY:
        return np.stack([np.linspace(0, 1, len(rows)), np.full(len(rows), 0.5)], axis=1)
    from sklearn.decomposition import PCA
    chosen = np.arange(len(rows))
    if len(rows) > most:
        chosen = np.sort(np.random.default_rng(seed).permutation(len(rows))[:most])
    small = PCA(min(COMPONENTS, len(chosen), rows.shape[1]), random_state=seed).fit(rows[chosen]).transform(rows)
    xy = np.empty((len(rows), 2))
    xy[chosen] = _tsne(small[chosen], seed)
    others = np.setdiff1d(np.arange(len(rows)), chosen)
    if len(others):
        xy[others] = place(small[others], small[chosen], xy[chosen])
    low, high = xy.min(0), xy.max(0)
    scaled: np.ndarray = (xy - low) / np.maximum(high - low, 1e-9)
    return scaled


def place(rows: np.ndarray, known: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (N, 2) of rows beside those of their nearest known ones.

    The nearest one decides where: of the next ones only those count that lie near it on the map, so that no photo comes
    to lie in the empty middle between two heaps.

    Args:
        rows: (N, D).
        known: (M, D).
        points: (M, 2), of ``known``.
    """
    from sklearn.neighbors import NearestNeighbors
    distances, near = NearestNeighbors(n_neighbors=min(ANCHORS, len(known))).fit(known).kneighbors(rows)
    weights = 1 / np.maximum(distances, 1e-9)
    around = points[near]
    away = np.linalg.norm(around - around[:, :1], axis=2)
    weights *= away <= 0.05 * np.ptp(points, axis=0).max()
    placed: np.ndarray = (around * weights[..., None]).sum(1) / weights.sum(1, keepdims=True)
    return placed


def _tsne(rows: np.ndarray, seed: int) -> np.ndarray:
    from sklearn.manifold import TSNE
    tsne = TSNE(init='pca' if rows.shape[1] > 1 and rows.std(0)[1] > 0 else 'random', random_state=seed, verbose=2,
                perplexity=min(30., (len(rows) - 1) / 3), max_iter=ITERATIONS)
    with progress_bar(description='map', total=ITERATIONS, unit='step') as bar, \
            contextlib.redirect_stdout(_Steps(bar)):
        points: np.ndarray = tsne.fit_transform(rows)
    return points


class _Steps(io.TextIOBase):
    """What t-SNE prints of its steps, turned into progress: it offers no other way."""

    def __init__(self, bar: tqdm) -> None:
        self.bar = bar

    def write(self, text: str) -> int:
        found = re.search(r'Iteration (\d+)', text)
        if found:
            self.bar.update(int(found[1]) - self.bar.n)
        return len(text)
