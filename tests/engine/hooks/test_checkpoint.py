"""Old checkpoints go after new ones are whole, and nothing outside the work dir goes at all."""

import os
import shutil
from pathlib import Path

import pytest
import torch
from mmengine.hooks import CheckpointHook as MMEngineHook
from mmengine.logging import MessageHub, MMLogger
from tiny_runs import SIMCLR, read_state, train_here, write_config

from mmwsl.engine import runner as runner_module
from mmwsl.engine.hooks import CheckpointHook
from mmwsl.registry import HOOKS

EVERY_FIFTH = "default_hooks['checkpoint'] = dict(by_epoch=False, interval=5, max_keep_ckpts={})\n"


def names(folder):
    return sorted(path.name for path in folder.glob('*.pth'))


def test_the_name_in_configs_is_ours():
    assert HOOKS.get('CheckpointHook') is CheckpointHook and issubclass(CheckpointHook, MMEngineHook)


@pytest.mark.parametrize('keep', [1, 2])
def test_a_kill_while_writing_leaves_the_old_ones(tmp_path, monkeypatch, keep):
    config = write_config(tmp_path, SIMCLR, EVERY_FIFTH.format(keep))
    write, found = runner_module.write_atomically, []

    def write_until_killed(path, content):
        if path.suffix == '.pth':
            found.append(names(path.parent))
        if len(found) == 4:
            raise KeyboardInterrupt
        write(path, content)
    monkeypatch.setattr(runner_module, 'write_atomically', write_until_killed)
    with pytest.raises(KeyboardInterrupt):
        train_here(config, tmp_path / 'run')
    expected = ['iter_10.pth', 'iter_15.pth'][-keep:]
    assert found[-1] == expected == names(tmp_path / 'run')
    monkeypatch.undo()
    assert train_here(config, tmp_path / 'run', resume=True).iter == 20
    assert names(tmp_path / 'run') == sorted(['iter_10.pth', 'iter_15.pth', 'iter_20.pth'][-keep:])


@pytest.mark.parametrize('old', [5, 15])  # the last save removes the latter
def test_a_kill_before_the_old_one_is_removed_leaves_nothing_for_ever(tmp_path, monkeypatch, old):
    config, remove = write_config(tmp_path, SIMCLR, EVERY_FIFTH.format(1)), CheckpointHook._remove

    def killed(path):
        if path.name == f'iter_{old}.pth':
            raise KeyboardInterrupt
        remove(path)
    monkeypatch.setattr(CheckpointHook, '_remove', staticmethod(killed))
    with pytest.raises(KeyboardInterrupt):
        train_here(config, tmp_path / 'run')
    monkeypatch.undo()
    assert names(tmp_path / 'run') == sorted([f'iter_{old}.pth', f'iter_{old + 5}.pth'])
    (tmp_path / 'run' / '.last_checkpoint.0123abcd.tmp').write_text('half')
    train_here(config, tmp_path / 'run', resume=True)
    assert not list((tmp_path / 'run').glob('.*.tmp'))
    assert names(tmp_path / 'run') == ['iter_20.pth']


def test_what_a_checkpoint_names_outside_the_work_dir_stays(tmp_path):
    config = write_config(tmp_path, SIMCLR, EVERY_FIFTH.format(2))
    train_here(config, tmp_path / 'run', train_cfg__max_epochs=1)
    for name in ('best_loss_iter_3.pth', 'iter_evil.pth', 'epoch_1.pth'):
        (tmp_path / name).write_bytes(b'somebody else\'s')
    path = tmp_path / 'run' / 'iter_10.pth'
    checkpoint = torch.load(path, weights_only=True)
    checkpoint['message_hub']['runtime_info'].update(
        keep_ckpt_ids=['../iter_evil', 'x/../../iter_evil', 1, 2, 5, 10], last_ckpt=str(tmp_path / 'epoch_1.pth'),
        best_ckpt=str(tmp_path / 'best_loss_iter_3.pth'))
    torch.save(checkpoint, path)
    train_here(config, tmp_path / 'run', resume=True)
    assert names(tmp_path) == ['best_loss_iter_3.pth', 'epoch_1.pth', 'iter_evil.pth']
    assert names(tmp_path / 'run') == ['iter_15.pth', 'iter_20.pth']


class Run:
    """As much of a Runner as the hook asks for."""

    def __init__(self, folder, **info):
        self.work_dir, self.epoch, self.iter, self.writes = str(folder), 0, 0, []
        self.message_hub = MessageHub(f'run_{folder.name}_{len(info)}_{os.getpid()}')
        for name, value in info.items():
            self.message_hub.update_info(name, value)
        self.logger = MMLogger.get_instance(f'run_{os.getpid()}')

    def save_checkpoint(self, folder, filename, *args, **settings):
        self.writes.append(names(Path(folder)))
        (Path(folder) / filename).write_bytes(b'weights')


@pytest.mark.parametrize('metrics', [['accuracy'], ['accuracy', 'mAP']])
def test_best_of_a_copied_run(tmp_path, metrics):
    (tmp_path / 'run').mkdir()
    hook, run = CheckpointHook(interval=1, save_best=metrics), Run(tmp_path / 'run')
    hook.before_train(run)
    for epoch, score in ((1, 10.0), (2, 20.0), (3, 15.0)):
        run.epoch = epoch
        hook.after_val_epoch(run, dict.fromkeys(metrics, score))
    best = [f'best_{name}_epoch_2.pth' for name in metrics]
    assert names(tmp_path / 'run') == sorted(best)
    # at the second epoch the first best was there until the second was whole
    assert run.writes[len(metrics)] == sorted(f'best_{name}_epoch_1.pth' for name in metrics)

    shutil.copytree(tmp_path / 'run', tmp_path / 'copy')
    hook, copy = CheckpointHook(interval=1, save_best=metrics), Run(tmp_path / 'copy', **run.message_hub.runtime_info)
    hook.before_train(copy)
    copy.epoch = 4
    hook.after_val_epoch(copy, dict.fromkeys(metrics, 30.0))
    assert names(tmp_path / 'run') == sorted(best)  # the original's stays
    assert names(tmp_path / 'copy') == sorted(f'best_{name}_epoch_4.pth' for name in metrics)


def test_state_of_the_last_checkpoint_is_whole(tmp_path):
    config = write_config(tmp_path, SIMCLR, EVERY_FIFTH.format(1))
    train_here(config, tmp_path / 'run')
    assert (tmp_path / 'run' / 'last_checkpoint').read_text() == str(tmp_path / 'run' / 'iter_20.pth')
    assert read_state(tmp_path / 'run' / 'iter_20.pth')['iter'] == 20
