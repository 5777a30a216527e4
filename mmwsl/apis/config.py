"""Finding and reading configs, in a clone and in an installed package."""

import copy
import difflib
import os
import warnings
from pathlib import Path
from typing import Any
from unittest import mock

from mmengine.config import Config

from mmwsl.apis.catalog.keys import check_file, check_options
from mmwsl.apis.own_data import lower_batch, use_data
from mmwsl.apis.schedule import scale_lengths
from mmwsl.datasets.own import split_positions
from mmwsl.shipped import configs_of, configs_root, describe_config, shipped_configs

PREFIX = 'mmwsl::'


def resolve(path: Path | str) -> Path:
    """Resolve a config's file: a path, or ``mmwsl::selfsup/simclr/NAME.py`` (also ``mmwsl::NAME``) for a shipped one.

    Raises:
        FileNotFoundError: no such file; the message lists the shipped configs of the method of that name, or those of a
            similar name.
    """
    path = str(path)
    if not path.startswith(PREFIX) and Path(path).is_file():
        return Path(path)
    root = configs_root()
    known = shipped_configs()
    if path.startswith((PREFIX, 'configs/')):  # the second is the clone's habit, used by an installed package
        name = path.removeprefix(PREFIX).removeprefix('configs/')
        name = name if name.endswith('.py') else name + '.py'
        if (root / name).is_file():
            return root / name
        found = [each for each in known if Path(each).name == Path(name).name]
        if len(found) == 1:
            if '/' in name:
                warnings.warn(f'the config {path} is now {PREFIX}{found[0]}; its old name goes with the next release',
                              DeprecationWarning, stacklevel=3)
            return root / found[0]
    if found := configs_of(path.removeprefix(PREFIX).removeprefix('configs/').removesuffix('.py')):
        raise FileNotFoundError(f'config {path} does not exist; there are these of that name, take one:\n  '
                                + '\n  '.join(map(describe_config, found)))
    folder = 'configs/' if path.startswith('configs/') else ''
    near = difflib.get_close_matches(path.removeprefix(PREFIX), [folder + each for each in known], n=3, cutoff=0.3)
    raise FileNotFoundError(f'config {path} does not exist' + (f'; is it one of: {", ".join(near)}?' if near else ''))


def apply_options(cfg: Config, options: dict[str, Any] | None = None) -> None:
    """Merge ``options`` (dict of dotted keys) into ``cfg``, in place, and scale its schedule to what ``epochs`` or
    ``iters`` in it says (:func:`mmwsl.apis.schedule.scale_lengths`); these two are gone then. ``data`` (and
    ``data_format``, ``data_proposals``), here or in the config, put a user's own photos in the place of its data first
    (:func:`mmwsl.apis.own_data.use_data`).

    Raises:
        ValueError: from the scaling, or a key of ``options`` is nearly that of something else; proposals without data.
    """
    options = copy.deepcopy(dict(options or {}))
    data = options.pop('data', None) or cfg.get('data')
    own = isinstance(data, (str, os.PathLike))  # a dict of that name is a variable of somebody's config
    proposals = options.pop('data_proposals', None) or cfg.pop('data_proposals', None)
    if own:
        said = cfg.pop('data_format', None)
        cfg.pop('data', None)
        records = use_data(cfg, data, options.pop('data_format', None) or said, proposals)
    elif proposals:
        raise ValueError(f'data_proposals={proposals} is the file of proposals of one\'s own photos; give data=PATH '
                         '(--data) with it')
    before = cfg.to_dict() if options else {}
    cfg.merge_from_dict(options)
    check_options(before, cfg.to_dict() if options else {}, options)
    if own:
        lower_batch(cfg, len(split_positions(records)['train']))
    scale_lengths(cfg, cfg.pop('epochs', None), cfg.pop('iters', None))


def load_config(path: Path | str, options: dict[str, Any] | None = None,
                benchmark_of: Path | str | None = None) -> Config:
    """Read a config, with ``mmwsl::`` in ``path`` and in every ``_base_`` of it, and apply ``options`` (dotted keys).

    Args:
        path: file, or ``mmwsl::NAME``.
        options: dict of dotted keys that override the config; ``epochs`` or ``iters``, here or in the file, scale its
            whole schedule.
        benchmark_of: another config whose ``benchmark`` (data, layers, protocols) takes the place of this one's.

    Raises:
        FileNotFoundError: no such config.
        ValueError: ``benchmark_of`` has no benchmark, ``epochs`` or ``iters`` do not fit the training, or a key of the
            file or of ``options`` is nearly that of something else.

    mmengine resolves ``package::`` only for packages of its own list, so its path lookup is replaced while it reads.
    """
    original = Config._get_cfg_path

    def get_cfg_path(cfg_path: str, filename: str) -> tuple[str, str | None]:
        if cfg_path.startswith(PREFIX):
            return str(resolve(cfg_path)), None
        return original(cfg_path, filename)

    with mock.patch.object(Config, '_get_cfg_path', staticmethod(get_cfg_path)):
        cfg = Config.fromfile(str(resolve(path)))
    check_file(cfg)
    if benchmark_of:
        other = load_config(benchmark_of)
        if not other.get('benchmark'):
            raise ValueError(f'{benchmark_of} has no benchmark, so it does not say on what to evaluate')
        cfg.benchmark = other.benchmark
    apply_options(cfg, options)
    return cfg
