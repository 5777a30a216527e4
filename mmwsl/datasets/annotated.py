"""Images with boxes and masks: what VOC, COCO and sets of your own share."""

import io
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from mmengine.logging import print_log

from mmwsl.datasets.checks import VOID, AnnotationError, fit_boxes, frame, text_of_values
from mmwsl.datasets.file_dataset import FileDataset
from mmwsl.datasets.transforms.decode import image_header
from mmwsl.datasets.transforms.pixels import stored_values
from mmwsl.structures import SUPERVISION_LEVELS, strip_labels

GEOMETRY = ('gt_boxes', 'gt_instance_masks', 'gt_mask')


def rasterize(masks, height, width):
    """Masks as bitmaps.

    Args:
        masks: list of N; each a list of polygons (K, 2) in pixels, or a bitmap (H, W).

    Returns:
        bool array (N, H, W), as pycocotools draws polygons.
    """
    from pycocotools import mask as coco_mask
    bitmaps = np.zeros((len(masks), height, width), dtype=bool)
    for bitmap, mask in zip(bitmaps, masks, strict=True):
        if isinstance(mask, np.ndarray):
            bitmap[:] = mask
        elif mask:
            flat = [polygon.astype(float).ravel().tolist() for polygon in mask]
            bitmap[:] = coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(flat, height, width)))
    return bitmaps


