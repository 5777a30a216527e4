"""mmengine metrics around classifiers: accuracy, and average precision of several tags."""

import numpy as np
import torch
from mmengine.evaluator import BaseMetric

from mmwsl.evaluation.functional import mean_average_precision, true_class_rank
from mmwsl.registry import METRICS


@METRICS.register_module()
class AccuracyMetric(BaseMetric):
    """``top1``, ``top5`` and ``mean_class`` (top-1 averaged over the classes) in percent.

    The samples need ``index``, ``gt_label`` and ``pred_scores`` (C,). Where they have ``pred_layer_scores``, a dict,
    each of its entries has values, named ``NAME_top1`` ..., instead. An image that several ranks scored counts once.

    Args:
        topk: the values of k; one above the number of classes is left out.
    """

    default_prefix = 'accuracy'

    def __init__(self, topk=(1, 5), collect_device='cpu', prefix=None):
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.topk = topk

    def process(self, data_batch, data_samples):
        every = [sample.get('pred_layer_scores') or {'': sample['pred_scores']} for sample in data_samples]
        if torch.as_tensor(data_samples[0]['gt_label']).ndim:
            raise ValueError('AccuracyMetric needs one class per image; these have several tags each, which '
                             'MultiLabelMetric takes')
        labels, index = (torch.stack([torch.as_tensor(sample[key]) for sample in data_samples]).cpu()
                         for key in ('gt_label', 'index'))
        self.names, self.classes = list(every[0]), len(next(iter(every[0].values())))
        ranks = [true_class_rank(torch.stack([scores[name] for scores in every]).float().cpu(), labels)
                 for name in self.names]
        self.results.extend(torch.stack([index, labels, *ranks], dim=1).tolist())

    def compute_metrics(self, results):
        rows = torch.tensor(list({row[0]: row for row in results}.values()))  # (N, 2 + heads)
        labels, values = rows[:, 1], {}
        for name, ranks in zip(self.names, rows[:, 2:].T, strict=True):
            prefix = name + '_' if name else ''
            for k in self.topk:
                if k == 1 or k < self.classes:
                    values[f'{prefix}top{k}'] = 100 * (ranks < k).double().mean().item()
            right = [(ranks[labels == label] == 0).double().mean() for label in labels.unique()]
            values[f'{prefix}mean_class'] = 100 * torch.stack(right).mean().item()
        return {name: round(value, 4) for name, value in values.items()}


@METRICS.register_module()
class MultiLabelMetric(BaseMetric):
    """``mAP`` of images with several tags, in percent: the mean over classes that have an image.

    The samples need ``index``, ``gt_label`` (C,) of 1, 0 and -1 (ignored) and ``pred_scores`` (C,). An image that
    several ranks scored counts once.

    Args:
        mode: of :func:`average_precision`.

    Raises:
        ValueError: one class per image instead, a NaN score, or no class has an image.
    """

    default_prefix = 'multi_label'

    def __init__(self, mode='all_points', collect_device='cpu', prefix=None):
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.mode = mode

    def process(self, data_batch, data_samples):
        for sample in data_samples:
            labels, scores = (torch.as_tensor(sample[key]).float().cpu() for key in ('gt_label', 'pred_scores'))
            if labels.ndim != 1:
                raise ValueError('MultiLabelMetric needs tags (C,) of each image; one class per image is what '
                                 'AccuracyMetric takes')
            self.results.append((int(sample['index']), scores.numpy(), labels.numpy()))

    def compute_metrics(self, results):
        _, scores, labels = zip(*{result[0]: result for result in results}.values(), strict=True)
        return dict(mAP=round(100 * mean_average_precision(np.stack(scores), np.stack(labels), self.mode)[0], 4))
