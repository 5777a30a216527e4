"""Exploring folders of photos: the whole chain with random weights, labels, stops, and folders that are unlike others."""

import csv
import importlib
import json
import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
import torch

from mmwsl.apis import explore
from mmwsl.apis.explore.labels import choose_labels
from mmwsl.apis.explore.pretrain import ADAPTING, LOOKS, METHODS, VIEW, _Progress, default_epochs, training_config
from mmwsl.apis.explore.stages import Stages
from mmwsl.checkpoints import read_checkpoint

CONFIG = '''
data_preprocessor = dict(type='ViewPreprocessor', mean=[124., 116., 104.], std=[58., 57., 57.])
model = dict(type='SimCLR', backbone=dict(type='ResNet', depth=18, base_channels=4, stem='cifar'),
             neck=dict(type='MLPNeck', in_channels=32, hidden_channels=32, out_channels=16))
benchmark = dict(test=dict(type='ImageFolder', data_root='x',
                           pipeline=[dict(type='ResizeCenterCrop', resize=16, crop=16)]))
'''
COLORS = dict(red=(200, 40, 40), green=(40, 180, 40), blue=(40, 40, 220))


def picture(rng, color, side=40):
    """A random smooth picture around a color."""
    detail = cv2.resize(rng.normal(0, 20, (8, 8, 3)), (side, side)) + rng.normal(0, 6, (side, side, 3))
    return np.clip(np.array(color) + detail, 0, 255).astype(np.uint8)


def write(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, image[..., ::-1])[1].tobytes())


@pytest.fixture
def config(tmp_path):
    path = tmp_path / 'tiny.py'
    path.write_text(CONFIG)
    return str(path)


@pytest.fixture
def classes(tmp_path):
    """Three class folders of 8 photos; blue/7 is a copy of blue/0, red/7 bears a wrong label, and one file is broken."""
    root, rng = tmp_path / 'photos', np.random.default_rng(0)
    for name, color in COLORS.items():
        for number in range(8):
            write(root / name / f'{number}.png', picture(rng, color))
    write(root / 'red' / '7.png', picture(rng, COLORS['blue']))
    copy = cv2.imread(str(root / 'blue' / '0.png'))[..., ::-1]
    write(root / 'blue' / '7.jpg', cv2.resize(copy, (60, 60)))
    (root / 'blue' / '7.png').unlink()
    (root / 'green' / 'broken.jpg').write_bytes(b'no picture')
    return root


def rows(path):
    with open(path, encoding='utf-8', newline='') as file:
        return list(csv.DictReader(file))


def test_class_folders_with_planted_faults(classes, config, tmp_path):
    lines, out = [], tmp_path / 'out'
    found = explore(classes, out, checkpoint='random', config=config, say=lines.append)
    assert len(found['files']) == 24 and set(found['labels']) == set(COLORS)
    assert [each['file'] for each in found['skipped']] == [os.path.join('green', 'broken.jpg')]
    assert [[found['files'][number] for number in members] for members in found['duplicates']] == \
        [[os.path.join('blue', '0.png'), os.path.join('blue', '7.jpg')]]
    histograms = next(each for each in found['accuracy']
                      if each['network'] == 'color histograms' and each['protocol'] == 'kNN')
    assert histograms['floor'] and histograms['mean'] > 80 and len(histograms['values']) == 3
    assert sorted(number for each in found['group_list'] for number in each['members']) == list(range(24))
    assert np.array(found['xy']).shape == (24, 2) and 0 <= np.min(found['xy']) and np.max(found['xy']) <= 1
    groups = rows(out / 'groups.csv')
    assert [row['photo'] for row in groups] == sorted(found['files'])
    assert sum(row['typical'] == 'yes' for row in groups) == len(found['group_list'])
    assert {row['kind'] for row in rows(out / 'duplicates.csv')} == {'same picture'}
    with np.load(out / 'features.npz') as file:
        assert file['features'].shape == (24, 32) and file['photo'].tolist() == found['files']
    assert json.loads((out / 'summary.json').read_text())['duplicates'] == found['duplicates']
    text = '\n'.join(lines)
    assert '24 photos' in lines[0] and '3 classes' in lines[0] and '1 file left out' in lines[0]
    assert len(lines) <= 25 and 'learned from: nothing' in text and 'color histograms' in text
    assert text in (out / 'explore.log').read_text()


