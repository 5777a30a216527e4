"""mmengine metric around what a class map says of tags and boxes."""

import numpy as np
import torch
from mmengine.evaluator import BaseMetric

from mmwsl.datasets import read_class_map
from mmwsl.datasets.weak_labels import objects_of, tight_boxes
from mmwsl.evaluation.functional import correct_localization, detection_average_precision, mean_average_precision
from mmwsl.evaluation.metrics.detection import truth
from mmwsl.registry import METRICS


@METRICS.register_module()
class MapObjectsMetric(BaseMetric):
    """Classes and boxes read from predicted class maps, in percent, so that segmentors stand beside other tasks.

    * ``tag_mAP``: of the classes in an image, each scored by its share of the map's pixels;
    * ``corloc``: of the classes that are there, how often the box around the largest connected part of the class lies
      on one of its objects (:func:`correct_localization`);
    * ``AP50``: VOC's, of the boxes around all connected parts, each scored by its share of the image. A class map has
      no confidences and does not part objects that touch: a detector is another thing.

    The samples need ``pred_mask``: 0 = background, class + 1. The true objects are ``gt_boxes`` and ``gt_box_labels``
    where samples have them; else the connected parts of the true class map, see :class:`IoUMetric`.

    Args:
        num_classes: classes without the background.
    """

    default_prefix = 'objects'

    def __init__(self, num_classes, collect_device='cpu', prefix=None):
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.num_classes = num_classes

    def process(self, data_batch, data_samples):
        for sample in data_samples:
            predicted = torch.as_tensor(sample['pred_mask']).cpu().numpy().astype(np.uint8)
            self.results.append((predicted.size, np.bincount(predicted.ravel(), minlength=256)[1:self.num_classes + 1],
                                 boxes_of(predicted), _true_objects(sample)))

    def compute_metrics(self, results):
        sizes, pixels, found, truths = zip(*results, strict=True)
        tags = np.zeros((len(truths), self.num_classes), dtype=np.int64)
        best, predictions = np.full((len(truths), self.num_classes, 4), np.nan), []
        for row, (each, true, size) in enumerate(zip(found, truths, sizes, strict=True)):
            tags[row, true['labels']] = 1
            for part in np.argsort(each['areas'], kind='stable'):  # the largest comes last
                best[row, each['labels'][part]] = each['boxes'][part]
            predictions.append(dict(boxes=each['boxes'], labels=each['labels'], scores=each['areas'] / size))
        values = dict(
            tag_mAP=mean_average_precision(np.stack(pixels) / np.array(sizes)[:, None], tags)[0],
            corloc=np.nanmean(correct_localization(best, truths, self.num_classes)),
            AP50=np.nanmean(detection_average_precision(predictions, truths, self.num_classes)))
        return {name: round(100 * float(value), 4) for name, value in values.items()}


def boxes_of(class_map):
    """Connected parts of a class map: dict of ``boxes`` (N, 4), ``labels`` (N,) and ``areas`` (N,) in pixels."""
    masks, labels = objects_of(class_map)
    return dict(boxes=tight_boxes(masks)[1], labels=labels, areas=masks.sum((1, 2)))


def _true_objects(sample):
    if sample.get('gt_boxes') is not None:
        return truth(sample)
    if sample.get('class_map') is not None:
        return boxes_of(read_class_map(sample['class_map'], sample.get('class_map_values')))
    return boxes_of(torch.as_tensor(sample['gt_mask']).cpu().numpy())
