"""mmengine metric around the order and the whole shapes of scenes."""

import numpy as np
from mmengine.evaluator import BaseMetric

from mmwsl.evaluation.functional.occlusion import order_accuracy, shape_overlap
from mmwsl.evaluation.metrics.detection import _array
from mmwsl.ops.occlusion import overlap_order
from mmwsl.registry import METRICS


@METRICS.register_module()
class SceneMetric(BaseMetric):
    """Order and whole shapes of scenes, in percent.

    * ``order_accuracy``: of all pairs of objects; ``occluded_order_accuracy``: of those that hide one another
    * ``amodal_iou``: intersections of all objects over their unions; ``amodal_miou``: mean of the objects' IoU
    * ``invisible_iou``: as ``amodal_iou``, of the hidden parts alone; ``invisible_recall``: share of these found

    The samples have ``gt_instance_masks`` and ``gt_amodal_masks``, ``pred_order`` and ``pred_amodal_masks``. The true
    order is what the true shapes imply (:func:`overlap_order`). Objects that are not seen at all do not count.
    """

    default_prefix = 'scene'

    def process(self, data_batch, data_samples):
        for sample in data_samples:
            visible, amodal, found = (_array(sample[name]).astype(bool) for name in (
                'gt_instance_masks', 'gt_amodal_masks', 'pred_amodal_masks'))
            seen = visible.any((1, 2))
            order = _array(sample['pred_order'])[np.ix_(seen, seen)]
            counts = order_accuracy(order, overlap_order(visible[seen], amodal[seen]))
            self.results.append((counts, shape_overlap(found[seen], amodal[seen], visible[seen]),
                                 int((amodal[seen] & ~visible[seen]).sum())))

    def compute_metrics(self, results):
        counts, overlaps, hidden = zip(*results, strict=True)
        right, pairs, right_occluded, occluded = np.sum(counts, axis=0)
        overlaps = np.concatenate(overlaps)
        inside, union, found, either = overlaps.sum(0)
        values = dict(
            order_accuracy=right / max(pairs, 1), occluded_order_accuracy=right_occluded / max(occluded, 1),
            amodal_iou=inside / max(union, 1), amodal_miou=np.mean(overlaps[:, 0] / np.maximum(overlaps[:, 1], 1)),
            invisible_iou=found / max(either, 1), invisible_recall=found / max(sum(hidden), 1))
        return {name: round(100 * float(value), 4) for name, value in values.items()}
