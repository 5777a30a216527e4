"""mmengine metric around the accuracy of classifiers."""

import torch
from mmengine.evaluator import BaseMetric

from mmwsl.evaluation.functional import true_class_rank
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
