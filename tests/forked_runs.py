"""Trainings in processes that start at once and may be killed; a helper of the tests.

The processes are copies of one that has imported everything, also what a training asks for late, and trained nothing.
"""

import functools
import multiprocessing
import os
import sys
from pathlib import Path
from unittest import mock

import matplotlib.pyplot  # noqa: F401
import mmengine.config.config
import torch._dynamo  # noqa: F401
from tiny_runs import SIMCLR, child_environment, train_here, write_config

import mmwsl.engine.runner
from mmwsl.cli import main
from mmwsl.datasets.synthetic.digits import raw_digits
from mmwsl.engine.hooks.checkpoint import CheckpointHook

STEPS = 6  # of a short run: two epochs of 3
CONTEXT = multiprocessing.get_context('forkserver')
CONTEXT.set_forkserver_preload(['forked_runs'])
raw_digits()


def series(few, whole):
    """How often a long test does it: ``few`` times, or ``whole`` where ``MMWSL_TEST_SERIES=full``."""
    return whole if os.environ.get('MMWSL_TEST_SERIES') == 'full' else few


def write_short(folder, keep=1, extra='', interval=1):
    """Write the config of a run of :data:`STEPS` steps with a checkpoint every ``interval``."""
    return write_config(folder, SIMCLR, f"""
train_dataloader['dataset']['max_images'] = 96
default_hooks['checkpoint'] = dict(by_epoch=False, interval={interval}, max_keep_ckpts={keep})
default_hooks['logger'] = dict(interval=1)
""" + extra, f'short_{keep}.py')


def start(function, output, *arguments, **settings):
    """Start ``function(*arguments, **settings)``, importable by name, in a process of its own; returns that.

    What it prints goes to the end of the file ``output``.
    """
    environment = child_environment()
    environment['PYTHONPATH'] += os.pathsep + str(Path(__file__).parent)
    with mock.patch.dict(os.environ, environment):
        process = CONTEXT.Process(target=_run, args=(function, str(output), arguments, settings))
        process.start()
    return process


def finish(process, timeout=300):
    """Wait for a process; returns its exit code, -9 if it was killed."""
    process.join(timeout)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise TimeoutError(f'the process was still running after {timeout} s')
    return process.exitcode


def _run(function, output, arguments, settings):
    target = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(target, 1)
    os.dup2(target, 2)
    # laying out the config takes most of the time that a checkpoint of these runs does
    mmengine.config.config.FormatCode = lambda text, **_: (text, True)
    sys.exit(function(*arguments, **settings))


def train(config, work_dir, resume=False, save_events=None, kill_at=None):
    """Train here.

    Args:
        config, work_dir, resume: see :func:`tiny_runs.train_here`.
        save_events: file for the numbers of calls and returns of functions that each save consists of, from the
            beginning of the writing to the removal of old files.
        kill_at: tuple of a save and one of its calls and returns, at which the process kills itself, or at the end of
            the save if there are fewer, for their number varies by a few.
    """
    if save_events or kill_at:
        _count_events(save_events, kill_at)
    train_here(config, work_dir, resume=resume)


def run_command(*arguments):
    """The exit code of ``mmwsl`` with these arguments."""
    return main([str(word) for word in arguments])


def _count_events(save_events, kill_at):
    counts = []

    def count(frame, event, argument):
        counts[-1] += 1
        if kill_at == (len(counts), counts[-1]):
            os.kill(os.getpid(), 9)

    write, save = mmwsl.engine.runner.write_atomically, CheckpointHook._save_checkpoint_with_step

    def write_atomically(path, content):
        if Path(path).suffix == '.pth':
            counts.append(0)
            sys.setprofile(count)
        write(path, content)

    @functools.wraps(save)
    def save_checkpoint(*arguments, **settings):
        save(*arguments, **settings)
        sys.setprofile(None)
        if kill_at and len(counts) == kill_at[0]:
            os.kill(os.getpid(), 9)
        if save_events:
            Path(save_events).write_text(repr(counts))

    mmwsl.engine.runner.write_atomically = write_atomically
    CheckpointHook._save_checkpoint_with_step = save_checkpoint
