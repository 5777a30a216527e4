"""Public data sets brought into the form that mmwsl reads, where their own is another."""

import functools
import json
import os
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from mmwsl.datasets import read_class_map
from mmwsl.files import read_lines, write_atomically
from mmwsl.progress import progress_bar

CITYSCAPES_CLASSES = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)  # ids of 0, 1, ... 18


def _folder(path, what):
    if not Path(path).is_dir():
        raise FileNotFoundError(f'{path} does not exist; {what}')
    return Path(path)


def _read_lines(path):
    if not Path(path).is_file():
        raise FileNotFoundError(f'the list {path} does not exist')
    return [line.strip() for line in read_lines(path) if line.strip()]


def _save(array, path):
    write_atomically(path, lambda file: Image.fromarray(array).save(file, format='PNG'))


def cityscapes(root):
    """Write ``*_gtFine_labelTrainIds.png``, the 19 classes that are scored, beside each ``*_gtFine_labelIds.png``.

    Args:
        root: folder with ``gtFine/{train,val}/<city>/``.

    Returns:
        Number of files written; those already there are made anew.

    Raises:
        FileNotFoundError: no such folder, or no label files in it.
        ValueError: a value that is no Cityscapes id.
    """
    folder = _folder(Path(root) / 'gtFine', 'unpack gtFine_trainvaltest.zip there')
    files = sorted(folder.glob('*/*/*_gtFine_labelIds.png'))
    if not files:
        raise FileNotFoundError(f'{folder} has no */*/*_gtFine_labelIds.png; unpack gtFine_trainvaltest.zip there')
    train_ids = np.full(256, 255, np.uint8)
    train_ids[list(CITYSCAPES_CLASSES)] = np.arange(19)
    for file in progress_bar(files, 'class maps', unit='image'):
        ids = read_class_map(file)
        wrong = ids[(ids > 33) & (ids != 255)]
        if len(wrong):
            raise ValueError(f'{file} has the value {wrong[0]}, but ids end at 33; is it a labelIds file?')
        _save(train_ids[ids], file.with_name(file.name.replace('labelIds', 'labelTrainIds')))
    return len(files)


def voc_augmented(voc, sbd):
    """Class maps of VOC2012 with those of SBD (Hariharan et al. 2011): ``SegmentationClassAug`` and ``trainaug.txt``.

    The training set is all of SBD and of VOC's ``train`` but what is in VOC's ``val``; a photo that both have keeps
    VOC's map.

    Args:
        voc: ``VOCdevkit/VOC2012``.
        sbd: the folder ``dataset`` of SBD's archive, with ``cls/*.mat``, ``train.txt`` and ``val.txt``.

    Returns:
        Number of photos in ``trainaug.txt``; 10,582 for the whole sets.

    Raises:
        FileNotFoundError: a folder, list, map or photo is missing.
        ValueError: a map with a class above 20 that is not 255, or of another size than its photo.
    """
    voc, sbd = _folder(voc, 'it is VOCdevkit/VOC2012'), _folder(sbd, "it is the folder 'dataset' of SBD's archive")
    lists = voc / 'ImageSets' / 'Segmentation'
    val, own = set(_read_lines(lists / 'val.txt')), set(_read_lines(lists / 'train.txt'))
    extra = set(_read_lines(sbd / 'train.txt')) | set(_read_lines(sbd / 'val.txt'))
    names = sorted((own | extra) - val)
    for name in progress_bar(names + sorted(val), 'class maps', unit='image'):
        photo, target = voc / 'JPEGImages' / f'{name}.jpg', voc / 'SegmentationClassAug' / f'{name}.png'
        if not photo.is_file():
            raise FileNotFoundError(f'{photo} does not exist; SBD names it, so VOC2012 is not complete')
        if name in own or name in val:
            classes = read_class_map(voc / 'SegmentationClass' / f'{name}.png')
        else:
            classes = _read_sbd(sbd / 'cls' / f'{name}.mat')
        if ((classes > 20) & (classes != 255)).any():
            raise ValueError(f'the class map of {name} has the value {classes[classes != 255].max()}; VOC has classes '
                             'up to 20')
        with Image.open(photo) as image:
            if classes.shape != image.size[::-1]:
                raise ValueError(f'the class map of {name} is {classes.shape}, its photo {image.size[::-1]} pixels')
        _save(classes.astype(np.uint8), target)
    write_atomically(lists / 'trainaug.txt', '\n'.join(names) + '\n')
    return len(names)


