"""Weakly supervised and supervised recipes on own photos: classes, heads, maps by boxes, names in predictions."""

import json

import pytest
import torch
from mmengine.registry import init_default_scope
from photo_sets import class_folders, class_maps, photo_folder, tagged_boxes
from tiny_runs import train_here

from mmwsl.apis import evaluate, load_config, predict
from mmwsl.apis.build import build_dataset

CAM = 'mmwsl::weaksup/localization/cam/cam_r18w16_1xb64-cos-4e_digitscenes.py'
HIDE = 'mmwsl::weaksup/localization/hide_and_seek/hide_and_seek_r18w16_1xb64-cos-4e_digitscenes.py'
FOLDER = 'mmwsl::weaksup/localization/'
NARROW = dict(model__backbone__base_channels=4, train_dataloader__num_workers=0,
              train_dataloader__persistent_workers=False)


@pytest.fixture(scope='module')
def place(tmp_path_factory):
    init_default_scope('mmwsl')
    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp('weak')
    class_folders(root / 'folders', count=4)
    tagged_boxes(root / 'boxes')
    class_maps(root / 'maps')
    photo_folder(root / 'photos', 4)
    return root


@pytest.mark.parametrize('config', [CAM, HIDE], ids=['cam', 'hide_and_seek'])
def test_tags_and_boxes(config, place, tmp_path):
    """Tags are learnt by a head of their own, and the maps are scored by the boxes of the tags' classes."""
    runner = train_here(config, tmp_path, data=str(place / 'boxes'), epochs=1, **NARROW)
    assert type(runner.model.head).__name__ == 'MultiLabelHead' and runner.model.num_classes == 2
    checkpoint = next(tmp_path.glob('*.pth'))
    cfg = load_config(config, {'data': place / 'boxes', 'model.backbone.base_channels': 4,
                               'work_dir': str(tmp_path / 'test')})
    assert [metric.type for metric in cfg.test_evaluator] == ['MultiLabelMetric', 'LocalizationMetric']
    dataset = build_dataset(cfg.test_dataloader.dataset)
    boxes = sum(len(dataset[index]['data_samples'].gt_boxes) for index in range(len(dataset)))
    values = evaluate(cfg, checkpoint)
    assert values['localization/pairs'] == boxes == int(dataset.labels.sum())  # one box of each tag
    assert {'multi_label/mAP', 'localization/pointing', 'localization/max_box_acc_v2'} <= set(values)
    assert 'localization/top1_loc' not in values
    found = predict(cfg, checkpoint, [str(place / 'boxes' / 'images' / '00.png')], tmp_path / 'out', pictures=False)
    assert found['classes'] == ['cat', 'dog']
    names = [each['name'] for each in json.loads((tmp_path / 'out' / 'predictions.json').read_text())
             ['predictions'][0]['classes']]
    assert names and set(names) <= {'cat', 'dog'}


@pytest.mark.parametrize('method', ['seam', 'edam'])
def test_class_maps_of_own_tags(method, place, tmp_path):
    """Their heads take tags as they are; pairs of photos that share one come together."""
    config = f'mmwsl::weaksup/segmentation/{method}/{method}_r18w16_1xb32-cos-4e_digitscenes.py'
    runner = train_here(config, tmp_path, data=str(place / 'boxes'), epochs=1, **NARROW)
    assert type(runner.model.head).__name__ == f'{method.upper()}Head' and runner.model.num_classes == 2
    cfg = load_config(config, {'data': place / 'boxes', 'model.backbone.base_channels': 4,
                               'work_dir': str(tmp_path / 'test')})
    assert cfg.train_dataloader.sampler.type == dict(seam='EpochSampler', edam='SharedTagSampler')[method]
    assert 0 <= evaluate(cfg, next(tmp_path.glob('*.pth')))['multi_label/mAP'] <= 100


def test_views_of_hide_and_seek_stay(place):
    before, cfg = load_config(HIDE), load_config(HIDE, dict(data=place / 'boxes'))
    assert cfg.data_preprocessor.views == before.data_preprocessor.views
    assert [step.type for step in cfg.train_dataloader.dataset.pipeline] == ['ResizeToSquare', 'ResizeRandomCrop']
    assert cfg.test_dataloader.dataset.pipeline == [dict(type='ResizeToSquare', size=96)]


def test_one_class_a_photo_keeps_the_head(place):
    for name in ('cam/cam', 'adl/adl', 'acol/acol', 'spg/spg', 'cutmix/cutmix', 'erasing/erasing'):
        schedule = 'const-12e' if 'erasing' in name else 'cos-4e'
        config = f'{FOLDER}{name}_r18w16_1xb64-{schedule}_digitscenes.py'
        before, cfg = load_config(config), load_config(config, dict(data=place / 'folders'))
        assert cfg.model.head.type == before.model.head.type and cfg.model.head.num_classes == 3
        assert cfg.test_evaluator == [dict(type='AccuracyMetric')]
        assert cfg.test_dataloader.dataset.supervision == 'image'


@pytest.mark.parametrize('name, method', [('adl/adl', 'ADL'), ('acol/acol', 'ACoLHead'), ('spg/spg', 'SPGHead'),
                                          ('cutmix/cutmix', 'CutMix'), ('erasing/erasing', 'ErasingLocalizer')])
def test_methods_of_one_class_refuse_tags(name, method, place):
    schedule = 'const-12e' if 'erasing' in name else 'cos-4e'
    with pytest.raises(ValueError, match=f'{method} learns one class a photo, and photos of .*boxes have several tags'):
        load_config(f'{FOLDER}{name}_r18w16_1xb64-{schedule}_digitscenes.py', dict(data=place / 'boxes'))


@pytest.mark.parametrize('recipe', [
    'mmwsl::selfsup/supervised/supervised_r18w16_1xb256-cos-20e_cifar10.py',
    'mmwsl::classification/resnet/resnet_r8_1xb128-cos-4e_cifar10.py',
    'mmwsl::classification/hide_and_seek/hide_and_seek_r8_1xb128-cos-4e_cifar10.py'])
@pytest.mark.parametrize('data, head, classes', [('folders', 'ClassificationHead', 3), ('boxes', 'MultiLabelHead', 2)])
def test_classifiers(recipe, data, head, classes, place):
    cfg = load_config(recipe, dict(data=place / data))
    assert (cfg.model.head.type, cfg.model.head.num_classes) == (head, classes)
    train, test = (build_dataset(cfg[f'{part}_dataloader'].dataset) for part in ('train', 'test'))
    assert train.labels.ndim == test.labels.ndim == (2 if classes == 2 else 1)
    inputs = train[0]['inputs']
    assert (inputs[0] if isinstance(inputs, list) else inputs).shape == test[0]['inputs'].shape == (3, 32, 32)


def test_maps_by_class_maps(place):
    """Photos with class maps alone: their classes are the tags, and pixels are what the maps are scored by."""
    cfg = load_config(CAM, {'data': place / 'maps', 'model.backbone.base_channels': 4})
    dataset = build_dataset(cfg.test_dataloader.dataset)
    assert dataset.metainfo['classes'] == ['road', 'car'] and dataset.labels.shape[1] == 2
    values = evaluate(cfg, 'random')
    assert values['localization/pairs'] == int(dataset.labels.sum())
    assert 0 < values['localization/pixel_ap'] < 100


def test_photos_without_labels_are_refused(place):
    with pytest.raises(ValueError, match=r'learns from classes or tags, and .*photos \(photos\) has no labels'):
        load_config(CAM, dict(data=place / 'photos'))
