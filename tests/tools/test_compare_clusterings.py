"""The comparison of methods of clustering: its settings from a probe, its records, and methods that are stopped."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mmwsl.apis import cluster

TOOL = Path(__file__).resolve().parents[2] / 'tools' / 'compare_clusterings.py'
compare = runpy.run_path(str(TOOL))


@pytest.fixture
def probe(tmp_path):
    """Eight groups with cosines of about 0.6 within and 0.2 between."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(8), 12)
    rows = .5 * rng.standard_normal(64) + rng.standard_normal((8, 64))[labels] + .8 * rng.standard_normal((96, 64))
    np.savez(tmp_path / 'probe.npz', features=rows.astype(np.float32), labels=labels)
    return tmp_path / 'probe.npz'


@pytest.mark.parametrize('method, setting', [('cdp', 'threshold'), ('fast_hac', 'distance')])
def test_the_threshold_is_chosen_on_the_probe(method, setting, probe, tmp_path):
    chosen = compare['choose_settings'](method, probe, probe, tmp_path)
    assert set(chosen) == {f'clustering.{setting}'}
    report = cluster(compare['config_of'](method, 96), probe, tmp_path / 'out.npy', probe, options=chosen, say=lambda line: None)
    assert report['scores']['kept']['pairwise_f'] > .9
    assert compare['choose_settings']('kmeans', probe, probe, tmp_path) == {}


def test_ranks_have_thresholds_of_their_own_and_what_is_given_stays(probe, tmp_path):
    given = {'clustering.k': 11}
    chosen = compare['choose_settings']('rank_order', probe, probe, tmp_path, given=given)
    assert chosen['clustering.threshold'] in compare['RANKS'] and given == {'clustering.k': 11}
    report = cluster('mmwsl::clustering/rank_order.py', probe, tmp_path / 'out.npy', probe, options=given | chosen, say=lambda line: None)
    assert report['scores']['kept']['pairwise_f'] > .9
    assert compare['choose_settings']('rank_order', probe, probe, tmp_path, given={'clustering.threshold': .3}) == {}


def test_a_committee_of_given_features_votes_on_the_probe_too(probe, tmp_path):
    with np.load(probe) as arrays:
        noise = np.random.default_rng(1).standard_normal(arrays['features'].shape) / 3
        np.savez(tmp_path / 'member.npz', features=(arrays['features'] + noise).astype(np.float32))
    given = {'clustering.accept': 1}
    chosen = compare['choose_settings']('cdp_vote', probe, probe, tmp_path, [tmp_path / 'member.npz'], given)
    report = cluster(compare['config_of']('cdp_vote', 96), probe, tmp_path / 'out.npy', probe, [tmp_path / 'member.npz'],
                     options=given | chosen, say=lambda line: None)
    assert report['scores']['kept']['pairwise_f'] > .9


def test_settings_are_read_and_what_is_none_is_refused(tmp_path, monkeypatch, capsys):
    assert compare['read_settings'](['cdp.k=9', 'cdp.index="ivf"', 'hac.k=3']) == {
        'cdp': {'clustering.k': 9, 'clustering.index': 'ivf'}, 'hac': {'clustering.k': 3}}
    for arguments, message in ((['--set', 'k=9'], '--set k=9: give METHOD.NAME=VALUE'),
                               (['--set', 'cdp.index=ivf'], "'ivf' is no value in JSON"),
                               (['--data', 'test.npz'], '--data test.npz: give the name of the data and the file')):
        monkeypatch.setattr(sys, 'argv', ['compare', *arguments, '--out', str(tmp_path)])
        with pytest.raises(SystemExit):
            compare['main']()
        assert message in capsys.readouterr().err


def test_a_committee_needs_the_probe_by_the_same_models(probe, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['compare', '--data', f'A={probe}', '--probe', str(probe), '--members', str(probe), '--out', str(tmp_path)])
    with pytest.raises(SystemExit):
        compare['main']()
    assert '--members has 1 files and --probe-members 0' in capsys.readouterr().err


def test_the_config_is_that_of_the_nearest_size():
    assert [compare['config_of']('cdp', items).rpartition('_')[2] for items in (20_000, 584_000, 5_000_000)] == [
        '200k.py', '600k.py', '1400k.py']
    assert compare['config_of']('hac', 10) == 'mmwsl::clustering/hac.py'


def test_records_have_values_seconds_and_settings(probe, tmp_path):
    config = 'mmwsl::clustering/chinese_whispers.py'
    report = cluster(config, probe, tmp_path / 'out.npy', probe, options={'clustering.k': 5, 'clustering.threshold': .4}, say=lambda line: None)
    records = {each['metric']: each for each in compare['records_of']('chinese_whispers', 'Made-1k', config, {}, report, None, 240)}
    assert records['pairwise_f']['value'] == pytest.approx(100 * report['scores']['kept']['pairwise_f'], abs=1e-3)
    assert records['clusters']['value'] == report['sizes']['clusters'] and records['cpu_seconds_partition']['value'] >= 0
    assert records['nmi']['settings'] | dict(graph=None) == dict(
        threshold=.4, iterations=20, seed=0, items=96, dims=64, graph=None, committee=0)
    assert compare['source_of'](probe) == {} == compare['source_of'](tmp_path / 'features.npy')
    with np.load(probe) as arrays:
        np.savez(tmp_path / 'said.npz', **arrays, source=np.array(json.dumps(dict(
            config='configs/a.py', layer=-1, pooling='global average', encoder='backbone', saw_labels=True, split='test',
            checkpoint=dict(file='epoch_1.pth')))))
    source = compare['source_of'](tmp_path / 'said.npz')
    record = compare['records_of']('chinese_whispers', 'Made-1k', config, {}, report, None, 240, source)[0]
    assert (record['encoder'], record['layer'], record['pooling'], record['saw_labels']) == (
        'backbone', -1, 'global average', True)
    assert record['settings']['features'] == dict(
        config='configs/a.py', checkpoint=dict(file='epoch_1.pth'), split='test')
    stopped, = compare['records_of']('hac', 'Made-1k', config, {}, None, 'time', 240)
    assert (stopped['metric'], stopped['value'], stopped['settings']['reason']) == ('stopped', 240, 'time')


@pytest.mark.long
def test_methods_run_in_processes_of_their_own_and_are_stopped(tmp_path):
    command = [sys.executable, str(TOOL), '--out', str(tmp_path), '--committee', '0', '--index', 'exact']
    root = {'PYTHONPATH': str(TOOL.parents[1])}
    # 4,000 items: mean shift takes seconds, far longer than the pause between two looks at a process
    subprocess.run([*command, '--sizes', '4000', '--only', 'chinese_whispers', 'kmeans'], check=True, env=os.environ | root)
    subprocess.run([*command, '--sizes', '4000', '--only', 'mean_shift', 'kmeans', '--limit', '0'], check=True, env=os.environ | root)
    records = [json.loads(line) for line in (tmp_path / 'records.jsonl').read_text().splitlines()]
    found = {(each['dataset'], each['method']): each for each in records if each['metric'] in ('pairwise_f', 'stopped')}
    assert found['Identities-4k', 'kmeans']['value'] > 50  # done before, not again
    assert found['Identities-4k', 'mean_shift']['metric'] == 'stopped'
