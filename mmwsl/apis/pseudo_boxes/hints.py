"""What a user knows of objects beside tags: points or scribbles on them, and how many there are."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from mmwsl.apis.pseudo_boxes.select import Stroke
from mmwsl.datasets import image_size, read_class_map
from mmwsl.datasets.scribbles import UNLABELLED

COLUMNS = dict(points=('file', 'class', 'x', 'y'), counts=('file', 'class', 'count'),
               scribbles=('file', 'class', 'stroke', 'x', 'y'))
BACKGROUND = 'background'


def read_points(path: os.PathLike[str] | str, paths: Sequence[str], classes: Sequence[str]) -> dict[int, np.ndarray]:
    """Points on objects, of a table ``file,class,x,y`` in pixels that count from 0.

    Args:
        path: the CSV file.
        paths: the photos; the table names them by the ends of their paths.
        classes: names.

    Returns:
        dict: position of a photo -> (P, 3) x, y and class.

    Raises:
        FileNotFoundError: no such file.
        ValueError: other columns, a photo or class that is not there, or something else than numbers.
    """
    points: dict[int, list[tuple[float, float, int]]] = {}
    for where, position, label, (x, y) in _rows(path, 'points', paths, classes):
        if not np.isfinite([x, y]).all() or min(x, y) < 0:
            raise ValueError(f'{where}: the point {x:g} {y:g} is not inside a photo')
        points.setdefault(position, []).append((x, y, label))
    return {position: np.array(each) for position, each in points.items()}


def read_counts(path: os.PathLike[str] | str, paths: Sequence[str],
                classes: Sequence[str]) -> dict[int, dict[int, int]]:
    """How many objects of a class a photo shows, of a table ``file,class,count``; see :func:`read_points`.

    Returns:
        dict: position of a photo -> dict of class -> number.

    Raises:
        FileNotFoundError, ValueError: as :func:`read_points`; a count that is no whole number from 0 on.
    """
    counts: dict[int, dict[int, int]] = {}
    for where, position, label, (number,) in _rows(path, 'counts', paths, classes):
        if not np.isfinite(number) or number < 0 or number != int(number):
            raise ValueError(f'{where}: the count {number:g} is no whole number from 0 on')
        counts.setdefault(position, {})[label] = int(number)
    return counts


def read_scribbles(path: os.PathLike[str] | str, paths: Sequence[str],
                   classes: Sequence[str]) -> dict[int, list[Stroke]]:
    """Scribbles on objects and on the background: a folder of masks, or a table ``file,class,stroke,x,y``.

    A mask is a PNG of its photo's size and name (``a/1.png`` for ``photos/a/1.jpg``): 255 = nothing drawn, 0 = a stroke
    of the background, class + 1 = one of a class; pixels of a value that touch are one stroke. A row of the table is a
    corner of a stroke, in order, in pixels that count from 0; ``stroke`` is its number in the photo, and the class
    ``background`` that of the background.

    Args:
        path: folder or CSV file.
        paths, classes: see :func:`read_points`.

    Returns:
        dict: position of a photo -> its strokes, with a point at least every pixel.

    Raises:
        FileNotFoundError: no such file or folder.
        ValueError: as :func:`read_points`; a folder without masks, a mask of another size than its photo, with a class
            that is not there, or of no photo.
    """
    if os.path.isdir(path):
        return _scribble_masks(Path(path), paths, classes)
    corners: dict[tuple[int, int, float], list[tuple[float, float]]] = {}
    for where, position, label, (stroke, x, y) in _rows(path, 'scribbles', paths, [*classes, BACKGROUND]):
        if not np.isfinite([stroke, x, y]).all() or min(x, y) < 0:
            raise ValueError(f'{where}: the corner {x:g} {y:g} of stroke {stroke:g} is not inside a photo')
        # a class of that name, if there is one, is the first
        corners.setdefault((position, label if label < len(classes) else -1, stroke), []).append((x, y))
    strokes: dict[int, list[Stroke]] = {}
    for (position, label, _), line in corners.items():
        strokes.setdefault(position, []).append(Stroke(label, along(np.array(line))))
    return strokes


def along(corners: np.ndarray) -> np.ndarray:
    """Points (P, 2) on the line through ``corners`` (K, 2), evenly spaced, at most a pixel apart, with both ends."""
    lengths = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    steps = np.linspace(0, lengths[-1], int(np.ceil(lengths[-1])) + 1)
    return np.stack([np.interp(steps, lengths, column) for column in corners.T], axis=1)


def _scribble_masks(folder: Path, paths: Sequence[str], classes: Sequence[str]) -> dict[int, list[Stroke]]:
    ends = _ends([os.path.splitext(each)[0] for each in paths])
    files = sorted(folder.rglob('*.png'))
    if not files:
        raise ValueError(f'--scribbles {folder} has no PNG; give a mask for each photo with scribbles, or a table '
                         f'{",".join(COLUMNS["scribbles"])}')
    strokes: dict[int, list[Stroke]] = {}
    for file in files:
        name = file.relative_to(folder).with_suffix('').as_posix()
        position = _position(ends, name, str(file), len(paths))
        mask = read_class_map(file)
        size = image_size(paths[position])
        if mask.shape[::-1] != tuple(size):
            raise ValueError(f'{file} has {mask.shape[1]} x {mask.shape[0]} pixels, its photo {paths[position]} '
                             f'{size[0]} x {size[1]}; draw it on the photo itself')
        for value in np.unique(mask[mask != UNLABELLED]).tolist():
            if value > len(classes):
                raise ValueError(f'{file} has the value {value}; there are {len(classes)} classes, which are 1 to '
                                 f'{len(classes)}, 0 is background and {UNLABELLED} where nothing is drawn')
            count, parts = cv2.connectedComponents((mask == value).astype(np.uint8), connectivity=8)
            for part in range(1, count):
                points = np.argwhere(parts == part)[:, ::-1].astype(np.float64)
                strokes.setdefault(position, []).append(Stroke(value - 1, points))
    return strokes


def _ends(paths: Sequence[str]) -> dict[str, list[int]]:
    """Ends of paths, part by part -> positions of the paths that end so."""
    ends: dict[str, list[int]] = {}
    for number, path in enumerate(paths):
        parts = os.path.abspath(path).replace(os.sep, '/').split('/')
        for start in range(len(parts)):
            ends.setdefault('/'.join(parts[start:]), []).append(number)
    return ends


def _position(ends: dict[str, list[int]], name: str, where: str, count: int) -> int:
    fitting = ends.get(name, [])
    if len(fitting) != 1:
        raise ValueError(f'{where}: {len(fitting) or "none"} of the {count} photos is called {name}; name '
                         'it by the end of its path')
    return fitting[0]


def _rows(path: os.PathLike[str] | str, kind: str, paths: Sequence[str],
          classes: Sequence[str]) -> list[tuple[str, int, int, list[float]]]:
    """(where it stands, photo, class, numbers) of each row."""
    path, columns = Path(path), COLUMNS[kind]
    if not path.is_file():
        raise FileNotFoundError(f'--{kind} {path} does not exist (looked for from {Path.cwd()})')
    ends, rows = _ends(paths), []
    with open(path, encoding='utf-8-sig', newline='') as file:
        table = csv.DictReader(file, skipinitialspace=True)
        if not set(columns) <= set(table.fieldnames or ()):
            raise ValueError(f'--{kind} {path} has the columns {", ".join(table.fieldnames or ()) or "none"}; it needs '
                             f'{",".join(columns)}')
        for number, row in enumerate(table, start=2):
            where = f'{path}, line {number}'
            name, label = str(row['file']).strip().replace('\\', '/'), str(row['class']).strip()
            position = _position(ends, name, where, len(paths))
            if label not in classes:
                raise ValueError(f'{where}: class {label!r} is not among {", ".join(classes)}')
            try:
                values = [float(str(row[column])) for column in columns[2:]]
            except ValueError:
                raise ValueError(f'{where}: {", ".join(columns[2:])} must be numbers') from None
            rows.append((where, position, list(classes).index(label), values))
    return rows
