"""mmengine metric around the order and the whole shapes of scenes."""

import numpy as np
from mmengine.evaluator import BaseMetric

from mmwsl.evaluation.functional.occlusion import order_accuracy, psnr, shape_overlap, ssim
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


@METRICS.register_module()
class ContentMetric(BaseMetric):
    """Content of hidden parts: ``hidden_psnr`` in dB and ``hidden_ssim`` in percent, means over objects;
    ``background_psnr`` and ``background_ssim`` behind all objects, means over scenes.

    The samples have ``gt_instance_masks``, ``gt_amodal_masks``, ``gt_contents`` and ``gt_background``, and what
    :meth:`PCNetC.predict` adds by the true shapes. Outside of the hidden part both are as the truth.

    Args:
        min_pixels: objects of which fewer are hidden, or of which nothing is seen, do not count.
    """

    default_prefix = 'content'

    def __init__(self, min_pixels=10, collect_device='cpu', prefix=None):
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.min_pixels = min_pixels

    def process(self, data_batch, data_samples):
        for sample in data_samples:
            visible, amodal, true, found = (_array(sample[name]) for name in (
                'gt_instance_masks', 'gt_amodal_masks', 'gt_contents', 'pred_contents'))
            hidden = amodal.astype(bool) & ~visible.astype(bool)
            objects = [_quality(found[i], true[i], hidden[i]) for i in range(len(hidden))
                       if hidden[i].sum() >= self.min_pixels and visible[i].any()]
            behind = visible.astype(bool).any(0)
            scene = [_quality(_array(sample['pred_background']), _array(sample['gt_background']), behind)
                     ] if behind.any() else []
            self.results.append((objects, scene))

    def compute_metrics(self, results):
        objects, scenes = (np.array([pair for each in part for pair in each]).reshape(-1, 2)
                           for part in zip(*results, strict=True))
        values = dict(zip(('hidden_psnr', 'hidden_ssim'), objects.mean(0), strict=True)) if len(objects) else {}
        if len(scenes):
            values.update(zip(('background_psnr', 'background_ssim'), scenes.mean(0), strict=True))
        return {name: round(float(value), 4) for name, value in values.items()}


def _quality(found, true, where):
    """PSNR and SSIM in percent of pixels (3, H, W) where ``where`` (H, W) is True, as if all others were right."""
    made = np.where(where, found, true)
    made, true = np.moveaxis(made, 0, -1), np.moveaxis(true, 0, -1)
    return psnr(made, true, where), 100 * ssim(made, true, where)
