"""Methods that learn, as part of the command: fitted once, applied again and again, never on other things than they learnt."""

import csv
import json

import cv2
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
    options = dict(dict(k=8, fitted=str(files / 'fitted'), steps=20), **options)
    settings = {f'clustering.{name}': value for name, value in options.items()}
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


def test_what_a_cleaner_drops(tmp_path):
    """Two clusters of ten, two items far from all, three of another class than their cluster; as a list and as pictures."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 10)
    features = np.concatenate([np.eye(8)[labels] + .05 * rng.normal(size=(20, 8)), np.eye(8)[[4, 6]]]).astype(np.float32)
    photos = tmp_path / 'photos'
    photos.mkdir()
    for number in range(22):
        cv2.imwrite(str(photos / f'{number:02}.png'), np.full((70, 64, 3), 10 * number, np.uint8))
    said = np.concatenate([labels, [0, 1]])
    said[[3, 5, 12]] = 1 - said[[3, 5, 12]]
    np.save(tmp_path / 'features.npy', features)
    np.save(tmp_path / 'said.npy', said)
    cluster('mmwsl::clustering/cdp_200k.py', tmp_path / 'features.npy', tmp_path / 'out.npy', tmp_path / 'said.npy', photos=photos,
            options={'clustering.k': 5}, say=lambda line: None, drop=tmp_path / 'drop.csv')
    rows = list(csv.DictReader((tmp_path / 'drop.csv').open()))
    assert [(int(row['item']), row['reason']) for row in rows] == [(3, 'mislabeled'), (5, 'mislabeled'), (12, 'mislabeled'), (20, 'lonely'),
                                                                 (21, 'lonely')]
    assert rows[0]['photo'].endswith('03.png') and rows[3]['cluster'] == '-1'
    page = (tmp_path / 'out.html').read_text()
    assert '2 lonely' in page and '3 mislabeled' in page and page.count('<img') == 4
