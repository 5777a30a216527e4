"""Views per second: of the whole training loop, of the network alone, of the input alone."""

import copy
import datetime
import statistics
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import RUNNERS, init_default_scope

from mmwsl.engine.runner import Runner, unwrap
from mmwsl.models.base import Model
from mmwsl.reporting.records import environment

INPUT_SECONDS = 3.0  # shortest time the input is measured for; a small batch takes milliseconds


class _Finished(Exception):
    """Raised inside the training loop when enough was measured."""


def _wait(device: torch.device) -> None:
    if device.type == 'cuda':
        torch.cuda.synchronize(device)


class _Stopwatch(Hook):
    """Time blocks of real training steps, each followed by a block of steps on one constant batch.

    Alternating the two in one process keeps their ratio true on a machine whose speed drifts.
    """

    priority = 'LOWEST'

    def __init__(self, steps: int, blocks: int = 4, warmup: int = 3) -> None:
        self.length, self.blocks, self.warmup = max(1, steps // blocks), blocks, warmup
        self.loop: list[float] = []  # seconds a step, one entry a block
        self.compute: list[float] = []  # the same
        self.constant: dict[str, Any] = {}  # what the data preprocessor makes of one batch
        self.start = 0.0

    def before_train(self, runner: Runner) -> None:
        self.done = -self.warmup

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict[str, Any] | None = None,
                         outputs: dict[str, Any] | None = None) -> None:
        model = unwrap(runner.model)
        device = next(model.parameters()).device
        self.done += 1
        if self.done == 0:
            self.constant = model.data_preprocessor(data_batch, True)
            self._compute(runner, model, device, self.warmup)
        elif self.done > 0 and self.done % self.length == 0:
            _wait(device)
            self.loop.append((time.perf_counter() - self.start) / self.length)
            self.compute.append(self._compute(runner, model, device, self.length))
            if len(self.loop) == self.blocks:
                raise _Finished
        elif self.done != 0:
            return
        _wait(device)
        self.start = time.perf_counter()

    def _compute(self, runner: Runner, model: Model, device: torch.device, steps: int) -> float:
        """Seconds a step of forward, backward, optimiser and teacher on the constant batch."""
        model.train()
        start = time.perf_counter()
        for _ in range(steps):
            if hasattr(model, 'step_halves'):
                model.step_halves(runner.optim_wrapper, **self.constant)
            else:
                with runner.optim_wrapper.optim_context(runner.model):
                    losses = runner.model(**self.constant, mode='loss')
                loss, _ = model.parse_losses(losses)
                runner.optim_wrapper.update_params(loss)
            if hasattr(model, 'after_optimizer_step'):
                model.after_optimizer_step(0.5)
        _wait(device)
        return (time.perf_counter() - start) / steps


def throughput(cfg: Config, steps: int = 40) -> dict[str, Any]:
    """Measure a training config.

    Args:
        cfg: config as :func:`mmwsl.apis.train.prepare_training` returns it.
        steps: how many training steps to time, after a warm-up.

    Returns:
        dict: ``loop``, ``compute``, ``input`` in views a second (the median of the blocks; a view is one image as it
        enters the network's loss), their settings, and the hardware.
    """
    init_default_scope('mmwsl')
    cfg = copy.deepcopy(cfg)
    with tempfile.TemporaryDirectory() as work_dir:
        cfg.work_dir = work_dir
        cfg.default_hooks = dict(cfg.get('default_hooks', {}), checkpoint=None)
        cfg.train_cfg.max_epochs = 10_000  # ended by the stopwatch, never by a small data set
        cfg.setdefault('runner_type', 'mmwsl.Runner')
        runner = RUNNERS.build(cfg)
        stopwatch = _Stopwatch(steps)
        runner.register_hook(stopwatch)
        try:
            runner.train()
        except _Finished:
            pass
        model = unwrap(runner.model)
        inputs = stopwatch.constant['inputs']
        views, batch = len(inputs), len(inputs[0])
        per_step = views * batch * runner.world_size
        seconds = _input(runner, model, max(steps, 4))
        sizes = [tuple(view.shape[-2:]) for view in inputs]
    speeds = dict(loop=per_step / statistics.median(stopwatch.loop),
                  compute=per_step / statistics.median(stopwatch.compute), input=per_step / seconds)
    speeds = {name: round(value, 1) for name, value in speeds.items()}
    dtype = str(getattr(runner.optim_wrapper, 'dtype', None) or torch.float32).removeprefix('torch.')
    return dict(speeds, ratio=round(speeds['loop'] / speeds['compute'], 4), views=views, batch_size=batch,
                sizes=sizes, steps=steps, dtype=dtype, num_workers=runner.train_dataloader.num_workers,
                **environment(), date=datetime.date.today().isoformat())


def _input(runner: Runner, model: Model, steps: int) -> float:
    """Seconds a batch of loading and making views, nothing else running; small sets start over."""
    device = next(model.parameters()).device

    def batches() -> Iterator[dict[str, Any]]:
        while True:
            yield from runner.train_dataloader

    source, warmup = batches(), 2 + runner.train_dataloader.num_workers * 2
    for _ in range(warmup):  # the workers' start, and what they had prefetched
        model.data_preprocessor(next(source), True)
    _wait(device)
    start, done = time.perf_counter(), 0
    while done < steps or time.perf_counter() - start < INPUT_SECONDS:
        model.data_preprocessor(next(source), True)
        done += 1
    _wait(device)
    return (time.perf_counter() - start) / done
