"""VOC2012 with the class maps of SBD."""

import numpy as np
from PIL import Image

from mmwsl.datasets.annotated import read_class_map
from mmwsl.datasets.prepare.files import existing_folder, inner_path, read_list, save_class_map
from mmwsl.files import check_writable, check_writable_folder, write_atomically
from mmwsl.progress import progress_bar


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
        ValueError: a name that leads out of the folders, a map with a class above 20 that is not 255, or of another
            size than its photo.
        OSError: what is written cannot be.
    """
    voc = existing_folder(voc, 'it is VOCdevkit/VOC2012')
    sbd = existing_folder(sbd, "it is the folder 'dataset' of SBD's archive")
    lists = voc / 'ImageSets' / 'Segmentation'
    check_writable_folder(voc / 'SegmentationClassAug')
    check_writable(lists / 'trainaug.txt')
    val, own = set(read_list(lists / 'val.txt')), set(read_list(lists / 'train.txt'))
    extra = set(read_list(sbd / 'train.txt')) | set(read_list(sbd / 'val.txt'))
    names = sorted((own | extra) - val)
    for name in (*names, *val):
        inner_path(name, f'a list of {sbd} or {lists}')
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
        save_class_map(classes.astype(np.uint8), target)
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
