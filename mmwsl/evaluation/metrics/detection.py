"""mmengine metrics around the scoring of detections: VOC's own, and COCO's by pycocotools."""

import contextlib
import io

import numpy as np
import torch
from mmengine.evaluator import BaseMetric

from mmwsl.datasets.readers.coco_file import read_instances
from mmwsl.evaluation.functional import detection_average_precision
from mmwsl.ops.tensors import refuse_nan
from mmwsl.registry import METRICS


def _array(value):
    return value.cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)


def _found(sample):
    """Boxes, scores and labels of a sample's detections; ValueError for NaN in them, which no threshold would keep."""
    boxes, scores, labels = (_array(sample[name]) for name in ('pred_boxes', 'pred_box_scores', 'pred_box_labels'))
    for name, values in dict(pred_boxes=boxes, pred_box_scores=scores).items():
        refuse_nan(torch.as_tensor(values), f'{name} of {sample.get("path") or "an image"}')
    return boxes, scores, labels


def truth(sample):
    """What is true of a sample, in pixels of the file: dict of ``boxes``, ``labels`` and ``difficult``."""
    scale = np.tile(np.asarray(sample.get('scale_factor') or (1, 1), dtype=np.float32), 2)
    labels = _array(sample['gt_box_labels'])
    difficult = _array(sample['gt_difficult']) if 'gt_difficult' in sample else np.zeros(len(labels), dtype=bool)
    return dict(boxes=_array(sample['gt_boxes']) / scale, labels=labels, difficult=difficult)


def by_class(name, values, meta):
    """``values`` (C,) that are not NaN, each under ``name/class``."""
    classes = (meta or {}).get('classes') or [str(number) for number in range(len(values))]
    return {f'{name}/{each}': value for each, value in zip(classes, values, strict=True) if not np.isnan(value)}


@METRICS.register_module()
class VOCMetric(BaseMetric):
    """VOC's average precision of boxes, in percent: ``AP50``, and ``AP`` over IoU .5 to .95 and ``AP75``.

    By the area under the curve, and beside it by 11 points (``AP50_11points``, ...), as VOC07's tables have it.

    The samples need ``gt_boxes``, ``gt_box_labels``, perhaps ``gt_difficult``, in pixels of the network's input and,
    where that is another, ``scale_factor``, as :class:`AnnotatedDataset` makes them, and the ``pred_*`` of a detector
    in pixels of the file.

    Args:
        num_classes: classes; default those of the data set.
        iou_thresholds: for ``AP``.
        per_class: also give ``AP50/<class>`` and ``AP50_11points/<class>`` of every class that has objects.
    """

    default_prefix = 'voc'

    def __init__(self, num_classes=None, iou_thresholds=tuple(np.arange(50, 100, 5) / 100), per_class=False,  # noqa: B008
                 collect_device='cpu', prefix=None):
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.num_classes, self.iou_thresholds = num_classes, tuple(float(value) for value in iou_thresholds)
        self.per_class = per_class

    def process(self, data_batch, data_samples):
        for sample in data_samples:
            self.results.append((dict(zip(('boxes', 'scores', 'labels'), _found(sample), strict=True)), truth(sample)))

    def compute_metrics(self, results):
        predictions, truths = zip(*results, strict=True)
        count = self.num_classes or len(self.dataset_meta['classes'])
        values = {}
        for mode, suffix in (('all_points', ''), ('11_points', '_11points')):
            of_classes = {threshold: 100 * detection_average_precision(predictions, truths, count, threshold, mode)
                          for threshold in {0.5, 0.75, *self.iou_thresholds}}
            by_threshold = {threshold: np.nanmean(each) for threshold, each in of_classes.items()}
            if self.per_class:
                values |= by_class(f'AP50{suffix}', of_classes[0.5], self.dataset_meta)
            values |= {f'AP50{suffix}': by_threshold[0.5], f'AP75{suffix}': by_threshold[0.75],
                       f'AP{suffix}': np.mean([by_threshold[threshold] for threshold in self.iou_thresholds])}
        return {name: round(float(value), 4) for name, value in values.items()}


def coco_results(sample, image_id, category_ids):
    """Detections of one image in COCO's results format.

    Args:
        sample: with ``pred_boxes``, ``pred_box_scores``, ``pred_box_labels`` and perhaps ``pred_masks``.
        image_id: number of the image in the annotation file.
        category_ids: number of each class there.
    """
    from pycocotools import mask as coco_mask
    boxes, scores, labels = _found(sample)
    results = [dict(image_id=image_id, category_id=category_ids[label], score=float(score),
                    bbox=[float(box[0]), float(box[1]), float(box[2] - box[0]), float(box[3] - box[1])])
               for box, score, label in zip(boxes, scores, labels, strict=True)]
    if 'pred_masks' in sample:
        masks = np.asfortranarray(_array(sample['pred_masks']).astype(np.uint8).transpose(1, 2, 0))
        for result, encoded in zip(results, coco_mask.encode(masks), strict=True):
            result['segmentation'] = encoded
    return results


