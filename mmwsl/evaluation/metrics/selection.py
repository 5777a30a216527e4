"""mmengine metric around the scoring of labels that a method picked."""

import numpy as np
import torch
from mmengine.evaluator import BaseMetric

from mmwsl.evaluation.functional import selection_scores
from mmwsl.registry import METRICS


@METRICS.register_module()
class SelectionMetric(BaseMetric):
    """How well a method picks right labels, in percent: ``precision``, ``recall``, and ``clean``, the share of right
    labels among all, which is the precision of picking blindly.

    Precision and recall (:func:`selection_scores`) are the means over the networks that pick. It is of a training set
    with planted noise: name it as ``train_evaluator``. The samples need ``index``, ``pred_selected`` (networks,) bool,
    ``gt_label`` and ``gt_clean_label``. An image that several ranks scored counts once.

    Raises:
        ValueError: samples without these.
    """

    default_prefix = 'selection'

    def process(self, data_batch, data_samples):
        for sample in data_samples:
            absent = [name for name in ('pred_selected', 'gt_label', 'gt_clean_label') if sample.get(name) is None]
            if absent:
                raise ValueError(f'SelectionMetric needs {", ".join(absent)} of each sample: use a method that picks '
                                 'labels, such as CoTeaching, on NoisyLabels')
            right = torch.equal(*(torch.as_tensor(sample[name]).cpu() for name in ('gt_label', 'gt_clean_label')))
            self.results.append((int(sample['index']), right, torch.as_tensor(sample['pred_selected']).cpu().numpy()))

    def compute_metrics(self, results):
        _, right, selected = zip(*{result[0]: result for result in results}.values(), strict=True)
        right, selected = np.array(right), np.stack(selected)
        precision, recall = np.mean([selection_scores(each, right) for each in selected.T], axis=0)
        values = dict(precision=precision, recall=recall, clean=right.mean())
        return {name: round(100 * float(value), 4) for name, value in values.items()}
