"""Trainings that start from the backbone of a checkpoint, for the protocols that train."""

import copy
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config, ConfigDict
from mmengine.dist import barrier, broadcast_object_list, get_world_size, is_distributed, is_main_process
from mmengine.registry import init_default_scope

from mmwsl.apis.build import build_dataset, build_model
from mmwsl.apis.config import apply_options, load_config
from mmwsl.apis.evaluate import evaluate
from mmwsl.apis.train import train
from mmwsl.checkpoints import read_checkpoint
from mmwsl.datasets.fingerprint import fingerprint
from mmwsl.engine.runner import Runner, unwrap
from mmwsl.files import write_atomically
from mmwsl.registry import MODELS

ROLE = ('out_indices', 'strides', 'dilations', 'frozen_stages', 'norm_cfg', 'norm_eval', 'out_type', 'last_blocks',
        'final_pool', 'drop_path_rate')


def fine_tune_config(pretrained: Config, config: Path | str | None = None,
                     options: dict[str, Any] | None = None) -> Config:
    """Combine a training config with the backbone and pixel statistics of the pre-trained one.

    Of its own backbone it keeps what the task asks of any: :data:`ROLE`. Without ``config`` it is the pre-trained one
    itself. None of the arguments is changed.

    Raises:
        ValueError: it has no test data or no metric.
    """
    pretrained = copy.deepcopy(pretrained)
    cfg = pretrained if config is None else load_config(config)
    own = cfg.model.get('backbone') or {}
    cfg.model.backbone = {**pretrained.model.backbone, **{key: own[key] for key in ROLE if key in own}}
    if not cfg.model.get('frozen'):  # MoCo v3's patches are random on purpose, but not when everything is trained
        cfg.model.backbone.pop('frozen_patch_embedding', None)
    statistics = pretrained.get('data_preprocessor') or pretrained.model.get('data_preprocessor') or {}
    cfg.data_preprocessor.update({key: statistics[key] for key in ('mean', 'std') if key in statistics})
    apply_options(cfg, options)
    for key in ('train_dataloader', 'test_dataloader', 'test_evaluator'):
        if key not in cfg:
            raise ValueError(f'{config or pretrained.filename} has no {key}, so it is no training that says how well '
                             'it learnt; give the protocol a config, e.g. benchmark.protocols.linear_online='
                             "dict(config='mmwsl::benchmarks/linear/linear_quick_r18w16_1xb256-cos-4e_cifar10.py')")
    return cfg


def innermost(dataset: ConfigDict) -> ConfigDict:
    """Dataset config below all subsets."""
    return innermost(dataset.dataset) if 'dataset' in dataset else dataset


def hold_out(cfg: Config, fraction: float) -> None:
    """Set a config to train on a part of the training images and test on the rest, by the test pipeline."""
    whole, pipeline = cfg.train_dataloader.dataset, innermost(cfg.test_dataloader.dataset).get('pipeline')
    held_out = copy.deepcopy(whole)
    innermost(held_out).pop('pipeline', None)
    if pipeline is not None:
        innermost(held_out).pipeline = pipeline
    cfg.test_dataloader.dataset = dict(type='Subset', dataset=held_out, holdout=fraction, held_out=True)
    cfg.train_dataloader.dataset = dict(type='Subset', dataset=whole, holdout=fraction)
    if 'ann_file' in cfg.test_evaluator:  # COCO's metric reads the objects from the file
        cfg.test_evaluator.ann_file = innermost(held_out).ann_file


def share_batch(cfg: Config, ranks: int) -> None:
    """Divide the total batch that the config was tuned for among the ranks.

    Raises:
        ValueError: it does not divide.
    """
    total = (cfg.get('auto_scale_lr') or {}).get('base_batch_size')
    if total is None:
        return
    parts = ranks * cfg.optim_wrapper.get('accumulative_counts', 1)
    if total % parts:
        raise ValueError(f'{cfg.filename}: its {total} images a step do not divide among {ranks} ranks; use another '
                         'number of them, or change auto_scale_lr.base_batch_size and the learning rate')
    cfg.train_dataloader.batch_size = total // parts


