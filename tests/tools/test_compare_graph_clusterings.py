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
    assert values['cdp', 'pairwise_f'] > 95 and values['kmeans', 'clusters'] == len(np.unique(Identities(200, 8, seed=3).labels))
    assert {record['seed'] for record in records} == {3} and len(values) == len(records)
    module.main()
    assert len(read_records(tmp_path / 'records.jsonl')) == len(records)


def test_planted_noise_is_found(tmp_path, monkeypatch, capsys):
    module, path = tool('measure_cleaner'), tmp_path / 'records.jsonl'
    people = Identities(500, 8, noise=.4, hard=0, seed=1)
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
