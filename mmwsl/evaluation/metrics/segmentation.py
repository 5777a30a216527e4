"""mmengine metric around the scoring of class maps."""

import logging

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from mmwsl.datasets import read_class_map
from mmwsl.datasets.checks import absent_classes
from mmwsl.evaluation.functional import boundary_f, confusion, intersection_over_union
from mmwsl.evaluation.metrics.detection import by_class
from mmwsl.registry import METRICS


@METRICS.register_module()
class IoUMetric(BaseMetric):
    """``mIoU``, ``mAcc`` and ``aAcc`` in percent, over the pixels of all images; void pixels (255) do not count.

    The samples need ``pred_mask`` in pixels of the file, and as meta information ``class_map``, the file of the true
    one, and ``class_map_values``, what its values become, as :class:`AnnotatedDataset` makes them: a map that was
    resized for the network would be another. Of sets that are made on the fly ``gt_mask`` is the truth. Classes
    without a true pixel are named in the log.

    What a prediction was given beyond one look at the photo, its samples say in ``given`` (``('tags', 'ms', 'flip',
    'crf')`` of :class:`FCN`), and the names of the values repeat it: ``mIoU_tags`` is not to be compared with ``mIoU``.

    Args:
        num_classes: classes with the background.
        per_class: also give ``IoU/<class>``, and ``boundaryF/<class>``, of every class that is there or predicted.
        boundary: also give ``boundaryF``, the mean over classes of the mean over images of :func:`boundary_f`.
        tolerance: what is near a boundary, as a share of the image's diagonal.

    Raises:
        ValueError: from the computation: no true pixel that counts, or samples that were given different things.
    """

    default_prefix = 'segmentation'

    def __init__(self, num_classes, per_class=False, boundary=False, tolerance=0.0075, collect_device='cpu',
                 prefix=None):
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.num_classes, self.per_class, self.boundary, self.tolerance = num_classes, per_class, boundary, tolerance

    def process(self, data_batch, data_samples):
        for sample in data_samples:
            predicted = sample['pred_mask']
            predicted = predicted.cpu().numpy() if isinstance(predicted, torch.Tensor) else predicted
            if sample.get('class_map') is not None:
                truth = read_class_map(sample['class_map'], sample.get('class_map_values'))
            else:
                truth = sample['gt_mask'].cpu().numpy()
            result = dict(confusion=confusion(predicted, truth, self.num_classes), given=tuple(sample.get('given', ())))
            if self.boundary:
                result['boundary'] = boundary_f(predicted, truth, self.num_classes, self.tolerance)
            self.results.append(result)

    def compute_metrics(self, results):
        matrix = sum(each['confusion'] for each in results)
        given = {each['given'] for each in results}
        if len(given) > 1:
            raise ValueError(f'IoUMetric: predictions were given different things, {" and ".join(map(str, given))}; '
                             'predict all of them in one way')
        if not matrix.any():
            raise ValueError(f'IoUMetric: none of the {len(results)} true class maps has a pixel that counts, all are '
                             'void (255); give maps with classes, or map 255 to one by `values` of ClassMaps')
        absent = absent_classes(matrix.sum(1), self.num_classes)
        if absent:
            print_log(f'IoUMetric: {len(absent)} of {self.num_classes} classes have no pixel in the {len(results)} '
                      f'true class maps: {", ".join(map(str, absent))}', logger='current', level=logging.WARNING)
        values, suffix = intersection_over_union(matrix), ''.join(f'_{each}' for each in given.pop())
        named = {name + suffix: values[name] for name in ('mIoU', 'mAcc', 'aAcc')}
        of_classes = {'IoU': values['iou']}
        if self.boundary:
            of_classes['boundaryF'] = _mean_of_images(np.stack([each['boundary'] for each in results]))
            named[f'boundaryF{suffix}'] = _mean_of_images(of_classes['boundaryF'])
        if self.per_class:
            for name, numbers in of_classes.items():
                named |= by_class(name + suffix, numbers, dict(classes=self._class_names()))
        return {name: round(100 * float(value), 4) for name, value in named.items()}

    def _class_names(self):
        classes = list((self.dataset_meta or {}).get('classes') or [])  # some sets name the foreground alone
        return ['background', *classes] if len(classes) == self.num_classes - 1 else classes


def _mean_of_images(values):
    """Mean over the first axis without NaN, which stays where there is nothing else."""
    there = ~np.isnan(values)
    return np.divide(np.where(there, values, 0).sum(0), there.sum(0), out=np.full(values.shape[1:], np.nan),
                     where=there.sum(0) > 0)
