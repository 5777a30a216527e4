"""Class maps of COCO's instances."""

from pathlib import Path

import numpy as np

from mmwsl.datasets.annotated import rasterize
from mmwsl.datasets.checks import VOID
from mmwsl.datasets.prepare.files import inner_path, save_class_map
from mmwsl.datasets.readers.coco import annotations_of, masks_of_shapes
from mmwsl.datasets.readers.coco_file import read_instances
from mmwsl.files import check_writable_folder
from mmwsl.progress import progress_bar


def coco_class_maps(annotations, out):
    """Write a class map for each image of a JSON file of instances: 0 is background, k + 1 the k-th category.

    Categories count in the order of their numbers. Where instances overlap, the smaller one is in front; pixels of a
    crowd are its category's where no other instance is.

    Args:
        annotations: the JSON file, e.g. ``instances_train2014.json``.
        out: folder for ``<name of the image>.png``.

    Returns:
        Number of files written; those already there are made anew.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not of COCO's layout (see :func:`read_instances`), an image without a size or with a name that leads
            out of the folder, a shape that does not fit its image, or more categories than a class map can hold.
        OSError: the folder cannot be written.
    """
    content, out = read_instances(annotations), Path(out)
    numbers = sorted(category['id'] for category in content['categories'])
    if len(numbers) + 1 > VOID:
        raise ValueError(f'{annotations} has {len(numbers)} categories; a class map holds {VOID - 1} and background')
    for image in content['images']:
        inner_path(image['file_name'], annotations, folders=True)
        if 'width' not in image:
            raise ValueError(f'{annotations}: the image {image["file_name"]} has no width and height; add them')
    check_writable_folder(out)
    label_of = {number: label for label, number in enumerate(numbers)}
    described = annotations_of(content, label_of, annotations, min_size=0)
    pairs = list(zip(content['images'], described, strict=True))
    for image, each in progress_bar(pairs, 'class maps', unit='image'):
        size = image['width'], image['height']
        bitmaps = rasterize(masks_of_shapes(each, image['file_name'], size), *size[::-1])
        class_map = np.zeros(size[::-1], np.uint8)
        order = sorted(range(len(bitmaps)), key=lambda number: (not each['difficult'][number], -bitmaps[number].sum()))
        for number in order:  # crowds first, then from large to small
            class_map[bitmaps[number]] = each['box_labels'][number] + 1
        target = (out / image['file_name']).with_suffix('.png')
        target.parent.mkdir(parents=True, exist_ok=True)
        save_class_map(class_map, target)
    return len(pairs)
