"""``mmwsl cluster``: what it writes, what it refuses, and that a run that was killed goes on where it was."""

import json
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

from mmwsl.apis import cluster
from mmwsl.apis.cluster import neighbors, run
from mmwsl.apis.cluster.methods import NAMES, read_plan
from mmwsl.apis.config import configs_root, load_config
from mmwsl.clustering import exact_graph, graph_pairs, propagate
from mmwsl.datasets.readers.features import open_graph
from mmwsl.reporting.records import environment

CONFIGS = sorted(path.stem for path in (configs_root() / 'clustering').glob('*.py'))


@pytest.fixture(scope='module')
def people():
    """Twelve tight groups of 10 items, and their numbers."""
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(12), 10)
    rows = np.eye(16, dtype=np.float32)[truth] + .03 * rng.standard_normal((120, 16), np.float32)
    order = rng.permutation(120)
    return rows[order], truth[order]


@pytest.fixture
def files(tmp_path, people):
    np.save(tmp_path / 'features.npy', people[0])
    np.save(tmp_path / 'truth.npy', people[1])
    return tmp_path


def options(**settings):
    return {f'clustering.{name}': value for name, value in settings.items()}


def run_cluster(folder, name='cdp_200k', said=None, out='labels.npy', truth='truth.npy', features='features.npy', **settings):
    given = {name: settings.pop(name) for name in ('committee', 'photos', 'dims', 'stages') if name in settings}
    report = cluster(f'mmwsl::clustering/{name}.py', folder / features, folder / out,
                     None if truth is None else folder / truth, options=options(**settings),
                     say=lambda line: None if said is None else said.append(line), device='cpu', **given)
    return report, np.load(folder / out)


@pytest.mark.parametrize('name', [each for each in CONFIGS if not each.startswith(('cdp', 'gcn', 'l_gcn'))] + ['cdp_200k'])
def test_every_method_finds_tight_groups(name, files):
    settings = dict(k=9) if 'k' in load_config(f'mmwsl::clustering/{name}.py').clustering else {}
    if 'dbscan' in name and 'knn' not in name:
        settings['min_items'] = 5
    report, labels = run_cluster(files, name, **settings)
    assert report['scores']['kept']['pairwise_f'] == 1 and report['sizes']['clusters'] == 12
    assert labels.dtype == np.int64 and labels[0] == 0
    assert set(report['seconds']) >= {'read', 'partition', 'metrics'} and report['peak_gib']['partition'] > .01


def test_every_config_is_of_a_method_and_every_method_has_one():
    plans = [read_plan(load_config(f'mmwsl::clustering/{name}.py').clustering, 4 * ('vote' in name)) for name in CONFIGS]
    assert {plan.method for plan in plans} == set(NAMES)
    assert {plan.settings['threshold'] for plan in plans if plan.method == 'cdp'} == {.66, .665, .68}


def test_a_committee_votes(files, people):
    rng = np.random.default_rng(1)
    others = []
    for number in range(2):
        rotation = np.linalg.qr(rng.standard_normal((16, 16)))[0]
        np.save(files / f'other{number}.npy', people[0] @ rotation + .01 * rng.standard_normal((120, 16)))
        others.append(files / f'other{number}.npy')
    report, labels = run_cluster(files, 'cdp_vote_200k', committee=others, accept=2, k=9)
    assert report['scores']['kept']['pairwise_f'] == 1 and len(report['neighbors']) == 3
    with pytest.raises(ValueError, match='4 votes of a committee of 2'):
        run_cluster(files, 'cdp_vote_200k', committee=others)
    with pytest.raises(ValueError, match='only cdp_vote'):
        run_cluster(files, committee=others)
    np.save(files / 'fewer.npy', people[0][:50])
    with pytest.raises(ValueError, match='50 items'):
        run_cluster(files, 'cdp_vote_200k', committee=[files / 'fewer.npy'], accept=1)