class AnnotatedDataset(FileDataset):
    """Base of the sets with geometry: an item's ``data_samples`` also has, as far as ``supervision`` permits,

    * ``gt_boxes`` (N, 4), ``gt_box_labels`` (N,), ``gt_difficult`` (N,): difficult in VOC, crowd in COCO; both are
      neither to be found nor wrong when found
    * ``gt_instance_masks`` (N, H, W) bool, where the set has some
    * ``gt_mask`` (H, W) uint8, where the set has some: 0 = background, class + 1, 255 = void

    in pixels of ``inputs``; ``ori_shape`` (height, width) of the file, and ``scale_factor`` (x, y) of the resizing, are
    meta information.

    Annotations count in the pixels that are stored in the image file, unless the size that comes with them is only that
    of the image turned as EXIF says; the image is decoded accordingly, with any supervision. Boxes that reach beyond
    it by at most a pixel are clipped.

    Args:
        paths, labels, classes: see :class:`FileDataset`.
        annotations: for each image a dict of ``boxes`` (N, 4) float32, ``box_labels`` (N,) int64, ``difficult`` (N,)
            bool, and perhaps ``masks`` (see :func:`rasterize`); or of ``class_map``, the path of an image file whose
            pixel values are classes; or of both. For checks and their messages: ``size``, the (width, height) of the
            image that the annotations say; ``source``, the file that says it; ``objects``, N names or numbers.
        drop_empty: leave out images without a box that is not difficult, or with ``'boxes'`` those without any box;
            for training.
        settings: supervision, pipeline, on_error, verify, seed, max_images: see :class:`FileDataset`. The pipeline must
            consist of transforms of ``geometry.py`` where boxes or masks are seen. ``on_error='skip'`` also leaves out
            images whose annotations cannot be used.

    Raises:
        ValueError: a pipeline that would leave the boxes where they were, or an image that is named twice; and as
            :class:`FileDataset`.
        AnnotationError: boxes that are not finite or not inside the image; when an image is loaded (``verify``: now),
            also an image of another size than its annotations or class map.
    """

    num_map_values: int | None = None  # class maps hold 0 to this - 1, and 255; None = not known
    maps_are_learned = True  # whether a network that is given class maps tells pixels apart as they do
    weaken: Callable | None = None  # (index, class map, what the pipeline starts from) -> a map with less in it
    map_values: Mapping | None = None  # a value in the files of class maps -> what it becomes

    def __init__(self, paths, labels, classes, annotations, drop_empty=False, **settings):
        if settings.get('in_memory'):
            raise ValueError(f'{type(self).__name__}: in_memory=True keeps squares of one size, which boxes and masks '
                             'do not fit; use ImageFolder or ImageList for the images alone')
        twice = [str(path) for path, count in Counter(paths).items() if count > 1]
        if twice:
            raise ValueError(f'{type(self).__name__}: {len(twice)} images are named more than once, among them '
                             f'{", ".join(twice[:5])}; name each once')
        kept = self._usable(paths, annotations, settings.get('on_error', 'raise'))
        if drop_empty:
            kept = [i for i in kept if not self._empty(annotations[i], drop_empty)]
            if not kept:
                raise ValueError(f'{type(self).__name__}: drop_empty={drop_empty} leaves none of {len(paths)} images')
        if len(kept) < len(paths):
            paths, annotations = [paths[i] for i in kept], [annotations[i] for i in kept]
            labels = None if labels is None else torch.as_tensor(labels)[kept]
        self.annotations = annotations
        super().__init__(paths, labels, classes, **settings)
        fixed = [type(step).__name__ for step in self.pipeline if not getattr(step, 'moves_annotations', False)]
        if self._visible and fixed:
            raise ValueError(f'{type(self).__name__}: supervision={self.supervision!r} shows boxes, but '
                             f'{", ".join(fixed)} would not move them with the image; use ResizeShortEdge and '
                             "RandomFlip, or supervision='image'")

    @property
    def _visible(self):
        allowed = SUPERVISION_LEVELS[self.supervision]
        return GEOMETRY if allowed is None else tuple(set(GEOMETRY) & set(allowed))

    def keep(self, positions):
        if len(positions) < len(self.paths):
            self.annotations = [self.annotations[position] for position in positions]
        super().keep(positions)

    def _usable(self, paths, annotations, on_error):
        """Positions of the annotations whose boxes can be used; these are clipped to the recorded size."""
        faults = {}
        for position, each in enumerate(annotations):
            if 'boxes' in each:
                try:
                    each['boxes'] = self._fitting(each, each.get('size'))
                except AnnotationError as error:
                    faults[position] = f'{paths[position]}: {error}'
        if not faults:
            return range(len(paths))
        text = f'{type(self).__name__}: {len(faults)} of {len(paths)} images have boxes that cannot be used'
        first = '; '.join(list(faults.values())[:10])
        if on_error != 'skip' or len(faults) == len(paths):
            raise AnnotationError(f"{text}, the first: {first}. Correct them, or leave these images out with "
                                  "on_error='skip'", kind='boxes')
        print_log(f'{text} and are left out: {first}', logger='current', level=logging.WARNING)
        return [position for position in range(len(paths)) if position not in faults]

    @staticmethod
    def _fitting(annotation, size):
        names = annotation.get('objects') or range(1, len(annotation['boxes']) + 1)
        try:
            return fit_boxes(annotation['boxes'], size, names)
        except AnnotationError as error:
            raise AnnotationError(f'{annotation.get("source", "its annotations")}: {error}', error.kind) from None

    @staticmethod
    def _empty(annotation, drop_empty):
        difficult = annotation.get('difficult', np.ones(0, bool))
        return not len(difficult) if drop_empty == 'boxes' else bool(difficult.all())

    def masks_of(self, index, size):
        """Masks of an image's boxes (see :func:`rasterize`), or None; ``size`` is (width, height) of the image."""
        return self.annotations[index].get('masks')

    def recorded_sizes(self, index):
        """Pairs of a file and the (width, height) that it says an image has; the first decides how it is turned."""
        annotation, recorded = self.annotations[index], []
        if annotation.get('size') is not None:
            recorded.append((annotation.get('source', 'its annotation'), annotation['size']))
        if annotation.get('class_map') is not None:
            recorded.append((annotation['class_map'], image_header(annotation['class_map'])[0]))
        return recorded

    def describe(self, index):
        """What the pipeline starts from; this checks the annotations, and reads of the image only its header."""
        results, annotation = super().describe(index), self.annotations[index]
        results['upright'], size = frame(results['path'], self.recorded_sizes(index), strict=bool(self._visible))
        if self._visible and 'boxes' in annotation:
            results['boxes'] = annotation['boxes'] if annotation.get('size') else self._fitting(annotation, size)
        masks = self.masks_of(index, size) if 'gt_instance_masks' in self._visible else None
        if masks is not None:
            results['masks'] = masks
        class_map = self.class_map_of(index, size) if 'gt_mask' in self._visible else None
        if class_map is not None:
            results['class_map'] = class_map if self.weaken is None else self.weaken(index, class_map, results)
        return results

    def check(self, index):
        return self.describe(index)

    def class_map_of(self, index, size):
        """uint8 (H, W) of the class map of an image of ``size`` (width, height), or None.

        Raises:
            FileNotFoundError: no such file.
            AnnotationError: it is no class map, or has a value that is no class.
        """
        path = self.annotations[index].get('class_map')
        if path is None:
            return None
        class_map = read_class_map(path, self.map_values)
        count = self.num_map_values
        if count is not None and ((class_map >= count) & (class_map != VOID)).any():
            raise AnnotationError(f'class map {path} holds the values '
                                  f'{text_of_values(np.bincount(class_map.ravel()), count)}', kind='class maps')
        return class_map

    def loaded_sample(self, index, results):
        sample = super().loaded_sample(index, results)
        inputs = results['inputs']
        height, width = (inputs[0] if isinstance(inputs, list) else inputs).shape[-2:]
        sample.set_metainfo(dict(ori_shape=tuple(results.get('ori_shape', (height, width))),
                                 scale_factor=tuple(results.get('scale_factor', (1.0, 1.0)))))
        annotation = self.annotations[index]
        if 'boxes' in results:
            sample.gt_boxes = torch.as_tensor(results['boxes'], dtype=torch.float32)
            sample.gt_box_labels = torch.as_tensor(annotation['box_labels'], dtype=torch.int64)
            sample.gt_difficult = torch.as_tensor(annotation['difficult'], dtype=torch.bool)
        if 'masks' in results:
            sample.gt_instance_masks = torch.from_numpy(rasterize(results['masks'], height, width))
        if 'class_map' in results:
            sample.gt_mask = torch.from_numpy(np.ascontiguousarray(results['class_map']))
            if 'class_map' in annotation:
                sample.set_metainfo(dict(class_map=str(annotation['class_map']), class_map_values=self.map_values))
        return strip_labels(sample, self.supervision)


