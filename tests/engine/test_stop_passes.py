"""Signals during validation and clustering, which are left, and to the data workers too, which stay."""

import os
import signal
import time

import cv2
import numpy as np
import pytest
import torch
from forked_runs import finish, start, train
from tiny_runs import SIMCLR, TINY_DATA, assert_same, log_text, read_state, train_here, write_config

from mmwsl.models.pretext.deepcluster import DeepCluster
from mmwsl.models.pretext.odc import ODC

LONG = pytest.mark.long
KILL = """
import os
import signal

from mmengine.hooks import Hook

from mmwsl.registry import HOOKS


@HOOKS.register_module()
class KillInValidation(Hook):
    '''Sends this process a signal before a batch of a validation, or in it.'''

    def __init__(self, epoch, batch, within):
        self.epoch, self.place = epoch, (within, batch)

    def _kill(self, runner, *place):
        if (runner.epoch, place) == (self.epoch, self.place):
            os.kill(os.getpid(), signal.SIGTERM)
            if self.place != (False, 0):
                raise AssertionError('the pass goes on')

    def before_val(self, runner):
        self._kill(runner, False, 0)

    def after_val_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self._kill(runner, True, batch_idx)
"""
VALIDATED = """
_base_ = 'mmwsl::selfsup/supervised/supervised_r18w16_1xb256-cos-20e_cifar10.py'
model = dict(backbone=dict(base_channels=4), head=dict(in_channels=32))
""" + TINY_DATA + """
train_dataloader['dataset'].update(supervision='image', max_images=96)
data_preprocessor = dict(_delete_=True, type='ViewPreprocessor', mean=[128] * 3, std=[64] * 3, views=[[crop]])
val_dataloader = dict(batch_size=32, sampler=dict(type='DefaultSampler', shuffle=False), dataset=dict(
    type='Digits', split='test', size=16, max_images=96, supervision='full'))
val_evaluator = dict(type='AccuracyMetric')
val_cfg = dict()
default_hooks['checkpoint'] = dict(interval=1, max_keep_ckpts=1, save_best='accuracy/top1', rule='greater')
custom_hooks = [dict(type='EMAHook', momentum=0.3)]
"""


def validations(work_dir):
    """Epoch and accuracy of every validation that was logged, once."""
    return sorted({(line.partition('Epoch(val) [')[2].partition(']')[0], line.partition('accuracy/top1: ')[2].split()[0])
                   for line in log_text(work_dir).splitlines() if 'accuracy/top1: ' in line})


@pytest.mark.parametrize('epoch, batch, within', [
    (1, 1, True), pytest.param(2, 2, True, marks=LONG), pytest.param(1, 0, False, marks=LONG)])
def test_a_validation_is_left_and_made_up_for(tmp_path, monkeypatch, epoch, batch, within):
    """With averaged weights in place of the trained ones meanwhile, and the best checkpoint chosen by it."""
    (tmp_path / 'kill_in_validation.py').write_text(KILL)
    monkeypatch.syspath_prepend(tmp_path)
    config, work_dir = write_config(tmp_path, VALIDATED), tmp_path / 'run'
    train_here(config, tmp_path / 'whole')
    killed = write_config(tmp_path, VALIDATED, f"""
custom_imports = dict(imports=['kill_in_validation'])
custom_hooks.append(dict(type='KillInValidation', epoch={epoch}, batch={batch}, within={within}))
""", 'killed.py')
    with pytest.raises(SystemExit) as stop:
        train_here(killed, work_dir)
    assert stop.value.code == 143
    step = 3 * epoch
    assert f'SIGTERM: stopped after iteration {step}, which is saved in {work_dir / f"iter_{step}.pth"}' in log_text(work_dir)
    saved = [torch.load(work_dir / f'{name}.pth', weights_only=True) for name in (f'iter_{step}', f'epoch_{epoch}')]
    for part in ('state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers'):
        assert_same(*[each[part] for each in saved])
    train_here(config, work_dir, resume=True)
    for name in ('epoch_2', *(path.stem for path in (tmp_path / 'whole').glob('best_*.pth'))):
        files = [folder / f'{name}.pth' for folder in (tmp_path / 'whole', work_dir)]
        first, second = (torch.load(file, weights_only=True) for file in files)
        assert_same(first['state_dict'], second['state_dict'])
        assert_same(first['ema_state_dict'], second['ema_state_dict'])
        assert_same(first.get('optimizer'), second.get('optimizer'))
    assert len(validations(work_dir)) == 2 and validations(work_dir) == validations(tmp_path / 'whole')


def test_the_best_are_not_passed_over(tmp_path):
    config = write_config(tmp_path, VALIDATED)
    train_here(config, tmp_path / 'run')
    train_here(config, tmp_path / 'run', resume=True)
    assert list((tmp_path / 'run').glob('best_*.pth')) and 'passed over' not in log_text(tmp_path / 'run')
    (tmp_path / 'run' / 'epoch_2.pth').unlink()
    with pytest.raises(ValueError, match='none of the 1 checkpoints in'):
        train_here(config, tmp_path / 'run', resume=True)
    assert 'has no optimizer; to start from its weights, use --cfg-options load_from=FILE' in log_text(tmp_path / 'run')


