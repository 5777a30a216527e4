"""Hooks that every run has: seeds, logs without synchronisation, the step after the optimiser's; and some to add.

A hook class with ``once = True`` runs once, however often it is named: the Runner lets a later one of the same class
(or of a subclass) take the place of the earlier one.
"""

import math
import random
import time

import numpy as np
import torch
from mmengine.hooks import Hook, LoggerHook, RuntimeInfoHook
from mmengine.logging import HistoryBuffer

from mmwsl.datasets.temporal import mean_feature
from mmwsl.engine.runner import unwrap
from mmwsl.registry import HOOKS


@HOOKS.register_module()
class IterationSeedHook(Hook):
    """Set every global generator from (seed, iteration, rank) before each step.

    What a step draws (views, dropout, masks) then depends on where it stands in training and on nothing that came
    before, which is what makes a resumed run equal an uninterrupted one.
    """

    once = True
    priority = 'VERY_HIGH'

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        state = np.random.SeedSequence([runner.seed, runner.iter, runner.rank]).generate_state(1)
        seed = int(state[0])
        torch.manual_seed(seed)
        np.random.seed(seed)
        random.seed(seed)


def check_classes(model, dataset):
    """Raise ValueError unless a model that names classes has as many as the data, where these have any."""
    wanted, classes = getattr(unwrap(model), 'num_classes', None), getattr(dataset, 'metainfo', {}).get('classes')
    if wanted and classes and wanted != len(classes):
        raise ValueError(f'the head of {type(unwrap(model)).__name__} has {wanted} classes, {type(dataset).__name__} '
                         f'has {len(classes)} ({", ".join(map(str, classes[:3]))}, ...); set num_classes of the head')


