"""PASCAL VOC in its own layout."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import torch

from mmwsl.datasets.annotated import AnnotatedDataset
from mmwsl.files import read_lines
from mmwsl.registry import DATASETS

VOC_CLASSES = ('aeroplane', 'bicycle', 'bird', 'boat', 'bottle', 'bus', 'car', 'cat', 'chair', 'cow', 'diningtable',
               'dog', 'horse', 'motorbike', 'person', 'pottedplant', 'sheep', 'sofa', 'train', 'tvmonitor')

FLAG_BEHIND = re.compile(r'\s+(-1|0|1)$')
FLAGS = {'0': False, 'false': False, 'no': False, '1': True, 'true': True, 'yes': True}


def read_voc_xml(path, classes=VOC_CLASSES):
    """The objects of one annotation file.

    VOC counts pixels from 1 and boxes end on the last pixel inside; here they count from 0 and end behind it.

    Returns:
        dict of ``boxes`` (N, 4) float32, ``box_labels`` (N,) int64, ``difficult`` (N,) bool; ``size`` (width, height),
        None where the file has none; ``source``, the path; and ``objects``, number and class of each.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not XML, or XML of another kind, a class that is not in ``classes``, a missing number, a box without
            extent, or another ``difficult`` than yes or no.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except FileNotFoundError:
        raise FileNotFoundError(f'annotation {path} does not exist') from None
    except ElementTree.ParseError as error:
        raise ValueError(f'annotation {path} is not XML: {error}; restore the file') from error
    if root.tag != 'annotation' and root.find('object') is None:
        raise ValueError(f'annotation {path} is XML of another kind, <{root.tag}> without an <object>; restore the '
                         'file')
    boxes, labels, difficult, objects = [], [], [], []
    for number, item in enumerate(root.findall('object'), start=1):
        name = (item.findtext('name') or '').strip()
        if name not in classes:
            raise ValueError(f'annotation {path} has an object of class {name!r}, which is not among the '
                             f'{len(classes)} classes ({", ".join(classes[:3])}, ...); correct the file or `classes`')
        try:
            left, top, right, bottom = (float(item.find('bndbox').findtext(key))
                                        for key in ('xmin', 'ymin', 'xmax', 'ymax'))
        except (AttributeError, TypeError, ValueError):
            raise ValueError(f'annotation {path}: a {name} has no complete bndbox of numbers') from None
        if right < left or bottom < top:
            raise ValueError(f'annotation {path}: the box {left:g} {top:g} {right:g} {bottom:g} of a {name} has no '
                             'extent; it must be xmin ymin xmax ymax')
        boxes.append((left - 1, top - 1, right, bottom))
        labels.append(classes.index(name))
        flag = (item.findtext('difficult') or '0').strip().lower()
        if flag not in FLAGS:
            raise ValueError(f'annotation {path}: difficult of object {number} ({name}) is {flag!r}; it must be 0 or 1')
        difficult.append(FLAGS[flag])
        objects.append(f'{number} ({name})')
    return dict(boxes=np.array(boxes, dtype=np.float32).reshape(-1, 4), box_labels=np.array(labels, dtype=np.int64),
                difficult=np.array(difficult, dtype=bool), objects=objects, source=str(path), size=_size(root))


def _size(root):
    try:
        size = tuple(int(float(root.find('size').findtext(key))) for key in ('width', 'height'))
    except (AttributeError, TypeError, ValueError, OverflowError):
        return None
    return size if min(size) > 0 else None  # some exporters write 0 x 0


def presence(annotations, num_classes):
    """Tags (N, C) of images with boxes: 1 = some object that is not difficult, -1 = only difficult ones, 0 = none.

    These are the values 1, 0 and -1 of VOC's ``ImageSets/Main/<class>_<set>.txt``, in the order 1, -1, 0.
    """
    labels = torch.zeros(len(annotations), num_classes)
    for row, each in zip(labels, annotations, strict=True):
        row[torch.from_numpy(each['box_labels'][each['difficult']])] = -1
        row[torch.from_numpy(each['box_labels'][~each['difficult']])] = 1
    return labels


@DATASETS.register_module()
class VOC(AnnotatedDataset):
    """PASCAL VOC: photos of 20 classes with boxes, part of them with class maps.

    ``labels`` are tags (N, 20) made from the boxes: 1 present, -1 only difficult (ignored by the metrics), 0 absent.

    Args:
        data_root: the folder with ``VOC2007/``, ``VOC2012/``.
        sets: names like ``'VOC2007/trainval'``; several are put one behind the other.
        task: folder of ``ImageSets/`` to look in: ``'Main'``, or ``'Segmentation'`` for the photos with class maps,
            which are then read with ``supervision='full'``.
        classes: names, in the order of the numbers.
        settings: supervision, pipeline, drop_empty, on_error, verify, seed, max_images: see :class:`AnnotatedDataset`.

    Raises:
        FileNotFoundError: no such folder, set or annotation.
        ValueError: an annotation that cannot be used, or a set without names; see :func:`read_voc_xml`.
    """

    def __init__(self, data_root='data/VOCdevkit', sets=('VOC2007/trainval',), task='Main', classes=VOC_CLASSES,
                 **settings):
        root, classes = Path(data_root), tuple(classes)
        self.num_map_values = len(classes) + 1
        if len(set(classes)) < len(classes):
            raise ValueError(f'VOC: a name stands twice in the classes {", ".join(classes)}; give each once')
        if not root.is_dir():
            raise FileNotFoundError(f'VOC: {root} does not exist (looked for from {Path.cwd()}); correct data_root, '
                                    'the folder that holds VOC2007/')
        paths, annotations = [], []
        for each in [sets] if isinstance(sets, str) else sets:
            year, _, name = each.partition('/')
            for image in self._names(root / year, task, name):
                paths.append(root / year / 'JPEGImages' / f'{image}.jpg')
                annotation = read_voc_xml(root / year / 'Annotations' / f'{image}.xml', classes)
                if task == 'Segmentation':
                    annotation['class_map'] = root / year / 'SegmentationClass' / f'{image}.png'
                annotations.append(annotation)
        super().__init__(paths, presence(annotations, len(classes)), classes, annotations, **settings)

    @staticmethod
    def _names(year, task, name):
        folder = year / 'ImageSets' / task
        path = folder / f'{name}.txt'
        if not path.is_file():
            there = sorted(file.stem for file in folder.glob('*.txt'))
            raise FileNotFoundError(f'VOC: the set {path} does not exist; there are: {", ".join(there[:8]) or "none"}')
        names = [line.strip() for line in read_lines(path) if line.strip()]
        if not names:
            raise ValueError(f'VOC: the set {path} names no images')
        # behind a name may stand a flag, as in dog_train.txt: `000007  1`; names may have spaces themselves
        return [image if not FLAG_BEHIND.search(image) or (year / 'Annotations' / f'{image}.xml').is_file()
                else FLAG_BEHIND.sub('', image) for image in names]
