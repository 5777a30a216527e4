"""Evaluation of a checkpoint by its config's own metrics."""

import copy
from collections.abc import Sequence
from pathlib import Path

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
    for part in ('train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler', 'val_dataloader', 'val_cfg',
                 'val_evaluator', 'auto_scale_lr'):  # nothing of the training is built
        cfg.pop(part, None)
    cfg.custom_hooks = []
    runner, saw_labels = RUNNERS.build(cfg), []
    if several:
        for member, path in zip(unwrap(runner.model).members, checkpoints, strict=True):
            loaded = read_checkpoint(path)
            load_state(member, loaded['state_dict'], strict=True, what=str(path))
            saw_labels.append(loaded.get('meta', {}).get('saw_labels'))
            check_trained_classes(trained_classes(loaded), runner.test_dataloader.dataset.metainfo.get('classes'),
                                  f'test_dataloader, {path}')
    values = runner.test()
    told = {key: value for metric in runner.test_loop.evaluator.metrics  # by what the metric itself was measured
            for key, value in getattr(metric, 'described', {}).items()}
    if out is not None and is_main_process():
        described = [dict(file=file.name, sha256=checkpoint_hash(file)) if file else 'random' for file in files]
        inference = getattr(unwrap(runner.model), 'inference', None)  # what the figure was given: scales, tags, a CRF
        inference = {} if inference is None else dict(inference=inference)
        kind = 'random' if checkpoints[0] == 'random' else type(unwrap(runner.model)).__name__.lower()
        append_json_lines(out, [make_record(
            suite=suite, method=method or kind,
            config=Path(cfg.filename).name if cfg.filename else None, seed=cfg.get('randomness', {}).get('seed'),
            dataset=dataset_name(cfg), split='test',
            saw_labels=any_labels(saw_labels or [runner.start_saw_labels]),
            protocol=name.split('/')[0], metric=name.split('/', 1)[-1], value=round(float(value), 4),
            settings=dict(checkpoint=described[0] if len(described) == 1 else described) | inference | told)
            for name, value in values.items()])
    return values
