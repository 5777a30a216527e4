"""Photos with a mask file each, whose pixel values are classes."""

import json
import os
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import torch

from mmwsl.datasets.annotated import read_class_map
from mmwsl.datasets.checks import VOID
from mmwsl.datasets.own.layout import PHOTO_FOLDERS, part_of, photos_below, photos_by_stem, shown
from mmwsl.datasets.own.records import Records
from mmwsl.datasets.transforms.decode import ImageError
from mmwsl.files import read_lines
from mmwsl.visualization.predictions import palette

MASK_FOLDERS = ('masks', 'mask', 'SegmentationClass', 'annotations', 'labels', 'segmentations', 'class_maps')
ENDINGS = ('', '_mask', '-mask', '_masks', '_seg', '_segmentation', '_label', '_labels')  # of a mask's name
BESIDE = ('_mask', '-mask')  # of a mask in the folder of its photo
NAME_FILES = ('classes.txt', 'labels.txt', 'names.txt', 'labelmap.txt', 'class_dict.csv', '_classes.csv',
              'classes.json', 'labels.json')
BACKGROUND = ('background', '_background_', '__background__', 'bg')
VOIDS = ('void', 'ignore', '__ignore__', 'unlabeled', 'unlabelled')
COLOR = re.compile(r'(.+?)\s*[,;:\s]\s*(\d+)\s*[,;\s]\s*(\d+)\s*[,;\s]\s*(\d+)(\D.*)?')
NUMBER = re.compile(r'(\d+)\s*[,;:]\s*(.+)')
Value = int | tuple[int, int, int]  # in a file of a class map: a number, or a color
MOST_VALUES = 64  # different values of masks without names; more are no classes


def mask_folders(path: Path) -> list[tuple[str | None, Path, Path]]:
    """The part, the folder of photos and that of masks, in a folder or in each of its parts; both may be the same."""
    found = []
    for root in _roots(path):
        part = None if root == path else part_of(root.name)
        called = {folder.name.lower(): folder for folder in root.iterdir() if folder.is_dir()}
        photos = [called[name.lower()] for name in PHOTO_FOLDERS if name.lower() in called]
        masks = [called[name.lower()] for name in MASK_FOLDERS if name.lower() in called]
        masks = [folder for folder in masks if photos_below(folder)]
        if photos and masks:
            found.append((part, photos[0], masks[0]))
        elif _masks_among(photos_by_stem(root)):
            found.append((part, root, root))
    return found


def _roots(path: Path) -> list[Path]:
    return [path, *(folder for folder in sorted(path.iterdir()) if folder.is_dir() and part_of(folder.name))]


def _masks_among(stems: Iterable[str]) -> set[str]:
    """Names that are those of a mask beside the photo of the same name."""
    stems = set(stems)
    return {stem for stem in stems for ending in BESIDE if stem.endswith(ending) and stem[:-len(ending)] in stems}


def read_mask_folders(path: Path) -> Records:
    """Folders ``images`` and ``masks`` (or of a like name) whose files have equal names but for the ending.

    Both may lie in ``train`` and ``val``, or have these folders in them; or ``a_mask.png`` lies beside ``a.jpg``. Names
    of classes come from ``classes.txt`` (a line for each value, from 0; or lines ``name,red,green,blue``, where colors
    stand for classes), from ``classes.json`` (``{value: name}``), or from the files of CVAT and Roboflow.

    Raises:
        ValueError: no such folders, no pairs, or masks that cannot be used; see :func:`class_map_records`.
    """
    folders = mask_folders(path)
    if not folders:
        raise ValueError(f'{path} has no folder of photos ({", ".join(PHOTO_FOLDERS)}) beside one of masks '
                         f'({", ".join(MASK_FOLDERS)})')
    photos, maps, parts, remarks = [], [], [], []
    for part, photo_folder, mask_folder in folders:
        masks = {os.path.splitext(name)[0]: name for name in photos_below(mask_folder)}
        names = photos_below(photo_folder)
        if photo_folder == mask_folder:
            among = _masks_among(masks)
            masks = {stem: name for stem, name in masks.items() if stem in among}
            names = [name for name in names if os.path.splitext(name)[0] not in among]
        without = []
        for name in names:
            stem = os.path.splitext(name)[0]
            mask = next((masks.pop(stem + ending) for ending in ENDINGS if stem + ending in masks), None)
            if mask is None:
                without.append(name)
                continue
            photos.append(str(photo_folder / name))
            maps.append(str(mask_folder / mask))
            parts.append(part or part_of(name.split(os.sep)[0]))
        if len(without) == len(names):
            raise ValueError(f'none of {len(names)} photos in {photo_folder} has a mask of its name in {mask_folder}: '
                             f'photos {shown(names)}; masks {shown(masks.values())}')
        if without:
            remarks.append(f'{len(without)} photos without a mask are left out: {shown(without)}')
        if masks:
            remarks.append(f'{len(masks)} masks without a photo are left out: {shown(masks.values())}')
    return class_map_records(path, 'photos and masks', photos, maps, parts, remarks)