def read_class_map(path, values=None):
    """uint8 (H, W) of a file whose pixel values, or palette numbers, are classes.

    Args:
        path: the file; grey of 1, 2, 4, 8 or 16 bits, three equal channels, or a palette. The numbers are those that
            are stored.
        values: dict of a value in the file -> what it becomes; others stay. Or of a color (red, green, blue), where
            colors stand for classes; there all must be named.

    Raises:
        FileNotFoundError: no such file.
        AnnotationError: not an image of one channel, one with a number above 255, a JPEG, or a color without a name.
    """
    from PIL import Image  # OpenCV turns palette numbers into colours
    try:
        # from memory: of a TIFF that is mapped from disk PIL mixes up the rows if it is to be turned
        with Image.open(io.BytesIO(Path(path).read_bytes())) as image:
            kind, colored = image.format, any(isinstance(value, tuple) for value in values or ())
            array = np.array(image.convert('RGB')) if colored else stored_values(image)
    except FileNotFoundError:
        raise FileNotFoundError(f'class map {path} does not exist') from None
    except Exception as error:  # every decoder behind PIL has its own
        raise AnnotationError(f'class map {path} cannot be read: {error}', kind='class maps') from error
    if kind in ('JPEG', 'MPO'):
        raise AnnotationError(f'class map {path} is a JPEG, which does not keep the numbers that were saved; make it '
                              'anew as a PNG', kind='class maps')
    if colored:
        return _classes_of_colors(path, array, values)
    if array.ndim == 3 and (array[..., :3] == array[..., :1]).all():
        array = array[..., 0]
    whole = array.ndim == 2 and array.dtype.kind in 'iu'
    if not whole or array.min() < 0 or array.max() > 255:
        held = f' with values from {array.min()} to {array.max()}' if whole else ''
        mend = ('; where colors stand for classes, name them by the setting `values` of ClassMaps, '
                "values='voc' for VOC's" if array.ndim == 3 else '')
        raise AnnotationError(f'class map {path} is {array.dtype} of shape {array.shape}{held}; it must have one '
                              f'number from 0 to 255 per pixel (a palette PNG, or grey){mend}', kind='class maps')
    array = array.astype(np.uint8)
    if not values:
        return array
    table = np.arange(256, dtype=np.uint8)
    for value, becomes in values.items():
        table[int(value)] = becomes
    return table[array]


def _classes_of_colors(path, array, values):
    packed = array.astype(np.int32) @ np.int32([1 << 16, 1 << 8, 1])
    class_map, left = np.zeros(packed.shape, np.uint8), np.ones(packed.shape, bool)
    for (red, green, blue), becomes in values.items():
        there = packed == (red << 16 | green << 8 | blue)
        class_map[there], left[there] = becomes, False
    if left.any():
        colors = [tuple(color) for color in np.unique(array[left], axis=0).tolist()]
        raise AnnotationError(f'class map {path} has {left.sum()} pixels of {len(colors)} colors without a name, among '
                              f'them {", ".join(map(str, colors[:3]))}; name them, or save it without smoothing',
                              kind='class maps')
    return class_map
