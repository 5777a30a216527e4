"""Recall of proposals: those that a network finds, those that samples came with, and these re-ranked by the network."""

from mmengine.evaluator import BaseMetric

from mmwsl.evaluation.functional import proposal_recall
from mmwsl.evaluation.metrics.detection import _array, truth
from mmwsl.ops.proposals import rerank
from mmwsl.registry import METRICS


@METRICS.register_module()
class ProposalRecallMetric(BaseMetric):
    """Share of the objects, in percent, that one of the first N boxes of their image overlaps: ``found_recallN``.

    Samples have ``gt_boxes``, and ``pred_boxes`` and ``pred_box_scores`` of a :class:`ProposalNetwork`. Where they came
    with ``proposals`` there is ``base_recallN``, of these, and ``reranked_recallN``, after :func:`rerank` by the
    network.

    Args:
        counts: the Ns.
        iou_threshold: least IoU, itself included.
        top: boxes of the network that re-rank, see :func:`rerank`.
    """

    default_prefix = 'proposals'

    def __init__(self, counts=(10, 50, 100), iou_threshold=0.5, top=20, collect_device='cpu', prefix=None):
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.counts, self.iou_threshold, self.top = tuple(counts), iou_threshold, top

    def process(self, data_batch, data_samples):
        for sample in data_samples:
            found, objectness = _array(sample['pred_boxes']), _array(sample['pred_box_scores'])
            boxes = dict(found=found)
            if 'proposals' in sample:
                boxes['base'] = _array(sample['proposals'])
                boxes['reranked'] = rerank(boxes['base'], found, objectness, self.top, max(self.counts))[0]
            self.results.append((boxes, truth(sample)['boxes']))

    def compute_metrics(self, results):
        boxes, truths = zip(*results, strict=True)
        values = {}
        for name in boxes[0]:
            recall = proposal_recall([each[name] for each in boxes], truths, self.counts, [self.iou_threshold])[:, 0]
            values |= {f'{name}_recall{count}': round(float(100 * value), 4)
                       for count, value in zip(self.counts, recall, strict=True)}
        return values
