"""mmengine metric around multiple-instance learning."""

import torch
from mmengine.evaluator import BaseMetric

from mmwsl.ops.tensors import refuse_nan
from mmwsl.registry import METRICS


@METRICS.register_module()
class BagMetric(BaseMetric):
    """``bag_auc`` and ``bag_accuracy`` of the bags, ``instance_auc`` of the instances of positive bags, in percent.

    The samples are bags as :class:`BagClassifier` predicts them; without ``gt_instance_labels`` there is no
    ``instance_auc``, and without both kinds no AUC.

    Raises:
        ValueError: NaN among the scores of a bag or of its members.
    """

    default_prefix = 'mil'

    def process(self, data_batch, data_samples):
        for bag in data_samples:
            for name in ('pred_scores', 'pred_instance_scores'):
                refuse_nan(torch.as_tensor(bag[name]), f'{name} of bag {int(bag["index"])}')
            known = bag.get('gt_instance_labels')
            members = None if known is None else known[bag['bag_mask']].tolist()
            self.results.append((int(bag['index']), int(bag['gt_label']), float(bag['pred_scores'][1]),
                                 bag['pred_instance_scores'].tolist(), members))

    def compute_metrics(self, results):
        from sklearn.metrics import roc_auc_score  # here, because every command would wait for it

        results = list({result[0]: result for result in results}.values())  # a bag that two ranks scored counts once
        _, labels, scores, parts, members = zip(*results, strict=True)
        values = dict(bag_accuracy=100 * ((torch.tensor(scores) > 0.5) == torch.tensor(labels)).double().mean().item())
        if len(set(labels)) == 2:
            values['bag_auc'] = 100 * roc_auc_score(labels, scores)
        if members[0] is not None:
            targets = [one for label, each in zip(labels, members, strict=True) if label for one in each]
            pred = [one for label, each in zip(labels, parts, strict=True) if label for one in each]
            if len(set(targets)) == 2:
                values['instance_auc'] = 100 * roc_auc_score(targets, pred)
        return {name: round(float(value), 4) for name, value in values.items()}
