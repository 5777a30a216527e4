"""Folders, lists and class maps, as the archives have them."""

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


def save_class_map(array, path):
    """Write uint8 (H, W) as a grey PNG."""
    write_atomically(path, lambda file: Image.fromarray(array).save(file, format='PNG'))
