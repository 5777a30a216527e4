"""Labels of photos: from class folders, or from a CSV, which may give a photo several (tags)."""

import csv
import io
import os
from collections import Counter
from pathlib import Path

from mmwsl.apis.own_data.photos import OwnPhotos
from mmwsl.files import read_lines

HEADINGS = dict(photo=('photo', 'file', 'filename', 'image', 'path'),
                label=('label', 'class', 'category', 'tag', 'tags', 'labels'))
SEPARATOR = '; '  # of a photo's tags, where they are one text


def folder_labels(names: list[str]) -> tuple[list[str] | None, list[str]]:
    """The first folder of each photo's path as its label, where all photos lie in two class folders or more.

    Returns:
        tuple: the labels, or None, and remarks on why not.
    """
    folders = [name.split(os.sep, 1)[0] if os.sep in name else None for name in names]
    classes, loose = {folder for folder in folders if folder}, folders.count(None)
    if classes and loose:
        return None, [f'{loose} photos lie beside {len(classes)} folders: folders are not taken as classes']
    if len(classes) < 2:
        return None, []
    return [str(folder) for folder in folders], []


def csv_labels(path: Path | str, names: list[str]) -> tuple[list[str | None], list[str]]:
    """Labels from a CSV with the columns photo and label; one row a photo, or one for each of its tags.

    A photo is named by its path in the folder, or by its file name where that is unique. Tags may also stand in one
    cell, with semicolons between them.

    Returns:
        tuple: a label, tags joined by :data:`SEPARATOR`, or None for each of ``names``, and remarks: photos with
        several, photos without a row, rows without a photo.

    Raises:
        FileNotFoundError: no such file.
        ValueError: other columns, several labels of one photo, or not one row that fits a photo.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'--labels {path} does not exist')
    rows = list(csv.reader(io.StringIO('\n'.join(read_lines(path)))))
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    columns = _columns(path, rows[0] if rows else [])
    by_name = {name.replace(os.sep, '/'): number for number, name in enumerate(names)}
    ends = Counter(name.rpartition('/')[2] for name in by_name)
    by_name |= {end: number for name, number in list(by_name.items()) if ends[end := name.rpartition('/')[2]] == 1}
    tags: list[list[str]] = [[] for _ in names]
    strangers = []
    for line, row in enumerate(rows[1:], start=2):
        if len(row) <= max(columns):
            raise ValueError(f'{path}, row {line}: {len(row)} columns, {max(columns) + 1} are needed; correct the row')
        photo, label = (row[column].strip() for column in columns)
        number = by_name.get(photo.replace('\\', '/').removeprefix('./'))
        if number is None:
            strangers.append(photo)
        else:
            tags[number] += [each.strip() for each in label.split(SEPARATOR.strip()) if each.strip()]
    labels = [SEPARATOR.join(sorted(set(each))) or None for each in tags]
    several = [name for name, each in zip(names, tags, strict=True) if len(set(each)) > 1]
    missing = [name for name, label in zip(names, labels, strict=True) if label is None]
    if len(missing) == len(names):
        raise ValueError(f'{path}: none of its {len(rows) - 1} rows names one of the {len(names)} photos; the first '
                         f'row names {strangers[0] if strangers else "nothing"!r}, the first photo is {names[0]!r}. '
                         'Give paths as they are below the folder')
    remarks = [f'{len(found)} {what}, e.g. {found[0]}' for found, what in (
        (several, f'photos have several labels in {Path(path).name}: they are taken as tags'),
        (strangers, f'rows of {Path(path).name} name no photo here and are left out'),
        (missing, f'photos have no label in {Path(path).name}')) if found]
    return labels, remarks


def _columns(path: Path | str, heading: list[str]) -> tuple[int, int]:
    lower = [cell.strip().lower() for cell in heading]
    found = [next((lower.index(word) for word in words if word in lower), None) for words in HEADINGS.values()]
    if found[0] is None or found[1] is None:
        raise ValueError(f'{path}: its first row must name the columns photo and label, it is {",".join(heading)!r}')
    return found[0], found[1]


def choose_labels(names: list[str], path: Path | str | None) -> tuple[list[str | None] | None, list[str], str]:
    """The label of each photo, or None for no labels at all; remarks; and where the labels come from, in words.

    A CSV is believed where folders contradict it, with a remark.

    Raises:
        FileNotFoundError, ValueError: see :func:`csv_labels`.
    """
    folders, remarks = folder_labels(names)
    if path is None:
        return (None if folders is None else list(folders)), remarks, 'class folders'
    labels, remarks = csv_labels(path, names)
    tags = {tag for label in labels if label for tag in label.split(SEPARATOR)}
    if folders is not None and tags & set(folders):  # other words mean that folders are no classes
        other = [number for number, label in enumerate(labels)
                 if label is not None and folders[number] not in label.split(SEPARATOR)]
        if other:
            remarks.append(f'{len(other)} photos lie in another folder than {Path(path).name} says, e.g. '
                           f'{names[other[0]]}: labelled {labels[other[0]]}; the CSV is believed')
    return labels, remarks, Path(path).name


def own_labels(own: OwnPhotos, names: list[str]) -> tuple[list[str | None] | None, list[tuple[str, ...] | None] | None]:
    """The label of each of ``names`` as one text, and their tags; None and None where there are no labels, and no tags
    where each photo has one class."""
    tags = [own.tags[name] for name in names]
    if all(each is None for each in tags):
        return None, None
    return [SEPARATOR.join(each) if each else None for each in tags], None if own.one_class else tags


def split_tags(labels: list[str | None]) -> list[tuple[str, ...] | None] | None:
    """The tags of each photo (None = not known), or None where no photo has more than one label."""
    tags = [None if label is None else tuple(label.split(SEPARATOR)) for label in labels]
    return tags if any(each is not None and len(each) > 1 for each in tags) else None
