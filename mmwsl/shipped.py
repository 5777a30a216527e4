"""Where the configs and the records lie that ship with mmwsl."""

import re
from collections.abc import Iterable
from pathlib import Path

import mmwsl


def configs_root() -> Path:
    """Folder of the configs that ship with mmwsl: inside the installed package, or beside it in a clone.

    Raises:
        FileNotFoundError: neither exists.
    """
    package = Path(mmwsl.__file__).parent
    for folder in (package / 'configs', package.parent / 'configs'):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f'no configs folder in {package} or beside it; reinstall mmwsl')


def shipped_configs() -> list[str]:
    """Names of the shipped configs that can be run, sorted, as seen from :func:`configs_root`, with ``/``."""
    root = configs_root()
    files = (file.relative_to(root) for file in root.rglob('*.py'))
    return sorted(file.as_posix() for file in files if '_base_' not in file.parts)


# what a name says of a training: ranks, epochs and data; networks that a CPU trains; data that are made on the fly
_RECIPE = re.compile(r'_(?P<ranks>\d+)xb\d+-[a-z0-9]+-(?P<epochs>\d+)e_(?P<data>[a-z0-9]+)\.py$')
_NARROW = re.compile(r'_(r\d+w\d+|r8|(vit|swin)xs\d*|seq32|bagencoder)_')
_MADE = ('digits', 'digitscenes', 'digitbags', 'scenebags', 'shapes', 'syntheticsequences')


def is_small(name: str) -> bool:
    """Whether a config's name says that a CPU is enough for its training."""
    recipe = _RECIPE.search(name)
    return bool(recipe and recipe['ranks'] == '1' and _NARROW.search(name))


def is_made(name: str) -> bool:
    """Whether a config's name says that its data are made on the fly, so that there is nothing to download."""
    recipe = _RECIPE.search(name)
    return bool(recipe and recipe['data'] in _MADE)


def configs_of(method: str) -> list[str]:
    """Names of the shipped configs of a method, or of another folder of configs, those for a CPU first.

    Args:
        method: ``'moco'`` or ``'selfsup/moco'``, a folder, or else ``'moco_v2'``, how files' names begin; in any case.
    """
    method = method.lower().replace('-', '_').strip('/')
    names = shipped_configs()
    inside = [name for name in names if f'/{name.rpartition("/")[0]}'.endswith(f'/{method}')] if method else []
    return smallest_first(inside or [name for name in names
                                     if f'{Path(name).stem}_'.startswith(f'{method}_')])


def smallest_first(names: Iterable[str]) -> list[str]:
    """Names of configs, sorted: those for a CPU first, and of these the ones without a download; suites last."""

    def order(name: str) -> tuple[bool, bool, bool, int, str]:
        recipe = _RECIPE.search(name)
        epochs = int(recipe['epochs']) if recipe else 0
        return name.startswith('suites/'), not is_small(name), not is_made(name), epochs, name

    return sorted(names, key=order)


def describe_config(name: str) -> str:
    """``mmwsl::NAME``, and in brackets what the name says of its needs."""
    needs = ['a CPU is enough'] * is_small(name) + ['no data needed'] * is_made(name)
    return f'mmwsl::{name}' + (f' ({", ".join(needs)})' if needs else '')


def shipped_records() -> list[Path]:
    """Files of the records behind our published tables: in the installed package, or in the docs of a clone."""
    package = Path(mmwsl.__file__).parent
    for folder in (package / 'results', package.parent / 'docs' / 'results'):
        if folder.is_dir():
            return sorted(folder.glob('*/records.jsonl'))
    return []
