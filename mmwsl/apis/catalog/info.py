"""What is known of a name: of a class, a protocol, a method or a config."""

import difflib
import re
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mmwsl.apis.catalog.docstrings import arguments, paper, paragraphs
from mmwsl.apis.catalog.kinds import Entry, entries, inherited
from mmwsl.apis.catalog.usage import ENOUGH, configs_with, figures_by, figures_of
from mmwsl.apis.config import PREFIX, load_config
from mmwsl.shipped import configs_of, describe_config, shipped_configs

WIDTH = 110
NO_FIGURE = 'no figure of ours'
FIGURES = 'our figures (by the names of the suite, whose methods may have options of their own)'


def describe(name: str) -> str:
    """Text on everything of that name: what it is, its arguments, its configs, its paper, our figures.

    Args:
        name: of a registered class (``'SimCLR'``, in any case, without or with ``_``), a protocol (``'knn'``), a method
            (``'moco_v2'``) or a shipped config.

    Raises:
        KeyError: nothing has that name; the message lists the nearest.
    """
    known = entries()
    found = [entry for entry in known if entry.name == name] or \
        [entry for entry in known if _plain(entry.name) == _plain(name)]
    if found:
        texts = [_describe_entry(entry, name) for entry in found]
        if name.islower() and not {'methods', 'supervised', 'protocols'} & {entry.kind for entry in found}:
            texts += [_describe_method(name, configs)] if (configs := configs_of(name)) else []
        return '\n'.join(texts)
    file = name.removeprefix(PREFIX).removeprefix('configs/').removesuffix('.py')
    for config in shipped_configs():
        if file in (config.removesuffix('.py'), Path(config).stem):
            return _describe_config(config)
    if configs := configs_of(name):
        return _describe_method(name, configs)
    if found := [entry for entry in inherited() if _plain(entry.name) == _plain(name)]:
        return _describe_entry(found[0], name)
    methods = {stem for config in shipped_configs() for stem in (Path(config).parent.name, Path(config).stem)}
    plain = {_plain(each): each for each in [*methods, *(entry.name for entry in known)]}
    near = [plain[each] for each in difflib.get_close_matches(_plain(name), plain, n=4, cutoff=0.6)]
    raise KeyError(f'nothing is called {name!r}' + (f'; did you mean {", ".join(near)}? ' if near else '; ')
                   + '`mmwsl list` has the names there are')


def _plain(name: str) -> str:
    return re.sub(r'[-_ ]', '', name).lower()


def _describe_entry(entry: Entry, name: str) -> str:
    is_protocol = entry.kind == 'protocols'
    is_method = entry.kind in ('methods', 'supervised')
    configs, others = configs_with(entry.name, is_protocol, None if is_method else ENOUGH)
    figures = figures_by(entry.name) if is_protocol else figures_of(configs) if is_method else None
    what = f'{entry.name}, of the {entry.kind}: {entry.item.__module__}.{entry.item.__qualname__}'
    return what + '\n\n' + _paragraph(_first(entry.item)) + _section('paper', [paper(entry.item)]) \
        + _section('arguments', _arguments(entry.item)) \
        + _section('configs', [*map(describe_config, configs), *_more(entry.name, others)], wrap=False) \
        + _section(FIGURES, [NO_FIGURE] if figures == [] else figures or [])


def _first(item: Callable[..., Any]) -> str:
    return next(iter(paragraphs(item.__doc__)), 'no docstring')


def _arguments(item: Callable[..., Any]) -> list[str]:
    return [each.name + (f'={each.default}' if each.default else '') + (f': {each.meaning}' if each.meaning else '')
            for each in arguments(item)]


def _more(name: str, count: int) -> list[str]:
    return [f'and up to {count} more, whose files or their bases name {name}'] if count else []


def _describe_method(name: str, configs: Sequence[str]) -> str:
    kinds = _kinds(configs[0])
    return f'{name}: {len(configs)} configs' + (f' of a {kinds}' if kinds else '') + '\n' \
        + _section('configs', list(map(describe_config, configs)), wrap=False) \
        + _section(FIGURES, figures_of(configs) or [NO_FIGURE]) \
        + (f'\nmmwsl info {kinds.split()[0]}: its arguments and its paper\n' if kinds else '')


def _kinds(config: str) -> str:
    """``'Localizer with a CAMHead and a ResNet'``: the classes of the model of a config; empty if it has none."""
    model = load_config(PREFIX + config).get('model') or {}
    parts = [model[part]['type'] for part in ('head', 'backbone') if isinstance(model.get(part), dict)
             and 'type' in model[part]]
    return str(model.get('type', '')) + (' with ' * bool(parts)) + ' and '.join(parts)


def _describe_config(config: str) -> str:
    cfg = load_config(PREFIX + config)
    lines = [f'model: {kinds}'] if (kinds := _kinds(config)) else []
    loader, loop = cfg.get('train_dataloader'), cfg.get('train_cfg') or {}
    if loader:
        length = ', '.join(f'{loop[key]} {unit}' for key, unit in
                           (('max_epochs', 'epochs'), ('max_iters', 'iterations')) if loop.get(key))
        lines.append(f'training: {length}, batches of {loader.batch_size} a rank, data set {loader.dataset.type}')
    benchmark = cfg.get('benchmark') or {}
    if benchmark:
        lines.append(f'benchmark: {benchmark.get("dataset")}, by {", ".join(benchmark.get("protocols") or ())}')
    if cfg.get('runs'):
        lines.append(f'suite: {", ".join(dict.fromkeys(run["method"] for run in cfg.runs))}, by '
                     f'{", ".join(cfg.protocols)}')
    figures = figures_of([config]) or [NO_FIGURE]
    return describe_config(config) + '\n\n' + ''.join(f'{_paragraph(line)}' for line in lines) \
        + _section(FIGURES, figures)


def _paragraph(text: str, indent: str = '') -> str:
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent and indent + '    ',
                         break_long_words=False, break_on_hyphens=False) + '\n'


def _section(title: str, lines: Sequence[str], wrap: bool = True) -> str:
    lines = [line for line in lines if line]
    body = ''.join(_paragraph(line, '  ') if wrap else f'  {line}\n' for line in lines)
    return f'\n{title}:\n{body}' if lines else ''
