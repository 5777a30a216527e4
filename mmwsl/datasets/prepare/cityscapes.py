"""Cityscapes: the 19 classes that are evaluated."""

from pathlib import Path

import numpy as np

from mmwsl.datasets.annotated import read_class_map
from mmwsl.datasets.prepare.files import existing_folder, save_class_map
from mmwsl.files import check_writable_folder
from mmwsl.progress import progress_bar

CITYSCAPES_CLASSES = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)  # ids of 0, 1, ... 18


def cityscapes(root):
    """Write ``*_gtFine_labelTrainIds.png``, the 19 classes that are scored, beside each ``*_gtFine_labelIds.png``.

    Args:
        root: folder with ``gtFine/{train,val}/<city>/``.

    Returns:
        Number of files written; those already there are made anew.

    Raises:
        FileNotFoundError: no such folder, or no label files in it.
        ValueError: a value that is no Cityscapes id.
        OSError: a city's folder cannot be written.
    """
    folder = existing_folder(Path(root) / 'gtFine', 'unpack gtFine_trainvaltest.zip there')
    files = sorted(folder.glob('*/*/*_gtFine_labelIds.png'))
    if not files:
        raise FileNotFoundError(f'{folder} has no */*/*_gtFine_labelIds.png; unpack gtFine_trainvaltest.zip there')
    for city in sorted({file.parent for file in files}):
        check_writable_folder(city)
    train_ids = np.full(256, 255, np.uint8)
    train_ids[list(CITYSCAPES_CLASSES)] = np.arange(19)
    for file in progress_bar(files, 'class maps', unit='image'):
        ids = read_class_map(file)
        wrong = ids[(ids > 33) & (ids != 255)]
        if len(wrong):
            raise ValueError(f'{file} has the value {wrong[0]}, but ids end at 33; is it a labelIds file?')
        save_class_map(train_ids[ids], file.with_name(file.name.replace('labelIds', 'labelTrainIds')))
    return len(files)
