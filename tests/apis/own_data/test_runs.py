"""Trainings on own photos: resumed from the dumped config, and told apart by what the files hold."""

import copy
import json
import os

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from photo_sets import class_folders, class_maps, photo_folder, tagged_boxes, write_photo
from tiny_runs import train_here, write_config

from mmwsl.apis import benchmark, build_dataset, load_config
from mmwsl.checkpoints import read_checkpoint
from mmwsl.cli.program import main
from mmwsl.datasets.fingerprint import fingerprint

WORKERS = dict(train_dataloader__num_workers=0, train_dataloader__persistent_workers=False)


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmwsl')
    torch.set_num_threads(1)


def weights(folder):
    return read_checkpoint(folder / 'epoch_2.pth')['state_dict']


def test_resumed_from_the_dumped_config(tmp_path):
    """One epoch, and the second from the dumped config, which names the data sets: the same weights as in one go."""
    photos = photo_folder(tmp_path / 'photos', 12)
    config = write_config(tmp_path, extra=f'\ndata = {str(photos)!r}\n')
    constant = dict(WORKERS, param_scheduler=[])
    train_here(config, tmp_path / 'parts', epochs=1, **constant)
    first = read_checkpoint(tmp_path / 'parts' / 'epoch_1.pth')
    assert first['meta']['dataset_size'] == 10 and first['meta']['batch_size'] == 10
    dumped = next((tmp_path / 'parts').glob('*.py'))
    assert 'OwnData' in dumped.read_text() and load_config(dumped).get('data') is None
    train_here(dumped, tmp_path / 'parts', resume=True, epochs=2)
    train_here(config, tmp_path / 'whole', **constant)
    resumed, whole = weights(tmp_path / 'parts'), weights(tmp_path / 'whole')
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())
    name = 'backbone.layer1.0.conv1.weight'
    assert not torch.equal(first['state_dict'][name], whole[name])


def data_set(path, **settings):
    return build_dataset(dict(type='OwnData', data=str(path), **settings))


def test_fingerprint_sees_what_changed(tmp_path):
    root = tagged_boxes(tmp_path / 'boxes', 6)
    before = fingerprint(data_set(root))
    assert fingerprint(data_set(root)) == before
    labels = root / 'instances.json'
    content = json.loads(labels.read_text())
    moved = copy.deepcopy(content)
    moved['annotations'][0]['bbox'][0] += 1
    labels.write_text(json.dumps(moved))
    assert fingerprint(data_set(root)) != before
    labels.write_text(json.dumps(content))
    photo = root / 'images' / '00.png'
    time = os.stat(photo).st_mtime_ns
    write_photo(photo, 99, (80, 60))
    os.utime(photo, ns=(time + 10**9, time + 10**9))
    assert fingerprint(data_set(root)) != before


def test_fingerprint_sees_class_maps_and_folders(tmp_path):
    root = class_maps(tmp_path / 'maps', 4)
    before = fingerprint(data_set(root, supervision='full'))
    mask = root / 'masks' / '01.png'
    time = os.stat(mask).st_mtime_ns
    os.utime(mask, ns=(time + 10**9, time + 10**9))
    assert fingerprint(data_set(root, supervision='full')) != before
    folders = class_folders(tmp_path / 'folders', count=3)
    before = fingerprint(data_set(folders))
    (folders / 'cat' / 'cat0.png').rename(folders / 'dog' / 'cat0.png')
    assert fingerprint(data_set(folders)) != before
    assert fingerprint(data_set(folders, split='train')) != fingerprint(data_set(folders, split='test'))


@pytest.mark.long
@pytest.mark.parametrize('protocol, make, metric', [('detection', tagged_boxes, 'detection_AP50'),
                                                    ('segmentation', class_maps, 'segmentation_mIoU')])
def test_dense_benchmarks(protocol, make, metric, tmp_path):
    """Detection by boxes and segmentation by class maps, from a network of the small recipes and from random weights."""
    name = 'mmwsl::selfsup/simclr/simclr_r18w16_1xb256-cos-2e_cifar10.py'
    cfg = load_config(name, dict(data=make(tmp_path / 'data')))
    assert cfg.benchmark.protocols[protocol].options['data'] == str(tmp_path / 'data')
    cfg.benchmark.protocols[protocol].options['epochs'] = 1
    records = benchmark(cfg, 'random', [protocol], work_dir=tmp_path / 'runs')
    assert metric in {record['metric'] for record in records} and {record['dataset'] for record in records} == {'data'}
    assert all(0 <= record['value'] <= 100 for record in records)


def test_features_of_all_photos_or_of_one_part(tmp_path, capsys):
    photos, out = photo_folder(tmp_path / 'photos', 12), tmp_path / 'features.npz'
    command = ['extract', str(write_config(tmp_path)), 'random', '--out', str(out)]
    for split, count in (('all', 12), ('test', 2), ('train', 10)):
        assert main([*command, '--data', str(photos), '--split', split]) == 0
        assert len(np.load(out)['features']) == count
    capsys.readouterr()
    assert main([*command, '--split', 'all']) == 1
    assert '--split all is for --data' in capsys.readouterr().err
