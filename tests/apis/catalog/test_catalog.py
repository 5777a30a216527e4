"""Lists of names, and what is said of one."""

import re

import pytest

from mmwsl.apis.catalog.info import NO_FIGURE, describe
from mmwsl.apis.catalog.kinds import MEANINGS, entries, list_kinds, list_names
from mmwsl.apis.catalog.usage import configs_with, figures_by
from mmwsl.registry import BACKBONES, MODELS, PRETEXTS
from mmwsl.reporting import read_records
from mmwsl.shipped import configs_of, is_made, is_small, shipped_records


@pytest.fixture
def plugin():
    """A backbone that somebody has registered."""
    class Striped:
        """Stripes.   In two."""

        def __init__(self, width=3):
            pass

    BACKBONES.register_module(module=Striped)
    yield Striped
    for each in (BACKBONES, MODELS):
        each.module_dict.pop('Striped')


def test_every_network_part_is_of_one_kind():
    found = [entry.name for entry in entries() if entry.name in MODELS.module_dict]
    assert sorted(found) == sorted(MODELS.module_dict)
    kinds = {entry.name: entry.kind for entry in entries()}
    assert {kinds[name] for name in PRETEXTS.module_dict} == {'methods'}
    assert [kinds[name] for name in ('Localizer', 'BagClassifier', 'FCN', 'CAMHead', 'MLPNeck', 'knn', 'SyncBN', 'GaussianBlur')] == \
        ['methods', 'methods', 'supervised', 'heads', 'necks', 'protocols', 'parts', 'views']


def test_everything_says_what_it_is():
    assert [entry.name for entry in entries() if not entry.summary] == []


def test_lists(plugin):
    assert f'{"Striped":<19}Stripes. In two.\n' in list_names('backbones')
    assert list_names('backbones', 'stripes') == 'Striped  Stripes. In two.\n' and list_names('backbones', 'xyzzy') == ''
    lines = {line.split()[0]: int(line.split()[1]) for line in list_kinds().splitlines()}
    assert list(lines) == list(MEANINGS) and lines['backbones'] == len(BACKBONES.module_dict)
    with pytest.raises(ValueError, match="there is no kind 'backbone'; did you mean backbones"):
        list_names('backbone')


@pytest.mark.parametrize('name', ['SimCLR', 'simclr', 'SIMCLR'])
def test_a_method(name):
    shown = describe(name)
    assert shown.startswith('SimCLR, of the methods: mmwsl.models.pretext.simclr.SimCLR\n\nNT-Xent: match the two views')
    assert '\npaper:\n  A Simple Framework for Contrastive Learning (Chen et al. 2020).\n' in shown
    assert '  temperature=0.1: T of NT-Xent' in shown and '  data_preprocessor=None: config or module.' in shown
    listed = re.findall(r'mmwsl::(\S+)', shown)
    assert listed == configs_of('simclr')
    value = {record['metric']: record['value'] for file in shipped_records() for record in read_records(file)
             if (record['suite'], record['method']) == ('selfsup_cifar10_equal', 'simclr')}['linear_top1']
    assert f'linear top1 {value:.2f}' in ' '.join(shown.split())


def test_a_variant_of_a_method():
    shown = describe('moco_v2')
    assert shown.startswith('moco_v2: 4 configs of a MoCo with ResNet\n') and 'moco_v1' not in shown
    assert shown.endswith('mmwsl info MoCo: its arguments and its paper\n')


def test_a_protocol():
    shown = describe('kNN')
    assert 'mmwsl.protocols.knn.KNN' in shown and 'Wu et al.' in shown and '  preset=None: instead of the two' in shown
    assert 'DigitScenes, suite quickstart, knn20 top1: random 15.90, rotation 65.20' in shown
    assert re.search(r'mmwsl::benchmarks/cifar10_quick.py|and up to \d+ more', shown)


def test_a_config():
    shown = describe('simclr_r18w16_1xb256-cos-2e_cifar10')
    assert shown == describe('mmwsl::selfsup/simclr/simclr_r18w16_1xb256-cos-2e_cifar10.py')
    assert 'model: SimCLR with ResNet\ntraining: 2 epochs, batches of 256 a rank, data set CIFAR10\n' in shown
    assert 'benchmark: CIFAR-10, by knn, linear, svm' in shown and NO_FIGURE in shown
    assert 'suite: random, rotation, by knn' in describe('quickstart')


def test_a_class_of_a_plugin_and_one_of_mmengine(plugin):
    assert describe('striped') == ('Striped, of the backbones: ' + f'{plugin.__module__}.{plugin.__qualname__}\n\nStripes. In two.\n\n'
                                   'arguments:\n  width=3\n')
    assert "EMAHook, of the mmengine's hook registry: mmengine.hooks.ema_hook.EMAHook" in describe('EMAHook')


def test_an_unknown_name():
    with pytest.raises(KeyError, match=r"nothing is called 'simcrl'; did you mean SimCLR"):
        describe('simcrl')
    with pytest.raises(KeyError, match=r"nothing is called 'xyzzyqqq'; `mmwsl list` has the names"):
        describe('xyzzyqqq')


def test_a_config_that_replaces_what_its_base_names_is_no_user_of_it():
    """By their text all VGG16 recipes of CAM name the ResNet of the model they change."""
    configs, others = configs_with('VGG16', count=None)
    assert others == 0 and 'weaksup/localization/cam/cam_vgg16_1xb32-step-50e_cub.py' in configs
    # and one compares images by its maps
    assert [config for config in configs if 'vgg16' not in config] == [
        'selfsup/landmark_generation/landmark_generation_conv32_1xb50-step-300k_celeba.py']
    assert configs_with('xyzzyqqq') == ([], 0)


def test_configs_of_a_method():
    first = configs_of('rotation')[0]
    assert first == 'selfsup/rotation/rotation_r18w16_1xb32-cos-5e_digitscenes.py' and is_small(first) and is_made(first)
    assert configs_of('Hide-and-Seek-Video') == configs_of('weaksup/temporal/hide_and_seek_video')
    assert len(configs_of('moco')) == 6 and len(configs_of('moco_v1')) == 2 and configs_of('xyzzyqqq') == configs_of('') == []
    assert not is_small('selfsup/moco/moco_v1_r50_8xb32-step-200e_imagenet.py')


def test_no_records_are_no_figures(monkeypatch):
    monkeypatch.setattr('mmwsl.apis.catalog.usage.shipped_records', lambda: [])
    assert figures_by('knn') == []
    assert NO_FIGURE in describe('knn')
