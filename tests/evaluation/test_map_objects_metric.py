"""Tags and boxes read from class maps."""

import numpy as np
import pytest
import torch
from PIL import Image

from mmwsl.evaluation.metrics import MapObjectsMetric


def blank(*squares, size=20):
    """A class map with squares (class + 1, x, y, side)."""
    found = torch.zeros(size, size, dtype=torch.uint8)
    for value, x, y, side in squares:
        found[y:y + side, x:x + side] = value
    return found


def score(*samples, classes=2):
    metric = MapObjectsMetric(num_classes=classes)
    metric.process(None, list(samples))
    return metric.evaluate(len(samples))


FIRST = dict(gt_boxes=torch.tensor([[0.0, 0, 8, 8], [10, 10, 16, 16]]), gt_box_labels=torch.tensor([0, 1]))
SECOND = dict(gt_boxes=torch.tensor([[4.0, 4, 12, 12]]), gt_box_labels=torch.tensor([0]))


def test_what_is_right_scores_fully():
    assert score(dict(FIRST, pred_mask=blank((1, 0, 0, 8), (2, 10, 10, 6))), dict(SECOND, pred_mask=blank((1, 4, 4, 8)))) == {
        'objects/tag_mAP': 100, 'objects/corloc': 100, 'objects/AP50': 100}


def test_by_hand():
    """Of the first class a larger part lies beside the object and a smaller one on it; the second is missed, and seen
    where it is not."""
    values = score(dict(FIRST, pred_mask=blank((1, 0, 0, 8), (1, 10, 10, 9))),
                   dict(SECOND, pred_mask=blank((1, 4, 4, 8), (2, 14, 14, 4))))
    # tags: the first class is in both images; the second in the first image, which has none of its pixels: ranked last
    assert values['objects/tag_mAP'] == pytest.approx(100 * (1 + 1 / 2) / 2)
    assert values['objects/corloc'] == pytest.approx(100 * (1 / 2 + 0) / 2)  # the largest part of the first is wrong
    # boxes of the first: wrong (81 pixels), right, right (64 each), so that both are found at 2 of 3
    assert values['objects/AP50'] == pytest.approx(100 * (2 / 3 + 0) / 2, abs=1e-3)


def test_true_class_maps_stand_for_boxes(tmp_path):
    maps = blank((1, 0, 0, 8), (2, 10, 10, 6)), blank((1, 4, 4, 8))
    expected = score(dict(FIRST, pred_mask=maps[1]), dict(SECOND, pred_mask=maps[1]))
    assert score(*(dict(gt_mask=each, pred_mask=maps[1]) for each in maps)) == expected
    for number, each in enumerate(maps):
        Image.fromarray(np.array(each)).save(tmp_path / f'{number}.png')
    assert score(*(dict(class_map=tmp_path / f'{number}.png', gt_mask=blank(), pred_mask=maps[1]) for number in (0, 1))) == expected