def test_the_page_shows_photos_sizes_and_purity(files, people):
    lines = []
    for number, person in enumerate(people[1]):
        cv2.imwrite(str(files / f'{number}.png'), np.full((20, 30, 3), 20 * person, np.uint8))
        lines.append(f'{number}.png')
    (files / 'photos.txt').write_text('\n'.join(lines))
    run_cluster(files, photos=files / 'photos.txt')
    page = (files / 'labels.html').read_text()
    assert page.count('data:image/jpeg') == 12 and page.count('purity 100.0 percent') == 12
    assert '8 to 15</td><td>12</td><td>120</td>' in page and 'pairwise f' in page
    run_cluster(files, truth=None)
    page = (files / 'labels.html').read_text()
    assert 'data:image' not in page and 'purity' not in page and 'pairwise f' not in page
    (files / 'photos.txt').write_text('\n'.join(lines[:7]))
    with pytest.raises(ValueError, match='7 photos for 120 items'):
        run_cluster(files, photos=files / 'photos.txt')


def test_stages_are_reused_and_made_again(files, people):
    """The same settings: nothing anew; another threshold: the graph stays; other features: nothing stays."""
    run_cluster(files)
    graph, = (files / 'labels.stages').glob('neighbors_*.npy')
    before = {path.name: path.stat().st_mtime_ns for path in (files / 'labels.stages').iterdir()}
    run_cluster(files)
    assert before == {path.name: path.stat().st_mtime_ns for path in (files / 'labels.stages').iterdir()} | {
        'lock': before['lock']}
    run_cluster(files, threshold=.7)
    after = {path.name: path.stat().st_mtime_ns for path in (files / 'labels.stages').iterdir()}
    assert {name for name in after if after[name] != before[name]} - {'lock'} == {'pairs.npz', 'partition.npz'}
    for path in (graph, files / 'labels.stages' / 'pairs.npz'):  # no longer whole
        path.write_bytes(path.read_bytes()[:-40])
    _, labels = run_cluster(files, threshold=.7)
    assert len(np.unique(labels)) == 12 and len(open_graph(graph).ids) == 120
    np.save(files / 'features.npy', np.roll(people[0], 1, 0))
    os.utime(files / 'features.npy', ns=(1, 1))
    run_cluster(files, threshold=.7, truth=None)
    assert len(list((files / 'labels.stages').glob('neighbors_*.npy'))) == 2


def test_a_graph_with_more_neighbors_serves_for_fewer(files):
    first = run_cluster(files, 'chinese_whispers', k=20, stages=files / 'kept')[1]
    run_cluster(files, 'cdp_200k', k=9, stages=files / 'kept', out='cdp.npy')
    assert len(list((files / 'kept').glob('neighbors_*.npy'))) == 1
    alone = run_cluster(files, 'cdp_200k', k=9, out='alone.npy')[1]
    np.testing.assert_array_equal(np.load(files / 'cdp.npy'), alone)
    assert len(first) == 120 and run_cluster(files, k=25, stages=files / 'kept')[0]['neighbors'][0]['neighbors'] == 25


def stop_after(count):
    """A search that is interrupted when it is asked for another part."""
    original, calls = neighbors._Search._find, []

    def find(self, start, stop):
        if len(calls) == count:
            raise KeyboardInterrupt
        calls.append((start, stop))
        return original(self, start, stop)
    return find, calls


