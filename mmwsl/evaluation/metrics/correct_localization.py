"""mmengine metric around CorLoc."""

import numpy as np
from mmengine.evaluator import BaseMetric

from mmwsl.evaluation.functional import correct_localization
from mmwsl.evaluation.functional.localization import boxes_from_map
from mmwsl.evaluation.metrics.detection import _array, _found, by_class, truth
from mmwsl.registry import METRICS


@METRICS.register_module()
class CorLocMetric(BaseMetric):
    """Correct localization, in percent: ``corloc``, the mean over classes of the images whose best box lies on one.

    It is of a training set, as the literature has it: only boxes of classes that are there are looked at. The samples
    have ``gt_boxes`` and ``gt_box_labels`` as for :class:`VOCMetric`, difficult ones included, and ``pred_top_boxes``
    (C, 4) in pixels of the file. Without them the best of ``pred_boxes`` of each class is taken, or, of a
    :class:`Localizer`, the box of the class's map.

    Args:
        num_classes: classes; default those of the data set.
        iou_threshold: the IoU must be above it.
        per_class: also give ``corloc/<class>`` of every class that an image has.
        map_threshold: of boxes of maps, see :func:`boxes_from_map`; CAM's paper has 0.2.
    """

    default_prefix = 'weak'

    def __init__(self, num_classes=None, iou_threshold=0.5, per_class=False, map_threshold=0.2,
                 collect_device='cpu', prefix=None):
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.num_classes, self.iou_threshold, self.per_class = num_classes, iou_threshold, per_class
        self.map_threshold = map_threshold

    def process(self, data_batch, data_samples):
        count = self.num_classes or len(self.dataset_meta['classes'])
        for sample in data_samples:
            self.results.append((top_boxes(sample, count, self.map_threshold), truth(sample)))

    def compute_metrics(self, results):
        boxes, truths = zip(*results, strict=True)
        values = 100 * correct_localization(boxes, truths, len(boxes[0]), self.iou_threshold)
        named = dict(corloc=np.nanmean(values)) | (
            by_class('corloc', values, self.dataset_meta) if self.per_class else {})
        return {name: round(float(value), 4) for name, value in named.items()}


def top_boxes(sample, num_classes, map_threshold=0.2):
    """(C, 4), the box that stands for each class; NaN where there is none."""
    if 'pred_top_boxes' in sample:
        return _array(sample['pred_top_boxes'])
    best = np.full((num_classes, 4), np.nan)
    if 'pred_maps' in sample:
        across, down = sample.get('scale_factor') or (1.0, 1.0)
        for label, values in zip(_array(sample['pred_map_labels']), _array(sample['pred_maps']), strict=True):
            best[label] = boxes_from_map(values, map_threshold)[0] / np.array([across, down, across, down])
        return best
    boxes, scores, labels = _found(sample)
    for each in np.argsort(scores, kind='stable'):
        best[labels[each]] = boxes[each]
    return best

