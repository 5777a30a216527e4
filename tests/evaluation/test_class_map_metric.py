import numpy as np
import pytest
import torch

from mmwsl.evaluation.functional import confusion, intersection_over_union
from mmwsl.evaluation.metrics import ClassMapIoUMetric


def sample(maps, labels, scores, tags, truth):
    return dict(pred_maps=torch.tensor(maps), pred_map_labels=torch.tensor(labels), pred_scores=torch.tensor(scores),
                gt_label=torch.tensor(tags), gt_mask=torch.tensor(truth, dtype=torch.uint8))


def test_the_best_threshold_by_hand():
    """Two classes on four pixels: above 0.5 every pixel is right with the tags; the scores name a class too many."""
    one = sample([[[0.9, 0.6, 0.3, 0.0]], [[0.0, 0.0, 0.2, 0.8]]], [0, 1], [0.9, 0.7], [1.0, 0.0], [[1, 1, 0, 0]])
    metric = ClassMapIoUMetric(num_classes=3, thresholds=(0.1, 0.5, 0.7))
    metric.process({}, [one])
    values = metric.compute_metrics(metric.results)
    assert values['mIoU_tags'] == 100 and values['threshold_tags'] == 50
    # without tags at 0.5: 1 1 0 2, so that background has 1/2, the first class 1 and the second 0
    assert values['mIoU'] == pytest.approx(50, abs=1e-3) and values['threshold'] == 50


def test_against_masks_made_one_by_one():
    """Maps in another order than the classes, some absent, several images."""
    rng = np.random.default_rng(0)
    samples = []
    for _ in range(3):
        labels = rng.permutation(4)[:3]
        samples.append(sample(rng.random((3, 6, 7)).astype(np.float32), labels, rng.random(4).astype(np.float32),
                              (rng.random(4) > 0.4).astype(np.float32), rng.integers(0, 5, (6, 7))))
    metric = ClassMapIoUMetric(num_classes=5, thresholds=(0.3, 0.6, 0.9))
    metric.process({}, samples)
    values = metric.compute_metrics(metric.results)
    for suffix, allow in (('_tags', lambda each: each['gt_label'] > 0), ('', lambda each: each['pred_scores'] > 0.5)):
        best = []
        for threshold in (0.3, 0.6, 0.9):
            matrix = 0
            for each in samples:
                planes = np.full((5, 6, 7), threshold)
                planes[1:] = 0
                for plane, label in zip(each['pred_maps'].numpy(), each['pred_map_labels'].tolist(), strict=True):
                    planes[label + 1] = plane * bool(allow(each)[label])
                matrix = matrix + confusion(planes.argmax(0), each['gt_mask'].numpy(), 5)
            best.append(100 * intersection_over_union(matrix)['mIoU'])
        assert values['mIoU' + suffix] == pytest.approx(max(best), abs=1e-3)
        assert values['threshold' + suffix] == pytest.approx(100 * (0.3, 0.6, 0.9)[int(np.argmax(best))])


@pytest.mark.parametrize('thresholds', [(), (0.5, 1.0), (0.0,)])
def test_bad_thresholds(thresholds):
    with pytest.raises(ValueError, match='must be numbers in'):
        ClassMapIoUMetric(num_classes=3, thresholds=thresholds)
