"""Class numbers must mean the same in training and test, whatever judges a checkpoint."""

import cv2
import numpy as np
import pytest
from tiny_runs import train_here, write_config

from mmwsl.apis import benchmark, evaluate, hidden_robustness, load_config
from mmwsl.protocols.fine_tune import NAMES as TRAINED

CONFIG = """
_base_ = 'mmwsl::benchmarks/linear/linear_quick_r18w16_1xb256-cos-4e_cifar10.py'
model = dict(backbone=dict(base_channels=4), head=dict(in_channels=32, num_classes=2))
def photos(part):
    return dict(type='ImageFolder', data_root='{root}/' + part, in_memory=True, size=16)
data_preprocessor = dict(views=[[dict(type='RandomResizedCrop', size=16, scale=(0.7, 1.0))]])
train_dataloader = dict(batch_size=4, dataset=dict(_delete_=True, **photos('train')))
test_dataloader = dict(dataset=dict(_delete_=True, **photos('test')))
optim_wrapper = dict(dtype='float32')
auto_scale_lr = dict(base_batch_size=4)
param_scheduler = None
train_cfg = dict(max_epochs=1)
benchmark = dict(_delete_=True, dataset='two', train=photos('train'), test=photos('test'))
del photos
"""
DIFFER = 'only in train: dog; only in test: Dog'


def write_photos(root, classes):
    for number, name in enumerate(classes):
        (root / name).mkdir(parents=True)
        for i in range(4):
            cv2.imwrite(str(root / name / f'{i}.png'), np.full((16, 16, 3), 100 * number + 10 * i, np.uint8))


@pytest.fixture(scope='module')
def config(tmp_path_factory):
    """Train and test of two classes; one is spelled differently, and so both change their numbers."""
    root = tmp_path_factory.mktemp('renamed')
    write_photos(root / 'train', ('cat', 'dog'))
    write_photos(root / 'test', ('Dog', 'cat'))
    return write_config(root, CONFIG.replace('{root}', str(root)))


@pytest.mark.parametrize('protocol', ['knn', 'linear', 'logistic', 'svm', 'low_shot', 'cluster', *TRAINED])
def test_protocols_refuse(config, tmp_path, protocol):
    """By name, and before anything is trained."""
    cfg = load_config(config)
    cfg.benchmark.protocols = {protocol: dict(config=str(config)) if protocol in TRAINED else {}}
    with pytest.raises(ValueError, match=DIFFER):
        benchmark(cfg, 'random', work_dir=tmp_path)
    assert not list(tmp_path.glob('*/epoch_*.pth'))


def test_test_refuses(config, tmp_path):
    """The checkpoint knows what its network learnt; a set of the same names is scored."""
    train_here(config, tmp_path / 'run')
    checkpoint, cfg = tmp_path / 'run' / 'epoch_1.pth', load_config(config)
    cfg.work_dir = str(tmp_path / 'test')
    with pytest.raises(ValueError, match=f'test_dataloader against what the network was trained on: .*{DIFFER}'):
        evaluate(cfg, checkpoint)
    with pytest.raises(ValueError, match=DIFFER):
        hidden_robustness([('tiny', config, checkpoint)], tmp_path / 'hidden')
    cfg.test_dataloader.dataset = cfg.train_dataloader.dataset
    assert 0 <= evaluate(cfg, checkpoint)['accuracy/top1'] <= 100


def test_validation_refuses(config, tmp_path):
    validated = write_config(tmp_path, config.read_text().replace('del photos', '''
val_dataloader = dict(
    batch_size=4, sampler=dict(type='DefaultSampler', shuffle=False), dataset=photos('test'))
val_evaluator = dict(type='AccuracyMetric')
val_cfg = dict()
del photos'''))
    with pytest.raises(ValueError, match=f'val_dataloader against .*{DIFFER}'):
        train_here(validated, tmp_path / 'run')
