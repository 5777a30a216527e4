"""Trainings that start from the backbone of a checkpoint, for the protocols that need one."""

import hashlib
import json
import re
from pathlib import Path

from mmengine.dist import barrier, is_distributed, is_main_process
from mmengine.registry import init_default_scope

from mmwsl import compat
from mmwsl.apis.build import build_model
from mmwsl.apis.config import load_config
from mmwsl.apis.evaluate import evaluate
from mmwsl.apis.train import train
from mmwsl.registry import MODELS

LAYER = re.compile(r'layer(\d+)_(.+)')
ROLE = ('out_indices', 'strides', 'dilations', 'frozen_stages', 'norm_cfg', 'norm_eval', 'out_type', 'last_blocks',
        'final_pool', 'drop_path_rate')


def downstream_config(judged, config, options=None):
    """A training config with the backbone and the pixel statistics of the judged one.

    Of its own backbone it keeps what the task asks of any: :data:`ROLE`.

    Raises:
        ValueError: it has no test data or no metric.
    """
    cfg = load_config(config)
    own = cfg.model.get('backbone') or {}
    cfg.model.backbone = {**judged.model.backbone, **{key: own[key] for key in ROLE if key in own}}
    statistics = judged.get('data_preprocessor') or judged.model.get('data_preprocessor') or {}
    cfg.data_preprocessor.update({key: statistics[key] for key in ('mean', 'std') if key in statistics})
    cfg.merge_from_dict(dict(options or {}))
    for key in ('test_dataloader', 'test_evaluator'):
        if key not in cfg:
            raise ValueError(f'{config} has no {key}, so it cannot say how well it learnt')
    return cfg


def hold_out(cfg, fraction):
    """Train on a part of the training images and test on the rest, by the test pipeline."""
    def shown(dataset):
        if 'dataset' in dataset:  # a subset of another
            return dict(dataset, dataset=shown(dataset.dataset))
        pipeline = cfg.test_dataloader.dataset.get('pipeline')
        return dict({key: value for key, value in dataset.items() if key != 'pipeline'},
                    **({} if pipeline is None else dict(pipeline=pipeline)))
    whole = cfg.train_dataloader.dataset
    cfg.test_dataloader.dataset = dict(type='Subset', dataset=shown(whole), holdout=fraction, held_out=True)
    cfg.train_dataloader.dataset = dict(type='Subset', dataset=whole, holdout=fraction)


class Downstream:
    """Trains configs from one backbone; see :meth:`mmwsl.protocols.Training.run`.

    A training that was stopped goes on where it was, and one that is finished is only scored, because the folder of
    each is named after its settings and the weights it started from.

    Args:
        judged: config of the checkpoint.
        checkpoint: file, ``'random'`` or ``'random_rescaled'``.
        work_dir: folder of the trainings.
    """

    def __init__(self, judged, checkpoint, work_dir=None):
        self.judged, self.work_dir = judged, Path(work_dir or 'work_dirs/benchmark')
        model, self.meta = build_model(judged, checkpoint)
        self.kind = type(model).__name__.lower()
        self.weights = {key: value.cpu().clone() for key, value in model.backbone.state_dict().items()}
        digest = hashlib.sha256()
        for key, value in self.weights.items():
            digest.update(key.encode() + value.double().numpy().tobytes())
        self.digest = digest.hexdigest()

    def train(self, config, name):
        """The function ``train(options, seed, holdout)`` of a config; ``name`` begins the folders' names."""
        def run(options, seed, holdout):
            cfg = downstream_config(self.judged, config, options)
            cfg.randomness = dict(cfg.get('randomness') or {}, seed=seed)
            if holdout is not None:
                hold_out(cfg, holdout)
            return self._run(cfg, name)
        return run

    def _run(self, cfg, name):
        settings = json.dumps(cfg.to_dict(), sort_keys=True, default=str)
        folder = self.work_dir / f'{name}_{hashlib.sha256((settings + self.digest).encode()).hexdigest()[:12]}'
        start = folder / 'backbone.pth'
        self._check(cfg)
        if is_main_process() and not start.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            state = {f'backbone.{key}': value for key, value in self.weights.items()}
            compat.write_atomically(dict(meta={}, state_dict=state), start)
        barrier()
        fresh = not any(folder.glob('epoch_*.pth')) and not any(folder.glob('iter_*.pth'))
        cfg.load_from = str(start) if fresh else None
        cfg.experiment_name = folder.name
        runner = train(cfg, work_dir=folder, resume=not fresh, launcher='pytorch' if is_distributed() else None)
        self._check_frozen(runner, cfg)
        barrier()
        final = Path((folder / 'last_checkpoint').read_text().strip())
        cfg.work_dir, cfg.experiment_name = str(folder / 'test'), f'{folder.name}_test'
        return evaluate(cfg, folder / final.name)

    def _check(self, cfg):
        """Raise ValueError unless the weights fill the whole backbone that is trained."""
        init_default_scope('mmwsl')
        wanted = MODELS.build(cfg.model.backbone).state_dict()
        lost = [key for key in wanted if key not in self.weights or wanted[key].shape != self.weights[key].shape]
        if lost:
            raise ValueError(f'{cfg.filename}: {len(lost)} of {len(wanted)} tensors of the backbone it trains are not '
                             f'among those of {self.judged.filename}, the first is {lost[0]}; they would be random')

    def _check_frozen(self, runner, cfg):
        if not cfg.model.get('frozen'):
            return
        from mmwsl.engine.runner import unwrap
        state = unwrap(runner.model).backbone.state_dict()
        moved = [key for key, value in state.items() if not value.cpu().equal(self.weights[key])]
        if moved:
            raise RuntimeError(f'the backbone of {cfg.filename} is frozen, but {len(moved)} of its tensors changed, '
                               f'among them {moved[0]}')


def place_of(protocol, name):
    """Layer and metric of a record from a figure's name: ``accuracy/layer3_top1`` is ``PROTOCOL_top1`` of layer 3."""
    metric = name.split('/')[-1]
    match = LAYER.fullmatch(metric)
    return dict(layer=int(match[1]) if match else -1, metric=f'{protocol}_{match[2] if match else metric}')
