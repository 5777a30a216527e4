"""Fast NMS against a loop, against greedy NMS, and by hand."""

import pytest
import torch

from mmwsl.ops import batched_nms, box_iou, fast_nms, nms

ROW = torch.tensor([[0., 0., 10., 10.], [4., 0., 14., 10.], [8., 0., 18., 10.]])  # each overlaps its neighbor by 0.43


def random_boxes(count, seed=0):
    corner = torch.rand(count, 2, generator=torch.Generator().manual_seed(seed)) * 60
    return torch.cat([corner, corner + 10 + 20 * torch.rand(count, 2, generator=torch.Generator().manual_seed(1))], 1)


def slow(boxes, scores, iou_threshold, top_k, max_num):
    """By its definition, box by box: (score, label, number), best first."""
    found = []
    for label in range(scores.shape[1]):
        order = scores[:, label].argsort(descending=True)[:top_k].tolist()
        for position, number in enumerate(order):
            overlaps = [box_iou(boxes[other, None], boxes[number, None]).item() for other in order[:position]]
            if max(overlaps, default=0) <= iou_threshold:
                found.append((scores[number, label].item(), label, number))
    return sorted(found, reverse=True)[:max_num]


def test_suppressed_boxes_still_suppress():
    scores = torch.tensor([[0.9], [0.8], [0.7]])
    values, labels, kept = fast_nms(ROW, scores, iou_threshold=0.4)
    assert kept[values > 0].tolist() == [0] and labels.tolist() == [0, 0, 0]
    assert nms(ROW, scores[:, 0], 0.4)[1].tolist() == [0, 2]  # greedy: the second is gone, so the third stays
    assert fast_nms(ROW, scores, iou_threshold=0.5)[0].tolist() == pytest.approx([0.9, 0.8, 0.7])


@pytest.mark.parametrize(('count', 'classes', 'top_k'), [(30, 4, 200), (40, 3, 7), (5, 40, 200)])
def test_as_the_definition(count, classes, top_k):
    """With one IoU matrix of all boxes (few of them) and with one a class (many)."""
    boxes, scores = random_boxes(count), torch.rand(count, classes, generator=torch.Generator().manual_seed(2))
    values, labels, kept = fast_nms(boxes, scores, 0.3, top_k, max_num=25)
    wanted = slow(boxes, scores, 0.3, top_k, 25)
    found = [row for row in zip(values.tolist(), labels.tolist(), kept.tolist(), strict=True) if row[0] > 0]
    assert found == wanted


def test_cross_class_by_hand():
    scores = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])
    values, labels, kept = fast_nms(ROW, scores, 0.4, class_agnostic=True)
    assert (values[0].item(), labels[0].item(), kept[0].item()) == (pytest.approx(0.9), 0, 0)
    assert values[1:].tolist() == [0, 0]  # the second goes by the first, of another class, and the third by the second
    values, labels, kept = fast_nms(ROW[[0, 2]], scores[[0, 2]], 0.4, class_agnostic=True)
    assert kept.tolist() == [0, 1] and labels.tolist() == [0, 1]


def test_the_best_box_of_a_class_is_that_of_greedy_nms():
    boxes, scores = random_boxes(200), torch.rand(200, 5, generator=torch.Generator().manual_seed(3))
    values, labels, kept = fast_nms(boxes, scores, 0.5, max_num=1000)
    for label in range(5):
        greedy = nms(boxes, scores[:, label], 0.5)[1]
        fast = kept[(labels == label) & (values > 0)]
        assert fast[0] == greedy[0] and set(fast.tolist()) <= set(greedy.tolist())


def test_rows_of_zeros_are_no_boxes():
    scores = torch.tensor([[0.9], [0.0], [0.7]])
    values, _, kept = fast_nms(ROW, scores, 0.4)
    assert kept[values > 0].tolist() == [0, 2]


def test_nothing_and_empty_boxes():
    values, labels, kept = fast_nms(torch.zeros(0, 4), torch.zeros(0, 3))
    assert values.shape == labels.shape == kept.shape == (0,)
    values, _, _ = fast_nms(torch.zeros(4, 4), torch.rand(4, 3))
    assert (values > 0).sum() == 12  # boxes without area overlap nothing
    with pytest.raises(ValueError, match=r'3 boxes need scores \(3, C\)'):
        fast_nms(ROW, torch.zeros(3))


@pytest.mark.parametrize('top_k', [200, 3])
def test_by_label_as_with_a_matrix(top_k):
    """One label each: the same as scores of zero in the other classes."""
    boxes, scores = random_boxes(60), torch.rand(60, generator=torch.Generator().manual_seed(4)) + 0.1
    labels = torch.arange(60) % 4 * 3
    found, kept = batched_nms(boxes, scores, labels, dict(type='fast_nms', iou_threshold=0.3, top_k=top_k, max_num=20))
    matrix = torch.zeros(60, 10)
    matrix[torch.arange(60), labels] = scores
    values, _, wanted = fast_nms(boxes, matrix, 0.3, top_k, max_num=20)
    assert kept.tolist() == wanted[values > 0].tolist()
    assert torch.equal(found, torch.cat([boxes[kept], scores[kept, None]], 1))
    agnostic = batched_nms(boxes, scores, labels, dict(type='fast_nms', iou_threshold=0.3), class_agnostic=True)[1]
    values, _, wanted = fast_nms(boxes, matrix, 0.3, class_agnostic=True)
    assert agnostic.tolist() == wanted[values > 0].tolist()
    assert len(batched_nms(boxes[:0], scores[:0], labels[:0], dict(type='fast_nms', iou_threshold=0.3))[1]) == 0
