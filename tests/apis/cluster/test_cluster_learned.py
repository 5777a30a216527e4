"""Methods that learn, as part of the command: fitted once, applied again and again, never on other things than they learnt."""

import json

import numpy as np
import pytest

from mmwsl.apis.cluster import cluster
from mmwsl.apis.cluster.learned import LEARNED
from mmwsl.apis.graph_networks import METHODS


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(0)
    for name, number, count in (('known', 5, 100), ('other', 4, 60)):
        labels = np.arange(count) % number
        features = rng.normal(size=(number, 8))[labels] + .3 * rng.normal(size=(count, 8))
        np.savez(tmp_path / f'{name}.npz', features=features.astype(np.float32), labels=labels)
    return tmp_path


def run(files, method='gcn_v', learn=True, **options):
    said = []
    settings = {f'clustering.{name}': value for name, value in dict(k=8, fitted=str(files / 'fitted'), steps=20, **options).items()}
    known = (files / 'known.npz', files / 'known.npz')
    report = cluster(f'mmwsl::clustering/{method}.py', files / 'other.npz', files / 'out.npy', files / 'other.npz', options=settings,
                     learn=known if learn else None, say=said.append)
    return report, said


def test_names():
    assert set(LEARNED) == set(METHODS)


def test_learnt_once_and_applied(files):
    report, said = run(files)
    assert said[0].startswith('1/6 learn: from') and report['method'] == 'gcn_v' and report['scores']['kept']['pairwise_f'] > .8
    found = np.load(files / 'out.npy')
    weights = next((files / 'fitted').rglob('iter_20.pth'))
    written = weights.stat().st_mtime_ns
    again, said = run(files, learn=False)
    assert 'fitted is applied' in said[0] and again['sizes'] == report['sizes'] and weights.stat().st_mtime_ns == written
    np.testing.assert_array_equal(np.load(files / 'out.npy'), found)
    with pytest.raises(ValueError, match='fitted on other items, or with other settings'):
        run(files, seed=1)
    with pytest.raises(ValueError, match='8 dimensions and 8 neighbors, these are 8 and 7'):
        run(files, learn=False, k=7)


def test_nothing_was_learnt(files):
    with pytest.raises(FileNotFoundError, match='learns from known items first'):
        run(files, learn=False)
    np.savez(files / 'known.npz', features=np.zeros((3, 8), np.float32), labels=np.array([0, -1, 1]))
    with pytest.raises(ValueError, match='item 1 has no class'):
        run(files)
    assert not (files / 'fitted' / 'known.json').exists()


def test_others_learn_nothing(files):
    with pytest.raises(ValueError, match='cdp learns nothing from known items'):
        cluster('mmwsl::clustering/cdp_200k.py', files / 'other.npz', files / 'out.npy', learn=(files / 'known.npz', files / 'known.npz'))


def test_the_page_says_how_it_was_made(files):
    run(files)
    assert json.loads((files / 'out.json').read_text())['settings']['steps'] == 20
