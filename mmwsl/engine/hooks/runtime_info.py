"""Logs without synchronisation, and the checks that every run has."""

import math
import time

import torch
from mmengine.hooks import LoggerHook, RuntimeInfoHook
from mmengine.logging import HistoryBuffer

from mmwsl.datasets import check_trained_classes
from mmwsl.engine.runner import unwrap
from mmwsl.registry import HOOKS


def _classes(dataset):
    return getattr(dataset, 'metainfo', {}).get('classes')


def check_classes(model, dataset):
    """Raise if ``num_classes`` differs from the dataset's."""
    expected, classes = getattr(unwrap(model), 'num_classes', None), _classes(dataset)
    if expected and classes and expected != len(classes):
        raise ValueError(f'the head of {type(unwrap(model)).__name__} has {expected} classes, '
                         f'{type(dataset).__name__} has {len(classes)} ({", ".join(map(str, classes[:3]))}, ...); set '
                         'num_classes of the head')


@HOOKS.register_module()
class SyncFreeInfoHook(RuntimeInfoHook):
    """mmengine's RuntimeInfoHook, but losses stay on the device until the log is written.

    At each log line, at the end of an epoch and before a checkpoint is saved, the steps since are fetched in one
    transfer, checked for NaN and infinity, and handed to the log together with ``images_per_second`` and ``data_wait``,
    the percentage of time spent waiting for data. Before anything runs, the classes of model and data are compared, by
    name with those that the network learnt.

    Args:
        test_classes: names of the classes that the network will be tested on; None = not known yet.
    """

    once = True
    HISTORY = 10_000  # scalars kept per name: mmengine's buffers are copied whole at every update

    def __init__(self, test_classes=None):
        self.test_classes = test_classes

    def before_test(self, runner):
        super().before_test(runner)
        dataset = runner.test_dataloader.dataset
        check_classes(runner.model, dataset)
        check_trained_classes(runner.trained_classes, _classes(dataset), 'test_dataloader')

    def before_train(self, runner):
        super().before_train(runner)
        check_classes(runner.model, runner.train_dataloader.dataset)
        runner.trained_classes = _classes(runner.train_dataloader.dataset)
        if runner.val_loop is not None:
            check_trained_classes(runner.trained_classes, _classes(runner.val_dataloader.dataset), 'val_dataloader')
        check_trained_classes(runner.trained_classes, self.test_classes, 'test_dataloader')
        self._pending = []
        self._interval = next((h.interval for h in runner.hooks if isinstance(h, LoggerHook)), 10)
        self._clock, self._timed_from = time.perf_counter(), runner.iter
        loader = runner.train_dataloader
        runner.logger.info(
            f'{len(loader.dataset):,} images, {runner.world_size} ranks x {loader.batch_size} per step: '
            f'{len(loader):,} steps an epoch, {runner.max_iters:,} steps in all')

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self._pending.append({key: value.detach() if isinstance(value, torch.Tensor) else torch.tensor(float(value))
                              for key, value in (outputs or {}).items()})
        if self.every_n_inner_iters(batch_idx, self._interval) or self.end_of_epoch(runner.train_dataloader, batch_idx):
            self.flush(runner)

    def before_save_checkpoint(self, runner, checkpoint):
        self.flush(runner)

    def flush(self, runner):
        """Transfer, check and log pending scalars.

        Raises:
            FloatingPointError: a loss is NaN or infinite.
        """
        if not self._pending:
            return
        logged, self._pending = self._pending, []
        scalars = [value.float().mean() for step in logged for value in step.values()]
        device = max((scalar.device for scalar in scalars), key=lambda device: device.type != 'cpu', default=None)
        values = iter(torch.stack([scalar.to(device) for scalar in scalars]).tolist() if scalars else [])
        hub, first = runner.message_hub, runner.iter + 1 - len(logged)
        for number, step in enumerate(logged):
            for name in step:  # steps may log different things
                value = next(values)
                if 'loss' in name and not math.isfinite(value):
                    raise FloatingPointError(
                        f'{name} is {value} at iteration {first + number + 1} of {runner.max_iters} (epoch '
                        f'{runner.epoch + 1}); training stops and no checkpoint of it is kept. Try a lower learning '
                        'rate, a warm-up, or --cfg-options optim_wrapper.dtype=float32')
                self._log(hub, f'train/{name}', value)
        elapsed = time.perf_counter() - self._clock
        steps = runner.iter + 1 - self._timed_from
        self._clock, self._timed_from = time.perf_counter(), runner.iter + 1
        images = steps * runner.train_dataloader.batch_size * runner.world_size
        self._log(hub, 'train/images_per_second', images / elapsed)
        waited = hub.log_scalars.get('train/data_time')
        if waited is not None:
            self._log(hub, 'train/data_wait', 100 * float(waited.data[0][-steps:].sum()) / elapsed)

    def _log(self, hub, key, value):
        if key not in hub.log_scalars:
            hub.log_scalars[key] = HistoryBuffer(max_length=self.HISTORY)
        hub.update_scalar(key, value)
