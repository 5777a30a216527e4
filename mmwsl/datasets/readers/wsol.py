"""Localization in the layout of the WSOL benchmark (Choe et al. 2020, arXiv:2001.07437): ILSVRC, CUB, OpenImages30k."""

import re
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from mmwsl.datasets.annotated import AnnotatedDataset
from mmwsl.datasets.checks import AnnotationError
from mmwsl.datasets.transforms.decode import image_header
from mmwsl.files import read_lines
from mmwsl.registry import DATASETS
from mmwsl.structures import SUPERVISION_LEVELS

VOID = 255


def read_rows(path, counts, meaning):
    """The lines of a metadata file as (line number from 1, list of fields); empty lines are left out.

    Args:
        path: the file.
        counts: how many fields separated by commas a line may have.
        meaning: what a line holds, for messages.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not text, no lines, or a line of another number of fields.
    """
    if not path.is_file():
        raise FileNotFoundError(f'WSOLBenchmark: {path} does not exist (looked for from {Path.cwd()}); correct '
                                '`metadata`, the folder of a split with image_ids.txt and class_labels.txt')
    rows = []
    for number, line in enumerate(read_lines(path), start=1):
        fields = [field.strip() for field in line.split(',')]
        if fields == ['']:
            continue
        if len(fields) not in counts or not fields[0]:
            raise ValueError(f'WSOLBenchmark: {path} line {number}: {line.strip()!r} is not `{meaning}`')
        rows.append((number, fields))
    if not rows:
        raise ValueError(f'WSOLBenchmark: {path} is empty; it needs lines of `{meaning}`')
    return rows


def _whole_numbers(path, number, fields):
    if not all(re.fullmatch(r'\d+', field, re.ASCII) for field in fields):
        raise ValueError(f'WSOLBenchmark: {path} line {number}: {",".join(fields)!r} must be whole numbers from 0')
    return [int(field) for field in fields]


def read_numbers(path, names):
    """A file of ``id,number,...`` as a dict of id -> tuple of whole numbers.

    Raises:
        FileNotFoundError, ValueError: see :func:`read_rows`; and an id with two different lines.
    """
    found = {}
    for number, (image, *fields) in read_rows(path, {1 + len(names)}, f'id,{",".join(names)}'):
        values = tuple(_whole_numbers(path, number, fields))
        if found.setdefault(image, values) != values:
            raise ValueError(f'WSOLBenchmark: {path} line {number}: {image} was {found[image]} in an earlier line and '
                             f'is {values} here')
    return found


def read_localization(path):
    """Boxes or masks of a ``localization.txt``.

    Returns:
        dict of id -> array (N, 4) of x1, y1, x2, y2; or id -> (list of mask files, file of the ignored region or None).

    Raises:
        FileNotFoundError, ValueError: see :func:`read_rows`; boxes and masks in one file, a box that is no box, or two
            ignored regions of one image.
    """
    rows = read_rows(path, {3, 5}, 'id,x1,y1,x2,y2` or `id,mask,ignore')
    width, found = len(rows[0][1]), {}
    for number, (image, *fields) in rows:
        if 1 + len(fields) != width:
            raise ValueError(f'WSOLBenchmark: {path} line {number} has {1 + len(fields)} fields, the first line '
                             f'{width}; a file holds boxes (5) or masks (3), not both')
        if width == 5:
            left, top, right, bottom = box = _whole_numbers(path, number, fields)
            if right < left or bottom < top:
                raise ValueError(f'WSOLBenchmark: {path} line {number}: the box {box} of {image} has no extent; it '
                                 'must be x1,y1,x2,y2')
            found.setdefault(image, []).append(box)
        else:
            masks, ignored = found.setdefault(image, ([], []))
            if not fields[0]:
                raise ValueError(f'WSOLBenchmark: {path} line {number}: {image} has no mask; lines are '
                                 '`id,mask,ignore`')
            masks.append(fields[0])
            ignored += [fields[1]] if fields[1] else []
            if len(set(ignored)) > 1:
                raise ValueError(f'WSOLBenchmark: {path} line {number}: {image} has two ignored regions, '
                                 f'{ignored[0]} and {fields[1]}; one of its lines names it, the others end in a comma')
    if width == 5:
        return {image: np.array(boxes, dtype=np.float32) for image, boxes in found.items()}
    return {image: (masks, ignored[0] if ignored else None) for image, (masks, ignored) in found.items()}


