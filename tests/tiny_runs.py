"""Runs that take a second: shipped configs cut down to a network of base width 4 on built-in digits of 16 px."""

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import torch

from mmwsl.apis import train

ROOT = Path(__file__).resolve().parents[1]
_counter = itertools.count()

TINY_DATA = """
digits = dict(type='Digits', split='train', size=16, max_images=320)
train_dataloader = dict(batch_size=32, dataset=dict(_delete_=True, **digits, supervision='none'))
crop = dict(type='RandomResizedCrop', size=16, scale=(0.3, 1.0), flip_prob=0.5)
data_preprocessor = dict(views=[[crop, dict(type='RandomGrayscale', prob=0.2)]] * 2)
benchmark = dict(
    _delete_=True, dataset='Digits', batch_size=64,
    train=digits, test=dict(type='Digits', split='test', size=16, max_images=100),
    protocols=dict(knn=dict(k=5, temperature=0.1)))
optim_wrapper = dict(dtype='float32')
train_cfg = dict(max_epochs=2)
auto_scale_lr = dict(base_batch_size=32)
default_hooks = dict(logger=dict(interval=3))
"""

SIMCLR = """
_base_ = 'mmwsl::selfsup/simclr/simclr_r18w16_1xb256-cos-10e_cifar10.py'
model = dict(backbone=dict(base_channels=4), neck=dict(in_channels=32, hidden_channels=16, out_channels=8))
""" + TINY_DATA

MOCO = """
_base_ = 'mmwsl::selfsup/moco/moco_v2_r18w16_1xb256-cos-10e_cifar10.py'
model = dict(
    backbone=dict(base_channels=4, norm_cfg=dict(batch_per_split=8)),
    neck=dict(in_channels=32, hidden_channels=16, out_channels=8),
    queue=dict(length=96, channels=8),
    momentum=0.9)
""" + TINY_DATA


def write_config(folder, text=SIMCLR, extra='', name='tiny.py'):
    """Write a config file and return its path; ``extra`` is Python that changes what ``text`` has set."""
    path = Path(folder) / name
    path.write_text(text + extra)
    return path


def train_here(config, work_dir, resume=False, resume_anew=False, **options):
    """Train in this process on one thread; ``options`` use ``__`` for the dot. Returns the Runner."""
    torch.set_num_threads(1)
    # Two runs that start in the same second would share mmengine's logger and message hub.
    options = {key.replace('__', '.'): value for key, value in options.items()}
    options['experiment_name'] = f'tiny_{os.getpid()}_{next(_counter)}'
    return train(config, work_dir=work_dir, resume=resume, options=options, resume_anew=resume_anew)


def log_text(work_dir):
    """What all runs of a work dir logged."""
    return '\n'.join(path.read_text() for path in sorted(Path(work_dir).glob('*/*.log')))


def read_state(path):
    """What training leaves in a checkpoint, without clocks and names."""
    checkpoint = torch.load(path, map_location='cpu', weights_only=True)
    return {key: checkpoint.get(key) for key in ('state_dict', 'optimizer', 'param_schedulers')} | {
        key: checkpoint['meta'][key] for key in ('epoch', 'iter')}


def assert_same(first, second, where='checkpoint'):
    """Both hold the same numbers, bit for bit."""
    assert type(first) is type(second), where
    if isinstance(first, dict):
        assert first.keys() == second.keys(), where
        for key in first:
            assert_same(first[key], second[key], f'{where}.{key}')
    elif isinstance(first, (list, tuple)):
        assert len(first) == len(second), where
        for number, pair in enumerate(zip(first, second, strict=True)):
            assert_same(*pair, f'{where}[{number}]')
    elif isinstance(first, torch.Tensor):
        assert torch.equal(first, second), f'{where} differs by {(first.double() - second.double()).abs().max()}'
    else:
        assert first == second, where


def child_environment(**variables):
    """The environment of a process that finds mmwsl and uses one thread."""
    environment = dict(os.environ, OMP_NUM_THREADS='1', MKL_NUM_THREADS='1', CUDA_VISIBLE_DEVICES='', **variables)
    environment['PYTHONPATH'] = os.pathsep.join(filter(None, [str(ROOT), environment.get('PYTHONPATH')]))
    environment['PYTHON'] = sys.executable
    return environment


def run_process(command, timeout=600, cwd=None, **variables):
    """Run a command to its end; returns the CompletedProcess with its output as text."""
    return subprocess.run([str(word) for word in command], env=child_environment(**variables), cwd=cwd,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout)


def check_resume(folder, text, changed=(), interval=3, position=6):
    """A run resumed in mid-epoch equals an uninterrupted one, bit for bit; the state entries ``changed`` moved since.

    Runs of two epochs of 10 steps each, with a checkpoint every ``interval`` steps, resumed after step ``position``.
    """
    config = write_config(folder, text, f"""
default_hooks['checkpoint'] = dict(by_epoch=False, interval={interval}, max_keep_ckpts=-1)
""")
    train_here(config, folder / 'whole')
    (folder / 'parts').mkdir()
    shutil.copy(folder / 'whole' / f'iter_{position}.pth', folder / 'parts')
    train_here(config, folder / 'parts', resume=True)
    middle, whole = (read_state(folder / 'whole' / f'iter_{step}.pth') for step in (position, 20))
    assert_same(whole, read_state(folder / 'parts' / 'iter_20.pth'))
    for name in changed:
        assert not torch.equal(middle['state_dict'][name], whole['state_dict'][name]), f'{name} never changed'
