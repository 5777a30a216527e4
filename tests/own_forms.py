"""Photos with boxes, tags and class maps, written in every form that ``--data`` reads.

``voc_photos`` takes them from VOC's layout, ``toy_photos`` draws some; each ``write_*`` makes one form of them in an empty
folder and returns the path to give to ``--data``.
"""

import csv
import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image


@dataclass
class Photo:
    """A photo, its size (width, height), its objects (class name, x1, y1, x2, y2; the far corner exclusive), its class
    map (0 = background, class + 1, 255 = void) and its part of the split."""

    path: Path
    size: tuple[int, int]
    objects: list[tuple] = field(default_factory=list)
    class_map: Path | None = None
    part: str = 'train'

    @property
    def tags(self):
        return sorted({each[0] for each in self.objects})


def voc_photos(root):
    """The photos of ``ImageSets/Main/{train,val}.txt`` of a folder like VOC2007; those of val are the test."""
    photos = []
    for name, part in (('train', 'train'), ('val', 'test')):
        for stem in (root / 'ImageSets' / 'Main' / f'{name}.txt').read_text().split():
            tree = ElementTree.parse(root / 'Annotations' / f'{stem}.xml')
            objects = []
            for each in tree.iter('object'):
                left, top, right, bottom = (int(float(each.find(f'bndbox/{key}').text))
                                            for key in ('xmin', 'ymin', 'xmax', 'ymax'))
                objects.append((each.find('name').text, left - 1, top - 1, right, bottom))  # VOC counts from 1
            class_map = root / 'SegmentationClass' / f'{stem}.png'
            photos.append(Photo(root / 'JPEGImages' / f'{stem}.jpg',
                                (int(tree.find('size/width').text), int(tree.find('size/height').text)), objects,
                                class_map if class_map.is_file() else None, part))
    return photos


