"""Folders of photos: without labels, or with a folder for each class."""

import os
from pathlib import Path

import torch

from mmwsl.datasets.own.layout import PHOTO_FOLDERS, other_files, part_of, photos_below
from mmwsl.datasets.own.masks import MASK_FOLDERS
from mmwsl.datasets.own.records import Records

# what tools call folders that are no classes
NO_CLASSES = {name.lower() for name in (*PHOTO_FOLDERS, *MASK_FOLDERS, 'ImageSets', 'SegmentationObject', 'train2017',
                                        'val2017', 'train2014', 'val2014', 'test2017')}


def read_photos(path: Path) -> Records:
    """The photos of a folder, at any depth, without labels.

    Raises:
        ValueError: there are none.
    """
    others = other_files(path)
    remarks = [f'other files are not used: {others}; where they are labels, say by --format which'] if others else []
    names = _names(path)
    folders = {entry.name for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith('.')}
    empty = sorted(folders - {name.split(os.sep)[0] for name in names})
    if empty:
        remarks.append(f'folders without a photo: {", ".join(empty)}; if these are classes, fill or remove them')
    return Records(str(path), 'photos', [str(path / name) for name in names], remarks=remarks)


def has_class_folders(path: Path) -> bool:
    """Whether all photos of a folder lie in two class folders or more, perhaps below ``train`` and ``test``.

    Folders that are called ``images``, ``masks`` or the like are none.
    """
    names = [name.split(os.sep) for name in photos_below(path)]
    if any(len(name) == 1 for name in names):
        return False
    folders = {name[0] for name in names}
    if folders and all(part_of(folder) for folder in folders):
        if any(len(name) == 2 for name in names):
            return False
        folders = {name[1] for name in names}
    return len(folders) > 1 and not any(folder.lower() in NO_CLASSES for folder in folders)


def read_class_folders(path: Path) -> Records:
    """``CLASS/.../photo.jpg``, or ``train/CLASS/...`` beside ``test/CLASS/...`` (also ``val``, ``valid``).

    Raises:
        ValueError: no photos, some that lie in no class folder, or a class folder without photos.
    """
    names = [name.split(os.sep) for name in _names(path)]
    split = all(part_of(name[0]) for name in names)
    level = 1 if split else 0
    loose = [os.sep.join(name) for name in names if len(name) < level + 2]
    if loose:
        raise ValueError(f'{path}: {len(loose)} photos lie in no class folder, for instance {loose[0]}; move them')
    roots = [path / folder for folder in sorted({name[0] for name in names})] if split else [path]
    # a class may be missing in one part, but a folder that is there has photos
    there = {(str(root), entry.name) for root in roots for entry in root.iterdir()
             if entry.is_dir() and not entry.name.startswith('.')}
    filled = {(str(path / name[0]) if split else str(path), name[level]) for name in names}
    empty = sorted(os.path.join(*each) for each in there - filled)
    if empty:
        raise ValueError(f'{path}: class folders without a photo: {", ".join(empty)}; fill or remove them')
    classes = sorted({name[level] for name in names})
    numbers = torch.tensor([classes.index(name[level]) for name in names])
    return Records(str(path), 'class folders', [str(path / os.sep.join(name)) for name in names], classes,
                   torch.nn.functional.one_hot(numbers, len(classes)).float(), None,
                   [part_of(name[0]) if split else None for name in names],
                   remarks=[f'other files are not used: {other_files(path)}'] if other_files(path) else [])


def _names(path: Path) -> list[str]:
    names = photos_below(path)
    if not names:
        raise ValueError(f'there are no photos in {path}, at any depth')
    return names
