"""Metrics of scenes, by hand."""

import numpy as np
import pytest
import torch

from mmwsl.evaluation.functional import order_accuracy, shape_overlap
from mmwsl.evaluation.metrics import SceneMetric


def test_order_accuracy():
    """Three pairs: one right and hidden, one wrong and hidden, one right that hides nothing."""
    true = np.array([[0, 1, -1], [-1, 0, 0], [1, 0, 0]])
    predicted = np.array([[0, 1, 1], [-1, 0, 0], [-1, 0, 0]])
    assert order_accuracy(predicted, true) == (2, 3, 1, 2)
    with pytest.raises(ValueError, match='differ in shape'):
        order_accuracy(predicted[:2, :2], true)


def strips(*lengths):
    masks = np.zeros((len(lengths), 1, 10), dtype=bool)
    for mask, length in zip(masks, lengths, strict=True):
        mask[0, :length] = True
    return masks


def test_shape_overlap():
    """Seen 4 of 8, said 6: 6 of 8; hidden 4, of which 2 are found. Said 9: 8 of 9, and 4 of 5 of what is hidden."""
    assert shape_overlap(strips(6, 9), strips(8, 8), strips(4, 4)).tolist() == [[6, 8, 2, 4], [8, 9, 4, 5]]
    with pytest.raises(ValueError, match='masks differ'):
        shape_overlap(strips(6), strips(8, 8), strips(4, 4))


def test_metric():
    """Two objects of which the second hides half of the first, and a third one that is not seen at all."""
    amodal = np.zeros((3, 1, 12), dtype=bool)
    amodal[0, 0, :8], amodal[1, 0, 4:10], amodal[2, 0, 5:6] = True, True, True
    visible = amodal.copy()
    visible[0] &= ~amodal[1]
    visible[2] = False
    found = visible.copy()
    found[0, 0, :6] = True
    metric = SceneMetric()
    for order in ([[0, -1, 1], [1, 0, 1], [-1, -1, 0]], [[0, 1, 0], [-1, 0, 0], [0, 0, 0]]):
        metric.process(None, [dict(gt_instance_masks=torch.from_numpy(visible), gt_amodal_masks=torch.from_numpy(amodal),
                                   pred_amodal_masks=torch.from_numpy(found), pred_order=torch.tensor(order))])
    values = metric.compute_metrics(metric.results)
    assert values == pytest.approx(dict(
        order_accuracy=50.0, occluded_order_accuracy=50.0, amodal_iou=100 * 12 / 14,
        amodal_miou=100 * (0.75 + 1) / 2, invisible_iou=50.0, invisible_recall=50.0), abs=1e-3)
