"""Boxes of photos written in the forms that annotation tools open and that are read here: COCO JSON, VOC XML, YOLO."""

import json
import os
import shutil
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmwsl.datasets.own.records import PARTS
from mmwsl.files import check_writable_folder, write_atomically

FORMS = ('coco_json', 'voc_xml', 'yolo')


@dataclass
class BoxedPhoto:
    """A photo with boxes.

    Attributes:
        path: its file.
        part: ``'train'`` or ``'test'``.
        size: (width, height) that the boxes count in.
        boxes: (N, 4) x1 y1 x2 y2, x2 and y2 exclusive.
        labels: (N,) numbers of classes.
        difficult: (N,) bool; written to XML, and as crowds to COCO JSON.
        scores: (N,) of those that a network found, written to COCO JSON; None = none.
    """

    path: str
    part: str
    size: tuple[int, int]
    boxes: np.ndarray
    labels: np.ndarray
    difficult: np.ndarray
    scores: np.ndarray | None = None


def write_boxes(out: os.PathLike[str] | str, photos: Sequence[BoxedPhoto], classes: Sequence[str],
                form: str = 'coco_json') -> None:
    """Write photos and their boxes, in whole pixels, to a new folder that :func:`read_own_data` reads.

    Photos are hard links where the file system has them, else copies, under names of one level. The split is that of
    ``part``.

    Args:
        out: the folder; what is in it already is not touched.
        photos: those of one part need not be beside each other.
        classes: their names, in the order of their numbers.
        form: one of :data:`FORMS`.

    Raises:
        ValueError: an unknown form, no photo, or ``out`` is not empty.
        OSError: it cannot be written.
    """
    if form not in FORMS:
        raise ValueError(f'form={form!r} is unknown; choose one of {", ".join(FORMS)}')
    if not photos:
        raise ValueError(f'there are no photos to write to {out}')
    out = check_empty(out)
    photos = [_whole_pixels(photo) for photo in photos]
    dict(coco_json=_write_coco, voc_xml=_write_xmls, yolo=_write_yolo)[form](
        out, photos, unique_names([photo.path for photo in photos]), list(classes))


def check_empty(out: os.PathLike[str] | str) -> Path:
    """Raise unless ``out`` can be made, or is an empty folder: boxes that somebody corrected must not be lost.

    Raises:
        ValueError: there is something in it.
        OSError: it cannot be made.
    """
    out = check_writable_folder(os.fspath(out))
    if out.exists() and any(out.iterdir()):
        raise ValueError(f'{out} is not empty, and boxes in it may have been corrected by hand; name a new folder')
    return out


def unique_names(paths: Sequence[str]) -> list[str]:
    """Names of one level for files: their own, or with their folders where two files are called alike but for the
    ending."""
    root = os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in paths])
    own = [os.path.basename(path) for path in paths]
    if len({os.path.splitext(name)[0] for name in own}) == len(own):
        return own
    whole = [os.path.relpath(os.path.abspath(path), root).replace(os.sep, '_') for path in paths]
    names: list[str] = []
    taken: set[str] = set()
    for name in whole:
        stem, ending = os.path.splitext(name)
        number = 1
        while stem in taken:
            number += 1
            stem = f'{os.path.splitext(name)[0]}_{number}'
        taken.add(stem)
        names.append(stem + ending)
    return names


def _whole_pixels(photo: BoxedPhoto) -> BoxedPhoto:
    """The photo with boxes on whole pixels, within it, and at least a pixel wide and high."""
    size = np.array(photo.size)
    start = np.clip(np.round(photo.boxes[:, :2]), 0, size - 1)
    end = np.minimum(np.maximum(np.round(photo.boxes[:, 2:]), start + 1), size)
    return BoxedPhoto(photo.path, photo.part, photo.size, np.concatenate([start, end], axis=1).astype(int),
                      photo.labels, photo.difficult, photo.scores)


def _place(photo: BoxedPhoto, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source = os.path.realpath(photo.path)
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)


