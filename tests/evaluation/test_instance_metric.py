"""Mask AP of samples that bring their own truth."""

import pytest
import torch

from mmwsl.evaluation.metrics import InstanceMetric


def sample(shift=0):
    """Two squares of 10 pixels, found as they are or moved to the right."""
    boxes = torch.tensor([[2., 2., 12., 12.], [18., 18., 28., 28.]])
    masks = torch.zeros(2, 32, 32, dtype=torch.bool)
    masks[0, 2:12, 2:12] = masks[1, 18:28, 18:28] = True
    return dict(gt_boxes=boxes, gt_box_labels=torch.tensor([0, 1]), gt_instance_masks=masks,
                pred_boxes=boxes + torch.tensor([shift, 0, shift, 0]), pred_box_labels=torch.tensor([0, 1]),
                pred_box_scores=torch.tensor([0.9, 0.8]), pred_masks=masks.roll(shift, 2))


@pytest.mark.parametrize('shift, ap, ap50', [(0, 100, 100), (2, 40, 100), (5, 0, 0)])  # IoU 1, 2/3, 1/3
def test_masks_and_boxes_by_hand(shift, ap, ap50):
    metric = InstanceMetric(num_classes=2)
    metric.process(None, [sample(shift), sample(shift)])
    values = metric.compute_metrics(metric.results)
    for kind in ('bbox', 'segm'):
        assert values[f'{kind}_AP'] == pytest.approx(ap) and values[f'{kind}_AP50'] == pytest.approx(ap50)


def test_nothing_found_and_messages():
    nothing = sample()
    for name in ('pred_boxes', 'pred_box_labels', 'pred_box_scores', 'pred_masks'):
        nothing[name] = nothing[name][:0]
    metric = InstanceMetric(num_classes=2)
    metric.process(None, [nothing])
    assert metric.compute_metrics(metric.results)['segm_AP50'] == 0
    with pytest.raises(ValueError, match='must be'):
        InstanceMetric(kinds=('masks',))
    with pytest.raises(ValueError, match='for photos that are resized use COCOMetric'):
        metric.process(None, [dict(sample(), pred_masks=torch.zeros(2, 5, 5))])
