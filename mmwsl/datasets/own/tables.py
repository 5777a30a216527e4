"""Tables of labels: a CSV or Parquet file with the columns file and tags, a column a tag, boxes, or masks."""

import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmwsl.datasets.own.layout import PHOTO_FOLDERS, PhotoFinder, part_files, part_of, photos_absent, shown
from mmwsl.datasets.own.masks import class_map_records
from mmwsl.datasets.own.records import Records
from mmwsl.datasets.own.table_cells import is_table, read_cells
from mmwsl.datasets.readers.voc import presence
from mmwsl.datasets.transforms.decode import EXTENSIONS

# what a column holds -> what it may be called, whatever the case; `_`, `-` and spaces do not count
NAMES = dict(
    file=('file', 'filename', 'filepath', 'path', 'image', 'imagepath', 'imagename', 'imagefile', 'img', 'photo',
          'imageid'),
    tags=('tags', 'tag', 'labels', 'label', 'labelname', 'classes', 'class', 'classname', 'categories', 'category'),
    mask=('mask', 'maskpath', 'maskfile', 'classmap', 'segmentation'),
    split=('split', 'set', 'subset', 'part'),
    xmin=('xmin', 'x1', 'left'), ymin=('ymin', 'y1', 'top'),
    xmax=('xmax', 'x2', 'right'), ymax=('ymax', 'y2', 'bottom'),
    width=('width', 'imagewidth'), height=('height', 'imageheight'))
BOX = ('xmin', 'ymin', 'xmax', 'ymax')
FLAGS = {'1': 1, '1.0': 1, 'true': 1, 'yes': 1, '0': 0, '0.0': 0, 'false': 0, 'no': 0, '-1': -1, '-1.0': -1, '': -1}


def is_labels(path: Path) -> bool:
    """Whether a file is a table with a column of files."""
    if not is_table(path):
        return False
    try:
        return 'file' in _columns(read_cells(path)[0])
    except (ValueError, OSError):
        return False


def has_tables(path: Path) -> bool:
    """Whether a path is a table, or a folder with one or with one for each part."""
    return is_table(path) if path.is_file() else bool(part_files(path, is_labels))


@dataclass
class _Photo:
    """What the rows of one photo say."""

    part: str | None = None
    tags: dict[str, int] = field(default_factory=dict)
    boxes: list[list[float]] = field(default_factory=list)
    box_names: list[str] = field(default_factory=list)
    objects: list[str] = field(default_factory=list)
    size: tuple[int, int] | None = None
    mask: str | None = None


def read_tables(path: Path) -> Records:
    """A table whose rows name photos, by their paths from its folder.

    Beside the column ``file`` it has ``tags`` (names with ``;`` between them; several rows of a photo add up); or a
    column for each tag (1, 0, and -1 or nothing for not known); or ``class``, ``xmin``, ``ymin``, ``xmax``, ``ymax`` in
    pixels from 0, a row a box, all of them empty for a photo without objects; or ``mask``. ``split`` (train, val, test)
    may stand in each, and ``width`` and ``height`` of the photo beside boxes.

    Raises:
        FileNotFoundError: photos or masks that are named are not there.
        ValueError: a cell that cannot be read, rows of a photo that contradict each other, or no labels at all.
    """
    files = part_files(path, is_table if path.is_file() else is_labels)
    if not files:
        raise ValueError(f'{path}: no CSV or Parquet file with a column `file`')
    photos: dict[str, _Photo] = {}
    classes: dict[str, None] = {}  # in the order of columns; other names are sorted
    kinds, remarks = set(), list[str]()
    for file, part in files:
        kinds.add(_read_file(file, part, photos, classes, remarks))
    if len(kinds) > 1:
        raise ValueError(f'{path}: its tables have labels of different kinds: {", ".join(sorted(kinds))}; name one')
    kind, found = kinds.pop(), list(photos.values())
    parts = [photo.part for photo in found]
    if kind == 'mask':
        return class_map_records(path, 'CSV of masks', list(photos), [str(photo.mask) for photo in found], parts,
                                 remarks)
    names = list(classes) if kind == 'columns' else sorted(classes, key=_by_number)
    if kind == 'photos':
        return Records(str(path), 'list of photos', list(photos), parts=parts, remarks=remarks)
    if not any(1 in photo.tags.values() for photo in found):
        raise ValueError(f'{path}: no photo has a label; fill in its {kind}')
    if kind == 'boxes':
        annotations = [_annotation(photo, names, path) for photo in found]
        _check_pixels(path, annotations)
        return Records(str(path), 'CSV of boxes', list(photos), names, presence(annotations, len(names)), annotations,
                       parts, remarks=remarks)
    unknown = 0 if kind == 'tags' else -1
    tags = torch.tensor([[float(photo.tags.get(name, unknown)) for name in names] for photo in found])
    return Records(str(path), 'CSV of tags', list(photos), names, tags, None, parts, remarks=remarks)


