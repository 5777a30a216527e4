"""YOLO: a text file of boxes or polygons for each photo, in shares of it, and a YAML file of names and parts."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from mmwsl.datasets.own.layout import PHOTO_FOLDERS, photos_below, shown
from mmwsl.datasets.own.records import Records
from mmwsl.datasets.readers.voc import presence
from mmwsl.datasets.transforms.decode import ImageError, image_size
from mmwsl.files import read_lines

KEYS = ('train', 'val', 'test')
NAME_FILES = ('classes.txt', 'obj.names')  # of LabelImg and Label Studio, and of CVAT
TOLERANCE = 0.01  # of the photo's side, by which a number may lie outside: exporters round


def has_yolo(path: Path) -> bool:
    """Whether a path is a YAML file, or a folder with one that names classes, or with ``classes.txt`` and labels."""
    if path.is_file():
        return path.suffix.lower() in ('.yaml', '.yml')
    return _yaml(path) is not None or (_listed(path) is not None and any(map(label_file, _in_folder(path))))


def _yaml(folder: Path) -> Path | None:
    for file in sorted([*folder.glob('*.yaml'), *folder.glob('*.yml')]):
        content = _load(file, strict=False)
        if 'names' in content and any(key in content for key in (*KEYS, 'path', 'nc')):
            return file
    return None


def _load(file: Path, strict: bool = True) -> dict[str, Any]:
    import yaml  # mmengine's
    try:
        content = yaml.safe_load(file.read_text(encoding='utf-8-sig'))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        if strict:
            raise ValueError(f'{file} is not YAML: {error}') from None
        return {}
    return content if isinstance(content, dict) else {}


def read_yolo(path: Path) -> Records:
    """``data.yaml`` with ``names`` and ``train``, ``val``, ``test``; or ``classes.txt`` with photos and text files.

    The file of a photo in ``images/`` lies in ``labels/`` in the same place, or else beside the photo. Its lines are
    ``class x y width height`` (center and size), or ``class x y x y x y ...`` (a polygon), in shares of the photo
    turned upright. An empty file, or none, says that there is no object.

    Raises:
        FileNotFoundError: a folder or list of photos is missing, or photos of a list.
        ValueError: YAML or lines that cannot be read, or no objects at all.
    """
    file = path if path.is_file() else _yaml(path)
    content = {} if file is None else _load(file)
    root = path.parent if path.is_file() else path
    listed = _listed(path) if file is None else None
    if file is None and listed is None:
        raise FileNotFoundError(f'{path} has neither a data.yaml with `names` nor {" or ".join(NAME_FILES)}')
    names = dict(enumerate(listed or ())) if file is None else _names(file, content)
    remarks: list[str] = []
    photos = _photos_of_parts(file, content, root, remarks) if file is not None else {
        photo: None for photo in _in_folder(root)}
    if not photos:
        raise ValueError(f'{path}: there are no photos')
    classes, numbers = list(names.values()), {value: number for number, value in enumerate(names)}
    only_boxes = 'kpt_shape' in content
    if only_boxes:
        remarks.append('key points are not used, the boxes are')
    annotations, faults, labelled = [], [], 0
    for photo in photos:
        label = label_file(photo)
        labelled += label is not None
        try:
            annotations.append(_annotation(photo, label, numbers, only_boxes))
        except (ImageError, ValueError, OSError) as error:
            faults.append(str(error))
    if faults:
        raise ValueError(f'{path}: {len(faults)} of {len(photos)} photos or their labels cannot be used, the first: '
                         f'{faults[0]}')
    if not any(len(each['boxes']) for each in annotations):
        raise ValueError(f'{path}: no object on {len(photos)} photos, of which {labelled} have a text file; these lie '
                         'in `labels` as the photos lie in `images`, or beside the photos')
    if labelled < len(photos):
        remarks.append(f'{len(photos) - labelled} photos have no text file, which says that there is no object on them')
    return Records(str(path), 'YOLO', list(photos), classes, presence(annotations, len(classes)), annotations,
                   list(photos.values()), remarks=remarks)


def _names(file: Path, content: dict[str, Any]) -> dict[int, str]:
    names = content.get('names')
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or not names or not all(str(key).isdigit() for key in names):
        raise ValueError(f'{file}: `names` must be a list of classes, or a name for each number')
    names = {int(key): str(name) for key, name in sorted(names.items(), key=lambda item: int(item[0]))}
    if len(set(names.values())) < len(names):
        raise ValueError(f'{file}: a class stands twice in `names`: {shown(names.values())}')
    if isinstance(content.get('nc'), int) and content['nc'] != len(names):
        raise ValueError(f'{file}: nc is {content["nc"]}, but there are {len(names)} names; correct one of them')
    return names


def _listed(folder: Path) -> list[str] | None:
    file = next((folder / name for name in NAME_FILES if (folder / name).is_file()), None)
    if file is None:
        return None
    names = [line.strip() for line in read_lines(file) if line.strip()]
    if not names or len(set(names)) < len(names):
        raise ValueError(f'{file} must name each class once, one a line')
    return names


def _photos_of_parts(file: Path, content: dict[str, Any], root: Path, remarks: list[str]) -> dict[str, str | None]:
    """Path of each photo -> its part."""
    given = {key: content[key] if isinstance(content[key], list) else [content[key]] for key in KEYS
             if content.get(key)}
    if not given:
        folder = root / str(content.get('path') or '')
        return dict.fromkeys(_in_folder(folder if folder.is_dir() else root))
    found: dict[str, list[str]] = {}
    for key, places in given.items():
        paths = [_resolve(str(place), str(content.get('path') or ''), root) for place in places]
        absent = [str(place) for place, each in zip(places, paths, strict=True) if each is None]
        if absent and key != 'test':
            raise FileNotFoundError(f'{file}: {key}: {", ".join(absent)} does not exist (looked for from {root}); '
                                    'correct it, or `path`')
        if absent:
            remarks.append(f'{file.name} names {", ".join(absent)} for {key}, which does not exist')
        found[key] = sorted({photo for each in paths if each is not None for photo in _listed_photos(each, root)})
    if 'train' not in found:
        raise ValueError(f'{file} names no `train`')
    test = {photo for key in found if key != 'train' for photo in found[key]}
    both = test & set(found['train'])
    if both and both == test == set(found['train']):
        remarks.append('train and val are the same photos, so a split is made here')
        return dict.fromkeys(found['train'])
    if both:
        raise ValueError(f'{file}: {len(both)} photos are of train and of val or test: {shown(sorted(both))}; a photo '
                         'is trained on or tested on, not both')
    if not test:
        return dict.fromkeys(found['train'])
    return {**dict.fromkeys(found['train'], 'train'), **dict.fromkeys(sorted(test), 'test')}


def _resolve(place: str, base: str, root: Path) -> Path | None:
    place = place.replace('\\', '/')
    bare = place
    while bare.startswith('../'):  # Roboflow writes ../train/images beside train/
        bare = bare[3:]
    candidates = [root / base / place, root / place, root / base / bare, root / bare]
    return next((each for each in candidates if each.exists()), None)


def _listed_photos(place: Path, root: Path) -> list[str]:
    if place.is_dir():
        return _in_folder(place)
    names = [line.strip() for line in read_lines(place) if line.strip()]
    found = {name: next((os.path.normpath(folder / name) for folder in (place.parent, root)
                         if (folder / name).is_file()), None) for name in names}
    absent = [name for name, each in found.items() if each is None]
    if absent:
        raise FileNotFoundError(f'{place}: {len(absent)} of {len(names)} photos that it names do not exist: '
                                f'{shown(absent)}')
    return [each for each in found.values() if each is not None]


def _in_folder(folder: Path) -> list[str]:
    return [os.path.normpath(folder / name) for name in photos_below(folder)]


def label_file(photo: str) -> Path | None:
    """The text file of a photo, in ``labels`` where it lies in ``images``, or beside it."""
    parts = list(Path(photo).with_suffix('.txt').parts)
    for position in range(len(parts) - 2, -1, -1):
        if parts[position] in PHOTO_FOLDERS:
            mirrored = Path(*parts[:position], 'labels', *parts[position + 1:])
            if mirrored.is_file():
                return mirrored
            break
    beside = Path(photo).with_suffix('.txt')
    return beside if beside.is_file() else None


def _annotation(photo: str, label: Path | None, numbers: dict[int, int], only_boxes: bool) -> dict[str, Any]:
    size = image_size(photo)
    boxes, labels, shapes, objects = [], [], [], []
    for number, line in enumerate(read_lines(label) if label is not None else (), start=1):
        cells = line.split()
        if not cells:
            continue
        where = f'{label}, line {number}'
        try:
            values = np.array([float(cell) for cell in cells])
        except ValueError:
            raise ValueError(f'{where}: {line.strip()[:60]!r} is not all numbers') from None
        if values[0] not in numbers:
            raise ValueError(f'{where}: class {cells[0]} has no name; there are {shown(numbers)}')
        shares = values[1:5] if only_boxes else values[1:]
        if len(shares) != 4 and (len(shares) < 6 or len(shares) % 2):
            raise ValueError(f'{where}: {len(cells)} numbers; a line is `class x y width height`, or `class` and x y '
                             'of three points or more')
        if not (np.isfinite(shares).all() and (shares > -TOLERANCE).all() and (shares < 1 + TOLERANCE).all()):
            raise ValueError(f'{where}: {line.strip()[:60]!r} is not within 0 to 1; numbers are shares of the photo, '
                             'not pixels')
        points = shares.reshape(-1, 2)
        if len(shares) == 4:
            low, high = points[0] - points[1] / 2, points[0] + points[1] / 2
        else:
            low, high = points.min(0), points.max(0)
        if (low < -TOLERANCE).any() or (high > 1 + TOLERANCE).any() or (high <= low).any():
            raise ValueError(f'{where}: the box {line.strip()[:60]!r} has no extent, or reaches out of the photo')
        boxes.append([*(low.clip(0, 1) * size), *(high.clip(0, 1) * size)])
        labels.append(numbers[int(values[0])])
        shapes.append([] if len(shares) == 4 else [(points.clip(0, 1) * size).ravel().tolist()])
        objects.append(f'in line {number}')
    return dict(boxes=np.array(boxes, dtype=np.float32).reshape(-1, 4), box_labels=np.array(labels, dtype=np.int64),
                difficult=np.zeros(len(boxes), dtype=bool), segmentations=shapes, objects=objects, size=size,
                source=str(label or photo))
