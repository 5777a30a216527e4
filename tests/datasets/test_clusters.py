"""Clusters as labels of the items that have none, and features as a data set."""

import numpy as np
import pytest

from mmwsl.datasets import FeatureRows, collate_batch, pseudo_labels


def test_clusters_are_numbered_by_size():
    clusters = np.array([5, 5, 5, 2, 2, 7, -1, 2, 0])
    labels = np.array([-1, -1, 3, -1, -1, -1, -1, -1, -1])
    assert pseudo_labels(clusters, labels).tolist() == [1, 1, -1, 0, 0, -1, -1, 0, -1]
    assert pseudo_labels(clusters, labels, min_size=3).tolist() == [-1, -1, -1, 0, 0, -1, -1, 0, -1]
    assert pseudo_labels(clusters, labels, min_size=1, max_clusters=3).tolist() == [1, 1, -1, 0, 0, -1, -1, 0, 2]
    assert pseudo_labels(clusters, np.zeros(9, int)).tolist() == [-1] * 9
    with pytest.raises(ValueError, match='9 clusters for 8 items'):
        pseudo_labels(clusters, labels[:8])


@pytest.fixture
def files(tmp_path):
    features = np.arange(12, dtype=np.float32).reshape(6, 2)
    np.savez(tmp_path / 'features.npz', features=features, labels=np.array([0, 0, 1, 1, 2, 2]), classes=['ant', 'bee', 'new'])
    np.save(tmp_path / 'clusters.npy', np.array([0, 0, 0, 1, 4, 4]))
    np.save(tmp_path / 'labels.npy', np.array([1, -1, -1, 0, -1, -1]))
    return tmp_path


def test_rows_with_a_class_or_a_cluster(files):
    rows = FeatureRows(files / 'features.npz', clusters=files / 'clusters.npy', unlabeled='new')
    assert rows.classes == ['ant', 'bee'] and rows.metainfo == dict(classes=['ant', 'bee']) and len(rows) == 6
    assert rows.labels.tolist() == [0, 0, 1, 1, -1, -1] and rows.pseudo_labels.tolist() == [-1] * 4 + [0, 0]
    batch = collate_batch(rows.__getitems__([4, 1]))
    assert batch['inputs'].tolist() == [[8, 9], [2, 3]] and batch['data_samples'].gt_label.tolist() == [-1, 0]
    assert batch['data_samples'].pseudo_label.tolist() == [0, -1] and rows[1]['data_samples'].gt_label.item() == 0


def test_rows_with_neither_are_left_out(files):
    rows = FeatureRows(files / 'features.npz', files / 'labels.npy', files / 'clusters.npy')
    assert rows.numbers.tolist() == [0, 1, 2, 3, 4, 5] and rows.classes == ['0', '1']
    assert rows.pseudo_labels.tolist() == [-1, 0, 0, -1, 1, 1]
    alone = FeatureRows(files / 'features.npz', files / 'labels.npy')
    assert alone.numbers.tolist() == [0, 3] and alone[1]['inputs'].tolist() == [6, 7] and alone.labels.tolist() == [1, 0]


def test_nothing_left_or_an_unknown_name(files):
    np.save(files / 'none.npy', np.full(6, -1))
    with pytest.raises(ValueError, match='nothing to learn from'):
        FeatureRows(files / 'features.npz', files / 'none.npy')
    with pytest.raises(ValueError, match="choose 'none' or 'image'"):
        FeatureRows(files / 'features.npz', supervision='boxes')
    with pytest.raises(ValueError, match="no class 'old', but ant, bee, new"):
        FeatureRows(files / 'features.npz', unlabeled='old')


def test_hidden_labels(files):
    rows = FeatureRows(files / 'features.npz', clusters=files / 'clusters.npy', supervision='none')
    assert rows.numbers.tolist() == [0, 1, 2, 4, 5] and rows.labels.tolist() == [-1] * 5 and rows.pseudo_labels.tolist() == [0, 0, 0, 1, 1]