def evaluate_coco(annotations, found, kind, image_ids, category_ids):
    """pycocotools' evaluation, summarized.

    Args:
        annotations: pycocotools' ``COCO`` of the truth.
        found: detections in COCO's results format, at least one.
        kind: 'bbox' or 'segm'.
        image_ids, category_ids: those that are scored.
    """
    from pycocotools.cocoeval import COCOeval
    with contextlib.redirect_stdout(io.StringIO()):
        other = 'bbox' if kind == 'segm' else 'segmentation'  # sizes would be taken from it
        part = [{key: value for key, value in one.items() if key != other} for one in found]
        evaluation = COCOeval(annotations, annotations.loadRes(part), kind)
        evaluation.params.imgIds, evaluation.params.catIds = image_ids, category_ids
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation


@METRICS.register_module()
class COCOMetric(BaseMetric):
    """COCO's box and mask AP by pycocotools, in percent: ``bbox_AP``, ``bbox_AP50``, ..., ``segm_AP``, ...

    The samples need ``image_id`` and ``ori_shape`` as meta information, as :class:`COCO` makes them. A size that no
    object has is without a value. What the file leaves out is filled in as by the data set
    (:func:`mmwsl.datasets.readers.coco_file.read_instances`), sizes of images from ``ori_shape``.

    Args:
        ann_file: the JSON file of the data set that is scored.
        kinds: 'bbox', 'segm' or both.
        classes: names, in the order of the class numbers; default those of the data set.
        image_ids: numbers of the images to score; default those that were predicted.
        per_class: also give ``bbox_AP/<class>``, ... of every class that has objects.
        min_size: objects whose box has a smaller side, in pixels of the file, are none; as of the data set.

    Raises:
        ValueError: an unknown kind, a class that the file does not have, or masks to be scored of a file without.
    """

    default_prefix = 'coco'
    NAMES = ('AP', 'AP50', 'AP75', 'AP_small', 'AP_medium', 'AP_large')

    def __init__(self, ann_file, kinds=('bbox',), classes=None, image_ids=None, per_class=False, min_size=0,
                 collect_device='cpu', prefix=None):
        super().__init__(collect_device=collect_device, prefix=prefix)
        if not kinds or set(kinds) - {'bbox', 'segm'}:
            raise ValueError(f"COCOMetric: kinds={kinds} must be 'bbox', 'segm' or both")
        self.ann_file, self.kinds, self.classes, self.image_ids = str(ann_file), list(kinds), classes, image_ids
        self.per_class, self.min_size, self._coco = per_class, min_size, None

    @property
    def coco(self):
        if self._coco is None:
            from pycocotools.coco import COCO as Annotations
            content = read_instances(self.ann_file)
            content['annotations'] = [each for each in content['annotations']
                                      if not 0 <= min(each['bbox'][2:]) < self.min_size]
            shapeless = sum(not each.get('segmentation') for each in content['annotations'])
            if shapeless and 'segm' in self.kinds:
                raise ValueError(f'COCOMetric: {shapeless} of {len(content["annotations"])} annotations of '
                                 f'{self.ann_file} have no segmentation, by which masks are scored; use '
                                 "kinds=('bbox',)")
            with contextlib.redirect_stdout(io.StringIO()):
                self._coco = Annotations()
                self._coco.dataset = content
                self._coco.createIndex()
        return self._coco

    def category_ids(self):
        """COCO category id of every class, from the annotation file."""
        numbers = {each['name']: each['id'] for each in self.coco.loadCats(self.coco.getCatIds())}
        classes = self.classes or self.dataset_meta['classes']
        unknown = [name for name in classes if name not in numbers]
        if unknown:
            raise ValueError(f'COCOMetric: {self.ann_file} has no class {", ".join(unknown)}; score the data set that '
                             'the detector was built for')
        return [numbers[name] for name in classes]

    def process(self, data_batch, data_samples):
        categories = self.category_ids()
        for sample in data_samples:
            number = sample.get('image_id')
            if number not in self.coco.imgs:
                raise ValueError(f'COCOMetric: image_id={number} of {sample.get("path")} is none of {self.ann_file}; '
                                 'score the data set that was read from this file')
            self.results.append((number, sample['ori_shape'], coco_results(sample, number, categories)))

    def compute_metrics(self, results):
        found = [one for _, _, each in results for one in each]
        for number, (height, width), _ in results:
            self.coco.imgs[number].setdefault('height', height)
            self.coco.imgs[number].setdefault('width', width)
        values = {}
        for kind in self.kinds:
            if not found:  # pycocotools cannot read an empty list
                values |= {f'{kind}_{name}': 0.0 for name in self.NAMES}
                continue
            evaluation = evaluate_coco(self.coco, found, kind, sorted(self.image_ids or {
                number for number, _, _ in results}), self.category_ids())
            values |= {f'{kind}_{name}': round(100 * float(value), 4)  # -1: no object of this size
                       for name, value in zip(self.NAMES, evaluation.stats, strict=False) if value >= 0}
            if self.per_class:
                order = np.argsort(np.argsort(self.category_ids()))  # pycocotools sorts them
                precision = evaluation.eval['precision'][:, :, order, 0, -1]  # (IoUs, recalls, classes), -1: no object
                precision = 100 * np.where(precision < 0, np.nan, precision).mean((0, 1))
                meta = dict(classes=self.classes or self.dataset_meta['classes'])
                values |= {name: round(float(value), 4)
                           for name, value in by_class(f'{kind}_AP', precision, meta).items()}
        return values
