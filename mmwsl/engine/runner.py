"""mmengine's Runner with what it lacks: ranks on CPUs, checkpoints that load and resume, honest batch sizes."""

import copy
import functools
import os
import pickle
from pathlib import Path

import mmengine
import torch
from mmengine.device import get_device
from mmengine.dist import is_distributed, is_main_process
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner as MMEngineRunner

from mmwsl import __version__
from mmwsl.checkpoints.labels import any_labels, start_saw_labels
from mmwsl.checkpoints.read import read_checkpoint, read_meta, trained_classes
from mmwsl.checkpoints.state import (
    check_backbone,
    first_not_finite,
    from_plain,
    load_state,
    to_plain,
    without_other_classifier,
)
from mmwsl.compat import keep_freed_memory
from mmwsl.datasets.checks import check_quickly
from mmwsl.dist import init_process_group
from mmwsl.engine import resume
from mmwsl.engine.needed_hooks import NeededHooks
from mmwsl.engine.schedules import BuiltSchedules
from mmwsl.engine.stop import Stopped, StopSignals, init_worker
from mmwsl.files import write_atomically
from mmwsl.registry import FUNCTIONS, RUNNERS


def unwrap(model):
    """The model inside a distributed wrapper, or the model itself."""
    return model.module if is_model_wrapper(model) else model


