"""What the mediator sees of pairs, against sets."""

import numpy as np

import mmwsl.clustering.learned.pair_inputs as module
from mmwsl.clustering import exact_graph, graph_pairs
from mmwsl.clustering.learned import mediator_inputs, pair_targets


def test_inputs_equal_sets(monkeypatch):
    rng = np.random.default_rng(0)
    features = [rng.normal(size=(30, dims)) for dims in (6, 4, 8)]
    graphs = [exact_graph(each, 5) for each in features]
    pairs = graph_pairs(graphs[0])
    found = mediator_inputs(pairs, graphs, features)
    units = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in features]
    lists = [[set(row) for row in graph.ids.tolist()] for graph in graphs]
    wanted = [[float(j in near[i] or i in near[j]) for near in lists[1:]] + [unit[i] @ unit[j] for unit in units]
              + [len(near[i] & near[j]) / 5 for near in lists] for i, j in zip(pairs.source, pairs.target, strict=True)]
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert found.shape == (len(pairs.source), 8) and found.dtype == np.float32
    monkeypatch.setattr(module, 'AT_ONCE', 75)
    np.testing.assert_allclose(mediator_inputs(pairs, graphs, features), found, atol=1e-6)
    labels = rng.integers(0, 3, 30)
    assert pair_targets(pairs, labels).tolist() == [int(labels[i] == labels[j]) for i, j in zip(pairs.source, pairs.target, strict=True)]
