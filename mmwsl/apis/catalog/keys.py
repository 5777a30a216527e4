"""Misspelt keys of configs: those that nothing reads and that are close to one that is read."""

import difflib
import inspect
import re
from collections.abc import Iterable, Mapping
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from mmwsl import registry
from mmwsl.registry import accepted_arguments

# beside the Runner's own arguments: what mmengine and we read, in trainings, benchmarks and suites
OURS = ('auto_scale_lr', 'benchmark', 'clustering', 'custom_imports', 'data', 'data_format', 'data_proposals', 'epochs',
        'find_unused_parameters', 'iters', 'model_wrapper_cfg', 'protocols', 'resume_anew', 'runner_type', 'runs',
        'suite', 'table', 'train_evaluator')
READ = {*inspect.signature(Runner.__init__).parameters, *OURS} - {'self', 'cfg'}
DICTS = {name for name in READ if name.endswith(('_dataloader', '_cfg', '_wrapper', '_hooks', '_evaluator'))} | {
    'auto_scale_lr', 'benchmark', 'clustering', 'custom_imports', 'data_preprocessor', 'log_processor', 'model',
    'param_scheduler', 'randomness', 'visualizer'}
_LOADER = {*inspect.signature(DataLoader.__init__).parameters, 'dataset', 'num_batch_per_epoch'} - {'self'}
UNTYPED = {'train_dataloader': _LOADER, 'val_dataloader': _LOADER, 'test_dataloader': _LOADER,
           'randomness': {*inspect.signature(Runner.set_randomness).parameters} - {'self'}}
_ANYWHERE = {'type', '_delete_', '_scope_', 'priority', 'convert_to_iter_based'}  # taken out before a class sees them


def nearest(name: str, known: Iterable[str], cutoff: float) -> str | None:
    """The known name that ``name`` is most probably a misspelling of; None if it is none, or differs in digits alone.

    Args:
        name: what nobody knows.
        known: the names that there are.
        cutoff: difflib's ratio in [0, 1] from which on names are close.
    """
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=cutoff)
    if not near or re.sub(r'\d', '', name) == re.sub(r'\d', '', near[0]):
        return None
    return near[0]


def check_file(cfg: Config) -> None:
    """Raise if a config file defines a dict or list under a name that is nearly one that is read, or a data loader or
    the randomness has such a key.

    Names of other things are variables: a name that the file uses again is one, or that begins with ``_``.

    Raises:
        ValueError: with the key and the nearest name.
    """
    for key, value in cfg.items():
        if key in READ or key.startswith('_') or not isinstance(value, (dict, list)):
            continue
        near = nearest(key, DICTS, 0.85)
        if near and len(re.findall(rf'\b{re.escape(key)}\b', cfg.text)) < 2:
            raise ValueError(f'{cfg.filename}: nothing reads {key}; did you mean {near}? (a variable that is meant may '
                             'begin with _)')
    for place, known in UNTYPED.items():
        for key in set(cfg.get(place) or ()) - known:
            if near := nearest(key, known, 0.75):
                raise ValueError(f'{cfg.filename}: {place} has no {key}; did you mean {near}?')


def check_options(before: Mapping[str, Any], after: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """Raise if an option adds a key that is nearly one that is read there.

    At the top that is what commands read, in a dict with a ``type`` the arguments of that class. Other new keys pass:
    they are variables, or their class refuses them itself.

    Args:
        before: the config.
        after: the config with the options.
        options: dict of dotted keys.

    Raises:
        ValueError: with the option and the nearest name.
    """
    for option in options:
        *above, last = option.split('.')
        if _holds(_at(before, above), last):
            continue
        first, *rest = option.split('.')
        if not _holds(before, first) and first not in READ and (near := nearest(first, READ, 0.8)):
            raise ValueError(f'option {option}: nothing reads {first}; did you mean {".".join([near, *rest])}?')
        parent = _at(after, above)
        if not above or not isinstance(parent, Mapping):
            continue
        known = _arguments(parent.get('type')) or UNTYPED.get('.'.join(above)) or set()
        if last not in known | _ANYWHERE and (near := nearest(last, known, 0.75)):
            raise ValueError(f'option {option}: {parent.get("type") or ".".join(above)} has no {last}; did you mean '
                             f'{".".join([*above, near])}?')


def _holds(part: Any, key: str) -> bool:
    """Whether a config's dict or list has something at a key of an option."""
    if isinstance(part, (list, tuple)):
        return key.isdigit() and int(key) < len(part)
    return isinstance(part, Mapping) and key in part


def _at(cfg: Any, keys: Iterable[str]) -> Any:
    """What stands at the keys of an option; None if nothing does."""
    for key in keys:
        if not _holds(cfg, key):
            return None
        cfg = cfg[int(key)] if isinstance(cfg, (list, tuple)) else cfg[key]
    return cfg


def _arguments(name: Any) -> set[str]:
    """Arguments of all classes of that name, whatever their registry; none where a class takes any."""
    if not isinstance(name, str):
        return set()
    found: set[str] = set()
    for each in registries():
        for shelf in (each, each.parent):
            kind = shelf.module_dict.get(name.rpartition('.')[2]) if shelf is not None else None
            names = accepted_arguments(kind) if kind is not None else set()
            if names is None:
                return set()
            found |= names
    return found


def registries() -> list[registry.Registry]:
    """Every registry of mmwsl, with what is registered there by us and by plugins."""
    every = [each for each in vars(registry).values() if isinstance(each, registry.Registry)]
    for each in every:
        each.import_from_location()
    return every
