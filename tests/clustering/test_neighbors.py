"""Nearest neighbors and connected components against slow formulas."""

import numpy as np
import torch
import torch.nn.functional as F

from mmwsl.clustering import connected_components, nearest_neighbors
from mmwsl.clustering.kmeans import BLOCK


def test_neighbors_are_those_of_the_whole_matrix(monkeypatch):
    monkeypatch.setitem(BLOCK, 'cpu', 500)  # several blocks
    features = torch.randn(40, 6, generator=torch.Generator().manual_seed(0))
    numbers, similarities = nearest_neighbors(features, 5)
    whole = F.normalize(features, dim=1) @ F.normalize(features, dim=1).T
    for row in range(40):
        others = [other for other in range(40) if other != row]
        best = sorted(others, key=lambda other: -whole[row, other])[:5]
        assert numbers[row].tolist() == best
        torch.testing.assert_close(similarities[row], whole[row, best])


def test_an_equal_row_is_a_neighbor_and_a_row_itself_is_none():
    features = torch.tensor([[1., 0.], [1., 0.], [0., 1.]])
    numbers, similarities = nearest_neighbors(features, 10)
    assert numbers.shape == (3, 2) and numbers[0, 0] == 1 and numbers[1, 0] == 0 and similarities[0, 0] == 1
    assert all(row not in numbers[row] for row in range(3))
    assert nearest_neighbors(features[:1], 10)[0].shape == (1, 0)


def test_connected_components():
    pairs = np.array([[7, 2], [2, 5], [0, 1]])
    assert connected_components(pairs, 9) == [[2, 5, 7], [0, 1]]
    assert connected_components(np.empty((0, 2)), 3) == []
