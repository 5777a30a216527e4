"""What a user knows of objects beside tags, in CSV tables: points on them, and how many there are."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

COLUMNS = dict(points=('file', 'class', 'x', 'y'), counts=('file', 'class', 'count'))


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


def _rows(path: os.PathLike[str] | str, kind: str, paths: Sequence[str],
          classes: Sequence[str]) -> list[tuple[str, int, int, list[float]]]:
    """(where it stands, photo, class, numbers) of each row."""
    path, columns = Path(path), COLUMNS[kind]
    if not path.is_file():
        raise FileNotFoundError(f'--{kind} {path} does not exist (looked for from {Path.cwd()})')
    positions = {os.path.abspath(each).replace(os.sep, '/'): number for number, each in enumerate(paths)}
    ends: dict[str, list[int]] = {}
    for name, number in positions.items():
        parts = name.split('/')
        for start in range(len(parts)):
            ends.setdefault('/'.join(parts[start:]), []).append(number)
    rows = []
    with open(path, encoding='utf-8-sig', newline='') as file:
        table = csv.DictReader(file, skipinitialspace=True)
        if not set(columns) <= set(table.fieldnames or ()):
            raise ValueError(f'--{kind} {path} has the columns {", ".join(table.fieldnames or ()) or "none"}; it needs '
                             f'{",".join(columns)}')
        for number, row in enumerate(table, start=2):
            where = f'{path}, line {number}'
            name, label = str(row['file']).strip().replace('\\', '/'), str(row['class']).strip()
            fitting = ends.get(name, [])
            if len(fitting) != 1:
                raise ValueError(f'{where}: {len(fitting) or "none"} of the {len(paths)} photos is called {name}; name '
                                 'it by the end of its path')
            if label not in classes:
                raise ValueError(f'{where}: class {label!r} is not among {", ".join(classes)}')
            try:
                values = [float(str(row[column])) for column in columns[2:]]
            except ValueError:
                raise ValueError(f'{where}: {", ".join(columns[2:])} must be numbers') from None
            rows.append((where, fitting[0], list(classes).index(label), values))
    return rows
