"""Scaling of a training's length, with everything that goes by it."""

from fractions import Fraction
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log

from mmwsl.engine.schedules import LENGTHS, change_lengths, has_fractions, nearest, whole_iterations
from mmwsl.registry import HOOKS

# Arguments of mmengine's hooks that follow the length of training; ours say so themselves, by ``lengths``.
HOOK_LENGTHS = dict(EMAHook=('begin_epoch', 'begin_iter'))


def scale_lengths(cfg: Config, epochs: int | None = None, iters: int | None = None) -> None:
    """Make the training of ``cfg`` so many epochs, or iterations, long, and scale all parts of its schedule alike.

    Parts are the lengths of parameter schedulers (warm-up, steps, periods), also of those by iterations in a training
    by epochs, and of hooks (:data:`HOOK_LENGTHS`, ``FreezeHook``). Schedulers whose lengths become fractions of an
    epoch go by iterations then. Shares of the training (teachers' momenta) follow by themselves; intervals (of
    checkpoints, of clustering) stay. What changes is logged.

    Args:
        cfg: training config, changed in place.
        epochs, iters: the new length; at most one of the two.

    Raises:
        ValueError: both, no whole number above 0, or one that is not what ``train_cfg`` counts.
    """
    if epochs is None and iters is None:
        return
    if epochs is not None and iters is not None:
        raise ValueError(f'epochs={epochs} and iters={iters}: a training has one length, give one of the two')
    name, length, other = ('epochs', epochs, 'iters') if iters is None else ('iters', iters, 'epochs')
    if not isinstance(length, int) or isinstance(length, bool) or length < 1:
        raise ValueError(f'{name}={length!r}: it must be a whole number, 1 or more')
    loop, key = cfg.get('train_cfg') or {}, f'max_{name}'
    if loop.get(key) is None:
        counted = loop.get(f'max_{other}')
        raise ValueError(f'{cfg.filename or "the config"}: ' + (
            f'its training is counted in {other} (train_cfg.max_{other}={counted}), not in {name}; use --{other} N, or '
            f'{other}=N in a config' if counted else f'there is no train_cfg.{key} that {name}={length} could scale'))
    factor, lines = Fraction(length, loop[key]), [f'{name} {loop[key]} -> {length}']
    if factor == 1:
        return
    loop[key] = length
    if loop.get('val_begin', 1) > 1:
        lines += _change(loop, 'val_begin', nearest(loop['val_begin'] * factor), 'train_cfg')
    if cfg.get('param_scheduler'):
        cfg.param_scheduler = _scale_schedulers(cfg.param_scheduler, factor, lines)
    for hook in [*(cfg.get('default_hooks') or {}).values(), *(cfg.get('custom_hooks') or [])]:
        lines += _scale_hook(hook, factor) if isinstance(hook, dict) and 'type' in hook else []
    print_log('\n  '.join(lines), logger='current')


def _scale_schedulers(schedulers: Any, factor: Fraction, lines: list[str]) -> Any:
    """Scale a scheduler's config, a list of them, or a dict of these by optimiser; note in ``lines`` what changed."""
    if isinstance(schedulers, (list, tuple)):
        return [_scale_schedulers(each, factor, lines) for each in schedulers]
    if 'type' not in schedulers:
        return {name: _scale_schedulers(each, factor, lines) for name, each in schedulers.items()}
    if schedulers.get('by_epoch', True):
        scaled = change_lengths(schedulers, lambda value: _simplest(Fraction(value) * factor))
        if has_fractions(scaled) or 'end' in scaled and scaled['end'] - scaled.get('begin', 0) < 2:
            scaled['convert_to_iter_based'] = True
    else:
        scaled = whole_iterations(schedulers, factor)
    if 'Exponential' in str(scaled['type']):
        scaled['gamma'] = schedulers['gamma'] ** float(1 / factor)
    lines += [f'{scaled["type"]} {name} {_shown(schedulers[name])} -> {_shown(scaled[name])}'
              for name in (*LENGTHS, 'gamma') if name in scaled and scaled[name] != schedulers[name]]
    return scaled


def _scale_hook(hook: dict[str, Any], factor: Fraction) -> list[str]:
    """Scale the lengths among a hook's settings in place; returns the lines that say so."""
    kind = HOOKS.get(hook['type']) if isinstance(hook['type'], str) else hook['type']
    names = getattr(kind, 'lengths', HOOK_LENGTHS.get(kind.__name__, ()))
    lines = []
    for name in names:
        if hook.get(name):
            exact = hook[name] * factor
            lines += _change(hook, name, _simplest(exact) if name == 'epochs' else nearest(exact), kind.__name__)
    return lines


def _change(settings: dict[str, Any], name: str, value: Any, owner: str) -> list[str]:
    old, settings[name] = settings[name], value
    return [f'{owner} {name} {_shown(old)} -> {_shown(value)}'] if value != old else []


def _simplest(value: Fraction) -> int | float:
    """An int where ``value`` is whole, else a float."""
    return int(value) if value == int(value) else float(value)


def _shown(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f'[{", ".join(map(_shown, value))}]'
    return str(value) if isinstance(value, int) else f'{value:.4g}'
