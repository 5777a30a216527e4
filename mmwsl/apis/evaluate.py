"""Evaluation of a checkpoint by its config's own metrics."""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.registry import RUNNERS, init_default_scope

from mmwsl.checkpoints.labels import any_labels
from mmwsl.checkpoints.read import checkpoint_file, checkpoint_hash, read_checkpoint, trained_classes
from mmwsl.checkpoints.state import load_state
from mmwsl.datasets import check_trained_classes
from mmwsl.engine.runner import unwrap
from mmwsl.files import append_json_lines, check_writable, check_writable_folder
from mmwsl.reporting.records import make_record


def dataset_name(cfg: Config) -> str:
    """Name, in records, of the data a config is tested on."""
    return (cfg.get('benchmark') or {}).get('dataset') or cfg.test_dataloader.dataset.type


def evaluate(cfg: Config, checkpoint: Path | str | Sequence[Path | str], out: Path | str | None = None,
             suite: str | None = None, method: str | None = None) -> dict[str, float]:
    """Evaluate a checkpoint on ``test_dataloader`` by ``test_evaluator``.

    With a ``train_evaluator`` also by that, on the training data; the records say which ``split`` it was.

    Args:
        cfg: config with both.
        checkpoint: file, ``'pretrained:NAME'`` or ``'random'``; or a list of files, all of the config's network, that
            are scored as one (:class:`mmwsl.models.weak.LocalizerEnsemble`).
        out: JSON-lines file the records are added to.
        suite, method: names for the records; ``method`` defaults to the model's class.

    Returns:
        dict: metric -> value.

    Raises:
        ValueError: the config has no metrics of its own, its network cannot be one of several, or the checkpoint was
            trained on other classes than those of ``test_dataloader``.
        FileNotFoundError: no such checkpoint.
        OSError: ``out``, or the config's ``work_dir``, cannot be written.
    """
    if not cfg.get('test_evaluator') or not cfg.get('test_dataloader'):
        raise ValueError(f'{cfg.filename} has no test_evaluator and test_dataloader; pre-training configs are '
                         'evaluated by protocols (mmwsl benchmark)')
    checkpoints = [checkpoint] if isinstance(checkpoint, (str, Path)) else list(checkpoint)
    files = [None if path == 'random' else checkpoint_file(path) for path in checkpoints]
    if out is not None:
        check_writable(out)
    several = len(checkpoints) > 1
    init_default_scope(cfg.get('default_scope', 'mmwsl'))
    cfg = copy.deepcopy(cfg)
    cfg.setdefault('work_dir', str(Path('work_dirs') / Path(cfg.filename or 'run').stem))
    check_writable_folder(cfg.work_dir)
    cfg.setdefault('runner_type', 'mmwsl.Runner')
    if several:
        if cfg.model.type != 'Localizer':
            raise ValueError(f'{len(checkpoints)} checkpoints of {cfg.model.type}: only a Localizer can be tested as '
                             'one of several; test each by itself')
        cfg.model = dict(type='LocalizerEnsemble', members=[cfg.model] * len(checkpoints))
    cfg.load_from, cfg.resume = (None if several or checkpoints[0] == 'random' else str(checkpoints[0])), False
    described = [dict(file=file.name, sha256=checkpoint_hash(file)) if file else 'random' for file in files]
    values: dict[str, float] = {}
    for split, part in _splits(cfg).items():
        runner, found, saw_labels = _run(part, checkpoints if several else [])
        told = {key: value for metric in runner.test_loop.evaluator.metrics  # by what the metric itself was measured
                for key, value in getattr(metric, 'described', {}).items()}
        values |= found
        if out is not None and is_main_process():
            # what the figure was given: scales, tags, a CRF
            inference = getattr(unwrap(runner.model), 'inference', None)
            inference = {} if inference is None else dict(inference=inference)
            kind = 'random' if checkpoints[0] == 'random' else type(unwrap(runner.model)).__name__.lower()
            append_json_lines(out, [make_record(
                suite=suite, method=method or kind,
                config=Path(cfg.filename).name if cfg.filename else None, seed=cfg.get('randomness', {}).get('seed'),
                dataset=dataset_name(cfg), split=split,
                saw_labels=any_labels(saw_labels or [runner.start_saw_labels]),
                protocol=name.split('/')[0], metric=name.split('/', 1)[-1], value=round(float(value), 4),
                settings=dict(checkpoint=described[0] if len(described) == 1 else described) | inference | told)
                for name, value in found.items()])
    return values


def _splits(cfg: Config) -> dict[str, Config]:
    """What is tested: ``test``, and with a ``train_evaluator`` ``train``, each a config with nothing of the training.

    Training images come in the order and the batches of the first epoch, none left out, and without the views of the
    data preprocessor.
    """
    configs = dict(test=copy.deepcopy(cfg))
    if cfg.get('train_evaluator') and cfg.get('train_dataloader'):
        train = configs['train'] = copy.deepcopy(cfg)
        train.test_dataloader = {**cfg.train_dataloader, 'drop_last': False}
        train.test_evaluator = cfg.train_evaluator
        train.experiment_name = f'{cfg.get("experiment_name") or Path(cfg.filename or "run").stem}_train'
    for each in configs.values():
        for part in ('train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler', 'val_dataloader', 'val_cfg',
                     'val_evaluator', 'train_evaluator', 'auto_scale_lr'):
            each.pop(part, None)
        each.custom_hooks = []
    return configs


def _run(cfg: Config, members: Sequence[Path | str]) -> tuple[Any, dict[str, float], list[Any]]:
    """Build a runner and test; the runner, metric -> value, and whether each of several members saw labels."""
    runner, saw_labels = RUNNERS.build(cfg), []
    for position, path in enumerate(members):
        loaded = read_checkpoint(path)
        load_state(unwrap(runner.model).members[position], loaded['state_dict'], strict=True, what=str(path))
        saw_labels.append(loaded.get('meta', {}).get('saw_labels'))
        check_trained_classes(trained_classes(loaded), runner.test_dataloader.dataset.metainfo.get('classes'),
                              f'test_dataloader, {path}')
    return runner, runner.test(), saw_labels
