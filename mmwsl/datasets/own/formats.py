"""Which form a user's own labels have, and their reader."""

import os
from collections.abc import Callable
from pathlib import Path

from mmwsl.datasets.own import folders
from mmwsl.datasets.own.records import Records

Form = tuple[Callable[[Path], bool], Callable[[Path], Records]]

# name of a form -> whether a path looks like it, and what reads it; the first that fits is taken
FORMATS: dict[str, Form] = {
    'class folders': (lambda path: path.is_dir() and folders.has_class_folders(path), folders.read_class_folders),
    'photos': (lambda path: path.is_dir(), folders.read_photos),
}


def read_own_data(data: os.PathLike[str] | str, format: str | None = None) -> Records:
    """Read a user's own photos and labels.

    Args:
        data: a folder or a file, see :data:`FORMATS`.
        format: one of :data:`FORMATS`; None = recognised.

    Raises:
        FileNotFoundError: no such file or folder.
        ValueError: an unknown format, none that fits, two that fit, or labels that cannot be used.
    """
    path = Path(data)
    if not path.exists():
        raise FileNotFoundError(f'--data {path} does not exist (looked for from {Path.cwd()})')
    if format is not None:
        if format not in FORMATS:
            raise ValueError(f'format {format!r} is unknown; choose one of {", ".join(FORMATS)}')
        return FORMATS[format][1](path)
    for fits, read in FORMATS.values():
        if fits(path):
            return read(path)
    raise ValueError(f'--data {path}: none of the forms {", ".join(FORMATS)}; name it by --format')
