"""The tools that measure clusterings: what they record, and that they go on where they were stopped."""

import importlib.util
import sys

import numpy as np
import pytest
from tiny_runs import ROOT

from mmwsl.apis import read_records
from mmwsl.datasets.synthetic.identities import Identities


def tool(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / 'tools' / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_comparison_is_recorded_once(tmp_path, monkeypatch, capsys):
    words = ['tool', '--out', str(tmp_path), '--seeds', '3', '--methods', 'kmeans', 'cdp', '--items', '200', '--identities',
             '8', '--neighbors', '16', '--noise', '0.4', '--hard', '0']
    monkeypatch.setattr(sys, 'argv', words)
    module = tool('compare_graph_clusterings')
    module.main()
    records = read_records(tmp_path / 'records.jsonl')
    values = {(record['method'], record['metric']): record['value'] for record in records}
    assert values['cdp', 'pairwise_f'] > 95 and values['kmeans', 'clusters'] == len(np.unique(Identities(200, 8, tail=.5, seed=3).labels))
    assert {record['seed'] for record in records} == {3} and len(values) == len(records)
    module.main()
    assert len(read_records(tmp_path / 'records.jsonl')) == len(records)


def test_planted_noise_is_found(tmp_path, monkeypatch, capsys):
    module, path = tool('measure_cleaner'), tmp_path / 'records.jsonl'
    people = Identities(500, 8, noise=.4, hard=0, seed=1, spread=0)
    features, labels, wrong, outlier = module.plant(people, .2, .1, 1)
    assert .15 < wrong.mean() < .25 and .06 < outlier.mean() < .14 and not (wrong & outlier).any()
    assert (labels[wrong] != people.labels[wrong]).all() and (labels[~wrong & ~outlier] == people.labels[~wrong & ~outlier]).all()
    np.testing.assert_array_equal(features[~outlier], people.features()[~outlier])
    assert module.rates(np.array([1, 1, 0, 0], bool), np.array([1, 0, 0, 1], bool)) == (50, 50)
    monkeypatch.setattr(sys, 'argv', ['tool', '--out', str(path), '--seeds', '1', '--items', '500', '--identities', '8', '--noise',
                                      '0.4', '--hard', '0'])
    module.main()
    values = {record['metric']: record['value'] for record in read_records(path)}
    assert values['label_noise_precision'] > 95 and values['label_noise_recall'] > 95
    assert values['outliers_recall'] > 50 and values['outliers_precision'] == pytest.approx(100, abs=20)


def save_features(path, labels, dims=8, noise=.3, seed=0):
    features = np.random.default_rng(5).normal(size=(40, dims))[labels] + noise * np.random.default_rng(seed).normal(size=(len(labels), dims))
    np.savez(path, features=features.astype(np.float32), labels=labels)


def test_a_comparison_of_photos(tmp_path, monkeypatch, capsys):
    save_features(tmp_path / 'known.npz', np.arange(40) % 5)
    save_features(tmp_path / 'other.npz', 5 + np.arange(48) % 6, seed=1)
    words = ['tool', '--out', str(tmp_path), '--seeds', '0', '--methods', 'kmeans', 'cdp', 'cdp_mediator', '--dims', '5', '--neighbors', '15',
             '--known', str(tmp_path / 'known.npz'), '--other', str(tmp_path / 'other.npz')]
    module = tool('compare_graph_clusterings')
    monkeypatch.setattr(sys, 'argv', words)
    with pytest.raises(SystemExit):
        module.main()
    assert 'a name of their own by --dataset' in capsys.readouterr().err
    monkeypatch.setattr(sys, 'argv', [*words, '--dataset', 'Made'])
    module.main()
    records = read_records(tmp_path / 'records.jsonl')
    assert {record['method'] for record in records} == {'kmeans', 'cdp'} and {record['dataset'] for record in records} == {'Made'}
    assert records[0]['settings']['items'] == 48 and records[0]['settings']['identities'] == 6


def test_labels_are_of_photos_or_of_people():
    module, labels = tool('compare_pseudo_labels'), np.arange(200) % 20
    of_photos = module.choose_labels(labels, .1, False, 0)
    assert np.bincount(of_photos[of_photos >= 0]).tolist() == [1] * 20
    of_people = module.choose_labels(labels, .1, True, 0)
    assert np.bincount(of_people[of_people >= 0]).tolist() == [10] * 2 and len(set(labels[of_people >= 0])) == 2


def test_pairs_that_are_known(monkeypatch):
    module, rng = tool('compare_pseudo_labels'), np.random.default_rng(0)
    partition, known = rng.integers(-1, 4, 40), rng.integers(-1, 2, 40)
    right = together = true = 0
    for i in range(40):
        for j in range(i):
            same = partition[i] == partition[j] >= 0
            if known[i] >= 0 or known[j] >= 0:
                together += same
                true += known[i] == known[j]
                right += same and known[i] == known[j]
    assert module.probe_f(partition, known, True) == pytest.approx(2 * right / (together + true))
    assert module.probe_f(known, known, True) == 1


def test_identification():
    module = tool('compare_pseudo_labels')
    rows = np.array([[1, 0], [1, .1], [0, 1], [1, .2]])  # of two people, the last photo is like those of the other one
    assert module.identification(rows, np.array([0, 0, 1, 1])) == 75


def test_the_loop_is_recorded_once(tmp_path, monkeypatch, capsys):
    save_features(tmp_path / 'train.npz', np.arange(160) % 20)
    save_features(tmp_path / 'test.npz', 20 + np.arange(60) % 10, seed=1)
    monkeypatch.setattr(sys, 'argv', [
        'tool', '--out', str(tmp_path), '--dataset', 'Made', '--people', '--seeds', '4', '--steps', '20', '--dims', '6',
        '--methods', 'features', 'labels_hac', '--train', str(tmp_path / 'train.npz'), '--test', str(tmp_path / 'test.npz')])
    module = tool('compare_pseudo_labels')
    module.main()
    records = read_records(tmp_path / 'records.jsonl')
    values = {(record['method'], record['metric']): record['value'] for record in records}
    assert {method for method, _ in values} == {'features', 'labels_hac'} and values['labels_hac', 'clusters_pairwise_f'] > 90
    assert values['features', 'identification_top1'] > 80 and values['labels_hac', 'identification_top1'] > 80
    module.main()
    assert len(read_records(tmp_path / 'records.jsonl')) == len(records)
