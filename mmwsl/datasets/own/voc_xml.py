"""XML files of boxes as LabelImg and other tools write them, and VOC's own folders."""

import os
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

from mmwsl.datasets.own.layout import (
    PHOTO_FOLDERS,
    PhotoFinder,
    part_of,
    photos_absent,
    photos_below,
    photos_by_stem,
    shown,
)
from mmwsl.datasets.own.masks import BACKGROUND
from mmwsl.datasets.own.records import Records
from mmwsl.datasets.readers.voc import FLAG_BEHIND, VOC_CLASSES, presence, read_voc_xml
from mmwsl.files import read_lines

CLASS_FILES = ('classes.txt', 'predefined_classes.txt', 'labels.txt')
MAPS = 'SegmentationClass'


def find_xmls(path: Path) -> list[Path]:
    """The XML files below a folder, in the order of their paths; nothing hidden."""
    found = []
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith('.')]
        found += [Path(folder, name) for name in names if name.lower().endswith('.xml') and not name.startswith('.')]
    return sorted(found)


def has_xmls(path: Path) -> bool:
    """Whether there are XML files of boxes below a folder; the first that can be read tells."""
    for file in find_xmls(path):
        try:
            root = ElementTree.parse(file).getroot()
        except (ElementTree.ParseError, OSError):
            continue
        return root.tag == 'annotation' or root.find('object') is not None
    return False


def has_own_maps(path: Path) -> bool:
    """Whether class maps lie in VOC's own folder beside that of the XML files."""
    return any((folder.parent / MAPS).is_dir() for folder in {file.parent for file in find_xmls(path)})


def read_xmls(path: Path) -> Records:
    """XML files of boxes, with the photos beside them, in ``images``, ``JPEGImages`` or a folder of another name.

    Classes are those of ``classes.txt`` or ``predefined_classes.txt``, else all that the files name, in alphabetical
    order. Photos without an XML file are not annotated, and left out. The split is that of folders ``train``,
    ``valid``, ``test``, else of ``ImageSets/Main``. Class maps in ``SegmentationClass`` come along where names of their
    values are known: those of VOC, or those of the file of classes.

    Raises:
        FileNotFoundError: photos are missing.
        ValueError: no XML files, some that cannot be used, or a split that contradicts itself.
    """
    files = find_xmls(path)
    if not files:
        raise ValueError(f'there are no XML files in {path}, at any depth')
    called, named = _parse(files)
    listed = _listed_classes(path)
    maps = [file.parent.parent / MAPS / f'{file.stem}.png' for file in files]
    maps = [file if file.is_file() else None for file in maps]
    remarks = []
    if listed is None and any(maps) and named <= set(VOC_CLASSES):
        listed = list(VOC_CLASSES)
    elif listed is None and any(maps):
        maps = [None] * len(files)
        remarks.append(f'{MAPS} is not used, as the classes of its values are not known; write classes.txt, the first '
                       'line for the value 1')
    unknown = sorted(named - set(listed or named))
    if unknown:
        raise ValueError(f'{path}: objects have the classes {shown(unknown)}, which are not among '
                         f'{shown(listed or ())} of its file of classes; complete it, or remove it')
    classes = listed or sorted(named)
    if not named:
        raise ValueError(f'{path}: {len(files)} XML files have no object')
    annotations: list[dict[str, Any]] = _read(files, classes)
    for each, file in zip(annotations, maps, strict=True):
        if file is not None:
            each['class_map'] = str(file)
    paths, without = _photos(path, files, called)
    if without:
        remarks.append(f'{len(without)} photos without an XML file are left out: {shown(without)}')
    return Records(str(path), 'VOC XML', paths, classes, presence(annotations, len(classes)), annotations,
                   _parts(path, files), remarks=remarks)


def _parse(files: list[Path]) -> tuple[list[str], set[str]]:
    """What each file calls its photo, and the classes of all their objects."""
    photos, names, faults = [], set(), []
    for file in files:
        try:
            root = ElementTree.parse(file).getroot()
        except (ElementTree.ParseError, OSError) as error:
            faults.append(f'{file} ({error})')
            continue
        photos.append((root.findtext('filename') or '').strip())
        names |= {(item.findtext('name') or '').strip() for item in root.findall('object')}
    if faults:
        raise ValueError(f'{len(faults)} of {len(files)} files are not XML: {shown(faults)}; restore or remove them')
    return photos, names - {''}  # an object without a name is an error of the reader