def test_what_is_done_is_not_done_again_and_a_changed_photo_is_seen(classes, config, tmp_path, monkeypatch):
    settings = dict(checkpoint='random', config=config, say=lambda line: None)
    first = explore(classes, tmp_path / 'out', **settings)
    computed = []
    original = Stages._write
    monkeypatch.setattr(Stages, '_write', staticmethod(lambda path, *rest: computed.append(path.name) or original(path, *rest)))
    again = explore(classes, tmp_path / 'out', **settings)
    assert computed == [] and {**again, 'date': 0, 'command': 0} == {**first, 'date': 0, 'command': 0}
    write(classes / 'red' / '0.png', picture(np.random.default_rng(9), COLORS['red']))
    explore(classes, tmp_path / 'out', **settings)
    assert {'photos.npz', 'features.npz', 'map.npz', 'accuracy.npz'} <= set(computed)


def test_a_stop_in_every_stage_goes_on(classes, config, tmp_path, monkeypatch):
    settings = dict(checkpoint='random', config=config)
    original, lines, done = Stages._write, [], {}
    for stage in ('photos', 'features', 'neighbors', 'groups', 'map', 'accuracy'):
        def stopped(path, *rest, stage=stage):
            if path.name == f'{stage}.npz':
                raise KeyboardInterrupt
            return original(path, *rest)
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(Stages, '_write', staticmethod(stopped))
            explore(classes, tmp_path / 'out', say=lines.append, **settings)
        assert lines[-1].startswith(f'stopped at: {stage}')
        times = {path.name: path.stat().st_mtime_ns for path in (tmp_path / 'out' / 'stages').glob('*.npz')}
        assert f'{stage}.npz' not in times and done.items() <= times.items()  # what was done is not done again
        done = times
    found = explore(classes, tmp_path / 'out', say=lines.append, **settings)
    whole = explore(classes, tmp_path / 'whole', say=lines.append, **settings)
    assert {**found, 'seconds': 0, 'date': 0} == {**whole, 'seconds': 0, 'date': 0}


@pytest.mark.parametrize('count', [1, 2, 5])
def test_few_photos(tmp_path, config, count):
    rng = np.random.default_rng(0)
    for number in range(count):
        write(tmp_path / 'photos' / f'Пётр 写真 {number}.png', picture(rng, COLORS['red']))
    found = explore(tmp_path / 'photos', tmp_path / 'out', checkpoint='random', config=config, say=lambda line: None)
    assert found['groups'] == [0] * count and found['labels'] is None and found['accuracy'] is None
    assert found['duplicates'] == [] and len(found['neighbors']) == count
    assert any('did it help? Not known without labels' in line for line in found['summary'])
    assert rows(tmp_path / 'out' / 'groups.csv')[0]['photo'] == 'Пётр 写真 0.png'


def test_no_photo_no_folder_and_settings_that_do_not_fit(tmp_path, config, classes):
    (tmp_path / 'empty').mkdir()
    with pytest.raises(ValueError, match='no photo in'):
        explore(tmp_path / 'empty', tmp_path / 'out')
    with pytest.raises(FileNotFoundError, match='does not exist; name the folder'):
        explore(tmp_path / 'nowhere', tmp_path / 'out')
    with pytest.raises(ValueError, match='needs --config'):
        explore(classes, tmp_path / 'out', checkpoint='weights.pth')
    with pytest.raises(ValueError, match='--pretrain magic is unknown'):
        explore(classes, tmp_path / 'out', pretrain_method='magic')
    with pytest.raises(ValueError, match='--groups 99: there are 24'):
        explore(classes, tmp_path / 'out', checkpoint='random', config=config, groups=99, say=lambda line: None)
    (classes / 'all').mkdir()
    for path in list(classes.glob('*/*')):
        if path.suffix != '.jpg' or path.name != 'broken.jpg':
            path.unlink()
    with pytest.raises(ValueError, match='none of the 1 photos .* can be read; the first: green.broken.jpg'):
        explore(classes, tmp_path / 'out', checkpoint='random', config=config, say=lambda line: None)


def test_results_inside_the_photos_are_no_photos(classes, config):
    write(classes / 'explored' / 'chart.png', picture(np.random.default_rng(0), (0, 0, 0)))
    found = explore(classes, classes / 'explored', checkpoint='random', config=config, say=lambda line: None)
    assert len(found['files']) == 24 and set(found['labels']) == set(COLORS)