def toy_photos(folder, count=24, size=(64, 48), classes=('blue', 'green', 'red')):
    """Draw photos of colored squares, one or two a photo, every third one to test on."""
    generator = np.random.default_rng(0)
    (folder / 'maps').mkdir(parents=True)
    width, height = size
    photos = []
    for index in range(count):
        picture = generator.integers(90, 150, (height, width, 3), dtype=np.uint8)
        labels = np.zeros((height, width), np.uint8)
        objects = []
        for number in range(1 + index % 2):
            kind = (index + number) % len(classes)
            left = int(generator.integers(0, width // 2 - 20)) + number * width // 2
            top = int(generator.integers(0, height - 20))
            picture[top:top + 20, left:left + 20] = np.eye(3, dtype=np.uint8)[2 - kind] * 200 + 20
            labels[top:top + 20, left:left + 20] = kind + 1
            objects.append((classes[kind], left, top, left + 20, top + 20))
        path, class_map = folder / f'photo {index:02}.jpg', folder / 'maps' / f'photo {index:02}.png'
        Image.fromarray(picture).save(path, quality=95)
        Image.fromarray(labels).save(class_map)
        photos.append(Photo(path, size, objects, class_map, 'test' if index % 3 == 2 else 'train'))
    return photos


def class_names(photos):
    """The names of all classes, sorted."""
    return sorted({name for photo in photos for name in photo.tags})


def write_photos(photos, folder):
    """A folder of photos without labels."""
    return _copy(photos, folder)


def write_class_folders(photos, folder):
    """``CLASS/photo.jpg``, by the first tag."""
    for name in class_names(photos):
        _copy([photo for photo in photos if photo.objects and photo.objects[0][0] == name], folder / name)
    return folder


def write_tags(photos, folder):
    """``labels.csv`` with the columns file, tags and split."""
    return _table(_copy(photos, folder), ['file', 'tags', 'split'], [
        [photo.path.name, ';'.join(photo.tags), photo.part] for photo in photos])


def write_boxes(photos, folder):
    """``labels.csv`` with one row a box, and the split."""
    return _table(_copy(photos, folder), ['file', 'class', 'xmin', 'ymin', 'xmax', 'ymax', 'split'], [
        [photo.path.name, *each, photo.part] for photo in photos for each in photo.objects])


def write_labelimg(photos, folder):
    """LabelImg's XML beside the photos; no split is told."""
    _copy(photos, folder)
    for photo in photos:
        root = ElementTree.Element('annotation')
        ElementTree.SubElement(root, 'filename').text = photo.path.name
        size = ElementTree.SubElement(root, 'size')
        for key, value in zip(('width', 'height', 'depth'), (*photo.size, 3), strict=True):
            ElementTree.SubElement(size, key).text = str(value)
        for name, left, top, right, bottom in photo.objects:
            each = ElementTree.SubElement(root, 'object')
            ElementTree.SubElement(each, 'name').text = name
            ElementTree.SubElement(each, 'difficult').text = '0'
            box = ElementTree.SubElement(each, 'bndbox')
            for key, value in zip(('xmin', 'ymin', 'xmax', 'ymax'), (left + 1, top + 1, right, bottom), strict=True):
                ElementTree.SubElement(box, key).text = str(value)
        ElementTree.ElementTree(root).write(folder / f'{photo.path.stem}.xml')
    return folder


def write_coco(photos, folder):
    """``train.json`` and ``val.json``, the photos in ``images``."""
    names = class_names(photos)
    _copy(photos, folder / 'images')
    for part, file in (('train', 'train.json'), ('test', 'val.json')):
        chosen = [photo for photo in photos if photo.part == part]
        boxes = [dict(image_id=number, category_id=names.index(name) + 1, bbox=[left, top, right - left, bottom - top],
                      area=(right - left) * (bottom - top), iscrowd=0)
                 for number, photo in enumerate(chosen, 1) for name, left, top, right, bottom in photo.objects]
        (folder / file).write_text(json.dumps(dict(
            images=[dict(id=number, file_name=photo.path.name, width=photo.size[0], height=photo.size[1])
                    for number, photo in enumerate(chosen, 1)],
            annotations=[dict(id=number, **box) for number, box in enumerate(boxes, 1)],
            categories=[dict(id=number, name=name) for number, name in enumerate(names, 1)])))
    return folder


def write_yolo(photos, folder):
    """``data.yaml``, ``images/{train,val}`` and ``labels/{train,val}``."""
    names = class_names(photos)
    for part, place in (('train', 'train'), ('test', 'val')):
        chosen = [photo for photo in photos if photo.part == part]
        _copy(chosen, folder / 'images' / place)
        (folder / 'labels' / place).mkdir(parents=True)
        for photo in chosen:
            (width, height), lines = photo.size, []
            for name, left, top, right, bottom in photo.objects:
                numbers = ((left + right) / 2 / width, (top + bottom) / 2 / height, (right - left) / width,
                           (bottom - top) / height)
                lines.append(f'{names.index(name)} ' + ' '.join(f'{number:.6f}' for number in numbers))
            (folder / 'labels' / place / f'{photo.path.stem}.txt').write_text('\n'.join(lines) + '\n')
    (folder / 'data.yaml').write_text('train: images/train\nval: images/val\nnames:\n' + ''.join(
        f'  {number}: {name}\n' for number, name in enumerate(names)))
    return folder


def write_masks(photos, folder):
    """``images`` and ``masks`` of the photos that have a class map, and ``classes.txt``; no split is told."""
    kept = [photo for photo in photos if photo.class_map is not None]
    _copy(kept, folder / 'images')
    (folder / 'masks').mkdir()
    for photo in kept:
        shutil.copy(photo.class_map, folder / 'masks')
    (folder / 'classes.txt').write_text('\n'.join(['background', *class_names(photos)]) + '\n')
    return folder


FORMS = dict(photos=write_photos, class_folders=write_class_folders, tags=write_tags, boxes=write_boxes,
             labelimg=write_labelimg, coco=write_coco, yolo=write_yolo, masks=write_masks)


def _copy(photos, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for photo in photos:
        try:
            os.link(photo.path, folder / photo.path.name)
        except OSError:  # another file system
            shutil.copy(photo.path, folder)
    return folder


def _table(folder, header, rows):
    path = folder / 'labels.csv'
    with open(path, 'w', newline='', encoding='utf-8') as file:
        csv.writer(file).writerows([header, *rows])
    return path