def _read_file(file: Path, part: str | None, photos: dict[str, _Photo], classes: dict[str, None],
               remarks: list[str]) -> str:
    """Add the rows of a table to ``photos`` and its names to ``classes``; returns the kind of its labels."""
    heading, rows, separators = read_cells(file)
    columns = _columns(heading)
    if 'file' not in columns:
        first = heading[0].lower().endswith(EXTENSIONS)
        raise ValueError(f'{file} has no column `file`, but {shown(heading)}; '
                         + ('give it a heading, as in `file,tags`' if first else 'name the column of the photos so'))
    if 'mask' in columns and all(cells[columns['mask']].lower() in FLAGS for _, cells in rows):
        columns.pop('mask')  # a tag of that name
    # tools write the numbers of rows into a column without a name
    others = [name for position, name in enumerate(heading)
              if position not in columns.values() and name and not name.lower().startswith('unnamed:')]
    if len(set(others)) < len(others):
        raise ValueError(f'{file}: a column stands twice in its heading: {", ".join(heading)}')
    kind = _kind(file, columns, others)
    if others and kind != 'columns':
        remarks.append(f'{file.name}: the columns {shown(others)} are not used')
    if kind == 'columns':
        classes |= dict.fromkeys(others)
    base = file.parent
    finder = PhotoFinder([base, *(base / name for name in (*PHOTO_FOLDERS, file.stem))])
    masks = PhotoFinder([base, base / 'masks'])
    absent: dict[str, list[str]] = dict(file=[], mask=[])
    for number, cells in rows:
        row = {name: cells[position] for name, position in columns.items()}
        where = f'{file}, row {number}'
        path = finder(row['file'])
        if path is None:
            absent['file'].append(row['file'] or f'nothing in row {number}')
            continue
        known = path in photos
        photo = photos.setdefault(path, _Photo())
        _set_part(photo, known, part, row.get('split', ''), row['file'], where)
        if kind == 'tags':
            for separator in separators[1:]:
                row['tags'] = row['tags'].replace(separator, separators[0])
            photo.tags |= {name.strip(): 1 for name in row['tags'].split(separators[0]) if name.strip()}
            classes |= dict.fromkeys(photo.tags)
        elif kind == 'columns':
            _add_flags(photo, others, [cells[heading.index(name)] for name in others], where)
        elif kind == 'boxes':
            _add_box(photo, row, number, where)
            classes |= dict.fromkeys(photo.tags)
        elif kind == 'mask':
            mask = masks(row['mask'])
            if mask is None:
                absent['mask'].append(row['mask'] or f'none for {row["file"]}')
            elif photo.mask is not None:
                raise ValueError(f'{where}: {row["file"]} has the mask {photo.mask} already; a photo has one mask')
            photo.mask = mask
    for name, folders in (('file', finder.folders), ('mask', masks.folders)):
        if absent[name]:
            unique = list(dict.fromkeys(absent[name]))
            total = len({cells[columns[name]] for _, cells in rows})
            raise photos_absent(file, unique, total, folders)
    return kind


def _columns(heading: list[str]) -> dict[str, int]:
    """Position of each column whose name is known."""
    lower = [''.join(character for character in name.lower() if character not in '_- ') for name in heading]
    found = {key: [lower.index(name) for name in names if name in lower] for key, names in NAMES.items()}
    found = {key: positions[0] for key, positions in found.items() if positions}
    if not {*BOX} <= found.keys() and not {*BOX} & {*lower}:  # `left` and `right` may be tags
        found = {key: position for key, position in found.items() if key not in (*BOX, 'width', 'height')}
    return found