@RUNNERS.register_module()
class Runner(NeededHooks, BuiltSchedules, MMEngineRunner):
    """mmengine's Runner; every config field of it works here.

    Differences: ranks may live on CPUs (gloo); a checkpoint holds tensors and plain types only, is written atomically
    and loads with ``weights_only=True``; weights that are not finite are not written; ``--resume`` takes the readable
    checkpoint of the latest iteration, refuses another batch size, number of ranks or images, and says what of the
    config differs; a load in which no key fits, or that has other layers in the backbone, is an error; the network
    takes the memory format of its data preprocessor; another total batch size than the config was tuned for is logged;
    the hooks that training needs (:data:`NEEDED_HOOKS`) are there whatever the config names, and none is there twice.

    Attributes:
        trained_classes: names of the classes that the network was or is trained on; None where they are not known.
    """

    trained_classes = None
    _loaded_meta = None  # of the checkpoint that the weights are from
    _stop = None  # what listens to signals while it trains

    def train(self):
        """As mmengine's, after a look at the data (see :func:`check_quickly`).

        A SIGTERM or SIGINT ends it after the running step, with a checkpoint, by SystemExit.
        """
        if self._train_loop is not None:
            self._check_data(self.train_dataloader, training=True)
        with StopSignals(self.world_size) as self._stop:
            try:
                return super().train()
            except Stopped as stopped:
                self._stop.save_and_exit(self, stopped.number)

    def call_hook(self, fn_name, **kwargs):
        if self._stop is not None:
            self._stop.check(fn_name)
        super().call_hook(fn_name, **kwargs)

    def setup_env(self, env_cfg):
        if get_device() == 'cpu':
            keep_freed_memory()
        if self.distributed and not is_distributed():
            init_process_group(self.launcher, **env_cfg.get('dist_cfg', {}))
        super().setup_env(env_cfg)

    def dump_config(self):
        """As mmengine's, whole or not at all."""
        if is_main_process():
            name = Path(self.cfg.filename).name if self.cfg.filename else f'{self.timestamp}.py'
            write_atomically(Path(self.work_dir) / name, self.cfg.dump())

    def wrap_model(self, model_wrapper_cfg, model):
        memory_format = getattr(getattr(model, 'data_preprocessor', None), 'memory_format', torch.contiguous_format)
        if memory_format == torch.channels_last:
            model = model.to(memory_format=memory_format)
        if getattr(model, 'averages_gradients', False):  # its own step does, of several backward passes
            return model.to(get_device())
        if self.distributed and get_device() == 'cpu' and model_wrapper_cfg is None:
            # DDP refuses device_ids for a module on a CPU
            model_wrapper_cfg = dict(type='MMDistributedDataParallel', device_ids=None, broadcast_buffers=False,
                                     find_unused_parameters=self.cfg.get('find_unused_parameters', False))
        return super().wrap_model(model_wrapper_cfg, model)

    def scale_lr(self, optim_wrapper, auto_scale_lr=None):
        if auto_scale_lr and 'base_batch_size' in auto_scale_lr:
            count, base = getattr(optim_wrapper, '_accumulative_counts', 1), auto_scale_lr['base_batch_size']
            batch = self.train_dataloader.batch_size * count
            total = batch * self.world_size
            if auto_scale_lr.get('enable', False):
                # mmengine counts the images of one forward pass, not those of an optimiser step
                auto_scale_lr = dict(auto_scale_lr, base_batch_size=base / count)
            elif total != base:
                self.logger.warning(
                    f'this run uses {total} images per optimiser step ({self.world_size} ranks x {batch}), the config '
                    f'was tuned for {base}; --auto-scale-lr scales the learning rate')
        super().scale_lr(optim_wrapper, auto_scale_lr)

    def test(self):
        """As mmengine's, after a look at the data (see :func:`check_quickly`)."""
        if self._test_loop is not None:
            self._check_data(self.test_dataloader, training=False)
        return super().test()

    def _check_data(self, dataloader, training):
        head = getattr(unwrap(self.model), 'head', None)
        count = getattr(head, 'num_classes', None)
        if count and getattr(head, 'several_tags', False):
            count += 1  # of tags none is the background, which class maps have as well
        check_quickly(getattr(dataloader, 'dataset', None), training, count)

    @staticmethod
    def build_dataloader(dataloader, seed=None, diff_rank_seed=False):
        """As mmengine's; batches are made by ``collate_batch`` unless the config names another function, and no more
        workers are started than there are processors."""
        if isinstance(dataloader, dict):
            dataloader = copy.deepcopy(dataloader)
            collate = dataloader.get('collate_fn', dict(type='collate_batch'))
            if isinstance(collate, dict) and isinstance(collate['type'], str):
                collate = dict(collate, type=FUNCTIONS.get(collate['type']))  # mmengine looks in its root only
            dataloader['collate_fn'] = collate
            processors = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
            dataloader['num_workers'] = min(dataloader.get('num_workers', 0), processors)
            if not dataloader['num_workers']:
                dataloader.pop('persistent_workers', None)
                dataloader.pop('prefetch_factor', None)
        dataloader = MMEngineRunner.build_dataloader(dataloader, seed, diff_rank_seed)
        dataloader.worker_init_fn = functools.partial(init_worker, then=dataloader.worker_init_fn)
        return dataloader

    def save_checkpoint(self, out_dir, filename, file_client_args=None, save_optimizer=True, save_param_scheduler=True,
                        meta=None, by_epoch=True, backend_args=None):
        """Write weights, optimiser, schedulers, logs and counters as tensors and plain types, atomically.

        Raises:
            FloatingPointError: a weight is NaN or infinite; nothing is written then.
        """
        if is_main_process():
            self._write_checkpoint(Path(out_dir) / filename, save_optimizer, save_param_scheduler, meta, by_epoch)
        else:  # on every rank: one that went on alone would wait for the others
            self._check_finite(filename)

    def _check_finite(self, filename):
        wrong = first_not_finite(unwrap(self.model))
        if wrong is not None:
            raise FloatingPointError(
                f'{wrong} is not finite, so {filename} is not written; the last checkpoint stays. Try a lower learning '
                'rate, a warm-up, gradient clipping (optim_wrapper.clip_grad), or --cfg-options '
                'optim_wrapper.dtype=float32, and --resume')

    def _write_checkpoint(self, path, save_optimizer, save_param_scheduler, meta, by_epoch):
        meta = dict(meta or {})
        # CheckpointHook calls this before the loop counts the epoch (or iteration) as done.
        meta.setdefault('epoch', self.epoch + 1 if by_epoch else self.epoch)
        meta.setdefault('iter', self.iter if by_epoch else self.iter + 1)
        meta.update(cfg=self.cfg.pretty_text, seed=self.seed, experiment_name=self.experiment_name, **self._sizes(),
                    mmengine_version=mmengine.__version__, mmwsl_version=__version__,
                    steps_per_epoch=len(self.train_dataloader), dataset_meta=self._metainfo(),
                    saw_labels=self._saw_labels())
        checkpoint = dict(meta=meta, state_dict=unwrap(self.model).state_dict())
        self.call_hook('before_save_checkpoint', checkpoint=checkpoint)
        self._check_finite(path.name)  # after the losses, which say when it began
        checkpoint['message_hub'] = self.message_hub.state_dict()
        if save_optimizer:
            checkpoint['optimizer'] = self.optim_wrapper.state_dict()
        if save_param_scheduler and self.param_schedulers is not None:
            checkpoint['param_schedulers'] = [scheduler.state_dict() for scheduler in self.param_schedulers]
        write_atomically(path, lambda file: torch.save(to_plain(checkpoint), file))

    @property
    def start_saw_labels(self):
        """Whether the weights that this run started from saw labels: True, False, or None where it is not known."""
        if self._loaded_meta is not None:
            return self._loaded_meta.get('saw_labels')
        return start_saw_labels(self.cfg.get('model'))

    def _saw_labels(self):
        supervision = getattr(self.train_dataloader.dataset, 'supervision', None)
        return any_labels([self.start_saw_labels, None if supervision is None else supervision != 'none'])

    def _metainfo(self):
        return getattr(self.train_dataloader.dataset, 'metainfo', None)

    def _sizes(self):
        return dict(batch_size=self.train_dataloader.batch_size, world_size=self.world_size,
                    dataset_size=len(self.train_dataloader.dataset))

    def load_checkpoint(self, filename, map_location='cpu', strict=None, revise_keys=None):
        """Load weights, say how many keys fitted, and return the whole checkpoint; on resume every key must fit."""
        checkpoint = read_checkpoint(filename, map_location)
        checkpoint = dict(checkpoint, message_hub=from_plain(checkpoint.get('message_hub', {})))
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        strict = self._resume if strict is None else strict
        if strict:
            resume.check_resumable(checkpoint, filename)
        model = unwrap(self.model)
        state = without_other_classifier(checkpoint.get('state_dict', checkpoint), checkpoint.get('meta'), model)
        report = load_state(model, state, strict, str(filename))
        tested = self._train_dataloader is None and not getattr(model, 'predicts_features', True)
        check_backbone(report, str(filename), heads=tested)
        if hasattr(model, 'reset_teacher') and not any(key.startswith('teacher.') for key in report['matched']):
            model.reset_teacher()  # weights of a model without one: the teacher starts as the student
        self._has_loaded, self.trained_classes = True, trained_classes(checkpoint)
        self._loaded_meta = checkpoint.get('meta') or {}
        self.logger.info(f'{filename}: {len(report["matched"])} keys matched, {len(report["missing"])} missing, '
                         f'{len(report["unexpected"])} unexpected')
        return checkpoint

    def load_or_resume(self):
        """As mmengine's; when resuming without a named file, take the newest checkpoint that is readable."""
        if self._has_loaded or not (self._resume and self._load_from is None):
            return super().load_or_resume()
        if is_main_process():
            # of a run that was killed while writing
            for kind in ('.*.pth.*.tmp', '.last_checkpoint.*.tmp', '.*.py.*.tmp'):
                for remains in Path(self.work_dir).glob(kind):
                    remains.unlink(missing_ok=True)
        path = resume.latest_checkpoint(Path(self.work_dir), self.logger)
        if path is not None:
            self.logger.info(f'resuming from {path}')
            return self.resume(str(path))
        self.logger.info(f'--resume: no checkpoint in {self.work_dir} yet, starting from the beginning')

    def resume(self, filename, resume_optimizer=True, resume_param_scheduler=True, map_location='default'):
        """Go on from a checkpoint.

        Weights, counters, logs and momenta come from the file. So do schedules as long as the config says of lengths,
        schedules and optimiser what it said then; otherwise they are built from the config and stepped to where the
        run is. ``resume_anew=True`` in the config starts at the next epoch, with another batch size, number of ranks or
        of images if need be. What differs between the configs is logged.

        Raises:
            ValueError: another batch size, number of ranks or images, without ``resume_anew``.
        """
        anew, steps = self.cfg.get('resume_anew', False), len(self.train_dataloader)
        if not anew:
            resume.check_sizes(read_meta(filename), self._sizes(), filename)
        device = get_device() if map_location == 'default' else map_location
        checkpoint = self.load_checkpoint(filename, map_location=device, strict=True)
        meta, loop = checkpoint['meta'], self.train_loop
        loop._epoch, loop._iter = resume.position(meta, steps, anew, self.max_iters)
        differing = resume.differences(str(meta.get('cfg', '')), self.cfg.pretty_text)
        if differing:
            self.logger.warning(f'the config differs from that of {filename}, and is followed:\n  ' + '\n  '.join(
                f'{name}: {change}' for name, change in differing.items()))
        self._resume_seed(meta.get('seed'))
        if pickle.dumps(meta.get('dataset_meta')) != pickle.dumps(to_plain(self._metainfo())):
            self.logger.warning('the dataset metainfo from the resumed checkpoint is different from that of the '
                                'training dataset: are its classes the same?')
        self.message_hub.load_state_dict(checkpoint['message_hub'])
        follow = anew or resume.changes_schedule(differing)
        if resume_optimizer:
            load = resume.load_momenta if follow else type(self.optim_wrapper).load_state_dict
            load(self.optim_wrapper, checkpoint['optimizer'])
        if resume_param_scheduler and self.param_schedulers:
            if follow:
                resume.step_schedulers(self.param_schedulers, self.epoch, self.iter, steps)
            else:
                for scheduler, state in zip(self.param_schedulers, checkpoint['param_schedulers'], strict=True):
                    scheduler.load_state_dict(state)
        self._has_loaded = True
        self.logger.info(f'resumed epoch: {self.epoch}, iter: {self.iter}')

    def _resume_seed(self, seed):
        wanted = self._randomness_cfg.get('seed')
        if seed is not None and seed != wanted:
            if wanted is not None:
                self.logger.warning(f'the seed of the checkpoint, {seed}, is kept; the one of the config is {wanted}')
            self._randomness_cfg.update(seed=seed)
            self.set_randomness(**self._randomness_cfg)
