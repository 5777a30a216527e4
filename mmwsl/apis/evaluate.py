"""A checkpoint scored by its config's own metrics: detection, segmentation."""

from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.registry import RUNNERS, init_default_scope

from mmwsl.apis.records import append_records, make_record
from mmwsl.engine.runner import unwrap


def dataset_name(cfg):
    """What records call the data a config is tested on."""
    return (cfg.get('benchmark') or {}).get('dataset') or cfg.test_dataloader.dataset.type


def evaluate(cfg, checkpoint, out=None, suite=None, method=None):
    """Run ``test_dataloader`` through the model and score it by ``test_evaluator``.

    Args:
        cfg: config with both.
        checkpoint: file, or ``'random'``.
        out: JSON-lines file the records are added to.
        suite, method: names for the records; ``method`` defaults to the model's class.

    Returns:
        dict: metric -> value.

    Raises:
        ValueError: the config has no metrics of its own.
        FileNotFoundError: no such checkpoint.
    """
    if not cfg.get('test_evaluator') or not cfg.get('test_dataloader'):
        raise ValueError(f'{cfg.filename} has no test_evaluator and test_dataloader; pre-training configs are judged '
                         'by protocols (mmwsl benchmark)')
    if checkpoint != 'random' and not Path(checkpoint).is_file():
        raise FileNotFoundError(f'checkpoint {checkpoint} does not exist')
    init_default_scope(cfg.get('default_scope', 'mmwsl'))
    cfg = cfg.copy()
    cfg.setdefault('work_dir', str(Path('work_dirs') / Path(cfg.filename or 'run').stem))
    cfg.setdefault('runner_type', 'mmwsl.Runner')
    cfg.load_from, cfg.resume = (None if checkpoint == 'random' else str(checkpoint)), False
    for part in ('train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler', 'val_dataloader', 'val_cfg',
                 'val_evaluator', 'auto_scale_lr'):  # nothing of the training is built
        cfg.pop(part, None)
    cfg.custom_hooks = []
    runner = RUNNERS.build(cfg)
    figures = runner.test()
    if out is not None and is_main_process():
        kind = 'random' if checkpoint == 'random' else type(unwrap(runner.model)).__name__.lower()
        append_records(out, [make_record(
            suite=suite, method=method or kind,
            config=Path(cfg.filename).name if cfg.filename else None, seed=cfg.get('randomness', {}).get('seed'),
            dataset=dataset_name(cfg), split='test',
            protocol=name.split('/')[0], metric=name.split('/')[-1], value=round(float(value), 4),
            settings=dict(checkpoint=Path(checkpoint).name)) for name, value in figures.items()])
    return figures
