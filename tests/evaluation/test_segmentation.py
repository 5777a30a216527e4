import cv2
import numpy as np
import pytest
import torch

from mmwsl.evaluation.functional import boundary, boundary_f, confusion, intersection_over_union
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


def test_the_boundary_of_a_region():
    mask = np.zeros((6, 7), bool)
    mask[1:5, :4] = True  # its left side is that of the image
    expected = mask.copy()
    expected[2:4, :3] = False
    assert np.array_equal(boundary(mask), expected)
    assert not boundary(np.ones((3, 4), bool)).any() and not boundary(np.zeros((3, 4), bool)).any()


def slow_boundary_f(predicted, true, number, near):
    """By loops over pairs of pixels."""
    def pixels(classes):
        height, width = classes.shape
        return [(y, x) for y in range(height) for x in range(width) if classes[y, x] == number and any(
            classes[v, u] != number for v, u in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1))
            if 0 <= v < height and 0 <= u < width)]

    def share(some, others):
        close = [any(np.hypot(y - v, x - u) <= near for v, u in others) for y, x in some]
        return sum(close) / len(close) if close else 1.0

    found, there = pixels(predicted), pixels(true)
    counted = [pixel for pixel in found if true[pixel] != 255]
    if not counted and not there:
        return np.nan
    precision, recall = share(counted, there), share(there, found)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@pytest.mark.parametrize('tolerance', [0.0, 0.05, 0.1])
def test_boundary_f_by_loops(tolerance):
    rng = np.random.default_rng(0)
    for _ in range(4):
        true, predicted = (rng.integers(0, 3, (5, 4)).repeat(4, 0).repeat(5, 1).astype(np.uint8) for _ in range(2))
        true[6:9, 2:15] = 255
        near = tolerance * np.hypot(20, 20)
        expected = [slow_boundary_f(predicted, true, number, near) for number in range(4)]
        assert np.allclose(boundary_f(predicted, true, 4, tolerance), expected, equal_nan=True)
        assert np.isnan(expected[3]) and 0 < np.nanmean(expected) < 1


def test_boundary_f_by_hand():
    """A square of 4 x 4 found a pixel too far right: of 12 boundary pixels each, six lie on one of the other's."""
    true, predicted = np.zeros((12, 16), np.uint8), np.zeros((12, 16), np.uint8)
    true[4:8, 4:8], predicted[4:8, 5:9] = 1, 1
    found = boundary_f(predicted, true, 2, tolerance=0)
    assert found[1] == pytest.approx(0.5)
    assert boundary_f(predicted, true, 2, tolerance=0.05)[1] == 1  # a diagonal of 20 pixels
    assert boundary_f(true, true, 2, tolerance=0).tolist() == [1, 1]
    alone = boundary_f(np.zeros_like(true), true, 2)
    assert alone.tolist() == [0, 0] and boundary_f(true, np.zeros_like(true), 2).tolist() == [0, 0]
    ring = true.copy()
    ring[3:9, 3:9] = 255
    ring[4:8, 4:8] = 1
    wide = np.zeros_like(true)
    wide[3:9, 3:9] = 1  # all of its boundary is void, and near the true one
    assert boundary_f(wide, ring, 2, tolerance=0.071)[1] == 1  # 1.42 pixels
    assert boundary_f(wide, ring, 2, tolerance=0)[1] == 0
    assert np.isnan(boundary_f(np.ones((4, 4)), np.ones((4, 4)), 2)).all()
    with pytest.raises(ValueError, match='differ in shape'):
        boundary_f(true, true[1:], 2)


def save(path, array):
    cv2.imwrite(str(path), np.uint8(array))
    return str(path)


def test_values_of_each_class_and_of_boundaries(tmp_path):
    rng = np.random.default_rng(0)
    metric = IoUMetric(num_classes=4, per_class=True, boundary=True, tolerance=0.05)
    metric.dataset_meta = dict(classes=['cat', 'dog', 'cow'])
    matrix, of_boundaries = 0, []
    for number in range(3):
        true, predicted = (rng.integers(0, 3, (5, 4)).repeat(4, 0).repeat(4, 1) for _ in range(2))
        metric.process({}, [dict(pred_mask=predicted, class_map=save(tmp_path / f'{number}.png', true))])
        matrix = matrix + confusion(predicted, true, 4)
        of_boundaries.append(boundary_f(predicted, true, 4, 0.05))
    values = metric.compute_metrics(metric.results)
    iou, edges = intersection_over_union(matrix)['iou'], np.mean(of_boundaries, 0)
    for number, name in enumerate(['background', 'cat', 'dog']):
        assert values[f'IoU/{name}'] == pytest.approx(100 * iou[number], abs=1e-3)
        assert values[f'boundaryF/{name}'] == pytest.approx(100 * edges[number], abs=1e-3)
    assert 'IoU/cow' not in values and values['boundaryF'] == pytest.approx(100 * edges[:3].mean(), abs=1e-3)
    assert values['mIoU'] == pytest.approx(100 * iou[:3].mean(), abs=1e-3) and len(values) == 4 + 6


def test_names_say_what_predictions_were_given(tmp_path):
    metric = IoUMetric(num_classes=2)
    sample = dict(pred_mask=np.eye(4, dtype=int), class_map=save(tmp_path / 'a.png', np.eye(4)))
    metric.process({}, [dict(sample, given=('tags', 'ms', 'flip'))] * 2)
    assert metric.compute_metrics(metric.results) == {f'{name}_tags_ms_flip': 100 for name in ('mIoU', 'mAcc', 'aAcc')}
    metric.process({}, [sample])
    with pytest.raises(ValueError, match='were given different things, .*tags.* predict all of them in one way'):
        metric.compute_metrics(metric.results)


def test_maps_of_void_alone_are_no_measure(tmp_path):
    metric = IoUMetric(num_classes=2)
    metric.process({}, [dict(pred_mask=np.zeros((4, 4)), class_map=save(tmp_path / 'a.png', np.full((4, 4), 255)))] * 2)
    with pytest.raises(ValueError, match='none of the 2 true class maps has a pixel that counts, all are void'):
        metric.compute_metrics(metric.results)
