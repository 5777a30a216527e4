"""The length of a training said once: every part of its schedule follows."""

import copy
import math

import pytest
from mmengine.config import Config
from mmengine.hooks import Hook
from tiny_runs import SIMCLR, train_here, write_config

from mmwsl.apis import load_config, prepare_training
from mmwsl.apis.fine_tune import fine_tune_config
from mmwsl.apis.schedule import scale_lengths
from mmwsl.cli import main
from mmwsl.registry import HOOKS

# ten steps an epoch
HUNDRED = """
train_dataloader.update(batch_size=8)
train_dataloader['dataset']['max_images'] = 80
auto_scale_lr = dict(base_batch_size=8)
optim_wrapper['optimizer'] = dict(lr=0.1)
train_cfg = dict(max_epochs=100)
default_hooks['checkpoint'] = None
custom_hooks = [dict(type='NoteRates')]
"""
COSINE = """
param_scheduler = [dict(type='LinearLR', start_factor=0.1, end=10, convert_to_iter_based=True),
                   dict(type='CosineAnnealingLR', begin=10, convert_to_iter_based=True)]
"""
STEPS = "param_scheduler = [dict(type='MultiStepLR', milestones=[30, 60, 90], gamma=0.1)]\n"


@HOOKS.register_module(force=True)
class NoteRates(Hook):
    """The learning rate of every step."""

    priority = 'LOWEST'
    rates = []

    def before_train(self, runner):
        self.rates.clear()

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.rates.append(runner.optim_wrapper.param_groups[0]['lr'])


def rates_of(tmp_path, extra, **options):
    train_here(write_config(tmp_path, SIMCLR, HUNDRED + extra), tmp_path / 'run', **options)
    return NoteRates.rates


def test_warm_up_and_cosine_in_a_twentieth_of_their_length(tmp_path):
    """5 epochs of 10 steps: half an epoch of warm-up from a tenth, then 45 steps of a cosine, 4 degrees each."""
    rates = rates_of(tmp_path, COSINE, epochs=5)
    assert rates[:6] == pytest.approx([0.01, 0.0325, 0.055, 0.0775, 0.1, 0.1])
    by_epoch = [rates[10 * epoch] for epoch in range(5)]
    assert by_epoch == pytest.approx([0.01, 0.096985, 0.075, 0.041318, 0.011698], rel=1e-4)  # at 20, 60, 100, 140 degrees
    assert len(rates) == 50 and rates[-1] == pytest.approx(0.1 * (1 + math.cos(math.pi * 44 / 45)) / 2)


def test_steps_in_a_twentieth_of_their_length(tmp_path):
    """Epochs 30, 60 and 90 of 100 are 1.5, 3 and 4.5 of 5: after 15, 30 and 45 steps."""
    rates = rates_of(tmp_path, STEPS, epochs=5)
    assert rates == pytest.approx([0.1] * 15 + [0.01] * 15 + [0.001] * 15 + [0.0001] * 5)


def test_a_schedule_per_epoch_stays_one_where_it_can(tmp_path):
    """A cosine taken once an epoch needs no fractions."""
    rates = rates_of(tmp_path, "param_scheduler = [dict(type='CosineAnnealingLR')]\n", epochs=2)
    assert rates == pytest.approx([0.1] * 10 + [0.05] * 10)


def test_a_warm_up_of_less_than_a_step(tmp_path):
    """It takes two steps at least, or the learning rate would stay where the warm-up begins."""
    extra = COSINE.replace('end=10', 'end=1').replace('begin=10', 'begin=1')
    assert rates_of(tmp_path, extra, epochs=2)[:3] == pytest.approx([0.01, 0.1, 0.1], rel=0.01)


def test_a_part_that_begins_after_the_end(tmp_path):
    """A training that is cut, not scaled: its warm-up is as it was, and what follows never comes."""
    rates = rates_of(tmp_path, COSINE, train_cfg__max_epochs=1)
    assert rates == pytest.approx([0.01 + 0.09 * step / 99 for step in range(10)])


ALL = dict(
    train_cfg=dict(max_epochs=100, val_begin=20),
    param_scheduler=[
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=500),
        dict(type='StepLR', step_size=30, gamma=0.1, begin=10, end=90),
        dict(type='CosineRestartLR', periods=[40, 60], eta_min=0),
        dict(type='CosineAnnealingLR', T_max=50, begin=50, end=100),
        dict(type='ExponentialLR', gamma=0.9)],
    default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=10, save_begin=50), logger=None),
    custom_hooks=[
        dict(type='FreezeHook', modules=['neck'], epochs=1), dict(type='FreezeHook', modules=['neck'], iterations=313),
        dict(type='EMAHook', begin_epoch=40), dict(type='PreciseBNHook', iterations=200), dict(type='ClusteringHook')])


def config(**changes):
    return Config(copy.deepcopy({**ALL, **changes}))


