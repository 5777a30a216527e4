"""Folders, lists and class maps, as the archives have them."""

import re
from pathlib import Path

from PIL import Image

from mmwsl.files import read_lines, write_atomically


def existing_folder(path, what):
    """``path`` as a Path; FileNotFoundError with the advice ``what`` if it is no folder."""
    if not Path(path).is_dir():
        raise FileNotFoundError(f'{path} does not exist; {what}')
    return Path(path)


def read_list(path):
    """The lines of a text file that are not blank, stripped; FileNotFoundError if there is no such file."""
    if not Path(path).is_file():
        raise FileNotFoundError(f'the list {path} does not exist')
    return [line.strip() for line in read_lines(path) if line.strip()]


def inner_path(name, source, folders=False):
    """``name``, if it stays inside the folder that it is joined to and takes one line of a list.

    Args:
        name: of a file or folder, as a file of others has it.
        source: that file, for the message.
        folders: whether ``/`` may stand in it.

    Raises:
        ValueError: it leads elsewhere, or has a line break or another control character.
    """
    parts = re.split(r'[/\\]', str(name))
    if (any(part in ('', '.', '..') for part in parts) or len(parts) > 1 and not folders or ':' in parts[0]
            or not str(name).isprintable()):
        raise ValueError(f'{source}: {name!r} leads out of the folder, or is no one line; correct it, names have no '
                         f'.., line break or {"leading /" if folders else "/"}')
    return str(name)


def save_class_map(array, path):
    """Write uint8 (H, W) as a grey PNG."""
    write_atomically(path, lambda file: Image.fromarray(array).save(file, format='PNG'))
