"""COCO JSON: boxes and masks of objects as COCO, CVAT, Label Studio and Roboflow write them."""

import mmap
from pathlib import Path

from mmwsl.datasets.own.layout import PHOTO_FOLDERS, PhotoFinder, part_files, photos_absent, shown
from mmwsl.datasets.own.records import Records
from mmwsl.datasets.readers.coco import annotations_of
from mmwsl.datasets.readers.coco_file import read_instances
from mmwsl.datasets.readers.voc import presence

KEYS = (b'"images"', b'"annotations"', b'"categories"')


def is_instances(path: Path) -> bool:
    """Whether a JSON file has the three lists of COCO's instances; its text is searched, not read as JSON."""
    if path.suffix.lower() != '.json' or not path.is_file() or not path.stat().st_size:
        return False
    with open(path, 'rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return all(content.find(key) >= 0 for key in KEYS)


def has_coco(path: Path) -> bool:
    """Whether a path is a file of instances, or a folder with one or with one for each part."""
    return path.suffix.lower() == '.json' if path.is_file() else bool(_files(path))


def _files(path: Path) -> list[tuple[Path, str | None]]:
    """The files; where some are called ``instances...``, as COCO's are beside its key points, these alone."""
    folders = [path, *(folder for folder in path.iterdir() if folder.is_dir())]
    plain = any(file.name.startswith('instances') and is_instances(file) for folder in folders
                for file in folder.glob('instances*.json'))
    return part_files(path, lambda file: is_instances(file) and (not plain or file.name.startswith('instances')))


def read_coco(path: Path) -> Records:
    """A JSON file of instances, or a folder with one, with ``train...`` and ``val...``, or one in each part.

    Photos are looked for beside the file, in ``images`` and the like, in a folder of the file's name or of the last
    word of it (``instances_train2017.json``: ``train2017``), there and one level up. Files of several parts are put
    together by the names of their categories.

    Raises:
        FileNotFoundError: photos are missing.
        ValueError: the file is no COCO JSON, or contradicts itself; no objects; a photo in two files.
    """
    files = [(path, None)] if path.is_file() else _files(path)
    if not files:
        raise ValueError(f'{path}: no JSON file with images, annotations and categories')
    contents = [read_instances(file) for file, _ in files]
    classes: list[str] = []
    for content in contents:
        names = [each['name'] for each in sorted(content['categories'], key=lambda each: each['id'])]
        classes += [name for name in names if name not in classes]
    paths, annotations, parts = [], [], []
    for (file, part), content in zip(files, contents, strict=True):
        label_of = {each['id']: classes.index(each['name']) for each in content['categories']}
        annotations += annotations_of(content, label_of, str(file))
        paths += _photos(file, [image['file_name'] for image in content['images']])
        parts += [part] * len(content['images'])
    if len(set(paths)) < len(paths):
        first: dict[str, None] = {}
        twice = [photo for photo in paths if photo in first or first.setdefault(photo)]
        raise ValueError(f'{path}: {len(twice)} photos stand in several files: {shown(twice)}; a photo is trained on '
                         'or tested on, not both')
    if not any(len(each['boxes']) for each in annotations):
        raise ValueError(f'{path}: {len(paths)} photos and no annotation; nothing can be learnt from it')
    return Records(str(path), 'COCO JSON', paths, classes, presence(annotations, len(classes)), annotations, parts)


def _photos(file: Path, names: list[str]) -> list[str]:
    words = (*PHOTO_FOLDERS, file.stem, file.stem.rpartition('_')[2])
    finder = PhotoFinder([root / word for root in (file.parent, file.parent.parent) for word in ('', *words)])
    found = [finder(name) for name in names]
    absent = [name for name, each in zip(names, found, strict=True) if each is None]
    if absent:
        raise photos_absent(file, absent, len(names), finder.folders)
    return [each for each in found if each is not None]
