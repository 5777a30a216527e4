"""COCO in its own layout: boxes and masks of instances from one JSON file."""

from pathlib import Path

import numpy as np

from mmwsl.datasets.annotated import AnnotatedDataset
from mmwsl.datasets.checks import AnnotationError
from mmwsl.datasets.readers.coco_file import check_shape, read_instances
from mmwsl.datasets.readers.voc import presence
from mmwsl.registry import DATASETS


def shape_mask(segmentation, height, width):
    """Polygons (K, 2), or a bitmap where the file has run lengths (crowds)."""
    if isinstance(segmentation, dict):
        from pycocotools import mask as coco_mask
        if isinstance(segmentation['counts'], list):
            segmentation = coco_mask.frPyObjects(segmentation, height, width)
        return coco_mask.decode(segmentation).astype(bool)
    return [np.array(polygon, dtype=np.float32).reshape(-1, 2) for polygon in segmentation if len(polygon) >= 6]


def annotations_of(content, label_of, source, min_size=1e-3):
    """Annotations of each image of a file of instances, as :class:`AnnotatedDataset` takes them.

    Args:
        content: what :func:`read_instances` returns.
        label_of: dict of the file's category number -> class number; other categories are left out.
        source: the file, for messages.
        min_size: boxes with a smaller side, in pixels, are left out.
    """
    objects = {image['id']: [] for image in content['images']}
    for each in content['annotations']:
        if each['category_id'] in label_of and not 0 <= min(each['bbox'][2:]) < min_size:
            objects[each['image_id']].append(each)
    return [_annotation(objects[image['id']], label_of, image, source) for image in content['images']]


def _annotation(objects, label_of, image, source):
    boxes = np.array([each['bbox'] for each in objects], dtype=np.float32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    labels = [label_of[each['category_id']] for each in objects]
    amodal = dict(amodal=[each['amodal_segmentation'] for each in objects]) if all(
        'amodal_segmentation' in each for each in objects) else {}
    return dict(amodal, boxes=boxes, box_labels=np.array(labels, dtype=np.int64),
                difficult=np.array([each['iscrowd'] for each in objects], dtype=bool),
                segmentations=[each.get('segmentation') or [] for each in objects], source=source,
                objects=[each['own_id'] for each in objects],
                size=(image['width'], image['height']) if 'width' in image else None)


def masks_of_shapes(annotation, path, size):
    """Masks (see :func:`mmwsl.datasets.annotated.rasterize`) of an image's ``segmentations``, checked.

    Args:
        annotation: of :func:`annotations_of`.
        path: the image, for messages.
        size: its (width, height).

    Raises:
        AnnotationError: see :func:`check_shape`.
    """
    width, height = size
    for number, shape in zip(annotation['objects'], annotation['segmentations'], strict=True):
        try:
            check_shape(shape, width, height)
        except AnnotationError as error:
            raise AnnotationError(f'{path}: annotation {number} of {annotation["source"]}: {error}; correct it',
                                  error.kind) from None
    return [shape_mask(each, height, width) for each in annotation['segmentations']]


@DATASETS.register_module()
class COCO(AnnotatedDataset):
    """COCO instances: ``gt_boxes`` with ``supervision='boxes'``, ``gt_instance_masks`` with ``'full'``.

    ``labels`` are tags (N, C) made from the boxes: 1 present, -1 only in crowds, 0 absent. ``image_ids`` and
    ``category_ids`` are the file's own numbers, by which results are written for pycocotools.

    Args:
        ann_file: the JSON file of instances.
        data_prefix: folder of the images.
        classes: names to keep, in the order their numbers shall have; None: all, by the file's category numbers.
        min_size: boxes with a smaller side, in pixels, are left out; COCO has some of width 0.
        settings: supervision, pipeline, drop_empty, on_error, verify, seed, max_images: see :class:`AnnotatedDataset`.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a class that is not in the file; and see :func:`read_instances`.
    """

    def __init__(self, ann_file='data/coco/annotations/instances_train2017.json', data_prefix='data/coco/train2017',
                 classes=None, min_size=1e-3, **settings):
        self.ann_file = str(ann_file)
        content = self.read(ann_file)
        numbers = {category['name']: category['id'] for category in sorted(content['categories'],
                                                                           key=lambda each: each['id'])}
        unknown = [name for name in classes or () if name not in numbers]
        if unknown:
            raise ValueError(f'COCO: {ann_file} has no class {", ".join(unknown)}; it has {", ".join(numbers)}')
        classes = list(classes or numbers)
        self.category_ids = [numbers[name] for name in classes]
        label_of = {number: label for label, number in enumerate(self.category_ids)}
        annotations = annotations_of(content, label_of, self.ann_file, min_size)
        paths = [Path(data_prefix) / image['file_name'] for image in content['images']]
        self._numbers = {str(path): image['id'] for path, image in zip(paths, content['images'], strict=True)}
        super().__init__(paths, presence(annotations, len(classes)), classes, annotations, **settings)

    read = staticmethod(read_instances)

    @property
    def image_ids(self):
        return [self._numbers[path] for path in self.paths]

    def loaded_sample(self, index, results):
        sample = super().loaded_sample(index, results)
        sample.set_metainfo(dict(image_id=self._numbers[self.paths[index]]))
        return sample

    def masks_of(self, index, size):
        return masks_of_shapes(self.annotations[index], self.paths[index], size)