def _kind(file: Path, columns: dict[str, int], others: list[str]) -> str:
    boxes = [key for key in BOX if key in columns]
    if boxes and len(boxes) < 4:
        raise ValueError(f'{file}: boxes need the columns {", ".join(BOX)}; there is only {", ".join(boxes)}')
    if boxes and 'tags' not in columns:
        raise ValueError(f'{file}: boxes need a column `class` beside {", ".join(BOX)}')
    if boxes and 'mask' in columns:
        raise ValueError(f'{file} has columns of boxes and of masks; split it into two tables')
    if boxes or 'mask' in columns:
        return 'boxes' if boxes else 'mask'
    return 'tags' if 'tags' in columns else 'columns' if others else 'photos'


def _set_part(photo: _Photo, known: bool, part: str | None, cell: str, name: str, where: str) -> None:
    if cell:
        part = part_of(cell)
        if part is None:
            raise ValueError(f'{where}: split is {cell!r}; it must be train, val or test, or empty')
    if known and photo.part != part:
        raise ValueError(f'{where}: {name} is of {part or "no part"} here, and of {photo.part or "no part"} in an '
                         'earlier row; a photo is trained on or tested on, not both')
    photo.part = part


def _add_flags(photo: _Photo, names: list[str], cells: list[str], where: str) -> None:
    for name, cell in zip(names, cells, strict=True):
        if cell.lower() not in FLAGS:
            raise ValueError(f'{where}: the column {name!r} holds {cell!r}; a column a tag holds 0 and 1 (-1 or '
                             'nothing where it is not known), and names of tags stand in one column `tags`')
        photo.tags[name] = max(photo.tags.get(name, -1), FLAGS[cell.lower()])


def _add_box(photo: _Photo, row: dict[str, str], number: int, where: str) -> None:
    cells = [row[key] for key in BOX]
    if 'width' in row and 'height' in row and row['width'] and row['height']:
        size = int(_number(row['width'], 'width', where)), int(_number(row['height'], 'height', where))
        if photo.size is not None and photo.size != size:
            raise ValueError(f'{where}: {row["file"]} has {size[0]} x {size[1]} pixels here and {photo.size[0]} x '
                             f'{photo.size[1]} in an earlier row')
        photo.size = size
    if not any(cells) and not row['tags']:
        return
    if not row['tags']:
        raise ValueError(f'{where}: the box has no class')
    left, top, right, bottom = (_number(cell, key, where) for key, cell in zip(BOX, cells, strict=True))
    if right <= left or bottom <= top:
        raise ValueError(f'{where}: the box {left:g}, {top:g}, {right:g}, {bottom:g} has no extent; columns are xmin, '
                         'ymin, xmax, ymax, not width and height')
    photo.boxes.append([left, top, right, bottom])
    photo.box_names.append(row['tags'])
    photo.objects.append(f'{row["tags"]} in row {number}')
    photo.tags[row['tags']] = 1


def _by_number(name: str) -> tuple[bool, int, str]:
    return (False, int(name), '') if name.isdecimal() else (True, 0, name)


def _number(cell: str, column: str, where: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f'{where}: {column} is {cell!r}, which is no number')
    return value


def _annotation(photo: _Photo, classes: list[str], source: Path) -> dict[str, Any]:
    return dict(boxes=np.array(photo.boxes, dtype=np.float32).reshape(-1, 4),
                box_labels=np.array([classes.index(name) for name in photo.box_names], dtype=np.int64),
                difficult=np.zeros(len(photo.boxes), dtype=bool), objects=photo.objects, source=os.fspath(source),
                size=photo.size)


def _check_pixels(path: Path, annotations: list[dict[str, Any]]) -> None:
    if max(each['boxes'].max() for each in annotations if len(each['boxes'])) <= 1:
        raise ValueError(f'{path}: no box reaches beyond 1, so they are shares of the photo; give them in pixels')
