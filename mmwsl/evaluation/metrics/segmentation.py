"""mmengine metric around the scoring of class maps."""

import torch
from mmengine.evaluator import BaseMetric

from mmwsl.datasets import read_class_map
from mmwsl.evaluation.functional import confusion, intersection_over_union
from mmwsl.registry import METRICS


@METRICS.register_module()
class IoUMetric(BaseMetric):
    """``mIoU``, ``mAcc`` and ``aAcc`` in percent, over the pixels of all images; void pixels (255) do not count.

    The samples need ``pred_mask`` in pixels of the file, and as meta information ``class_map``, the file of the true
    one, as :class:`AnnotatedDataset` makes them: a map that was resized for the network would be another.

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
            self.results.append(confusion(predicted, read_class_map(sample['class_map']), self.num_classes))

    def compute_metrics(self, results):
        values = intersection_over_union(sum(results))
        return {name: round(100 * values[name], 4) for name in ('mIoU', 'mAcc', 'aAcc')}
