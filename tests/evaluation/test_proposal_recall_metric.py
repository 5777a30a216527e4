"""Recall of a network's boxes, of proposals, and of these re-ranked."""

import pytest
import torch

from mmwsl.registry import METRICS

OBJECTS = torch.tensor([[10., 10, 20, 20], [30, 30, 50, 50]])


def sample(**fields):
    return dict(gt_boxes=OBJECTS, gt_box_labels=torch.tensor([3, 4]), pred_boxes=OBJECTS[:1],
                pred_box_scores=torch.tensor([0.9]), **fields)


def test_values_by_hand():
    """The network finds one object of two; its proposal is the last, and comes first when it is confirmed."""
    metric = METRICS.build(dict(type='ProposalRecallMetric', counts=(1, 3)))
    base = torch.tensor([[0., 0, 5, 5], [30, 30, 50, 50], [10, 10, 20, 19]])
    metric.process(None, [sample(proposals=base)])
    assert metric.compute_metrics(metric.results) == dict(
        found_recall1=50, found_recall3=50, base_recall1=0, base_recall3=100, reranked_recall1=50, reranked_recall3=100)


def test_without_proposals_there_is_recall_of_what_was_found_alone():
    metric = METRICS.build(dict(type='ProposalRecallMetric', counts=(2,), iou_threshold=0.9))
    metric.process(None, [sample(), sample(scale_factor=(2.0, 2.0))])  # the second's objects are half as large
    assert metric.evaluate(2) == {'proposals/found_recall2': 25}
    with pytest.raises(ValueError, match='counts'):
        metric = METRICS.build(dict(type='ProposalRecallMetric', counts=(0,)))
        metric.process(None, [sample()])
        metric.evaluate(1)