@pytest.mark.parametrize('index', ['exact', 'hnsw'])
def test_a_graph_that_was_stopped_goes_on_after_its_parts(index, files, monkeypatch):
    if index == 'hnsw':
        pytest.importorskip('faiss')
    monkeypatch.setattr(neighbors, 'PART', 32)
    find, calls = stop_after(2)
    said = []
    with monkeypatch.context() as patch:
        patch.setattr(neighbors._Search, '_find', find)
        with pytest.raises(KeyboardInterrupt):
            run_cluster(files, index=index, said=said)
    assert said[-1].startswith('stopped at: neighbors') and calls == [(0, 32), (32, 64)]
    folder, = (files / 'labels.stages').glob('*.parts')
    (folder / '000000032.npy').write_bytes(b'cut')  # and one part is damaged
    assert (folder / 'index.faiss').is_file() == (index == 'hnsw')
    find, calls = stop_after(9)
    with monkeypatch.context() as patch:
        patch.setattr(neighbors._Search, '_find', find)
        patch.setattr(neighbors, '_make', lambda *args: pytest.fail('the index was kept'))
        report, labels = run_cluster(files, index=index)
    assert calls == [(32, 64), (64, 96), (96, 120)] and not folder.exists()
    assert report['scores']['kept']['pairwise_f'] == 1
    whole, expected = run_cluster(files, index=index, out='whole.npy')
    np.testing.assert_array_equal(labels, expected)


