import cv2
import numpy as np
import pytest
import torch

from mmwsl.evaluation.functional import confusion, intersection_over_union
from mmwsl.evaluation.metrics import IoUMetric


def test_confusion_and_figures_by_hand():
    true = np.array([[0, 0, 1], [1, 255, 2]])
    predicted = np.array([[0, 1, 1], [0, 0, 1]])
    matrix = confusion(predicted, true, 4)
    assert matrix.tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    figures = intersection_over_union(matrix)
    assert figures['iou'][:3].tolist() == pytest.approx([1 / 3, 1 / 4, 0]) and np.isnan(figures['iou'][3])
    assert figures['mIoU'] == pytest.approx((1 / 3 + 1 / 4) / 3) and figures['aAcc'] == pytest.approx(2 / 5)
    assert figures['accuracy'][:3].tolist() == pytest.approx([.5, .5, 0]) and figures['mAcc'] == pytest.approx(1 / 3)


def test_confusion_by_loops():
    rng = np.random.default_rng(0)
    true, predicted = rng.integers(0, 5, (40, 50)), rng.integers(0, 5, (40, 50))
    true[rng.random(true.shape) < .1] = 255
    slow = np.zeros((5, 5), int)
    for t, p in zip(true.ravel(), predicted.ravel(), strict=True):
        if t != 255:
            slow[t, p] += 1
    assert np.array_equal(confusion(predicted, true, 5), slow)


@pytest.mark.parametrize('predicted, true, message', [
    (np.zeros((2, 2)), np.zeros((2, 3)), 'differ in shape'),
    (np.zeros((2, 2), int), np.full((2, 2), 7), 'true classes run from 7 to 7; with 3 classes'),
    (np.full((2, 2), 3), np.zeros((2, 2), int), 'predicted classes run from 3 to 3'),
])
def test_bad_maps(predicted, true, message):
    with pytest.raises(ValueError, match=message):
        confusion(predicted, true, 3)


def test_the_metric_reads_the_true_maps_from_their_files(tmp_path):
    metric = IoUMetric(num_classes=3)
    rng, matrix = np.random.default_rng(0), 0
    for number in range(3):
        true, predicted = rng.integers(0, 3, (6, 7)).astype(np.uint8), rng.integers(0, 3, (6, 7))
        cv2.imwrite(str(tmp_path / f'{number}.png'), true)
        matrix = matrix + confusion(predicted, true, 3)
        metric.process({}, [dict(pred_mask=torch.tensor(predicted), class_map=str(tmp_path / f'{number}.png'))])
    values = metric.compute_metrics(metric.results)
    assert values['mIoU'] == pytest.approx(100 * intersection_over_union(matrix)['mIoU'], abs=1e-3)
