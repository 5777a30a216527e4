"""mmengine metric around the localization of single objects."""

import json

import numpy as np
import torch
from mmengine.evaluator import BaseMetric

from mmwsl.evaluation.functional import true_class_rank
from mmwsl.evaluation.functional.localization import (
    IOUS,
    PixelAveragePrecision,
    best_overlaps,
    box_from_saliency,
    box_overlap,
    box_recall_curve,
    boxes_from_map,
    default_thresholds,
    max_box_accuracy,
)
from mmwsl.files import check_writable, write_atomically
from mmwsl.registry import METRICS


def _array(values):
    """Convert a tensor on any device, or an array, to an array."""
    return torch.as_tensor(values).cpu().numpy()


@METRICS.register_module()
class LocalizationMetric(BaseMetric):
    """Classification and localization accuracy of class maps, in percent.

    * ``top1_cls``, ``top5_cls``: the class alone, by ``pred_scores``; equal scores rank in class order.
    * ``top1_loc``: the best class is right and the box of its map fits; ``top5_loc``: so for one of the best five.
    * ``gt_known``: the box of the true class's map fits. These boxes are of the largest contour above ``threshold``.
    * ``max_box_acc``: as ``gt_known`` at the threshold that is best for the whole set; ``max_box_acc_v2``: with all
      contours' boxes, the mean over IoU 0.3, 0.5 and 0.7 of the best. ``max_box_threshold`` is the threshold of the
      first; it is chosen on the images that are scored, which says so by "max".
    * ``pixel_ap``: PxAP of the true class's map, where masks of the objects are known, or a ``gt_mask`` with the true
      class + 1, in which 255 is ignored. Without boxes it stands beside ``top1_cls`` and ``top5_cls`` alone.

    A box fits if its IoU with any true box of the image is at least ``iou``. The samples are images as
    :class:`Localizer` predicts them, with ``gt_boxes`` in pixels of the input.

    Args:
        threshold: of the fixed boxes; CAM's and Hide-and-Seek's papers have 0.2, the latter 0.3 for GoogLeNet.
        iou: least IoU.
        grab_cut: make the fixed boxes of saliency maps by :func:`box_from_saliency` instead of the threshold.
        step: of the thresholds that the best is looked for in.
        curves: JSON file to write the whole curves to: ``thresholds``; where boxes are known, ``box_recall`` and
            ``box_recall_largest``, the share of images whose box fits at IoU 0.3, 0.5 and 0.7, with all contours and
            with the largest; and, where masks are known, ``pixel_precision`` and ``pixel_recall``, which have a last
            entry more, of the values of exactly 1.

    Raises:
        ValueError: NaN in the scores or in a map that is scored.
        OSError: ``curves`` cannot be written.
    """

    default_prefix = 'localization'

    def __init__(self, threshold=0.2, iou=0.5, grab_cut=False, step=0.01, curves=None, collect_device='cpu',
                 prefix=None):
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.grab_cut, self.curves = grab_cut, None if curves is None else check_writable(curves)
        self.threshold, self.iou, self.thresholds = threshold, iou, default_thresholds(step)

    def process(self, data_batch, data_samples):
        for row, sample in enumerate(data_samples):
            boxes, instances, classes = (sample.get(key) for key in ('gt_boxes', 'gt_instance_masks', 'gt_mask'))
            if boxes is None and classes is None:
                raise ValueError("LocalizationMetric needs boxes: set supervision='boxes' ('full' for pixel_ap) on the "
                                 'data that are scored')
            if torch.as_tensor(sample['gt_label']).ndim:
                raise ValueError('LocalizationMetric needs one class per image; these have several tags each, which '
                                 'MultiLabelMetric scores')
            true, mask, ignored = int(sample['gt_label']), None, None
            if instances is not None:
                mask = _array(instances).any(0)
            elif classes is not None:
                mask, ignored = _array(classes) == true + 1, _array(classes) == 255
            self.results.append((int(sample['index']), *self._score(
                sample['pred_maps'].float().cpu().numpy(), self._rank(sample, true), true,
                None if boxes is None else _array(boxes).astype(np.float64), mask, ignored,
                data_batch['inputs'][row].permute(1, 2, 0).numpy() if self.grab_cut else None)))

    @staticmethod
    def _rank(sample, true):
        return int(true_class_rank(torch.as_tensor(sample['pred_scores']).float().cpu()[None], torch.tensor([true])))

    def _score(self, cams, rank, true, boxes, mask, ignored, image):
        """Five hits, overlaps by threshold (2, T), counts of pixels (2, T) or None; two hits and None without boxes."""
        height, width = cams.shape[1:]
        hits = [rank == 0, rank < 5]
        counts = None
        if mask is not None:
            counts = PixelAveragePrecision(self.thresholds).count(cams[-1], mask, ignored)
        if boxes is None:
            return np.array(hits), None, counts
        boxes = np.minimum(boxes.astype(int), (width - 1, height - 1, width - 1, height - 1))
        found = boxes_from_map(cams[-1], self.threshold) if image is None else box_from_saliency(image, cams[-1])
        known = box_overlap(found, boxes).max() >= self.iou
        hits += [hits[0] and known, hits[1] and known, known]
        return np.array(hits), np.stack(best_overlaps(cams[-1], boxes, self.thresholds)).astype(np.float32), counts

    def compute_metrics(self, results):
        results = list({result[0]: result for result in results}.values())  # an image that two ranks scored counts once
        _, hits, overlaps, counts = zip(*results, strict=True)
        names = ('top1_cls', 'top5_cls', 'top1_loc', 'top5_loc', 'gt_known')[:len(hits[0])]
        metrics = dict(zip(names, 100 * np.stack(hits).mean(axis=0), strict=True))
        largest = every = pixels = None
        if overlaps[0] is not None:
            largest, every = np.stack(overlaps, axis=1)
            accuracy, threshold = max_box_accuracy(largest, self.thresholds, self.iou)
            metrics |= dict(max_box_acc=100 * accuracy, max_box_threshold=threshold)
            metrics['max_box_acc_v2'] = 100 * np.mean(
                [max_box_accuracy(every, self.thresholds, iou)[0] for iou in IOUS])
        if all(each is not None for each in counts):
            pixels = PixelAveragePrecision(self.thresholds)
            pixels.counts = np.sum(counts, axis=0)
            metrics['pixel_ap'] = 100 * pixels.compute()
        if self.curves:  # metrics are computed by the main process alone
            self._write_curves(largest, every, pixels)
        return {name: round(float(value), 4) for name, value in metrics.items()}

    def _write_curves(self, largest, every, pixels):
        curves = dict(thresholds=self.thresholds.tolist(), **{
            name: {str(iou): box_recall_curve(overlaps, iou).tolist() for iou in IOUS}
            for name, overlaps in (('box_recall', every), ('box_recall_largest', largest)) if overlaps is not None})
        if pixels is not None:
            for name, values in zip(('pixel_recall', 'pixel_precision'), pixels.curve(), strict=True):
                # in the order of the thresholds; null where nothing is above one, as JSON has no NaN
                curves[name] = [None if np.isnan(value) else float(value) for value in values[::-1]]
        write_atomically(self.curves, json.dumps(curves))