DEEPCLUSTER = """
_base_ = 'mmwsl::selfsup/deepcluster/deepcluster_r18w16_1xb256-cos-10e_cifar10.py'
model = dict(backbone=dict(base_channels=4), head=dict(in_channels=32, num_classes=4), num_images=96, pca_dims=8)
""" + TINY_DATA + """
train_dataloader['dataset']['max_images'] = 96
data_preprocessor = dict(views=[[crop]])
default_hooks['checkpoint'] = dict(interval=2)
"""
ODC_TEXT = """
_base_ = 'mmwsl::selfsup/odc/odc_r18w16_1xb256-cos-19e_cifar10.py'
model = dict(backbone=dict(base_channels=4), neck=dict(in_channels=32, hidden_channels=16, out_channels=8),
             head=dict(in_channels=8, num_classes=4), num_images=96, min_cluster=4)
""" + TINY_DATA + """
train_dataloader['dataset']['max_images'] = 96
data_preprocessor = dict(views=[[crop]])
"""


@pytest.mark.parametrize('kind, text, clustering, place', [
    (DeepCluster, DEEPCLUSTER, 2, 'half changed'), (ODC, ODC_TEXT, 1, 'features'),
    *(pytest.param(*each, marks=LONG) for each in [
        (DeepCluster, DEEPCLUSTER, 1, 'features'), (DeepCluster, DEEPCLUSTER, 1, 'half changed'),
        (DeepCluster, DEEPCLUSTER, 2, 'features'), (ODC, ODC_TEXT, 1, 'half changed')])])
def test_a_clustering_is_left_and_done_anew(tmp_path, monkeypatch, kind, text, clustering, place):
    """While features are taken, or when labels are changed and the head is not."""
    config, work_dir, calls = write_config(tmp_path, text), tmp_path / 'run', []
    train_here(config, tmp_path / 'whole')

    def kill():
        os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError('the pass goes on')

    def cluster_features(model, images):
        calls.append(len(images))
        if sum(calls) == 96 * clustering and place == 'features':
            kill()
        return original_features(model, images)

    def cluster(model, features, indices, seed):
        result = original_cluster(model, features, indices, seed)
        if sum(calls) == 96 * clustering:
            model.state_dict()['labels' if kind is DeepCluster else 'memory.labels'][:50] = 0
            kill()
        return result

    original_features, original_cluster = kind.cluster_features, kind.cluster
    with monkeypatch.context() as patch, pytest.raises(SystemExit) as stop:
        patch.setattr(kind, 'cluster_features', cluster_features)
        patch.setattr(kind, 'cluster', cluster)
        train_here(config, work_dir)
    assert stop.value.code == 143
    step = 3 * (clustering - 1)
    log = log_text(work_dir)
    assert f'SIGTERM: stopped after iteration {step}' in log and log.count('Clustering before epoch') == clustering - 1
    assert [path.name for path in work_dir.glob('*.pth')] == ([f'iter_{step}.pth'] if step else [])
    train_here(config, work_dir, resume=True)
    assert_same(read_state(tmp_path / 'whole' / 'epoch_2.pth'), read_state(work_dir / 'epoch_2.pth'))


# Workers ----------------------------------------------------------------------------------------------------------

FOLDER = """
train_dataloader = dict(batch_size=8, num_workers=2, persistent_workers=True, dataset=dict(
    _delete_=True, type='ImageFolder', data_root={root!r}, supervision='none',
    pipeline=[dict(type='RandomCrops', num_views=2, size=16, scale=(0.3, 1.0), flip_prob=0.5)]))
data_preprocessor = dict(views=[[dict(type='RandomGrayscale', prob=0.5)]] * 2)
default_hooks['checkpoint'] = dict(interval=1000)
train_cfg = dict(max_epochs=300)
"""


def train_in_group(config, work_dir):
    os.setsid()
    train(config, work_dir)


@pytest.mark.slow
@pytest.mark.parametrize('number', [signal.SIGTERM, pytest.param(signal.SIGINT, marks=LONG)])
def test_a_signal_to_workers_too(tmp_path, number):
    """As terminals, Slurm and systemd send it, and ``timeout``, which sends one to the training itself besides."""
    for index in range(32):
        folder = tmp_path / 'photos' / f'class{index % 2}'
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f'{index}.jpg'), np.random.default_rng(index).integers(0, 256, (20, 24, 3), np.uint8))
    config = write_config(tmp_path, SIMCLR, FOLDER.format(root=str(tmp_path / 'photos')))
    process = start(train_in_group, tmp_path / 'output.txt', config, tmp_path / 'run')
    deadline = time.monotonic() + 300
    while '  [3][' not in log_text(tmp_path / 'run') and process.is_alive() and time.monotonic() < deadline:
        time.sleep(0.1)
    os.kill(process.pid, number)
    os.killpg(process.pid, number)
    assert finish(process, 60) == 128 + number, (tmp_path / 'output.txt').read_text()[-3000:]
    saved, = (tmp_path / 'run').glob('*.pth')
    assert f'{number.name}: stopped after iteration {read_state(saved)["iter"]}, ' in log_text(tmp_path / 'run')
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:  # no worker is left over
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.2)
    raise AssertionError('workers live on')
