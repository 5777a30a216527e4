"""Where the configs lie that ship with mmwsl."""

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
