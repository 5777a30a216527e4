"""CorLoc by hand, and its metric."""

import numpy as np
import pytest
import torch

from mmwsl.evaluation.functional import correct_localization
from mmwsl.evaluation.metrics import CorLocMetric, VOCMetric

HERE, NEAR, FAR = [0., 0, 10, 10], [0., 0, 10, 20], [50., 50, 60, 60]


def test_by_hand():
    """Class 0: hit, miss; class 1: hit on one of two objects; class 2: nowhere."""
    boxes = [[HERE, FAR, HERE], [FAR, HERE, HERE]]
    truths = [dict(boxes=[HERE, HERE, FAR], labels=[0, 1, 1]), dict(boxes=[HERE], labels=[0])]
    values = correct_localization(boxes, truths, 3)
    assert values[:2].tolist() == [0.5, 1.0] and np.isnan(values[2])


def test_exactly_the_threshold_is_a_miss():
    truths = [dict(boxes=[HERE], labels=[0])]
    assert correct_localization([[NEAR]], truths, 1).tolist() == [0.0]  # an IoU of 0.5
    assert correct_localization([[NEAR]], truths, 1, 0.49).tolist() == [1.0]


def test_a_class_without_a_box_is_a_miss():
    assert correct_localization([np.full((1, 4), np.nan)], [dict(boxes=[HERE], labels=[0])], 1).tolist() == [0.0]


def test_errors():
    with pytest.raises(ValueError, match='1 images with boxes, 0 with truths'):
        correct_localization([[HERE]], [], 1)
    with pytest.raises(ValueError, match=r'image 0 has boxes of shape \(1, 4\); one of each class is \(2, 4\)'):
        correct_localization([[HERE]], [dict(boxes=[HERE], labels=[0])], 2)
    with pytest.raises(ValueError, match='image 0 has labels from 3 to 3, there are 1 classes'):
        correct_localization([[HERE]], [dict(boxes=[HERE], labels=[3])], 1)


def sample(**fields):
    return dict(gt_boxes=torch.tensor([HERE, FAR]) * 2, gt_box_labels=torch.tensor([0, 1]), scale_factor=(2.0, 2.0), **fields)


@pytest.mark.parametrize('fields', [
    dict(pred_top_boxes=torch.tensor([HERE, HERE])),
    dict(pred_boxes=torch.tensor([FAR, HERE, HERE]), pred_box_scores=torch.tensor([0.3, 0.9, 0.8]),
         pred_box_labels=torch.tensor([0, 0, 1])),
    dict(pred_boxes=torch.tensor([HERE]), pred_box_scores=torch.tensor([0.9]), pred_box_labels=torch.tensor([0]))])
def test_metric(fields):
    """In pixels of the file; of each class the best box, whether it comes by itself or among the detections."""
    metric = CorLocMetric(per_class=True)
    metric.dataset_meta = dict(classes=['cat', 'dog', 'cow'])
    if 'pred_top_boxes' in fields:
        fields = dict(pred_top_boxes=torch.cat([fields['pred_top_boxes'], torch.tensor([FAR])]))
    metric.process({}, [sample(**fields)])
    assert metric.compute_metrics(metric.results) == {'corloc': 50.0, 'corloc/cat': 100.0, 'corloc/dog': 0.0}


def test_voc_metric_by_class_without_difficult_and_scale():
    metric = VOCMetric(per_class=True)
    metric.dataset_meta = dict(classes=['cat', 'dog', 'cow'])
    metric.process({}, [dict(
        gt_boxes=torch.tensor([HERE, FAR]), gt_box_labels=torch.tensor([0, 1]), pred_boxes=torch.tensor([HERE, HERE]),
        pred_box_scores=torch.tensor([0.9, 0.8]), pred_box_labels=torch.tensor([0, 1]))])
    values = metric.compute_metrics(metric.results)
    assert values['AP50/cat'] == 100 and values['AP50/dog'] == 0 and values['AP50'] == 50
    assert 'AP50/cow' not in values and values['AP50_11points/cat'] == 100


def test_boxes_of_maps():
    """A localizer's maps: the box of the true tag's map, whatever its rank, in pixels of the file."""
    maps = torch.zeros(2, 60, 30)
    maps[0, 0:9, 0:4] = maps[1, 50:59, 25:29] = 1
    metric = CorLocMetric(num_classes=3)
    metric.process({}, [dict(gt_boxes=torch.tensor([HERE, FAR]) * torch.tensor([0.5, 1, 0.5, 1]),
                             gt_box_labels=torch.tensor([2, 1]), pred_maps=maps,
                             pred_map_labels=torch.tensor([2, 1]), scale_factor=(0.5, 1.0))])
    assert metric.compute_metrics(metric.results) == {'corloc': 100.0}