class FineTuneRunner:
    """Train configs from one backbone and score them.

    A training that was stopped goes on where it was, and one that is finished is only scored, because the folder of
    each is named after its settings, the weights it started from, and its training data
    (:func:`mmwsl.datasets.fingerprint.fingerprint`). The total batch is the config's, whatever the
    number of ranks.

    Args:
        pretrained: config of the checkpoint.
        checkpoint: file, ``'random'`` or ``'random_rescaled'``.
        work_dir: folder of the trainings; default ``work_dirs/benchmark``.

    Raises:
        ValueError: the backbone does not take RGB images.
    """

    def __init__(self, pretrained: Config, checkpoint: Path | str | None, work_dir: Path | str | None = None) -> None:
        self.pretrained, self.work_dir = pretrained, Path(work_dir or 'work_dirs/benchmark')
        model, self.meta = build_model(pretrained, checkpoint)
        if not model.sees_rgb:
            raise ValueError(f'the backbone of {type(model).__name__} takes something else than RGB images, so nothing '
                             'can be trained from it; protocols of frozen features can evaluate it')
        self.model_class = type(model)
        self.weights = {key: value.cpu().clone() for key, value in model.backbone.state_dict().items()}
        digest = hashlib.sha256()
        for key, value in self.weights.items():
            digest.update(key.encode() + value.double().numpy().tobytes())
        self.digest = digest.hexdigest()
        self._data: dict[str, str] = {}  # config of a training set -> its fingerprint

    def run(self, config: Path | str | None, options: dict[str, Any] | None, seed: int, holdout: float | None,
            name: str) -> dict[str, float]:
        """Train and score as :meth:`mmwsl.protocols.Source.train` says; ``name`` begins the folder's name."""
        cfg = fine_tune_config(self.pretrained, config, options)
        cfg.randomness = dict(cfg.get('randomness') or {}, seed=seed)
        if holdout is not None:
            hold_out(cfg, holdout)
        cfg.pop('benchmark', None)  # how a run is evaluated is no part of it
        settings = json.dumps(cfg.to_dict(), sort_keys=True, default=str)
        share_batch(cfg, get_world_size())
        self._check(cfg)
        what = settings + self.digest + self._fingerprint(cfg.train_dataloader.dataset)
        folder = self.work_dir / f'{name}_{hashlib.sha256(what.encode()).hexdigest()[:12]}'
        start = folder / 'start' / 'backbone.pth'
        if is_main_process() and not start.is_file():
            state = {f'backbone.{key}': value for key, value in self.weights.items()}
            write_atomically(start, lambda file: torch.save(dict(meta={}, state_dict=state), file))
        fresh = not any(folder.glob('*.pth'))
        barrier()
        cfg.load_from = str(start) if fresh else None
        cfg.experiment_name = folder.name
        cfg.launcher = 'pytorch' if is_distributed() else 'none'
        if fresh and cfg.setdefault('default_hooks', {}).get('runtime_info', {}) is not None:
            # so that other classes are refused before the training, not after it
            classes = build_dataset(cfg.test_dataloader.dataset).metainfo.get('classes')
            cfg.default_hooks.runtime_info = {**cfg.default_hooks.get('runtime_info', {}), 'test_classes': classes}
        runner = train(cfg, work_dir=folder, resume=not fresh)
        self._check_frozen(runner, cfg)
        barrier()
        cfg.work_dir, cfg.experiment_name = str(folder / 'test'), f'{folder.name}_test'
        return evaluate(cfg, self._finished(folder, runner.max_iters))

    def _fingerprint(self, dataset: ConfigDict) -> str:
        key = json.dumps(dataset, sort_keys=True, default=str)
        if key not in self._data:
            # as the first rank sees the files: all must name the same folder
            found = [fingerprint(build_dataset(dataset)) if is_main_process() else '']
            broadcast_object_list(found)
            self._data[key] = found[0]
        return self._data[key]

    @staticmethod
    def _finished(folder: Path, iterations: int) -> Path:
        """The checkpoint of the end of a training."""
        for path in sorted(folder.glob('*.pth'), key=os.path.getmtime, reverse=True):
            if read_checkpoint(path)['meta'].get('iter') == iterations:
                return path
        raise RuntimeError(f'{folder} has no checkpoint of iteration {iterations}, the last of its training; does the '
                           'config keep the last one (default_hooks.checkpoint.save_last)?')

    def _check(self, cfg: Config) -> None:
        """Raise ValueError unless the weights fill the whole backbone that is trained."""
        init_default_scope('mmwsl')
        expected = MODELS.build(cfg.model.backbone).state_dict()
        lost = [key for key in expected if key not in self.weights or expected[key].shape != self.weights[key].shape]
        if lost:
            raise ValueError(f'{cfg.filename}: {len(lost)} of {len(expected)} tensors of the backbone it trains are '
                             f'not among those of {self.pretrained.filename}, the first is {lost[0]}; they would be '
                             'random')

    def _check_frozen(self, runner: Runner, cfg: Config) -> None:
        if not cfg.model.get('frozen'):
            return
        state = unwrap(runner.model).backbone.state_dict()
        moved = [key for key, value in state.items() if not value.cpu().equal(self.weights[key])]
        if moved:
            raise RuntimeError(f'the backbone of {cfg.filename} is frozen, but {len(moved)} of its tensors changed, '
                               f'among them {moved[0]}')
