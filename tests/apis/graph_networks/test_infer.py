"""Inference by chunks equals that of the whole graph at once, and decoding a slow form of it."""

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope

from mmwsl.apis.graph_networks import (
    infer_confidence,
    infer_links,
    infer_members,
    infer_pairs,
    infer_peaks,
    infer_scores,
)
from mmwsl.apis.graph_networks.infer import mean_pairs
from mmwsl.clustering import exact_graph
from mmwsl.clustering.knn_graph import KNNGraph
from mmwsl.clustering.learned import propose, row_normalized, symmetric_adjacency
from mmwsl.datasets import ConnectivityPieces, collate_graphs
from mmwsl.datasets.graphs import open_items
from mmwsl.models.graph import GCND, GCNE, GCNS, GCNV, LGCN, Mediator


@pytest.fixture
def items():
    init_default_scope('mmwsl')
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 6, 90)
    features = rng.normal(size=(6, 8))[labels] + .6 * rng.normal(size=(90, 8))
    return open_items(features, exact_graph(features, 12), labels)


@torch.no_grad()
def test_confidence(items):
    model = GCNV(8, channels=16).eval()
    hidden, confidence = infer_confidence(model, items, rows=90)
    mean = row_normalized(symmetric_adjacency(items.graph)).toarray() @ items.features
    whole = torch.from_numpy(np.concatenate([items.features, mean], 1))
    np.testing.assert_allclose(confidence, model(whole), atol=1e-5)
    np.testing.assert_allclose(hidden, model.embed(whole), atol=1e-5)
    parts = infer_confidence(model, items, rows=7)
    np.testing.assert_allclose(parts[0], hidden, atol=1e-6)
    np.testing.assert_allclose(parts[1], confidence, atol=1e-6)


@torch.no_grad()
def test_peaks(items):
    """Against a walk over the nodes; whatever the size of the batches."""
    model, confidence = GCNE(8, channels=(8, 8)).eval(), np.random.default_rng(1).random(90)
    pieces = ConnectivityPieces(items.features, items.graph, None, confidence, .4)
    asked = {int(node): number for number, node in enumerate(pieces.nodes)}
    wanted = []
    for node in range(90):
        higher = [j for j in items.graph.ids[node] if confidence[j] > confidence[node]]
        if node in asked:
            chosen = model(**collate_graphs([pieces[asked[node]]]))[0].softmax(1)[:, 1].numpy()
            wanted.append(higher[int(chosen.argmax())])
        else:
            wanted.append(higher[0] if higher else -1)
    for entries in (1, 500, 10**6):
        np.testing.assert_array_equal(infer_peaks(model, items, confidence, .4, entries), wanted)


def test_equal_candidates_go_to_the_lowest_number(items):
    model, confidence = GCNE(8, channels=(4,)).eval(), np.random.default_rng(1).random(90)
    torch.nn.init.zeros_(model.head[2].weight)
    peaks = infer_peaks(model, items, confidence, 0)
    for node, peak in enumerate(peaks):
        higher = [j for j in items.graph.ids[node] if confidence[j] > confidence[node]]
        assert peak == (min(higher) if higher else -1)


def test_proposals(items):
    proposals = propose(items.graph, [(12, .2), (12, .5), (6, .7)])
    assert len(set(proposals.sizes)) > 3
    scorer, segmenter = GCND(8, channels=(8, 4)).eval(), GCNS(8, channels=(8, 4)).eval()
    whole = infer_scores(scorer, items, proposals)
    np.testing.assert_allclose(infer_scores(scorer, items, proposals, entries=1), whole, atol=1e-6)
    chosen = np.arange(len(proposals.sizes)) % 2 == 0
    kept = infer_members(segmenter, items, proposals, chosen)
    np.testing.assert_array_equal(infer_members(segmenter, items, proposals, chosen, entries=1), kept)
    assert kept[~chosen[proposals.owners]].all()
    assert infer_members(segmenter, items, proposals, chosen & False).all()


def test_links(items):
    model = LGCN(8, channels=(8, 4)).eval()
    whole, parts = infer_links(model, items, (6, 3), 3), infer_links(model, items, (6, 3), 3, entries=1)
    np.testing.assert_array_equal(whole.source, parts.source)
    np.testing.assert_allclose(whole.scores, parts.scores, atol=1e-6)
    assert {*zip(whole.source.tolist(), whole.target.tolist(), strict=True)} == {
        (min(i, j), max(i, j)) for i in range(90) for j in items.graph.ids[i, :6].tolist()}


def test_both_directions_are_averaged():
    pairs = mean_pairs(KNNGraph(np.array([[1, 2], [0, -1], [1, -1]]), np.array([[.5, .25], [1, 9], [.125, 9]])), 3)
    assert [each.tolist() for each in pairs] == [[0, 0, 1], [1, 2, 2], [.75, .25, .125]]


def test_pairs_of_a_committee():
    model, inputs = Mediator(8).eval(), np.random.default_rng(0).normal(size=(20, 8)).astype(np.float32)
    with torch.no_grad():
        whole = model(torch.from_numpy(inputs)).softmax(1)[:, 1]
    np.testing.assert_allclose(infer_pairs(model, inputs, rows=3), whole, atol=1e-6)
    assert infer_pairs(model, inputs[:0]).shape == (0,)
