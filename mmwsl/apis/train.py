"""Training from a config."""

import copy
import os
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import RUNNERS, init_default_scope

from mmwsl.apis.config import apply_options, load_config
from mmwsl.apis.work_dir import claim
from mmwsl.engine.runner import Runner


def prepare_training(config: Path | str | Config, work_dir: Path | str | None = None, resume: bool | Path | str = False,
                     amp: bool = False, auto_scale_lr: bool = False, options: dict[str, Any] | None = None,
                     launcher: str | None = None, resume_anew: bool = False) -> Config:
    """Prepare the config of a run from its file, options and command-line switches.

    Args:
        config: path, ``mmwsl::`` name, or a loaded config, which stays as it is.
        work_dir: where checkpoints and logs go; default ``work_dirs/CONFIG_NAME``.
        resume: False, True (the readable checkpoint of ``work_dir`` with the latest iteration) or a checkpoint file.
        amp: mixed precision of the kind that pays on the device.
        auto_scale_lr: scale the learning rate to the total batch size.
        options: dict of dotted keys that override the config; see :func:`load_config`.
        launcher: ``'none'``, ``'pytorch'`` or ``'slurm'``; default that of ``config``, which may
            have been prepared before.
        resume_anew: resume at the next epoch with schedules made anew, also where batch size, ranks or data are others.

    Raises:
        ValueError: not a training config, or ``auto_scale_lr`` without a tuned batch size in the config.
        FileNotFoundError: the named checkpoint does not exist.
    """
    if isinstance(config, (str, os.PathLike)):
        cfg = load_config(os.fspath(config), options)
    else:
        cfg = copy.deepcopy(config)
        apply_options(cfg, options)
    name = Path(cfg.filename).stem if cfg.filename else 'run'
    if work_dir is None:
        work_dir = cfg.get('work_dir')
    if work_dir is None:
        work_dir = Path('work_dirs') / name
    cfg.work_dir = str(work_dir)
    cfg.launcher = launcher or cfg.get('launcher') or 'none'
    if 'optim_wrapper' not in cfg or 'train_dataloader' not in cfg:
        raise ValueError(f'{cfg.filename} is not a training config: it has no optim_wrapper or no train_dataloader')
    if amp:
        cfg.optim_wrapper.type = 'AutocastOptimWrapper'
        cfg.optim_wrapper.setdefault('dtype', 'auto')
        if cfg.optim_wrapper.dtype == 'float32':
            cfg.optim_wrapper.dtype = 'auto'
    if auto_scale_lr:
        if 'base_batch_size' not in (cfg.get('auto_scale_lr') or {}):
            raise ValueError(f'--auto-scale-lr: {cfg.filename} does not say which total batch size its learning rate '
                             'was tuned for; add auto_scale_lr=dict(base_batch_size=...)')
        cfg.auto_scale_lr.enable = True
    if resume_anew:
        resume, cfg.resume_anew = resume or True, True
    if resume is True and cfg.get('load_from') and not any(Path(cfg.work_dir).glob('*.pth')):
        resume = False  # nothing to resume from yet: the weights that the config starts from
    if resume:
        cfg.resume = True
        cfg.load_from = None
        if not isinstance(resume, bool):
            if not Path(resume).is_file():
                raise FileNotFoundError(f'--resume: checkpoint {resume} does not exist')
            cfg.load_from = str(resume)
    return cfg


def train(config: Path | str | Config, overwrite: bool = False, **settings: Any) -> Runner:
    """Train as ``config`` says and return the Runner; ``settings`` are those of :func:`prepare_training`.

    Args:
        config: path, ``mmwsl::`` name, or a loaded config.
        overwrite: move checkpoints and logs of an earlier training in the work dir to ``old-DATE/`` there.

    Raises:
        OSError: the work dir cannot be written, another training runs there, or one was begun there, and it is neither
            to be resumed nor to be overwritten.
        SystemExit: a SIGTERM or SIGINT came; a checkpoint was written.
    """
    cfg = prepare_training(config, **settings)
    with claim(cfg.work_dir, cfg.launcher, bool(cfg.get('resume')), overwrite, cfg.get('load_from')):
        init_default_scope(cfg.get('default_scope', 'mmwsl'))
        cfg.setdefault('runner_type', 'mmwsl.Runner')
        runner = RUNNERS.build(cfg)
        runner.train()
    return runner
