"""Pieces of a kNN graph, against loops over its lists."""

import numpy as np
import pytest

from mmwsl.clustering import exact_graph
from mmwsl.clustering.learned import candidate_piece, pivot_piece, proposal_piece, row_normalized, symmetric_adjacency


@pytest.fixture
def graph():
    return exact_graph(np.random.default_rng(0).normal(size=(40, 5)), 6)


def slow_adjacency(graph, threshold=0):
    whole = np.eye(len(graph.ids), dtype=np.float32)
    for i, (ids, values) in enumerate(zip(*graph, strict=True)):
        for j, value in zip(ids, values, strict=True):
            if j >= 0 and value > threshold:
                whole[i, j] = whole[j, i] = max(whole[i, j], value)
    return whole


@pytest.mark.parametrize('threshold', [0, .6])
def test_adjacency(graph, threshold):
    found, wanted = symmetric_adjacency(graph, threshold), slow_adjacency(graph, threshold)
    np.testing.assert_array_equal(found.toarray(), wanted)
    np.testing.assert_allclose(row_normalized(found).toarray(), wanted / wanted.sum(1, keepdims=True), rtol=1e-6)


def test_items_without_neighbors():
    features = np.eye(3)
    features[2] = 0
    found = symmetric_adjacency(exact_graph(features, 4))
    np.testing.assert_array_equal(found.toarray(), np.eye(3))


def test_candidates(graph):
    confidence, whole = np.random.default_rng(1).random(40), slow_adjacency(graph)
    adjacency = symmetric_adjacency(graph)
    for node in range(40):
        nodes = [j for j in graph.ids[node] if confidence[j] > confidence[node]]
        piece = candidate_piece(graph, adjacency, confidence, node)
        assert piece.nodes.tolist() == nodes and piece.adjacency.shape == (len(nodes), len(nodes))
        if nodes:
            part = whole[np.ix_(nodes, nodes)]
            np.testing.assert_allclose(piece.adjacency, part / part.sum(1, keepdims=True), rtol=1e-6)
    nodes = np.array([3, 9, 20])
    part = whole[np.ix_(nodes, nodes)]
    np.testing.assert_allclose(proposal_piece(adjacency, nodes).adjacency, part / part.sum(1, keepdims=True), rtol=1e-6)


def test_pivots(graph):
    for pivot in range(40):
        first = graph.ids[pivot, :4].tolist()
        second = sorted({j for i in first for j in graph.ids[i, :3].tolist()} - {*first, pivot})
        piece = pivot_piece(graph, pivot, (4, 3), 2)
        assert piece.nodes.tolist() == first + second
        joined = np.zeros((len(piece.nodes),) * 2)
        for a, i in enumerate(piece.nodes):
            for j in [j for j in graph.ids[i] if j in piece.nodes][:2]:
                b = piece.nodes.tolist().index(j)
                joined[a, b] = joined[b, a] = 1
        np.testing.assert_allclose(piece.adjacency, joined / np.maximum(joined.sum(1, keepdims=True), 1), rtol=1e-6)


def test_a_pivot_without_neighbors():
    piece = pivot_piece(exact_graph(np.zeros((3, 2)), 2), 0, (2, 1), 1)
    assert piece.nodes.tolist() == [] and piece.adjacency.shape == (0, 0)