def read_mask(path, height, width):
    """bool (height, width) of a mask file, true where it is not black; brought to that size if it has another.

    Raises:
        FileNotFoundError: no such file.
        AnnotationError: no image, or one of another shape.
    """
    try:
        encoded = np.fromfile(path, dtype=np.uint8)
    except FileNotFoundError:
        raise FileNotFoundError(f'mask {path} does not exist') from None
    # as it is stored: grey of 8 bits would lose the small numbers of 16 bits, and EXIF would turn it
    mask = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED) if encoded.size else None
    if mask is None:
        raise AnnotationError(f'mask {path} cannot be decoded: empty, truncated or no image ({encoded.size} bytes)',
                              kind='masks')
    if not _same_shape(mask.shape[1::-1], (width, height)):
        raise AnnotationError(f'mask {path} has {mask.shape[1]} x {mask.shape[0]} pixels, which is not the shape of '
                              f'its image of {width} x {height}', kind='masks')
    mask = np.uint8(mask > 0 if mask.ndim == 2 else (mask[..., :3] > 0).any(axis=2))  # without alpha
    return cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT) > 0


def _same_shape(size, other):
    """Whether two (width, height) have one aspect ratio, as far as rounding to whole pixels lets it be told."""
    return abs(size[0] * other[1] - size[1] * other[0]) <= 2 * max(*size, *other)


