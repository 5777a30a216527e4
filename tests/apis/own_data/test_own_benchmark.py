"""Benchmarks on own photos: the protocols that the labels serve, the floor beside them, and what is refused."""

import json

import pytest
import torch
from mmengine.registry import init_default_scope
from photo_sets import class_folders, photo_folder, tagged_boxes
from tiny_runs import write_config

from mmwsl.apis import benchmark, build_dataset, build_model, load_config
from mmwsl.apis.fine_tune import fine_tune_config
from mmwsl.apis.own_data.benchmark import frozen_protocols
from mmwsl.cli.program import main
from mmwsl.datasets.own import Records


@pytest.fixture(scope='module')
def place(tmp_path_factory):
    """A folder with a config, a checkpoint, photos in class folders and photos without labels."""
    init_default_scope('mmwsl')
    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp('benchmark')
    class_folders(root / 'labelled', count=10)
    photo_folder(root / 'photos', 6)
    config = write_config(root)
    model = build_model(load_config(config, {'randomness.seed': 7}))[0]
    torch.save(dict(meta={}, state_dict=model.state_dict()), root / 'checkpoint.pth')
    return root


def records_of(tags, one_class=True):
    count = len(tags)
    return Records('mine', 'class folders', [f'{row}.png' for row in range(count)], list('abc')[:tags.shape[1]], tags,
                   None, [None] * count)


def test_protocols_of_class_folders(place):
    cfg = load_config(place / 'tiny.py', dict(data=place / 'labelled'))
    assert cfg.benchmark.default == ['knn', 'linear', 'svm', 'low_shot']
    assert list(cfg.benchmark.protocols) == [*cfg.benchmark.default, 'linear_online', 'finetune', 'semi_supervised']
    assert cfg.benchmark.protocols.knn == dict(k=(5,), temperature=0.1)  # the recipe's: five neighbors of twenty-four
    assert cfg.benchmark.protocols.low_shot.k == (1, 2, 4, 8)  # each class has eight photos to train on
    assert sorted(cfg.benchmark.refused) == ['detection', 'segmentation']
    assert cfg.benchmark.dataset == 'labelled'


def test_protocols_of_tags():
    tags = torch.tensor([[1., 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 1, 1], [0, 0, 1]])
    found = frozen_protocols(records_of(tags), list(range(8)), {})
    assert list(found) == ['svm', 'logistic', 'low_shot'] and found['svm'] == dict(costs='quick')
    assert found['low_shot']['k'] == (1, 2)
    rare = tags.clone()
    rare[:7, 2] = 0  # one photo has the third tag: its cost cannot be chosen by three folds
    assert frozen_protocols(records_of(rare), list(range(8)), {}) == dict(
        svm=dict(costs=(1.0,)), logistic=dict(metric='mAP'))


def test_neighbors_are_no_more_than_photos():
    tags = torch.eye(3).repeat(2, 1)
    assert frozen_protocols(records_of(tags), list(range(6)), {})['knn']['k'] == (5,)
    assert frozen_protocols(records_of(tags), list(range(4)), dict(knn=dict(k=200)))['knn']['k'] == (4,)
    many = torch.eye(3).repeat(50, 1)
    assert frozen_protocols(records_of(many), list(range(150)), {})['knn']['k'] == (10, 20, 100)


def test_benchmark_with_its_floor(place, tmp_path, capsys):
    """Every protocol's values twice, of the checkpoint and of random weights, in the records and in the table."""
    out = tmp_path / 'records.jsonl'
    assert main(['benchmark', str(place / 'tiny.py'), str(place / 'checkpoint.pth'), '--data', str(place / 'labelled'),
                 '--protocols', 'knn', 'linear', '--out', str(out)]) == 0
    shown = capsys.readouterr().out
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert {record['method'] for record in records} == {'simclr', 'random'}
    metrics = {method: {record['metric'] for record in records if record['method'] == method}
               for method in ('simclr', 'random')}
    assert metrics['simclr'] == metrics['random'] == {'knn5_top1', 'knn5_top5', 'linear_top1', 'linear_top5'}
    assert {record['dataset'] for record in records} == {'labelled'}
    assert all(record['settings']['n_train'] == 24 and record['settings']['n_test'] == 6 for record in records)
    rows = [line for line in shown.splitlines() if line.startswith('|')]
    assert any('simclr' in row for row in rows) and any('random' in row for row in rows)