def class_map_records(path: Path, form: str, photos: list[str], maps: list[str], parts: list[str | None],
                      remarks: list[str]) -> Records:
    """Records of photos with class maps; names come from a file of names, else from the values.

    Raises:
        ValueError: masks that cannot be read, values without a name, or nothing but background.
    """
    names = names_of_values(path)
    map_values: dict[Value, int]
    more: list[str] = []
    if isinstance(names, dict) and any(isinstance(value, tuple) for value in names):
        classes, map_values = _numbers_of(names)
        held = values_of_maps(path, maps, map_values)
        if not set().union(*held) - {0, VOID}:
            raise ValueError(f'{path}: masks have none of the colors of {shown(classes)}')
        number_of = {value: value for value in range(256)}
    else:
        held, colors = _numbers_or_voc_colors(path, maps)
        classes, map_values, more = name_values(path, held, names)
        number_of = {value: map_values.get(value, value) for value in range(256)}
        if colors:
            map_values = {color: number_of[value] for color, value in colors.items()}
            more = ["masks are in the colors of VOC's palette, whose numbers are taken as values", *more]
    tags = torch.zeros(len(maps), len(classes))
    for row, values in zip(tags, held, strict=True):
        row[[number_of[value] - 1 for value in values if number_of[value] not in (0, VOID)]] = 1
    return Records(str(path), form, photos, classes, tags, [dict(class_map=file) for file in maps], parts, map_values,
                   remarks + more)


def _numbers_or_voc_colors(path: Path, maps: list[str]) -> tuple[list[tuple[int, ...]], dict[Value, int]]:
    """The values in each class map, and no palette; or, of maps in the colors of VOC's palette, its numbers, and it."""
    try:
        return values_of_maps(path, maps), {}
    except ValueError as error:
        colors: dict[Value, int] = {(red, green, blue): value
                                    for value, (red, green, blue) in enumerate(palette().tolist())}
        try:
            return values_of_maps(path, maps, colors), colors
        except ValueError:
            raise error from None


def values_of_maps(path: Path, maps: list[str], colors: dict[Value, int] | None = None) -> list[tuple[int, ...]]:
    """The values in each class map.

    Args:
        path: for messages.
        maps: files.
        colors: what colors become, where they stand for classes.

    Raises:
        ValueError: some cannot be read; it says how many, and why the first cannot.
    """
    found, faults = [], []
    for file in maps:
        try:
            stat = os.stat(file)
            found.append(_values_in(file, stat.st_mtime_ns, stat.st_size, tuple((colors or {}).items())))
        except (ImageError, OSError) as error:
            faults.append(str(error))
    if faults:
        mend = '. Where colors stand for classes, write lines `name,red,green,blue` into classes.txt'
        raise ValueError(f'{path}: {len(faults)} of {len(maps)} masks cannot be used, the first: {faults[0]}'
                         + (mend if 'of shape' in faults[0] else ''))
    return found


@lru_cache(maxsize=1 << 20)
def _values_in(file: str, changed: int, size: int, colors: tuple[tuple[Value, int], ...]) -> tuple[int, ...]:
    # time and size are there for the cache alone: a file that was written anew is read anew
    counts = torch.bincount(torch.from_numpy(read_class_map(file, dict(colors))).flatten(), minlength=256)
    return tuple(counts.nonzero().flatten().tolist())