def test_labels_of_a_csv(tmp_path):
    names = [os.path.join('a', '1.jpg'), os.path.join('a', '2.jpg'), os.path.join('b', '3.jpg'), os.path.join('b', '1.jpg')]
    path = tmp_path / 'labels.csv'
    path.write_text('\ufeffFile,Class\na/1.jpg,b\n2.jpg,a\nstranger.jpg,a\nb/3.jpg,b\n', encoding='utf-8')
    labels, remarks, source = choose_labels(names, path)
    assert labels == ['b', 'a', 'b', None] and source == 'labels.csv'
    assert any('stranger.jpg' in each for each in remarks) and any('1 photos have no label' in each for each in remarks)
    assert any('1 photos lie in another folder' in each and 'the CSV is believed' in each for each in remarks)


@pytest.mark.parametrize('text, message', [
    ('photo,label\nother.jpg,x\n', 'none of its 1 rows names one of the 2 photos'),
    ('name,kind\n1.jpg,x\n', 'must name the columns photo and label'),
    ('photo,label\n1.jpg\n', 'row 2: 1 columns, 2 are needed'),
    ('', 'must name the columns')])
def test_a_csv_that_cannot_be_used(tmp_path, text, message):
    path = tmp_path / 'labels.csv'
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        choose_labels(['1.jpg', '2.jpg'], path)


def test_folders_are_classes_only_where_all_photos_lie_in_them():
    assert choose_labels([os.path.join('a', '1.jpg'), os.path.join('b', '2.jpg')], None)[0] == ['a', 'b']
    assert choose_labels([os.path.join('a', '1.jpg')], None)[0] is None
    labels, remarks, _ = choose_labels(['0.jpg', os.path.join('a', '1.jpg')], None)
    assert labels is None and '1 photos lie beside 1 folders' in remarks[0]


def test_tags_of_a_csv_are_judged_by_average_precision(classes, config, tmp_path):
    tags = dict(red='warm', green='cold;plant', blue='cold')
    rows_of = [f'{name}/{path.name},{tag}' for name, tag in tags.items() for path in sorted((classes / name).iterdir())]
    (tmp_path / 'tags.csv').write_text('\n'.join(['photo,label', *rows_of]))
    lines = []
    found = explore(classes, tmp_path / 'out', tmp_path / 'tags.csv', 'random', config, say=lines.append)
    assert '3 tags (tags.csv)' in lines[0] and found['labels'][found['files'].index(os.path.join('green', '0.png'))] == 'cold; plant'
    assert [(each['network'], each['protocol']) for each in found['accuracy']] == \
        [('random weights', 'linear mAP'), ('color histograms', 'linear mAP')]
    assert found['accuracy'][1]['mean'] > 85 and found['tag_maps'] is None  # random weights have no map to show
    assert any('color histograms' in line and 'linear mAP' in line for line in lines)
    assert 'cold; plant' in (tmp_path / 'out' / 'index.html').read_text()


