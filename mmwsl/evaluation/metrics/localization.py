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
    peak_in_boxes,
)
from mmwsl.files import check_writable, write_atomically
from mmwsl.registry import METRICS


def _array(values):
    """Convert a tensor on any device, or an array, to an array."""
    return torch.as_tensor(values).cpu().numpy()


def _masks(sample, class_number, instances):
    """Pixels of a class's objects, bool (H, W), and what is ignored, or None: by ``instances`` (N, H, W), or else by
    the class map; None and None without these."""
    if instances is not None:
        return instances.any(0), None
    if sample.get('gt_mask') is None:
        return None, None
    classes = _array(sample['gt_mask'])
    return classes == class_number + 1, classes == 255


def _pairs(sample, tags):
    """Yield the map, the boxes, the mask and the ignored pixels, None each if not known, of the tags that have some."""
    present = torch.nonzero(tags > 0)[:, 0].tolist()
    cams = sample['pred_maps'][len(sample['pred_maps']) - len(present):].float().cpu().numpy()  # tags in their order
    for cam, class_number in zip(cams, present, strict=True):
        boxes, instances = None, sample.get('gt_instance_masks')
        if sample.get('gt_boxes') is not None:
            chosen = _array(sample['gt_box_labels']) == class_number
            if sample.get('gt_difficult') is not None:
                chosen &= ~_array(sample['gt_difficult'])
            boxes = _array(sample['gt_boxes']).astype(np.float64)[chosen] if chosen.any() else None
            instances = _array(instances)[chosen] if instances is not None and chosen.any() else None
        mask, ignored = _masks(sample, class_number, instances)
        if mask is not None and not mask.any():
            mask = ignored = None
        if boxes is not None or mask is not None:
            yield cam, boxes, mask, ignored


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

    * ``pointing``: the peak of the true class's map, its first pixel of the largest value, lies in a true box.

    A box fits if its IoU with any true box of the image is at least ``iou``. The samples are images as
    :class:`Localizer` predicts them, with ``gt_boxes`` in pixels of the input.

    Of images with several tags each pair of an image and a tag is scored, by the map of the tag and the boxes and masks
    of its class that are not difficult; tags without any are left out. ``pairs`` says how many were scored;
    ``top1_...`` and ``top5_...`` are not there, as :class:`MultiLabelMetric` scores the classes then.

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
            if sample.get('gt_boxes') is None and sample.get('gt_mask') is None:
                raise ValueError("LocalizationMetric needs boxes: set supervision='boxes' ('full' for pixel_ap) on the "
                                 'data that are scored')
            image = data_batch['inputs'][row].permute(1, 2, 0).numpy() if self.grab_cut else None
            index, label = int(sample['index']), torch.as_tensor(sample['gt_label'])
            if label.ndim:
                # one entry an image, as the results of all ranks are cut to the number of images
                self.results.append((index, [self._score(cam, [], boxes, mask, ignored, image)
                                             for cam, boxes, mask, ignored in _pairs(sample, label)]))
                continue
            true, (boxes, instances) = int(label), (sample.get(key) for key in ('gt_boxes', 'gt_instance_masks'))
            rank = self._rank(sample, true)
            mask, ignored = _masks(sample, true, None if instances is None else _array(instances))
            self.results.append((index, *self._score(
                sample['pred_maps'][-1].float().cpu().numpy(), [rank == 0, rank < 5],
                None if boxes is None else _array(boxes).astype(np.float64), mask, ignored, image)))

    @staticmethod
    def _rank(sample, true):
        return int(true_class_rank(torch.as_tensor(sample['pred_scores']).float().cpu()[None], torch.tensor([true])))

    def _score(self, cam, hits, boxes, mask, ignored, image):
        """Hits (``hits`` of the class, and four of the boxes), overlaps by threshold (2, T), and counts of pixels
        (2, T + 1); None each where boxes or a mask are not there."""
        height, width = cam.shape
        counts = None
        if mask is not None:
            counts = PixelAveragePrecision(self.thresholds).count(cam, mask, ignored)
        if boxes is None:
            return np.array(hits), None, counts
        boxes = np.minimum(boxes.astype(int), (width - 1, height - 1, width - 1, height - 1))
        found = boxes_from_map(cam, self.threshold) if image is None else box_from_saliency(image, cam)
        known = box_overlap(found, boxes).max() >= self.iou
        hits = [*hits, *(each and known for each in hits), known, peak_in_boxes(cam, boxes)]
        return np.array(hits), np.stack(best_overlaps(cam, boxes, self.thresholds)).astype(np.float32), counts

    def compute_metrics(self, results):
        results = list({result[0]: result for result in results}.values())  # an image that two ranks scored counts once
        several = len(results[0]) == 2
        scored = [pair for _, pairs in results for pair in pairs] if several else [result[1:] for result in results]
        if not scored:
            raise ValueError('LocalizationMetric: no image has a box or a mask of one of its tags, so there is nothing '
                             'to score; do boxes and tags name the same classes?')
        hits, overlaps, counts = zip(*scored, strict=True)
        names = ('gt_known', 'pointing')
        located = [row for row, each in enumerate(overlaps) if each is not None]
        metrics = dict(pairs=len(scored)) if several else {}
        if several:
            hits = [hits[row] for row in located]
        else:
            names = ('top1_cls', 'top5_cls', 'top1_loc', 'top5_loc', *names)
        if hits:
            metrics |= dict(zip(names[:len(hits[0])], 100 * np.stack(hits).mean(axis=0), strict=True))
        largest = every = pixels = None
        if located:
            largest, every = np.stack([overlaps[row] for row in located], axis=1)
            accuracy, threshold = max_box_accuracy(largest, self.thresholds, self.iou)
            metrics |= dict(max_box_acc=100 * accuracy, max_box_threshold=threshold)
            metrics['max_box_acc_v2'] = 100 * np.mean(
                [max_box_accuracy(every, self.thresholds, iou)[0] for iou in IOUS])
        counts = [each for each in counts if each is not None]
        if len(counts) == len(scored) or several and counts:
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