def names_of_values(path: Path) -> list[str] | dict[Value, str] | None:
    """Names of classes from a file beside the data.

    Returns:
        a list of lines; a dict of a value, or of a color (red, green, blue), -> name; or None without a file.

    Raises:
        ValueError: such a file without names, names that stand twice, or JSON of another kind.
    """
    folders = _roots(path) if path.is_dir() else [path.parent]
    file = next((folder / name for folder in folders for name in NAME_FILES if (folder / name).is_file()), None)
    if file is None:
        return None
    names: list[str] | dict[Value, str]
    if file.suffix != '.json':
        lines = [line.strip() for line in read_lines(file) if not line.startswith('#')]
        while lines and not lines[-1]:
            lines.pop()
        lines = lines[1:] if file.suffix == '.csv' else lines  # it has a heading
        colors = [COLOR.fullmatch(line) for line in lines if line]
        numbers = [NUMBER.fullmatch(line) for line in lines if line]
        names = lines
        if colors and all(colors):
            names = {(int(each[2]), int(each[3]), int(each[4])): each[1] for each in colors if each}
        elif numbers and all(numbers):
            names = {int(each[1]): each[2] for each in numbers if each}
    else:
        try:
            content = json.loads(file.read_text(encoding='utf-8-sig'))
            turned = isinstance(content, dict) and all(isinstance(value, int) for value in content.values())
            pairs = [(value, name) for name, value in content.items()] if turned else content.items()
            names = {int(value): str(name) for value, name in pairs}
        except (ValueError, AttributeError) as error:
            raise ValueError(f'{file} must be JSON of the kind {{"1": "cat", "2": "dog"}}: {error}') from None
    given = [*(names.values() if isinstance(names, dict) else names)]
    if not given or len(set(given)) < len(given) or '' in given:
        raise ValueError(f'{file} must name each class once, one a line; it has {shown(given) or "none"}')
    return names


def name_values(path: Path, held: list[tuple[int, ...]], names: list[str] | dict[Value, str] | None,
                ) -> tuple[list[str], dict[Value, int], list[str]]:
    """Classes of class maps, without the background.

    Args:
        path: for messages.
        held: values in each map.
        names: of :func:`names_of_values`.

    Returns:
        tuple: names of the classes; dict of value -> 0 for background, class + 1, or 255 for void; and remarks.

    Raises:
        ValueError: values without a name, nothing but background, or more values than classes could be.
    """
    there = sorted(set().union(*held))
    if names is None:
        if there == [0, VOID]:
            return ['object'], {VOID: 1}, ['masks hold 0 and 255: 255 is taken as the class `object`']
        values = [value for value in there if value not in (0, VOID)]
        if not values:
            raise ValueError(f'{path}: {len(held)} masks hold nothing but {", ".join(map(str, there))}, which is '
                             'background; nothing can be learnt from them')
        if len(values) > MOST_VALUES:
            raise ValueError(f'{path}: masks hold {len(values)} different values, more than classes could be (edges '
                             'that were smoothed, or photos?); save them without smoothing, or give classes.txt')
        return ([f'class {value}' for value in values], {value: number for number, value in enumerate(values, start=1)},
                ['classes have no names; write them into classes.txt, one a line, the first for the value 0'])
    remarks = []
    if isinstance(names, list):
        first = names[0].lower() in BACKGROUND + VOIDS
        from_one = not first and max((value for value in there if value != VOID), default=0) == len(names)
        names = dict(enumerate(names, start=1 if from_one else 0))
    unnamed = [value for value in there if value not in names and value not in (0, VOID)]
    if unnamed:
        raise ValueError(f'{path}: masks hold the values {shown(unnamed)}, which have no name; the names are '
                         f'{shown(f"{value} = {name}" for value, name in names.items())}. Complete the file of names')
    if 0 in names and names[0].lower() not in BACKGROUND + VOIDS:
        remarks.append(f'the value 0 is the class {names[0]}; there is no background')
    classes, numbers = _numbers_of(names)
    if not {numbers.get(value, 0) for value in there} - {0, VOID}:
        raise ValueError(f'{path}: masks hold the values {shown(there)}, and none of the classes {shown(classes)}')
    return classes, numbers, remarks


def _numbers_of(names: dict[Value, str]) -> tuple[list[str], dict[Value, int]]:
    """Names of classes alone, and what each value becomes: 0 = background, class + 1, 255 = void."""
    names = dict(sorted(names.items())) if all(isinstance(value, int) for value in names) else names
    classes = [name for name in names.values() if name.lower() not in BACKGROUND + VOIDS]
    return classes, {value: 0 if name.lower() in BACKGROUND else VOID if name.lower() in VOIDS
                     else classes.index(name) + 1 for value, name in names.items()}