def _write_coco(out: Path, photos: list[BoxedPhoto], names: list[str], classes: list[str]) -> None:
    categories = [dict(id=number, name=name) for number, name in enumerate(classes, start=1)]
    for photo, name in zip(photos, names, strict=True):
        _place(photo, out / 'images' / name)
    for part in PARTS:
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        for number, (photo, name) in enumerate(zip(photos, names, strict=True), start=1):
            if photo.part != part:
                continue
            images.append(dict(id=number, file_name=name, width=photo.size[0], height=photo.size[1]))
            for row, (left, top, right, bottom) in enumerate(photo.boxes.tolist()):
                width, height = right - left, bottom - top
                scored = {} if photo.scores is None else dict(score=round(float(photo.scores[row]), 6))
                annotations.append(dict(
                    id=len(annotations) + 1, image_id=number, category_id=int(photo.labels[row]) + 1,
                    bbox=[left, top, width, height], area=width * height, iscrowd=int(photo.difficult[row]),
                    segmentation=[], **scored))
        if images:
            content = dict(images=images, annotations=annotations, categories=categories)
            write_atomically(out / f'instances_{part}.json', json.dumps(content))


def _write_xmls(out: Path, photos: list[BoxedPhoto], names: list[str], classes: list[str]) -> None:
    """VOC's own layout, whose boxes count from 1 and end on the last pixel inside."""
    for photo, name in zip(photos, names, strict=True):
        _place(photo, out / 'JPEGImages' / name)
        root = ElementTree.Element('annotation')
        _add(root, folder='JPEGImages', filename=name)
        _add(ElementTree.SubElement(root, 'size'), width=photo.size[0], height=photo.size[1], depth=3)
        for (left, top, right, bottom), label, difficult in zip(
                photo.boxes.tolist(), photo.labels.tolist(), photo.difficult.tolist(), strict=True):
            item = ElementTree.SubElement(root, 'object')
            _add(item, name=classes[label], pose='Unspecified', truncated=0, difficult=int(difficult))
            _add(ElementTree.SubElement(item, 'bndbox'), xmin=left + 1, ymin=top + 1, xmax=right, ymax=bottom)
        ElementTree.indent(root)
        write_atomically(out / 'Annotations' / f'{os.path.splitext(name)[0]}.xml',
                         ElementTree.tostring(root, encoding='unicode'))
    for part in PARTS:
        stems = [os.path.splitext(name)[0] for photo, name in zip(photos, names, strict=True) if photo.part == part]
        if stems:
            write_atomically(out / 'ImageSets' / 'Main' / f'{part}.txt', '\n'.join(stems) + '\n')
    write_atomically(out / 'classes.txt', '\n'.join(classes) + '\n')


def _add(parent: ElementTree.Element, **values: object) -> None:
    for name, value in values.items():
        ElementTree.SubElement(parent, name).text = str(value)


def _write_yolo(out: Path, photos: list[BoxedPhoto], names: list[str], classes: list[str]) -> None:
    import yaml  # mmengine's
    for photo, name in zip(photos, names, strict=True):
        _place(photo, out / 'images' / photo.part / name)
        shares = photo.boxes / np.tile(photo.size, 2)
        rows = np.concatenate([(shares[:, :2] + shares[:, 2:]) / 2, shares[:, 2:] - shares[:, :2]], axis=1)
        lines = [f'{label} ' + ' '.join(f'{value:.8f}' for value in row)
                 for label, row in zip(photo.labels.tolist(), rows.tolist(), strict=True)]
        write_atomically(out / 'labels' / photo.part / f'{os.path.splitext(name)[0]}.txt',
                         ''.join(line + '\n' for line in lines))
    parts = {key: f'images/{part}' for key, part in zip(('train', 'val'), PARTS, strict=True)
             if any(photo.part == part for photo in photos)}
    write_atomically(out / 'data.yaml', yaml.safe_dump(
        dict(parts, nc=len(classes), names=classes), sort_keys=False, allow_unicode=True))