def test_pretraining_from_nothing_is_short_and_by_small_views(tmp_path):
    cfg = training_config(tmp_path, 'simclr', 5, None)
    assert cfg.train_dataloader.dataset.pipeline[0].size == VIEW and cfg.train_dataloader.dataset.data_root == str(tmp_path)
    assert [default_epochs(photos, False) for photos in (200, 700, 10**6)] == [200, LOOKS // 700, 10]
    assert default_epochs(700, True) == ADAPTING['epochs']


@pytest.fixture
def many(tmp_path):
    """70 photos of two classes."""
    rng = np.random.default_rng(0)
    for number in range(70):
        name = ('red', 'blue')[number % 2]
        write(tmp_path / 'many' / name / f'{number}.jpg', picture(rng, COLORS[name], 24))
    return tmp_path / 'many'


@pytest.mark.long
@pytest.mark.parametrize('method', METHODS)
def test_a_network_is_adapted_to_the_photos_and_compared_with_what_it_was(many, config, tmp_path, method, monkeypatch):
    monkeypatch.setitem(ADAPTING, 'size', 16)
    settings = dict(checkpoint='random', config=config, pretrain_method=method, epochs=2, say=lambda line: None)
    found = explore(many, tmp_path / 'out', **settings)
    assert found['network'] == f'random weights adapted by {method}' and found['seconds']['pre-training'] > 0
    assert {(each['floor'], each['protocol']) for each in found['comparisons']} >= \
        {(name, protocol) for name in ('random weights', 'color histograms') for protocol in ('kNN', 'linear')}
    checkpoint = tmp_path / 'out' / 'pretraining' / 'epoch_2.pth'
    before = checkpoint.stat().st_mtime_ns
    assert explore(many, tmp_path / 'out', **settings)['accuracy'] == found['accuracy']
    assert checkpoint.stat().st_mtime_ns == before  # not trained again
    assert any('without labels (' in line for line in found['summary'])


@pytest.mark.long
def test_a_stopped_pretraining_goes_on(many, config, tmp_path, monkeypatch):
    monkeypatch.setitem(ADAPTING, 'size', 16)
    settings = dict(checkpoint='random', config=config, pretrain_method='simclr', epochs=3, say=lambda line: None)
    original = _Progress.after_train_iter

    def stop(self, runner, *rest, **more):
        original(self, runner, *rest, **more)
        if runner.epoch == 1:
            os.kill(os.getpid(), signal.SIGTERM)
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(_Progress, 'after_train_iter', stop)
        explore(many, tmp_path / 'out', **settings)
    steps = []
    with monkeypatch.context() as patch:
        patch.setattr(_Progress, 'after_train_iter', lambda self, runner, *rest, **more: steps.append(runner.iter))
        explore(many, tmp_path / 'out', **settings)
    assert steps and steps[0] > 0
    explore(many, tmp_path / 'whole', **settings)
    whole, resumed = (read_checkpoint(tmp_path / name / 'pretraining' / 'epoch_3.pth')['state_dict']
                      for name in ('whole', 'out'))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_few_photos_without_a_pretrained_network(many, tmp_path, monkeypatch):
    run = importlib.import_module('mmwsl.apis.explore.run')  # the package's name is its function's
    monkeypatch.setattr(run, 'installed_network', lambda: None)
    found = explore(many, tmp_path / 'out', say=lambda line: None)
    assert found['network'] == 'random weights' and any('too few to learn one from' in line for line in found['summary'])
    assert {each['network'] for each in found['accuracy']} == {'random weights', 'color histograms'}
    assert all(each['floor'] for each in found['accuracy']) and found['comparisons'] == []


def test_a_network_that_learned_here_is_said_to_know_little(many, config, tmp_path, monkeypatch):
    run = importlib.import_module('mmwsl.apis.explore.run')
    monkeypatch.setattr(run, 'installed_network', lambda: None)
    monkeypatch.setattr(run, 'FEW', 10)
    monkeypatch.setattr(run, 'pretrain', lambda *settings: run.given_network('random', config))
    found = explore(many, tmp_path / 'out', say=lambda line: None)
    assert any('learned from these photos alone knows little' in line for line in found['summary'])


@pytest.mark.long
@pytest.mark.parametrize('number, code', [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_command_with_a_word_and_it_goes_on(many, config, tmp_path, number, code):
    command = ['explore', str(many), '--out', str(tmp_path / 'out'), '--checkpoint', 'random', '--config', config]
    # a job in the background of a shell is started with SIGINT ignored
    slow = 'import signal, sys, time; signal.signal(signal.SIGINT, signal.default_int_handler); ' \
        'from mmwsl.apis.explore import plane; plane.embed = lambda *a: time.sleep(120); ' \
        'from mmwsl.cli import main; sys.exit(main(sys.argv[1:]))'
    stages = tmp_path / 'out' / 'stages'
    with subprocess.Popen([sys.executable, '-c', slow, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        until = time.monotonic() + 100
        while not (stages / 'groups.npz').is_file() and time.monotonic() < until:
            time.sleep(0.2)
        time.sleep(0.5)
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == code and 'Traceback' not in errors
    assert output.splitlines()[-1].startswith('stopped at: map. What is done is kept in')
    assert (stages / 'features.npz').is_file() and not (stages / 'map.npz').exists()
    before = (stages / 'features.npz').stat().st_mtime_ns
    explore(many, tmp_path / 'out', checkpoint='random', config=config, say=lambda line: None)
    assert (stages / 'features.npz').stat().st_mtime_ns == before and (stages / 'map.npz').is_file()
