"""Data sets of graph pieces: from arrays and from files, with the labels that networks learn."""

import numpy as np
import pytest
import torch

from mmwsl.clustering import exact_graph
from mmwsl.clustering.learned import confidence_targets, propose, row_normalized, symmetric_adjacency
from mmwsl.datasets import ConfidenceNodes, ConnectivityPieces, MediatorPairs, PivotPieces, ProposalPieces
from mmwsl.datasets.graphs import open_items, read_proposals, write_proposals
from mmwsl.datasets.readers.features import write_graph


@pytest.fixture
def people():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 6, 80)
    features = (rng.normal(size=(6, 8))[labels] + .6 * rng.normal(size=(80, 8))).astype(np.float32)
    return features, exact_graph(features, 10), labels


def unit(features):
    return features / np.linalg.norm(features, axis=1, keepdims=True)


def test_nodes(people):
    features, graph, labels = people
    nodes = ConfidenceNodes(*people)
    mean = row_normalized(symmetric_adjacency(graph)).toarray() @ unit(features)
    np.testing.assert_allclose(nodes[7]['inputs'], np.concatenate([unit(features)[7], mean[7]]), atol=1e-6)
    batch, targets = nodes.__getitems__([3, 7]), confidence_targets(graph, labels)
    assert torch.equal(batch['inputs'][1], nodes[7]['inputs']) and len(nodes) == 80
    assert batch['data_samples'].gt_score.tolist() == targets[[3, 7]].tolist() == [float(nodes[i]['data_samples'].gt_score) for i in (3, 7)]


def test_connectivity(people):
    features, graph, labels = people
    confidence = np.random.default_rng(1).random(80)
    pieces = ConnectivityPieces(*people, confidence, .5)
    confident = set(np.argsort(-confidence)[:40])
    assert set(pieces.nodes) == {i for i in confident if (confidence[graph.ids[i]] > confidence[i]).any()}
    for index, node in enumerate(pieces.nodes):
        candidates = [j for j in graph.ids[node] if confidence[j] > confidence[node]]
        item = pieces[index]
        np.testing.assert_allclose(item['inputs'], unit(features)[candidates] - unit(features)[node], atol=1e-6)
        assert item['data_samples'].gt_node_labels.tolist() == [int(labels[j] == labels[node]) for j in candidates]
    assert 'gt_node_labels' not in ConnectivityPieces(features, graph, None, confidence)[0]['data_samples']
    with pytest.raises(ValueError, match='more confident neighbor'):
        ConnectivityPieces(*people, np.zeros(80))
    with pytest.raises(ValueError, match='ignore_ratio=1'):
        ConnectivityPieces(*people, confidence, 1)


def test_pivots(people):
    features, _, labels = people
    item = PivotPieces(*people, hops=(4, 3), active=2)[5]
    known = item['data_samples'].gt_node_labels
    assert known[:4].tolist() == [int(labels[j] == labels[5]) for j in people[1].ids[5, :4]]
    assert (known[4:] == -100).all() and len(known) > 4
    np.testing.assert_allclose(item['inputs'][:4], unit(features)[people[1].ids[5, :4]] - unit(features)[5], atol=1e-6)
    with pytest.raises(ValueError, match='11 neighbors are wanted, the graph has 10'):
        PivotPieces(*people, hops=(11, 3))


def test_proposals(people):
    features, graph, labels = people
    proposals = propose(graph, [(10, .3), (10, .6)])
    scores = ProposalPieces(*people, proposals)
    number = int(np.argmax(proposals.sizes))
    members = proposals.of(number)
    most = np.bincount(labels[members])
    assert scores[number]['data_samples'].gt_score.item() == pytest.approx(
        most.max() / (len(members) + (labels == most.argmax()).sum() - most.max()))
    np.testing.assert_allclose(scores[number]['inputs'], unit(features)[members], atol=1e-6)
    share = ProposalPieces(*people, proposals, 'iop')[number]['data_samples'].gt_score.item()
    assert share == pytest.approx(most.max() / len(members))
    nodes = ProposalPieces(*people, proposals, 'nodes')
    seen = set()
    for epoch in range(5):
        nodes.set_epoch(epoch)
        item = nodes[number]
        seed = int(item['inputs'][:, -1].argmax())
        assert item['inputs'][:, -1].sum() == 1 and item['inputs'].shape == (len(members), 9)
        assert item['data_samples'].gt_node_labels.tolist() == (labels[members] == labels[members[seed]]).astype(int).tolist()
        assert torch.equal(item['inputs'], nodes[number]['inputs'])  # the same whenever it is asked for
        seen.add(seed)
    assert len(seen) > 1
    unknown = ProposalPieces(features, graph, None, proposals, 'nodes')[number]
    dense = symmetric_adjacency(graph).toarray()[np.ix_(members, members)]
    assert int(unknown['inputs'][:, -1].argmax()) == int(dense.sum(1).round(5).argmax())
    with pytest.raises(ValueError, match='none of'):
        ProposalPieces(*people, proposals, purity=(.001, .01))


def test_files_equal_arrays(people, tmp_path):
    features, graph, labels = people
    np.save(tmp_path / 'features.npy', features)
    np.save(tmp_path / 'labels.npy', labels)
    write_graph(tmp_path / 'graph.npy', [graph], 80, 10)
    items = open_items(*(str(tmp_path / f'{name}.npy') for name in ('features', 'graph', 'labels')), k=6)
    np.testing.assert_allclose(items.features, unit(features), atol=1e-6)
    assert np.array_equal(items.graph.ids, graph.ids[:, :6]) and np.array_equal(items.labels, labels)
    proposals = propose(graph, [(10, .5)])
    write_proposals(tmp_path / 'proposals.npz', proposals)
    assert all(map(np.array_equal, read_proposals(tmp_path / 'proposals.npz'), proposals))
    (tmp_path / 'proposals.npz').write_bytes(b'PK')
    with pytest.raises(ValueError, match='no file of proposals'):
        read_proposals(tmp_path / 'proposals.npz')
    with pytest.raises(ValueError, match='item 3 has no class'):
        open_items(features, graph, np.where(np.arange(80) == 3, -1, labels))
    with pytest.raises(ValueError, match='of the same items'):
        open_items(features[:5], graph)


def test_pairs():
    pairs = MediatorPairs(np.eye(3, 8, dtype=np.float32), np.array([1, 0, 1]))
    batch = pairs.__getitems__([2, 0])
    assert batch['data_samples'].gt_label.tolist() == [1, 1] and batch['inputs'].argmax(1).tolist() == [2, 0]
    with pytest.raises(ValueError, match='same pairs'):
        MediatorPairs(np.eye(3), np.zeros(2, int))