@HOOKS.register_module()
class SyncFreeInfoHook(RuntimeInfoHook):
    """mmengine's RuntimeInfoHook, but losses stay on the device until the log is written.

    At each log line, at the end of an epoch and before a checkpoint is saved, the steps since are fetched in one
    transfer, checked for NaN and infinity, and handed to the log together with ``images_per_second`` and ``data_wait``,
    the percentage of time spent waiting for data. Before anything runs, the classes of model and data are compared.
    """

    once = True
    HISTORY = 10_000  # scalars kept per name: mmengine's buffers are copied whole at every update

    def before_test(self, runner):
        super().before_test(runner)
        check_classes(runner.model, runner.test_dataloader.dataset)

    def before_train(self, runner):
        super().before_train(runner)
        check_classes(runner.model, runner.train_dataloader.dataset)
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
        """Fetch, check and log what has gathered.

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


@HOOKS.register_module(name=['OptimizerStepHook', 'TeacherHook'])  # the second is its name of before
class OptimizerStepHook(Hook):
    """Tell the model, after each optimiser step, how far training is (0 to 1).

    Its teacher moves, its queue starts, its erasing goes on. Nothing for models without ``after_optimizer_step``.
    """

    once = True

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        model = unwrap(runner.model)
        if hasattr(model, 'after_optimizer_step') and runner.optim_wrapper.should_update():
            model.after_optimizer_step(runner.iter / runner.max_iters)


@HOOKS.register_module()
class PixelCountHook(Hook):
    """Count the pixels that go through the backbones, student's and teacher's, and say so in the log.

    It is the budget by which methods are compared: B x H x W of every batch of images (B, C, H, W) that enters one of
    ``model.encoders()``, passes that extract features between epochs included. Where only some patches are encoded
    (``keep``, MAE) only theirs count. The sum over ranks is kept in the checkpoint's ``meta['pixels']``. Where nothing
    is counted (features of sequences, models without ``encoders``) nothing is said.
    """

    once = True
    _pixels, _counters = 0, ()

    def before_train(self, runner):
        self._pixels = int(runner.message_hub.runtime_info.get('pixels', 0)) // runner.world_size
        self._said = False
        for counter in self._counters:  # of a training before
            counter.remove()
        encoders = getattr(unwrap(runner.model), 'encoders', list)()
        self._counters = [encoder.register_forward_pre_hook(self._count, with_kwargs=True) for encoder in encoders]

    def _count(self, encoder, args, kwargs):
        images, keep = args[0] if args else None, kwargs.get('keep')
        if isinstance(images, torch.Tensor) and images.dim() == 4 and images.is_floating_point():
            self._pixels += len(images) * (images.shape[2] * images.shape[3] if keep is None else
                                           keep.shape[1] * encoder.patch_size**2)

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self._before = self._pixels

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if not self._pixels:
            return
        runner.message_hub.update_info('pixels', self._pixels * runner.world_size)
        if not self._said:
            step, self._said = (self._pixels - self._before) * runner.world_size, True
            runner.logger.info(f'{step / 1e6:.2f} million pixels through the backbones in a step, '
                               f'{step * runner.max_iters / 1e6:,.0f} million in all (passes between epochs apart)')

    def before_save_checkpoint(self, runner, checkpoint):
        if self._pixels:
            checkpoint['meta']['pixels'] = self._pixels * runner.world_size

    def after_train(self, runner):
        if self._pixels:
            runner.logger.info(f'{self._pixels * runner.world_size / 1e6:,.1f} million pixels went through the '
                               'backbones (student and teacher)')


@HOOKS.register_module()
class FreezeHook(Hook):
    """Leave modules as they are at the start of training: their gradients are dropped before the optimiser's step.

    Dropped, not zeroed, so that there is no decay and no momentum either; and not by ``requires_grad``, which
    distributed training may not toggle.

    Args:
        modules: names as in ``model.named_modules()``, e.g. ``['prototypes']``.
        iterations, epochs: for how long; one of the two. Epochs may be a fraction.

    Raises:
        ValueError: both or none of the two, an unknown module, or an optimiser wrapper that drops no gradients.
    """

    lengths = ('iterations', 'epochs')  # what follows the length of the training; see mmwsl.apis.schedule

    def __init__(self, modules, iterations=None, epochs=None):
        if (iterations is None) == (epochs is None):
            raise ValueError('FreezeHook needs iterations or epochs, and not both')
        self.modules, self.iterations, self.epochs = modules, iterations, epochs

    def before_train(self, runner):
        if not hasattr(runner.optim_wrapper, 'dropped'):
            raise ValueError(f'FreezeHook: {type(runner.optim_wrapper).__name__} cannot drop gradients; set '
                             "optim_wrapper.type='AutocastOptimWrapper'")
        known = dict(unwrap(runner.model).named_modules())
        unknown = [name for name in self.modules if name not in known]
        if unknown:
            raise ValueError(f'FreezeHook: the model has no module {", ".join(unknown)}; its parts are '
                             f'{", ".join(name for name in known if name and "." not in name)}')
        self._parameters = [p for name in self.modules for p in known[name].parameters()]
        self._until = self.iterations if self.epochs is None else round(self.epochs * len(runner.train_dataloader))

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        runner.optim_wrapper.dropped[self] = self._parameters if runner.iter < self._until else []


@HOOKS.register_module()
class FixedLearningRateHook(Hook):
    """Groups with ``fixed_lr=True`` keep their initial learning rate whatever the schedules do (SimSiam's predictor).

    Make such a group with ``constructor='GroupingConstructor'`` and ``custom_keys={'head': dict(fixed_lr=True)}``.

    Raises:
        ValueError: no group has it.
    """

    once = True

    def before_train(self, runner):
        self._groups = [group for group in runner.optim_wrapper.param_groups if group.get('fixed_lr')]
        if not self._groups:
            raise ValueError("FixedLearningRateHook: no parameter group has fixed_lr=True; see the hook's docstring")

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        for group in self._groups:
            group['lr'] = group['initial_lr']


@HOOKS.register_module()
class MeanFeatureHook(Hook):
    """Before training, set the model's ``fill`` to the mean feature of the training set; see :func:`mean_feature`."""

    once = True

    def before_train(self, runner):
        fill, mean = unwrap(runner.model).fill, mean_feature(runner.train_dataloader.dataset)
        if fill.shape != mean.shape:
            raise ValueError(f'the features have {len(mean)} channels, the model is made for {len(fill)}; set '
                             'model.in_channels')
        fill.copy_(mean)
