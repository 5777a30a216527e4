"""Maps of photos: heaps stay heaps, also where only a sample of the photos is placed by t-SNE itself."""

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from mmwsl.apis.explore import plane


@pytest.fixture
def heaps():
    """240 rows around 4 far centers."""
    rng = np.random.default_rng(0)
    return np.repeat(rng.normal(0, 10, (4, 16)), 60, axis=0) + rng.normal(0, 1, (240, 16)), np.repeat(np.arange(4), 60)


@pytest.mark.parametrize('most', [plane.MOST, 100])
def test_heaps_stay_heaps_and_the_bar_moves(heaps, most, monkeypatch):
    rows, heap = heaps
    bars = []
    original = plane.progress_bar
    monkeypatch.setattr(plane, 'progress_bar', lambda **settings: bars.append(original(**settings)) or bars[-1])
    xy = plane.embed(rows, 0, most)
    assert xy.shape == (240, 2) and xy.min() == 0 and xy.max() == 1
    distances = np.linalg.norm(xy[:, None] - xy[None], axis=2) + 9 * np.eye(240)
    assert (heap[distances.argmin(1)] == heap).all()
    assert trustworthiness(rows, xy, n_neighbors=10) > 0.85  # 0.5 of points at random
    assert 250 <= bars[0].n <= plane.ITERATIONS
    np.testing.assert_array_equal(plane.embed(rows, 0, most), xy)


def test_a_photo_is_placed_beside_its_nearest_ones():
    known = np.array([[0., 0], [0, 1], [9, 9]])
    points = np.array([[0., 0], [0, 1], [100, 100]])
    placed = plane.place(np.array([[0., 0], [0, 0.5], [9, 8], [5, 5.5]]), known, points)
    np.testing.assert_allclose(placed[0], [0, 0], atol=1e-6)
    np.testing.assert_allclose(placed[1], [0, 0.5], atol=1e-6)  # between two that are near each other
    np.testing.assert_allclose(placed[2], [100, 100])  # not drawn to the heap far away
    assert np.abs(placed[3] - 50).min() > 40  # on a heap, not between