def test_a_run_that_was_stopped_between_stages_goes_on(files, monkeypatch):
    for stage in ('make_pairs', 'partition', 'partition_scores', 'write_cluster_page'):
        with monkeypatch.context() as patch:
            patch.setattr(run, stage, lambda *args: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                run_cluster(files)
    monkeypatch.setattr(run, 'make_pairs', lambda *args: pytest.fail('the pairs were kept'))
    monkeypatch.setattr(run, 'partition', lambda *args: pytest.fail('the partition was kept'))
    assert run_cluster(files)[0]['sizes']['clusters'] == 12


KILLED = '''
import os, signal, sys
import numpy as np
from mmwsl.apis.cluster import cluster, neighbors

neighbors.PART, (folder, options) = 500, (sys.argv[1], {'clustering.threshold': .4})


def run(name):
    cluster('mmwsl::clustering/cdp_200k.py', folder + '/features.npy', f'{folder}/{name}.npy', options=options, device='cpu')


def killed_at(number):
    """A run that is killed when it is about to put so many files in their place."""
    child = os.fork()
    if not child:
        replace, done = os.replace, []
        def count(*args, **kwargs):
            done.append(args)
            if len(done) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            replace(*args, **kwargs)
        os.replace = count
        run('killed')
        os._exit(0)
    return os.waitpid(child, 0)[1] == signal.SIGKILL


kills = 0
while killed_at(kills % 4 + 1):
    kills += 1
run('whole')
print('kills', kills)
'''


@pytest.mark.long
def test_a_process_that_is_killed_at_every_file_goes_on(tmp_path):
    """Between and within stages: the same command ends with the same clusters, however often it is killed."""
    np.save(tmp_path / 'features.npy', np.random.default_rng(0).standard_normal((3000, 32), np.float32))
    done = subprocess.run([sys.executable, '-c', KILLED, str(tmp_path)], check=True, capture_output=True, text=True,
                          env=os.environ | {'OMP_NUM_THREADS': '1'})
    assert int(done.stdout.split()[-1]) >= 8  # six parts of the graph, and the stages around them
    np.testing.assert_array_equal(np.load(tmp_path / 'killed.npy'), np.load(tmp_path / 'whole.npy'))
    assert not list(tmp_path.rglob('*.parts'))


def test_two_runs_do_not_share_a_folder(files):
    code = ("import sys, time\nfrom mmwsl.files import lock\nwith lock(sys.argv[1]):\n    print('held', flush=True)\n"
            '    time.sleep(60)')
    (files / 'labels.stages').mkdir()
    process = subprocess.Popen([sys.executable, '-c', code, str(files / 'labels.stages' / 'lock')], stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b'held\n'
        with pytest.raises(BlockingIOError, match='another clustering'):
            run_cluster(files)
    finally:
        process.kill()
        process.wait()


def test_hard_features(tmp_path):
    """More neighbors than items, duplicates, opposite and zero rows, one cluster."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((12, 8)).astype(np.float32)
    rows[1:6] = rows[0]  # duplicates
    rows[6:8] = -rows[0]  # cosine -1
    rows[8] = 0
    np.save(tmp_path / 'features.npy', rows)
    report, labels = run_cluster(tmp_path, k=30, truth=None, threshold=.99)
    assert report['zeros'] == 1 and report['scores'] is None
    assert (labels[:6] == 0).all() and (labels[6:8] == 1).all() and (labels[8:] == -1).all()
    for name in ('fast_hac', 'rank_order', 'chinese_whispers', 'knn_dbscan'):
        labels = run_cluster(tmp_path, name, k=30, truth=None)[1]
        assert len(set(labels[:6])) == 1 and labels[8] not in np.delete(labels, 8)
        assert (labels[0] not in labels[6:8]) == (name != 'rank_order')  # ranks know of no distance
    np.save(tmp_path / 'features.npy', np.tile(rows[:1], (12, 1)))
    os.utime(tmp_path / 'features.npy', ns=(2, 2))
    for name in ('kmeans', 'hac', 'cdp_200k', 'spectral'):
        settings = dict(clusters=1) if name in ('kmeans', 'hac', 'spectral') else {}
        report, labels = run_cluster(tmp_path, name, truth=None, **settings)
        assert (labels == 0).all() and report['sizes']['largest'] == 12


def test_what_cannot_be_clustered_is_refused(files, people):
    rows = people[0].copy()
    rows[70, 3] = np.nan
    np.save(files / 'nan.npy', rows)
    with pytest.raises(ValueError, match='row 70'):
        run_cluster(files, features='nan.npy')
    (files / 'cut.npy').write_bytes((files / 'features.npy').read_bytes()[:-5])
    with pytest.raises(ValueError, match='cut.npy is truncated'):
        run_cluster(files, features='cut.npy')
    with pytest.raises(FileNotFoundError, match='none.npy'):
        run_cluster(files, features='none.npy')
    np.save(files / 'short.npy', people[1][:9])
    with pytest.raises(ValueError, match='9 labels for 120 items'):
        run_cluster(files, truth='short.npy')
    with pytest.raises(ValueError, match='written as .npy'):
        run_cluster(files, out='labels.txt')
    with pytest.raises(ValueError, match='--truth FILE'):
        run_cluster(files, 'kmeans', truth=None)
    np.save(files / 'unknown.npy', np.full(120, -1))
    with pytest.raises(ValueError, match='knows the class of no item'):
        run_cluster(files, 'kmeans', truth='unknown.npy')
    with pytest.raises(ValueError, match='130 clusters of 120 items'):
        run_cluster(files, 'kmeans', clusters=130)


@pytest.mark.parametrize('clustering, message', [
    (None, 'no clustering=dict'), (dict(method='cpd'), 'did you mean cdp'), (dict(method='cdp'), 'needs clustering.threshold'),
    (dict(method='cdp', threshold=.6, max_sise=9), 'did you mean max_size'), (dict(method='kmeans', bandwith=1), 'no setting of kmeans'),
    (dict(method='cdp', threshold=.6, accept=1), 'accept is no setting of cdp')])
def test_settings_are_checked(clustering, message):
    with pytest.raises(ValueError, match=message):
        read_plan(clustering)


def test_the_report(files, people):
    report, labels = run_cluster(files)
    assert json.loads((files / 'labels.json').read_text()) == report
    pairs = graph_pairs(exact_graph(people[0], 15), .66, strict=True)
    np.testing.assert_array_equal(labels, propagate(pairs, 120))
    assert report['neighbors'][0]['recall'] == 1 and report['settings']['max_size'] == 600


def test_the_command_is_that_of_whoever_called(files, monkeypatch):
    monkeypatch.setattr(sys, 'argv', ['/somewhere/tools/compare_clusterings.py', '--data', 'A=/elsewhere/a.npz'])
    environment.cache_clear()
    try:
        assert run_cluster(files)[0]['command'] == 'python tools/compare_clusterings.py --data A=a.npz'
    finally:
        environment.cache_clear()