def _read(files: list[Path], classes: list[str]) -> list[dict[str, Any]]:
    annotations, faults = [], []
    for file in files:
        try:
            annotations.append(read_voc_xml(file, classes))
        except ValueError as error:
            faults.append(str(error))
    if faults:
        raise ValueError(f'{len(faults)} of {len(files)} XML files cannot be used, the first: {faults[0]}')
    return annotations


def _listed_classes(path: Path) -> list[str] | None:
    for folder in (path, *sorted(each for each in path.iterdir() if each.is_dir())):
        for name in CLASS_FILES:
            if (folder / name).is_file():
                names = [line.strip() for line in read_lines(folder / name) if line.strip()]
                if len(set(names)) < len(names) or not names:
                    raise ValueError(f'{folder / name} must name each class once, one a line')
                # the file of names of class maps has a line for each value, from 0
                return names[1:] if names[0].lower() in BACKGROUND else names
    return None


def _photos(path: Path, files: list[Path], called: list[str]) -> tuple[list[str], list[str]]:
    """The photo of each XML file, and names of the photos without one."""
    finders: dict[Path, PhotoFinder] = {}
    paths, absent, used = [], [], set()
    for file, name in zip(files, called, strict=True):
        folder = file.parent
        if folder not in finders:
            near = [root / name for root in (folder, folder.parent) for name in PHOTO_FOLDERS]
            # other folders only where the XML files lie apart from photos
            beside = [] if photos_by_stem(folder) else sorted(
                each for each in folder.parent.iterdir() if each.is_dir() and not each.name.startswith('Segmentation'))
            finders[folder] = PhotoFinder([folder, *near, path, *beside, *([folder.parent] if beside else [])])
        by_stem = finders[folder](file.stem)  # tools that rename photos leave <filename> as it was
        found = by_stem or (finders[folder](name) if name else None)
        if found is None:
            absent.append(f'{name or file.stem} of {file.name}')
        paths.append(found or '')
        used.add(found)
    if absent:
        raise photos_absent(path, absent, len(files), next(iter(finders.values())).folders)
    folders = {os.path.dirname(each) for each in paths}
    all_photos = {os.path.normpath(path / name): name for name in photos_below(path)}
    return paths, [name for photo, name in all_photos.items()
                   if photo not in used and os.path.dirname(photo) in folders]


def _parts(path: Path, files: list[Path]) -> list[str | None]:
    tops = [part_of(file.relative_to(path).parts[0]) for file in files]
    if all(tops):
        return tops
    part_by_xml: dict[Path, str] = {}
    for main in sorted({file.parent.parent / 'ImageSets' / 'Main' for file in files}):
        lists = {name: main / f'{name}.txt' for name in ('trainval', 'train', 'val', 'test')}
        lists = {name: file for name, file in lists.items() if file.is_file()}
        if 'test' in lists and 'trainval' in lists:
            lists = {name: lists[name] for name in ('trainval', 'test')}
        elif 'trainval' in lists and len(lists) > 1:
            lists.pop('trainval')
        for name, file in lists.items():
            _add_list(part_by_xml, {xml.stem: xml for xml in files if xml.parent.parent == main.parents[1]},
                      str(part_of(name)), file)
    return [part_by_xml.get(file) for file in files]


def _add_list(parts: dict[Path, str], xmls: dict[str, Path], part: str, file: Path) -> None:
    names = [line.strip() for line in read_lines(file) if line.strip()]
    names = [name if name in xmls else FLAG_BEHIND.sub('', name) for name in names]
    absent = [name for name in names if name not in xmls]
    if absent:
        raise FileNotFoundError(f'{file}: {len(absent)} of {len(names)} photos that it names have no XML file: '
                                f'{shown(absent)}; correct the list, or remove ImageSets to get a split made')
    twice = [name for name in names if parts.get(xmls[name], part) != part]
    if twice:
        raise ValueError(f'{file}: {len(twice)} photos stand in lists of both parts: {shown(twice)}; a photo is '
                         'trained on or tested on, not both')
    parts.update((xmls[name], part) for name in names)
