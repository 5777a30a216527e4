"""Images with boxes and masks: what VOC, COCO and sets of your own share."""

import numpy as np
import torch

from mmwsl.datasets.file_dataset import FileDataset
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

    Args:
        paths, labels, classes: see :class:`FileDataset`.
        annotations: for each image a dict of ``boxes`` (N, 4) float32, ``box_labels`` (N,) int64, ``difficult`` (N,)
            bool, and perhaps ``masks`` (see :func:`rasterize`); or of ``class_map``, the path of an image file whose
            pixel values are classes; or of both.
        drop_empty: leave out images without a box that is not difficult, or with ``'boxes'`` those without any box;
            for training.
        settings: supervision, pipeline, on_error, verify, seed, max_images: see :class:`FileDataset`. The pipeline must
            consist of transforms of ``geometry.py`` where boxes or masks are seen.

    Raises:
        ValueError: a pipeline that would leave the boxes where they were; and as :class:`FileDataset`.
    """

    def __init__(self, paths, labels, classes, annotations, drop_empty=False, **settings):
        if settings.get('in_memory'):
            raise ValueError(f'{type(self).__name__}: in_memory=True keeps squares of one size, which boxes and masks '
                             'do not fit; use ImageFolder or ImageList for the images alone')
        if drop_empty:
            kept = [i for i, each in enumerate(annotations) if not self._empty(each, drop_empty)]
            if not kept:
                raise ValueError(f'{type(self).__name__}: drop_empty={drop_empty} leaves none of {len(paths)} images')
            paths, annotations = [paths[i] for i in kept], [annotations[i] for i in kept]
            labels = None if labels is None else torch.as_tensor(labels)[kept]
        self.annotations = annotations
        super().__init__(paths, labels, classes, **settings)
        allowed = SUPERVISION_LEVELS[self.supervision]
        self._visible = GEOMETRY if allowed is None else tuple(set(GEOMETRY) & set(allowed))
        fixed = [type(step).__name__ for step in self.pipeline if not getattr(step, 'moves_annotations', False)]
        if self._visible and fixed:
            raise ValueError(f'{type(self).__name__}: supervision={self.supervision!r} shows boxes, but '
                             f'{", ".join(fixed)} would not move them with the image; use ResizeShortEdge and '
                             "RandomFlip, or supervision='image'")

    def keep(self, positions):
        if len(positions) < len(self.paths):
            self.annotations = [self.annotations[position] for position in positions]
        super().keep(positions)

    @staticmethod
    def _empty(annotation, drop_empty):
        difficult = annotation.get('difficult', np.ones(0, bool))
        return not len(difficult) if drop_empty == 'boxes' else bool(difficult.all())

    def masks_of(self, index):
        """Masks of an image's boxes (see :func:`rasterize`), or None."""
        return self.annotations[index].get('masks')

    def describe(self, index):
        results, annotation = super().describe(index), self.annotations[index]
        if self._visible and 'boxes' in annotation:
            results['boxes'] = annotation['boxes']
        masks = self.masks_of(index) if 'gt_instance_masks' in self._visible else None
        if masks is not None:
            results['masks'] = masks
        if 'gt_mask' in self._visible and annotation.get('class_map') is not None:
            results['class_map'] = read_class_map(annotation['class_map'])
        return results

    def loaded_sample(self, index, results):
        sample = super().loaded_sample(index, results)
        height, width = results['inputs'].shape[-2:]
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
                sample.set_metainfo(dict(class_map=str(annotation['class_map'])))
        return strip_labels(sample, self.supervision)


def read_class_map(path):
    """uint8 (H, W) of a file whose pixel values, or palette numbers, are classes.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not an image of one channel.
    """
    from PIL import Image  # OpenCV turns palette numbers into colours
    try:
        with Image.open(path) as image:
            array = np.array(image)
    except FileNotFoundError:
        raise FileNotFoundError(f'class map {path} does not exist') from None
    except OSError as error:
        raise ValueError(f'class map {path} cannot be read: {error}') from error
    if array.ndim != 2 or array.dtype != np.uint8:
        raise ValueError(f'class map {path} is {array.dtype} of shape {array.shape}; it must have one number from 0 to '
                         '255 per pixel (a palette PNG, or grey)')
    return array
