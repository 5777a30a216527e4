"""COCO's file of instances: read, checked, and with what exporters leave out filled in."""

import json
from collections import Counter
from pathlib import Path

import numpy as np

from mmwsl.datasets.checks import TOLERANCE, AnnotationError

# what cannot be filled in
FIELDS = dict(images=('id', 'file_name'), categories=('id', 'name'), annotations=('image_id', 'category_id'))


def read_instances(path):
    """The content of a JSON file of instances.

    Annotations are numbered anew from 1, in the order of the file (``own_id`` is the file's number): pycocotools takes
    the number 0 for "none" and keeps one of several with the same number. Where they are missing, ``iscrowd`` becomes 0
    and ``area`` that of the shape (see :func:`shape_area`). An image without a size has no ``width`` and ``height``.

    Returns:
        dict of ``images``, ``categories`` and ``annotations``, each a list of dicts as in the file.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not JSON, not of COCO's layout, a field missing that cannot be filled in, an image or category
            number or name that stands there twice, or an annotation without four numbers as its box, or of an image or
            category that is not in the file.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'COCO: {path} does not exist (looked for from {Path.cwd()}); correct ann_file')
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:
        raise ValueError(f'COCO: {path} is not JSON: {error}; is the download complete?') from error
    absent = [key for key in ('images', 'annotations', 'categories')
              if not isinstance(content, dict) or key not in content]
    if absent:
        raise ValueError(f'COCO: {path} has no {", ".join(absent)}; it is no file of instances with annotations')
    _check_fields(path, content)
    if not content['images']:
        raise ValueError(f'COCO: {path} lists no images')
    _check_unique(path, content['images'], 'id', 'file_name', 'images')
    _check_unique(path, content['images'], 'file_name', 'id', 'images')
    _check_unique(path, content['categories'], 'id', 'name', 'categories')
    _check_unique(path, content['categories'], 'name', 'id', 'categories')
    for image in content['images']:
        if not (image.get('width') and image.get('height')):
            image.pop('width', None)
            image.pop('height', None)
    images = {image['id'] for image in content['images']}
    categories = {category['id'] for category in content['categories']}
    for number, each in enumerate(content['annotations'], start=1):
        name = f'annotation {each.get("id", f"at place {number}")} of {path}'
        if each['image_id'] not in images or each['category_id'] not in categories:
            raise ValueError(f'COCO: {name} is of image {each["image_id"]} and category {each["category_id"]}, one of '
                             'which the file does not list')
        if len(each.get('bbox') or ()) != 4 or not all(isinstance(value, (int, float)) for value in each['bbox']):
            raise ValueError(f'COCO: {name} has no bbox of four numbers')
        each['own_id'], each['id'] = each.get('id'), number
        each['iscrowd'] = int(each.get('iscrowd') or 0)
        if each.get('area') is None:
            each['area'] = shape_area(each)
    return content


def _check_unique(path, rows, key, other, kind):
    twice = [value for value, count in Counter(row[key] for row in rows).items() if count > 1]
    if twice:
        sharing = {value: ', '.join(repr(row[other]) for row in rows if row[key] == value) for value in twice[:5]}
        shown = '; '.join(f'{key} {value!r} of {other} {names}' for value, names in sharing.items())
        raise ValueError(f'COCO: {path}: {len(twice)} {kind} have a {key} that others have, too: {shown}; give each '
                         'its own')


def _check_fields(path, content):
    for key, fields in FIELDS.items():
        for place, row in enumerate(content[key] if isinstance(content[key], list) else [None]):
            absent = [field for field in fields if not isinstance(row, dict) or row.get(field) is None]
            if absent:
                raise ValueError(f'COCO: {path}: {key} number {place} (from 0) has no {", ".join(absent)}; {key} is a '
                                 f'list of objects, each with {", ".join(fields)}')


def check_shape(shape, width, height):
    """Make sure that a ``segmentation`` can be drawn on its image.

    Args:
        shape: polygons, each a list of x, y, x, y, ...; or run lengths, a dict of ``counts`` and ``size``.
        width, height: of the image in pixels.

    Raises:
        AnnotationError: it is neither, has a number that is not finite, reaches out of the image by more than a pixel,
            or is of another size.
    """
    if isinstance(shape, dict):
        counts, size = shape.get('counts'), shape.get('size')
        total = sum(counts) if isinstance(counts, list) else width * height
        if not isinstance(counts, (list, str, bytes)) or list(size or ()) != [height, width] or total != width * height:
            raise AnnotationError(f'its run lengths are of {total} pixels and size {size}, the image is of '
                                  f'[{height}, {width}]', kind='masks')
        return
    for polygon in shape if isinstance(shape, list) else [None]:
        if not isinstance(polygon, list) or len(polygon) % 2 or not all(
                isinstance(value, (int, float)) for value in polygon):
            raise AnnotationError('its segmentation is no list of polygons, each a list of x, y, x, y, ...',
                                  kind='masks')
        points = np.array(polygon, dtype=np.float64).reshape(-1, 2)
        # not only wrong: pycocotools needs all memory for some
        if not ((points >= -TOLERANCE) & (points <= np.array([width, height]) + TOLERANCE)).all():
            raise AnnotationError(f'a polygon has points that are not finite, or not inside the image of {width} x '
                                  f'{height} pixels: from {points.min(0).tolist()} to {points.max(0).tolist()}',
                                  kind='masks')


def shape_area(annotation):
    """Area of an annotation in pixels: of its polygons or run lengths, or else of its box."""
    shape = annotation.get('segmentation')
    if isinstance(shape, dict) and isinstance(shape.get('counts'), list):
        return float(sum(shape['counts'][1::2]))
    if isinstance(shape, dict) and shape.keys() >= {'counts', 'size'}:
        from pycocotools import mask as coco_mask
        return float(coco_mask.area(shape))
    polygons = [np.array(polygon[:len(polygon) // 2 * 2], dtype=np.float64).reshape(-1, 2)
                for polygon in shape or () if isinstance(polygon, list) and len(polygon) >= 6]
    if not polygons:
        return float(annotation['bbox'][2] * annotation['bbox'][3])
    return float(sum(_polygon_area(polygon) for polygon in polygons))


def _polygon_area(points):
    (x, y), (next_x, next_y) = points.T, np.roll(points, -1, axis=0).T
    return abs((x * next_y - next_x * y).sum()) / 2
