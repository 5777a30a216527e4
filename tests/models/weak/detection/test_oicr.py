"""OICR: targets and loss against plain loops over regions and classes."""

import math

import pytest
import torch

from mmwsl.models.weak.detection import OICRHead, best_regions, oicr_loss, oicr_targets


def overlap(first, second):
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(width, 0) * max(height, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return shared / (sum(areas) - shared)


def slow_targets(boxes, scores, classes, positive_iou, ignore_iou):
    """The paper's algorithm 1, as loops: (labels, weights)."""
    boxes, left = boxes.tolist(), scores.tolist()
    centers = []
    for label in classes:
        best = max(range(len(boxes)), key=lambda r: (left[r][label], -r))
        centers.append((boxes[best], scores[best, label].item(), label))
        left[best] = [0] * len(left[best])
    labels, weights = [], []
    for box in boxes:
        overlaps = [overlap(box, center) for center, _, _ in centers]
        best = max(range(len(centers)), key=lambda n: (overlaps[n], -n), default=None)
        if best is None:
            labels.append(0)
            weights.append(0.0)
            continue
        labels.append(centers[best][2] + 1 if overlaps[best] >= positive_iou else 0)
        weights.append(centers[best][1] if overlaps[best] >= ignore_iou else 0.0)
    return labels, weights


def scene(seed, regions=40, classes=5, ties=False):
    """Random proposals on a grid, so that IoUs are often equal, and scores, many of which are equal where asked for."""
    generator = torch.Generator().manual_seed(seed)
    corner = torch.randint(0, 8, (regions, 2), generator=generator) * 4.0
    boxes = torch.cat([corner, corner + torch.randint(2, 8, (regions, 2), generator=generator) * 4], dim=1)
    scores = torch.rand(regions, classes, generator=generator)
    return boxes, (scores * 3).round() / 3 if ties else scores


@pytest.mark.parametrize('classes', [[], [2], [0, 3], [0, 1, 2, 3, 4]])
@pytest.mark.parametrize('ties', [False, True])
@pytest.mark.parametrize('ignore_iou', [0.0, 0.1])
def test_targets_by_brute_force(classes, ties, ignore_iou):
    for seed in range(20):
        boxes, scores = scene(seed, ties=ties)
        labels, weights, _ = oicr_targets(boxes, scores, classes, 0.5, ignore_iou)
        expected = slow_targets(boxes, scores, classes, 0.5, ignore_iou)
        assert labels.tolist() == expected[0], seed
        assert weights.tolist() == pytest.approx(expected[1]), seed


def test_two_classes_whose_best_region_is_the_same():
    boxes = torch.tensor([[0., 0, 10, 10], [1, 0, 11, 10], [40, 40, 50, 50]])
    scores = torch.tensor([[0.9, 0.8], [0.1, 0.7], [0.2, 0.3]])
    centers, values, numbers = best_regions(scores, [0, 1])
    assert centers.tolist() == [0, 1] and numbers.tolist() == [0, 1] and values.tolist() == pytest.approx([0.9, 0.7])
    labels, weights, owners = oicr_targets(boxes, scores, [0, 1])
    assert labels.tolist() == [1, 2, 0] and owners.tolist() == [0, 1, 0]
    assert weights.tolist() == pytest.approx([0.9, 0.7, 0.9])


def test_two_instances_of_a_class_are_one_and_background():
    """What PCL mends: the second instance becomes background."""
    boxes = torch.tensor([[0., 0, 10, 10], [40, 40, 50, 50]])
    labels, weights, _ = oicr_targets(boxes, torch.tensor([[0.9], [0.85]]), [0])
    assert labels.tolist() == [1, 0] and weights.tolist() == pytest.approx([0.9, 0.9])
    labels, weights, _ = oicr_targets(boxes, torch.tensor([[0.9], [0.85]]), [0], ignore_iou=0.1)
    assert weights.tolist() == pytest.approx([0.9, 0])


def test_nothing_above_the_threshold():
    """All scores zero: the first region is the center, and nothing weighs anything."""
    boxes, scores = scene(0)
    labels, weights, _ = oicr_targets(boxes, scores * 0, [1])
    assert labels[0] == 2 and weights.sum() == 0


def test_loss_by_hand():
    logits, labels = torch.tensor([[1., 2, 0], [0, 0, 3]]), torch.tensor([1, 0])
    weights = torch.tensor([0.5, 0.25])
    first = math.log(math.exp(2) / (math.e + math.exp(2) + 1))
    second = math.log(1 / (2 + math.exp(3)))
    assert oicr_loss(logits, labels, weights).item() == pytest.approx(-(0.5 * first + 0.25 * second) / 2)


def test_head_teaches_each_classifier_by_the_one_before():
    """The losses of the head are those of its parts, and no gradient goes from a classifier into its teacher."""
    torch.manual_seed(0)
    head = OICRHead(6, 3, num_refinements=2, first_weight=3.0)
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    boxes, features, tags = scene(3, classes=3)[0], torch.randn(40, 6), torch.tensor([1., 0, 1])
    losses = head.loss(features, boxes, tags)
    assert list(losses) == ['loss_tags', 'loss_refine1', 'loss_refine2']
    first, second = (layer(features) for layer in head.refinements)
    expected = 3 * oicr_loss(first, *oicr_targets(boxes, head.streams(features), [0, 2])[:2])
    assert losses['loss_refine1'].item() == pytest.approx(expected.item())
    expected = oicr_loss(second, *oicr_targets(boxes, first.softmax(1)[:, 1:], [0, 2])[:2])
    assert losses['loss_refine2'].item() == pytest.approx(expected.item())
    losses['loss_refine2'].backward()
    assert head.refinements[1].weight.grad.abs().sum() > 0
    assert head.refinements[0].weight.grad is None and head.streams.class_stream.weight.grad is None
    scores, moved = head.predict(features, boxes)
    assert torch.allclose(scores, (first.softmax(1) + second.softmax(1))[:, 1:] / 2) and moved is None


def test_box_branch_learns_where_the_object_ends():
    """Regions around one object, seen by its offset alone, are moved onto the center."""
    torch.manual_seed(0)
    offsets = torch.randn(64, 4) * 2
    offsets[0] = 0
    boxes = torch.tensor([20., 20, 60, 60]) + offsets
    features, tags = torch.cat([offsets / 2, torch.ones(64, 1)], dim=1), torch.tensor([1.])
    head = OICRHead(5, 1, box_branch=True)
    optimizer = torch.optim.Adam(head.box_branch.parameters(), lr=0.05)
    targets = oicr_targets(boxes, torch.eye(64)[:, :1], [0])
    assert targets[0].min() == 1  # all overlap the first by half at least
    for _ in range(200):
        optimizer.zero_grad()
        sum(head.box_branch.loss(features, boxes, *targets, boxes[:1]).values()).backward()
        optimizer.step()
    scores, moved = head.predict(features, boxes)
    assert moved.shape == (64, 1, 4) and scores.shape == (64, 1)
    before, after = (boxes - boxes[0]).abs().mean(), (moved[:, 0] - boxes[0]).abs().mean()
    assert after < before / 5
    assert set(head.loss(features, boxes, tags)) >= {'loss_branch_cls', 'loss_branch_box'}
    nothing = head.loss(features, boxes, torch.tensor([0.]))
    assert nothing['loss_branch_box'].item() == 0 and nothing['loss_refine1'].item() == 0