def _read_sbd(path):
    from scipy.io import loadmat
    if not path.is_file():
        raise FileNotFoundError(f'the class map {path} does not exist')
    try:
        return loadmat(str(path))['GTcls']['Segmentation'][0, 0]
    except Exception as error:  # scipy has a dozen kinds for damaged files
        raise ValueError(f'{path} is not a class map of SBD: {error!r}') from error


def imagenet_val(images, labels, out):
    """ImageNet's validation images, which come in one folder, in folders of their classes.

    Files are linked where the disk allows, else copied.

    Args:
        images: folder of ``ILSVRC2012_val_*.JPEG``.
        labels: text file with a line ``NAME CLASS`` for each; the class is the name of its training folder.
        out: folder to make, e.g. ``data/imagenet/val``.

    Returns:
        tuple: numbers of images and of classes.

    Raises:
        FileNotFoundError: the folder or the list is missing.
        ValueError: an image without a label, a label without an image, a line of another form, or a class that is a
            number: it would not tell which training folder is meant.
    """
    images, out = _folder(images, 'unpack ILSVRC2012_img_val.tar there'), Path(out)
    classes = {}
    for number, line in enumerate(_read_lines(labels), start=1):
        words = line.replace(',', ' ').split()
        if len(words) != 2 or words[1].isdigit():
            raise ValueError(f'{labels} line {number}: {line!r} is not NAME CLASS with the name of a training folder, '
                             'such as n01440764')
        classes[words[0]] = words[1]
    found = {path.name for path in images.iterdir() if path.suffix.lower() == '.jpeg'}
    for missing, problem in ((found - set(classes), f'have no line in {labels}'),
                             (set(classes) - found, f'are not in {images}')):
        if missing:
            raise ValueError(f'{len(missing)} images {problem}, the first is {min(missing)}')
    for name in progress_bar(sorted(found), 'images', unit='image'):
        target = out / classes[name] / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            try:
                os.link(images / name, target)
            except OSError:
                with open(images / name, 'rb') as source:
                    write_atomically(target, functools.partial(shutil.copyfileobj, source))
    return len(found), len(set(classes.values()))


def inaturalist(annotations, out):
    """A list file (lines of ``path class``) of iNaturalist's JSON, for :class:`mmwsl.datasets.ImageList`.

    Args:
        annotations: ``train2018.json`` or ``val2018.json``.
        out: list file to write.

    Returns:
        tuple: numbers of images and of classes.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not such a JSON, an image without exactly one class, or a class that is not listed.
    """
    if not Path(annotations).is_file():
        raise FileNotFoundError(f'{annotations} does not exist')
    try:
        content = json.loads(Path(annotations).read_text(encoding='utf-8'))
        files = {image['id']: image['file_name'] for image in content['images']}
        pairs = [(each['image_id'], each['category_id']) for each in content['annotations']]
        known = {category['id'] for category in content['categories']}
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(f'{annotations} is not an annotation file with images, annotations and categories: '
                         f'{error!r}') from error
    labels = dict(pairs)
    if len(pairs) != len(labels) or set(labels) != set(files):
        raise ValueError(f'{annotations}: {len(files)} images, {len(pairs)} annotations of {len(labels)} images; every '
                         'image must have exactly one')
    if set(labels.values()) - known or min(known) < 0 or max(known) >= len(known):
        raise ValueError(f'{annotations}: classes must be numbered from 0 to {len(known) - 1}, as its categories are')
    lines = [f'{files[image]} {labels[image]}' for image in sorted(files)]
    write_atomically(out, '\n'.join(lines) + '\n')
    return len(lines), len(known)
