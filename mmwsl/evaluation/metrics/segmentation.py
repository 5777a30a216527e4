"""mmengine metric around the scoring of class maps."""

import logging

import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from mmwsl.datasets import read_class_map
from mmwsl.datasets.checks import absent_classes
from mmwsl.evaluation.functional import confusion, intersection_over_union
from mmwsl.registry import METRICS


@METRICS.register_module()
class IoUMetric(BaseMetric):
    """``mIoU``, ``mAcc`` and ``aAcc`` in percent, over the pixels of all images; void pixels (255) do not count.

    The samples need ``pred_mask`` in pixels of the file, and as meta information ``class_map``, the file of the true
    one, and ``class_map_values``, what its values become, as :class:`AnnotatedDataset` makes them: a map that was
    resized for the network would be another. Of sets that are made on the fly ``gt_mask`` is the truth. Classes
    without a true pixel are named in the log.

    Args:
        num_classes: classes with the background.
    """

    default_prefix = 'segmentation'

    def __init__(self, num_classes, collect_device='cpu', prefix=None):
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.num_classes = num_classes

    def process(self, data_batch, data_samples):
        for sample in data_samples:
            predicted = sample['pred_mask']
            predicted = predicted.cpu().numpy() if isinstance(predicted, torch.Tensor) else predicted
            if sample.get('class_map') is not None:
                truth = read_class_map(sample['class_map'], sample.get('class_map_values'))
            else:
                truth = sample['gt_mask'].cpu().numpy()
            self.results.append(confusion(predicted, truth, self.num_classes))

    def compute_metrics(self, results):
        matrix = sum(results)
        absent = absent_classes(matrix.sum(1), self.num_classes)
        if absent:
            print_log(f'IoUMetric: {len(absent)} of {self.num_classes} classes have no pixel in the {len(results)} '
                      f'true class maps: {", ".join(map(str, absent))}', logger='current', level=logging.WARNING)
        values = intersection_over_union(matrix)
        return {name: round(100 * values[name], 4) for name in ('mIoU', 'mAcc', 'aAcc')}