def test_without_its_floor(place, tmp_path):
    out = tmp_path / 'records.jsonl'
    assert main(['benchmark', str(place / 'tiny.py'), str(place / 'checkpoint.pth'), '--data', str(place / 'labelled'),
                 '--protocols', 'knn', '--no-floor', '--out', str(out)]) == 0
    assert '"random"' not in out.read_text() and '"simclr"' in out.read_text()


def test_fine_tuning_at_the_size_of_the_recipe(place, tmp_path):
    cfg = load_config(place / 'tiny.py', dict(data=place / 'labelled'))
    options = cfg.benchmark.protocols.finetune.options
    assert options['epochs'] == 100 and options['train_dataloader.batch_size'] == 24
    assert options['train_dataloader.dataset.pipeline'][0]['size'] == 16
    options.update({'epochs': 2, 'train_dataloader.num_workers': 0, 'train_dataloader.persistent_workers': False})
    records = benchmark(cfg, place / 'checkpoint.pth', ['finetune'], work_dir=tmp_path)
    assert [(record['metric'], record['dataset']) for record in records] == [
        ('finetune_top1', 'labelled'), ('finetune_mean_class', 'labelled')]
    assert all(0 <= record['value'] <= 100 for record in records)
    run = load_config(next(tmp_path.glob('finetune_*/*.py')))
    assert run.train_cfg.max_epochs == 2 and run.model.head.num_classes == 3
    assert run.test_dataloader.dataset.pipeline == cfg.benchmark.test.pipeline


def test_tags_of_boxes(place):
    """The protocols of tags, on photos whose tags come from boxes; detection may be asked for."""
    tagged_boxes(place / 'boxes', 12)
    cfg = load_config(place / 'tiny.py', dict(data=place / 'boxes'))
    assert cfg.benchmark.default == ['svm', 'logistic'] and 'detection' in cfg.benchmark.protocols
    records = benchmark(cfg, place / 'checkpoint.pth', ['logistic'], floor=True)
    assert [(record['method'], record['metric']) for record in records] == [
        ('simclr', 'logistic_mAP'), ('random', 'logistic_mAP')]
    assert all(0 < record['value'] <= 100 for record in records)
    with pytest.raises(ValueError, match='knn needs exactly one class a photo, and .*boxes .*has tags, boxes'):
        benchmark(cfg, 'random', ['knn'])


def test_few_labels_stay_few(place):
    cfg = load_config(place / 'tiny.py', dict(data=place / 'labelled'))
    protocol = cfg.benchmark.protocols.semi_supervised
    made = fine_tune_config(cfg, protocol.config, protocol.options)
    dataset = made.train_dataloader.dataset
    assert (dataset.type, dataset.fraction, dataset.dataset.type) == ('Subset', 0.01, 'OwnData')
    assert dataset.dataset.pipeline[0]['size'] == 16 and made.model.head.num_classes == 3
    assert len(build_dataset(dataset)) == 3  # one of each class at least


@pytest.mark.parametrize('protocol, message', [
    ('detection', r'detection needs boxes, and .*labelled \(class folders\) has one class a photo'),
    ('segmentation', 'segmentation needs class maps')])
def test_protocol_that_does_not_fit(place, protocol, message):
    cfg = load_config(place / 'tiny.py', dict(data=place / 'labelled'))
    with pytest.raises(ValueError, match=message):
        benchmark(cfg, 'random', [protocol])


def test_photos_without_labels(place):
    cfg = load_config(place / 'tiny.py', dict(data=place / 'photos'))
    with pytest.raises(ValueError, match=r'knn needs exactly one class a photo, and .*photos \(photos\) has no labels'):
        benchmark(cfg, 'random', ['knn'])
    with pytest.raises(ValueError, match='no labels'):
        benchmark(cfg, 'random')


def test_memory_of_another_training_set(place):
    """A checkpoint with a row for each of its own images is benchmarked on photos of another number."""
    name = 'mmwsl::selfsup/npid/npid_r18w16_1xb256-cos-20e_cifar10.py'
    model = build_model(load_config(name, {'model.bank.length': 99, 'randomness.seed': 7}))[0]
    torch.save(dict(meta={}, state_dict=model.state_dict()), place / 'npid.pth')
    cfg = load_config(name, dict(data=place / 'labelled'))
    loaded = build_model(cfg, place / 'npid.pth')[0]
    assert loaded.bank.features.shape == (24, 64)
    assert torch.equal(loaded.backbone.stem[0].weight if hasattr(loaded.backbone, 'stem')
                       else next(loaded.backbone.parameters()), next(model.backbone.parameters()))