@DATASETS.register_module()
class WSOLBenchmark(AnnotatedDataset):
    """A split of the WSOL benchmark: images with one class each and, to be scored, boxes or masks of its objects.

    The folder ``metadata`` holds ``image_ids.txt``, ``class_labels.txt`` (lines of ``id,label``) and, read with
    supervision ``'boxes'`` or ``'full'``, ``localization.txt``: boxes ``id,x1,y1,x2,y2``, with ``image_sizes.txt``
    (``id,width,height``) beside it, or masks ``id,mask,ignore``, with ``'full'`` alone. An image may have
    several lines.

    Boxes are as the benchmark has them: both corners inside. Masks of one image are put together in ``gt_mask``
    (0 background, label + 1, 255 ignored and not object).

    Args:
        data_root: folder that the ids are paths in.
        metadata: folder of the split's text files.
        mask_root: folder that the names of masks are paths in; None: ``data_root``.
        classes: names of the classes; None: their numbers.
        settings: supervision, pipeline, on_error, verify, seed, max_images: see :class:`AnnotatedDataset`.

    Raises:
        FileNotFoundError: no such folder, text file or mask.
        ValueError: a line that cannot be used, an image named twice, without label or without box or mask, a box that
            does not fit its image's size; and when it is loaded, an image of another size than ``image_sizes.txt``
            says, or a mask that is no image or has another shape. ``on_error='skip'`` leaves out the images of the last
            three.
    """

    def __init__(self, data_root, metadata, mask_root=None, classes=None, **settings):
        root, folder = Path(data_root), Path(metadata)
        if not root.is_dir():
            raise FileNotFoundError(f'WSOLBenchmark: {root} does not exist (looked for from {Path.cwd()}); correct '
                                    '`data_root`, the folder of the images')
        images = [image for _, (image,) in read_rows(folder / 'image_ids.txt', {1}, 'path/to/image.jpg')]
        twice = [image for image, count in Counter(images).items() if count > 1]
        if twice:
            raise ValueError(f'WSOLBenchmark: {folder / "image_ids.txt"} names {len(twice)} images more than once, the '
                             f'first is {twice[0]}')
        path = folder / 'class_labels.txt'
        labels = [label for label, in self._of_all(images, path, read_numbers(path, ['label']))]
        if classes is None:
            classes = [str(label) for label in range(max(labels) + 1)]
        elif max(labels) >= len(classes):
            raise ValueError(f'WSOLBenchmark: {path} has the label {max(labels)}, but '
                             f'{len(classes)} classes are given; labels count from 0')
        path = folder / 'image_sizes.txt'
        has_sizes = path.is_file() and path.read_bytes().strip()
        sizes = read_numbers(path, ['width', 'height']) if has_sizes else {}
        annotations = [dict(size=sizes.get(image), source=str(path)) for image in images]
        allowed = SUPERVISION_LEVELS.get(settings.get('supervision', 'image'), ())
        if allowed is None or 'gt_boxes' in allowed:
            truth = self._annotations(images, labels, folder, Path(mask_root or root), masks=allowed is None)
            annotations = [size | each for size, each in zip(annotations, truth, strict=True)]
        self.num_map_values = len(classes) + 1
        super().__init__([root / image for image in images], labels, classes, annotations, **settings)

    @staticmethod
    def _of_all(images, path, found):
        """What ``found`` in the file ``path`` says of each image."""
        missing = [image for image in images if image not in found]
        if missing:
            raise ValueError(f'WSOLBenchmark: {path} has no line for {len(missing)} of {len(images)} images, the first '
                             f'is {missing[0]}')
        return [found[image] for image in images]

    def _annotations(self, images, labels, folder, mask_root, masks):
        path = folder / 'localization.txt'
        if path.is_file() and not path.read_bytes().strip():
            raise ValueError(f"WSOLBenchmark: {path} is empty: this split has tags alone; set supervision='image'")
        truth = self._of_all(images, path, read_localization(path))
        if isinstance(truth[0], tuple):
            return self._mask_files(images, labels, path, truth, mask_root, masks)
        self._of_all(images, folder / 'image_sizes.txt',
                     read_numbers(folder / 'image_sizes.txt', ['width', 'height']))
        return [dict(boxes=boxes, box_labels=np.full(len(boxes), label), difficult=np.zeros(len(boxes), bool))
                for boxes, label in zip(truth, labels, strict=True)]

    @staticmethod
    def _mask_files(images, labels, path, truth, root, allowed):
        if not allowed:
            raise ValueError(f"WSOLBenchmark: {path} has masks, which supervision='boxes' does not show; use 'full'")
        if max(labels) + 1 >= VOID:
            raise ValueError(f'WSOLBenchmark: masks can tell {VOID - 1} classes apart, {max(labels) + 1} are there')
        files = {image: ([root / name for name in masks], None if ignored is None else root / ignored)
                 for image, (masks, ignored) in zip(images, truth, strict=True)}
        absent = [file for masks, ignored in files.values() for file in (*masks, *([ignored] if ignored else []))
                  if not file.is_file()]
        if absent:
            raise FileNotFoundError(f'WSOLBenchmark: {len(absent)} masks of {path} do not exist, the first is '
                                    f'{absent[0]}; correct mask_root')
        return [dict(mask_files=masks, ignored=ignored, label=label)
                for (masks, ignored), label in zip(files.values(), labels, strict=True)]

    def recorded_sizes(self, index):
        """As the base; masks of another resolution tell by their shape how the image is turned."""
        recorded, masks = super().recorded_sizes(index), self.annotations[index].get('mask_files')
        if not recorded and masks:
            stored, orientation = image_header(self.paths[index])
            mask = image_header(masks[0])[0] if orientation >= 5 else stored
            if not _same_shape(mask, stored) and _same_shape(mask, stored[::-1]):
                recorded.append((masks[0], stored[::-1]))
        return recorded

    def class_map_of(self, index, size):
        annotation, (width, height) = self.annotations[index], size
        if 'mask_files' not in annotation:
            return None
        found = np.any([read_mask(file, height, width) for file in annotation['mask_files']], axis=0)
        if not found.any():
            raise AnnotationError(f'the masks of {self.paths[index]} are black, the first is '
                                  f'{annotation["mask_files"][0]}: no pixel is object; correct them', kind='masks')
        class_map = np.where(found, np.uint8(annotation['label'] + 1), np.uint8(0))
        if annotation['ignored'] is not None:
            class_map[read_mask(annotation['ignored'], height, width) & ~found] = VOID
        return class_map
