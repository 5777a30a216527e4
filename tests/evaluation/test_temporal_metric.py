import pytest
import torch

from mmwsl.evaluation.metrics import TemporalMetric
from mmwsl.structures import DataSample


def videos(maps=None, ignored=()):
    """Two videos of classes 0 and 1 at two steps a second, of 8 and 6 steps; the second has one more segment."""
    if maps is None:
        maps = torch.zeros(2, 8)
        maps[0, 2:6] = 1  # seconds 1 to 3
        maps[1] = 9  # a class that the video does not have
    other = torch.zeros(2, 6)
    other[1, 0:2] = 1  # seconds 0 to 1
    shared = dict(rate=torch.tensor(2.0), pred_scores=torch.tensor([1.0, 0.0]), pred_label=torch.tensor(0))
    return [
        DataSample(index=torch.tensor(0), pred_maps=maps, gt_segments=torch.tensor([[1.0, 3.0]]),
                   gt_segment_labels=torch.tensor([0]), gt_ignored_segments=torch.tensor(ignored).reshape(-1, 2),
                   **shared).to_dict(),
        DataSample(index=torch.tensor(1), pred_maps=other, gt_segments=torch.tensor([[0.0, 2.5], [2.5, 3.0]]),
                   gt_segment_labels=torch.tensor([1, 1]), gt_ignored_segments=torch.zeros(0, 2), **shared).to_dict()]


def test_values_by_hand():
    metric = TemporalMetric()
    metric.process(None, videos())
    # class 0 is found exactly; of class 1, one of two segments with an IoU of 1 / 2.5 = 0.4, which is not above 0.4
    assert metric.evaluate(2) == {'temporal/mAP_0.1': 75, 'temporal/mAP_0.2': 75, 'temporal/mAP_0.3': 75,
                                  'temporal/mAP_0.4': 50, 'temporal/mAP_0.5': 50, 'temporal/accuracy': 50}
    # a wrong detection before the right one halves the precision, unless it lies where it is not clear what is seen
    maps = torch.zeros(2, 8)
    maps[0, 7] = 2
    maps[0, 2:6] = 1.5
    metric = TemporalMetric(ious=(0.5,))
    metric.process(None, videos(maps))
    assert metric.evaluate(2)['temporal/mAP_0.5'] == 25
    metric.process(None, videos(maps, ignored=[[3.6, 9.0]]))
    assert metric.evaluate(2)['temporal/mAP_0.5'] == 50
    with pytest.raises(ValueError, match="set supervision='full'"):
        metric.process(None, [{key: value for key, value in videos()[0].items() if key != 'gt_segments'}])


def test_the_order_of_videos_says_nothing():
    """Every map is flat, so every score is equal: one of two detections of class 0 is right, whichever comes first."""
    flat = torch.ones(2, 8)
    right, _ = videos(flat)
    wrong = dict(right, index=torch.tensor(1), gt_segments=torch.tensor([[0.0, 0.5]]))
    right['gt_segments'] = torch.tensor([[0.0, 4.0]])
    for order in ([right, wrong], [wrong, right]):
        metric = TemporalMetric(ious=(0.5,))
        metric.process(None, order)
        assert metric.evaluate(2)['temporal/mAP_0.5'] == 25  # 1 / 2 at the one hit, of two true segments
