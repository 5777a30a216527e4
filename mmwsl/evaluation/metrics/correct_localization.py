"""mmengine metric around CorLoc."""

import numpy as np
from mmengine.evaluator import BaseMetric

from mmwsl.evaluation.functional import correct_localization
from mmwsl.evaluation.metrics.detection import _array, _found, by_class, truth
from mmwsl.registry import METRICS


@METRICS.register_module()
class CorLocMetric(BaseMetric):
    """Correct localization, in percent: ``CorLoc``, the mean over classes of the images whose best box lies on one.

    It is of a training set, as the literature has it: only boxes of classes that are there are looked at. The samples
    have ``gt_boxes`` and ``gt_box_labels`` as for :class:`VOCMetric`, difficult ones included, and ``pred_top_boxes``
    (C, 4) in pixels of the file; without them the best of ``pred_boxes`` of each class is taken.

    Args:
        num_classes: classes; default those of the data set.
        iou_threshold: the IoU must be above it.
        per_class: also give ``CorLoc/<class>`` of every class that an image has.
    """

    default_prefix = 'weak'

    def __init__(self, num_classes=None, iou_threshold=0.5, per_class=False, collect_device='cpu', prefix=None):
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.num_classes, self.iou_threshold, self.per_class = num_classes, iou_threshold, per_class

    def process(self, data_batch, data_samples):
        count = self.num_classes or len(self.dataset_meta['classes'])
        for sample in data_samples:
            boxes = _array(sample['pred_top_boxes']) if 'pred_top_boxes' in sample else best_boxes(sample, count)
            self.results.append((boxes, truth(sample)))

    def compute_metrics(self, results):
        boxes, truths = zip(*results, strict=True)
        values = 100 * correct_localization(boxes, truths, len(boxes[0]), self.iou_threshold)
        named = dict(CorLoc=np.nanmean(values), **(
            by_class('CorLoc', values, self.dataset_meta) if self.per_class else {}))
        return {name: round(float(value), 4) for name, value in named.items()}


def best_boxes(sample, num_classes):
    """(C, 4), of each class the predicted box of the highest score; NaN where there is none."""
    boxes, scores, labels = _found(sample)
    best = np.full((num_classes, 4), np.nan)
    for each in np.argsort(scores, kind='stable'):
        best[labels[each]] = boxes[each]
    return best
