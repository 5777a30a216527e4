"""A user's own photos as a list, with what they are called: for the commands that look at photos one by one."""

import os
from pathlib import Path
from typing import Any, NamedTuple

from mmwsl.datasets.own import Records, read_own_data
from mmwsl.datasets.own.formats import recognize

WITHOUT_FILES = ('class_folders', 'photos')  # forms of which the folders are all there is


class OwnPhotos(NamedTuple):
    """Photos and their labels in words.

    Attributes:
        root: the folder that all of them lie below.
        names: N paths below it.
        tags: name -> the classes that a photo is known to show, perhaps none; None = not known.
        one_class: whether each photo has exactly one class.
        form: how the labels are written.
        remarks: what a user should know.
        dataset: arguments of :class:`mmwsl.datasets.OwnData`.
    """
    root: Path
    names: list[str]
    tags: dict[str, tuple[str, ...] | None]
    one_class: bool
    form: str
    remarks: list[str]
    dataset: dict[str, Any]


def own_photos(data: os.PathLike[str] | str, format: str | None = None) -> OwnPhotos:
    """Read all photos of ``data``, those to train on and those to test on.

    Raises:
        FileNotFoundError, ValueError: see :func:`mmwsl.datasets.own.read_own_data`.
    """
    records = read_own_data(data, format)
    paths = [os.path.abspath(path) for path in records.paths]
    root = os.path.commonpath([os.path.dirname(path) for path in paths])
    names = [os.path.relpath(path, root) for path in paths]
    said = dict(data=os.fspath(data)) | ({} if format is None else dict(format=format))
    return OwnPhotos(Path(root), names, dict(zip(names, _tags(records), strict=True)), records.one_class_each,
                     records.form, list(records.remarks), said)


def has_label_files(path: os.PathLike[str] | str) -> bool:
    """Whether a path is a file, or a folder with labels in files; folders of photos and class folders have none.

    Raises:
        ValueError: labels in several forms.
    """
    path = Path(path)
    return path.is_file() or path.is_dir() and recognize(path) not in WITHOUT_FILES


def _tags(records: Records) -> list[tuple[str, ...] | None]:
    if records.tags is None:
        return [None] * len(records.paths)
    return [None if (row < 0).all() else tuple(name for name, value in zip(records.classes, row.tolist(), strict=True)
                                               if value == 1) for row in records.tags]