def test_every_part_is_scaled(monkeypatch):
    said = []
    monkeypatch.setattr('mmwsl.apis.schedule.print_log', lambda text, logger: said.append(text))
    cfg = config()
    scale_lengths(cfg, epochs=10)
    assert cfg.train_cfg == dict(max_epochs=10, val_begin=2)
    linear, step, restart, cosine, exponential = cfg.param_scheduler
    assert linear == dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=50)
    assert step == dict(type='StepLR', step_size=3, gamma=0.1, begin=1, end=9)
    assert restart == dict(type='CosineRestartLR', periods=[4, 6], eta_min=0)
    assert cosine == dict(type='CosineAnnealingLR', T_max=5, begin=5, end=10)
    assert exponential.gamma == pytest.approx(0.9**10)  # the same after a tenth of the epochs
    assert cfg.default_hooks.checkpoint == dict(type='CheckpointHook', interval=10, save_begin=5)
    freeze, steps, ema, statistics, clustering = cfg.custom_hooks
    assert (freeze.epochs, steps.iterations, ema.begin_epoch, statistics.iterations) == (0.1, 31, 4, 200)
    assert said[0].split('\n  ')[:4] == [
        'epochs 100 -> 10', 'train_cfg val_begin 20 -> 2', 'LinearLR end 500 -> 50', 'StepLR begin 10 -> 1']
    assert 'FreezeHook epochs 1 -> 0.1' in said[0] and 'CosineRestartLR periods [40, 60] -> [4, 6]' in said[0]


def test_fractions_of_an_epoch_go_by_iterations():
    cfg = config()
    scale_lengths(cfg, epochs=1)
    _, step, restart, cosine, _ = cfg.param_scheduler
    assert (step.begin, step.end, step.step_size, step.convert_to_iter_based) == (0.1, 0.9, 0.3, True)
    assert restart.periods == [0.4, 0.6] and restart.convert_to_iter_based
    assert (cosine.begin, cosine.end) == (0.5, 1) and cosine.convert_to_iter_based


def test_lengths_in_iterations():
    cfg = config(train_cfg=dict(max_iters=24000), param_scheduler=[
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=100),
        dict(type='MultiStepLR', by_epoch=False, milestones=[18000, 22000])])
    scale_lengths(cfg, iters=240)
    assert cfg.train_cfg.max_iters == 240
    assert cfg.param_scheduler[0].end == 2 and cfg.param_scheduler[1].milestones == [180, 220]  # 1 would never end


@pytest.mark.parametrize('length, changes, message', [
    (dict(epochs=5), dict(train_cfg=dict(max_iters=24000)), 'max_iters=24000.*, not in epochs; use --iters N'),
    (dict(iters=5), {}, 'max_epochs=100.*, not in iters; use --epochs N'),
    (dict(iters=5, epochs=5), {}, 'a training has one length'),
    (dict(epochs=0), {}, 'epochs=0: it must be a whole number'),
    (dict(epochs=2.5), {}, 'epochs=2.5: it must be a whole number'),
    (dict(epochs=5), dict(train_cfg=None), 'the config: there is no train_cfg.max_epochs that epochs=5 could scale')])
def test_lengths_that_do_not_fit(length, changes, message):
    with pytest.raises(ValueError, match=message):
        scale_lengths(config(**changes), **length)


def test_scaled_once(tmp_path):
    """In a file, in options, on the command line; and a config that was dumped is as long as it says."""
    path = write_config(tmp_path, SIMCLR, HUNDRED + COSINE)
    cfg = load_config(path, dict(epochs=5))
    assert cfg.train_cfg.max_epochs == 5 and cfg.param_scheduler[1].begin == 0.5 and 'epochs' not in cfg
    cfg.dump(tmp_path / 'dumped.py')
    for again in (load_config(tmp_path / 'dumped.py'), prepare_training(cfg), prepare_training(prepare_training(cfg))):
        assert again.param_scheduler == cfg.param_scheduler and again.train_cfg == cfg.train_cfg
    child = write_config(tmp_path, "_base_ = './tiny.py'\nepochs = 5\n", name='child.py')
    assert load_config(child).param_scheduler == cfg.param_scheduler
    assert load_config(child, dict(epochs=50)).param_scheduler[0].end == 5
    assert prepare_training(load_config(path), options=dict(epochs=5)).param_scheduler == cfg.param_scheduler


def test_fine_tune_options(tmp_path):
    judged = load_config(write_config(tmp_path))
    cfg = fine_tune_config(judged, 'mmwsl::benchmarks/linear/linear_oss_last_r50_8xb32-step-100e_imagenet.py',
                            dict(epochs=10))
    assert cfg.train_cfg.max_epochs == 10 and cfg.param_scheduler[0].milestones == [6, 8] and 'epochs' not in cfg


def test_on_the_command_line(tmp_path, capsys):
    path = write_config(tmp_path, SIMCLR, HUNDRED + COSINE)
    assert main(['train', str(path), '--epochs', '5', '--dry-run']) == 0
    shown = capsys.readouterr().out
    assert 'max_epochs=5' in shown and 'end=0.5' in shown
    assert main(['train', str(path), '--iters', '5', '--dry-run']) == 1
    assert 'use --epochs N' in capsys.readouterr().err
    detection = 'mmwsl::benchmarks/detection/faster_rcnn_r50c4_8xb2-step-24k_voc0712.py'
    assert main(['train', detection, '--epochs', '5', '--dry-run']) == 1
    assert 'max_iters=24000), not in epochs; use --iters N' in capsys.readouterr().err
    assert main(['train', detection, '--iters', '2400', '--dry-run']) == 0
    shown = capsys.readouterr().out
    assert 'max_iters=2400' in shown and '1800' in shown and '2200' in shown
