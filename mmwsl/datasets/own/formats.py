"""Which form a user's own labels have, and their reader."""

import os
from collections.abc import Callable
from pathlib import Path

from mmwsl.datasets.own import coco_json, folders, masks, tables, voc_xml, yolo
from mmwsl.datasets.own.layout import shown
from mmwsl.datasets.own.records import Records, unseen_classes

Form = tuple[Callable[[Path], bool], Callable[[Path], Records]]

# name of a form -> whether a path looks like it, and what reads it
FORMATS: dict[str, Form] = {
    'csv': (tables.has_tables, tables.read_tables),
    'coco_json': (coco_json.has_coco, coco_json.read_coco),
    'yolo': (yolo.has_yolo, yolo.read_yolo),
    'voc_xml': (lambda path: path.is_dir() and voc_xml.has_xmls(path), voc_xml.read_xmls),
    'masks': (lambda path: path.is_dir() and bool(masks.mask_folders(path)), masks.read_mask_folders),
    'class_folders': (lambda path: path.is_dir() and folders.has_class_folders(path), folders.read_class_folders),
    'photos': (lambda path: path.is_dir(), folders.read_photos),
}
FOLDERS_ONLY = ('voc_xml', 'masks', 'class_folders', 'photos')


def read_own_data(data: os.PathLike[str] | str, format: str | None = None) -> Records:
    """Read a user's own photos and labels.

    Args:
        data: a folder or a file, see :data:`FORMATS`.
        format: one of :data:`FORMATS`; None = recognised.

    Raises:
        FileNotFoundError: no such file or folder, or photos that the labels name are not there.
        ValueError: an unknown format, none that fits, two that fit, or labels that cannot be used.
    """
    path = Path(data)
    if format is not None and format not in FORMATS:
        raise ValueError(f'format {format!r} is unknown; choose one of {", ".join(FORMATS)}')
    if not path.exists():
        raise FileNotFoundError(f'--data {path} does not exist (looked for from {Path.cwd()})')
    if format in FOLDERS_ONLY and not path.is_dir():
        raise ValueError(f'--data {path} is a file; --format {format} reads a folder')
    records = FORMATS[format or recognize(path)][1](path)
    unseen = unseen_classes(records)
    if unseen:
        records.remarks.append(f'{len(unseen)} of {len(records.classes)} classes are on no photo: {shown(unseen)}')
    return records


def recognize(path: Path) -> str:
    """The name of the one form that a file or folder has.

    Photos without labels are what is left where no other form fits; VOC's own class maps belong to its XML files.

    Raises:
        ValueError: none, or several.
    """
    found = [name for name, (fits, _) in FORMATS.items() if name != 'photos' and fits(path)]
    if 'voc_xml' in found and 'masks' in found and voc_xml.has_own_maps(path):
        found.remove('masks')
    if len(found) > 1:
        raise ValueError(f'--data {path} has labels in {len(found)} forms, {" and ".join(found)}; say by --format '
                         'which is to be read, or move the other elsewhere')
    if not found and not path.is_dir():
        raise ValueError(f'--data {path} is none of the forms {", ".join(FORMATS)}: a file must be a CSV or Parquet '
                         'table, COCO JSON, or the YAML of YOLO; correct it, or name the folder of the photos')
    return found[0] if found else 'photos'
