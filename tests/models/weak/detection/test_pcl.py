"""PCL: clusters, graphs and loss against plain loops."""

import itertools
import math

import pytest
import torch

from mmwsl.models.weak.detection import PCLHead, assign_regions, cluster_centers, graph_centers, pcl_loss, top_cluster


def overlap(first, second):
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(width, 0) * max(height, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return shared / (sum(areas) - shared)


def scene(seed, regions=40, ties=False):
    generator = torch.Generator().manual_seed(seed)
    corner = torch.randint(0, 8, (regions, 2), generator=generator) * 4.0
    boxes = torch.cat([corner, corner + torch.randint(2, 8, (regions, 2), generator=generator) * 4], dim=1)
    scores = torch.rand(regions, 3, generator=generator)
    return boxes, (scores * 4).round() / 4 if ties else scores


def spread(values):
    mean = sum(values) / len(values)
    return sum((value - mean)**2 for value in values)


def slow_top_cluster(scores):
    """The best of all ways to give each score one of three clusters: the scores of the highest one."""
    best = None
    for numbers in itertools.product(range(3), repeat=len(scores)):
        parts = [[s for s, n in zip(scores, numbers, strict=True) if n == k] for k in range(3)]
        if all(parts):
            cost = sum(map(spread, parts))
            if best is None or cost < best[0] - 1e-12:
                best = cost, max(parts, key=lambda part: sum(part) / len(part))
    return sorted(best[1])


def test_top_cluster_is_the_best_of_all_clusterings():
    """Every one of the 3^7 assignments is tried."""
    for seed in range(15):
        scores = torch.rand(7, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)**3
        assert scores[top_cluster(scores)].sort().values.tolist() == pytest.approx(slow_top_cluster(scores.tolist()))


def test_top_cluster_of_many_in_blocks(monkeypatch):
    from mmwsl.models.weak.detection import pcl
    scores = torch.rand(300, generator=torch.Generator().manual_seed(0))**4
    whole = top_cluster(scores)
    monkeypatch.setattr(pcl, 'BLOCK', 1000)
    assert torch.equal(top_cluster(scores), whole) and 0 < whole.sum() < 100
    assert scores[whole].min() > scores[~whole].max()


@pytest.mark.parametrize('scores, expected', [
    ([0.5, 0.5, 0.5], [True, True, True]),  # all alike: all are the best
    ([0.1, 0.9, 0.9], [False, True, True]),
    ([0.3], [True]),
    ([0., 0., 0.], [True, True, True]),  # nothing above any threshold
    ([0.1, 0.1, 0.5, 0.5, 0.9, 0.9], [False, False, False, False, True, True])])
def test_top_cluster_with_ties(scores, expected):
    assert top_cluster(torch.tensor(scores)).tolist() == expected


def slow_graph(boxes, scores, iou=0.4, remaining=5, count=5):
    boxes, left, found = boxes.tolist(), list(range(len(boxes))), []
    while True:
        near = {i: [j for j in left if j == i or overlap(boxes[i], boxes[j]) > iou] for i in left}
        center = max(left, key=lambda i: (len(near[i]), -i))
        found.append((max(scores[j].item() for j in near[center]), center))
        left = [i for i in left if i not in near[center]]
        if len(left) <= remaining:
            break
    found.sort(key=lambda each: -each[0])
    return [center for _, center in found[:count]], [score for score, _ in found[:count]]


@pytest.mark.parametrize('ties', [False, True])
def test_graph_centers_by_brute_force(ties):
    for seed in range(30):
        boxes, scores = scene(seed, regions=5 + seed, ties=ties)
        centers, values = graph_centers(boxes, scores[:, 0])
        expected = slow_graph(boxes, scores[:, 0])
        assert centers.tolist() == expected[0], seed
        assert values.tolist() == pytest.approx(expected[1]), seed


def slow_centers(boxes, scores, classes):
    taken, found = set(), []
    for label in classes:
        free = [i for i in range(len(boxes)) if i not in taken]
        chosen = torch.tensor(free)[top_cluster(scores[free, label])]
        centers, values = slow_graph(boxes[chosen], scores[chosen, label])
        found += [(chosen[i].item(), value, label) for i, value in zip(centers, values, strict=True)]
        taken |= {chosen[i].item() for i in centers}
    return found


@pytest.mark.parametrize('classes', [[], [1], [0, 1, 2]])
@pytest.mark.parametrize('ties', [False, True])
def test_centers_of_classes_by_brute_force(classes, ties):
    for seed in range(15):
        boxes, scores = scene(seed, ties=ties)
        centers, values, labels = cluster_centers(boxes, scores, classes)
        expected = slow_centers(boxes, scores, classes)
        assert centers.tolist() == [each[0] for each in expected]
        assert values.tolist() == pytest.approx([each[1] for each in expected])
        assert labels.tolist() == [each[2] for each in expected]


def test_several_instances_of_a_class_are_several_clusters():
    """Two piles of boxes with high scores, one with low ones: two clusters, and all of their boxes have the class."""
    boxes = torch.tensor([[x + d, 0., x + d + 20, 20.] for x in (0, 100, 200) for d in (0, 1, 2, 3)])
    scores = torch.tensor([0.9, 0.8, 0.8, 0.8, 0.85, 0.8, 0.8, 0.8, 0.1, 0.1, 0.05, 0.1])[:, None]
    centers, values, labels = cluster_centers(boxes, scores, [0], remaining=0)
    assert sorted(center // 4 for center in centers.tolist()) == [0, 1] and values.tolist() == pytest.approx([0.9, 0.85])
    found, weights, owners = assign_regions(boxes, boxes[centers], values, labels)
    assert found.tolist() == [1] * 8 + [0] * 4
    assert weights[:4].tolist() == pytest.approx([0.9] * 4) and weights[4:8].tolist() == pytest.approx([0.85] * 4)


def slow_loss(logits, labels, weights, owners, count):
    probabilities, total = logits.softmax(1).tolist(), 0.0
    for n in range(count):
        members = [r for r in range(len(labels)) if labels[r] > 0 and owners[r] == n]
        if members:
            mean = sum(probabilities[r][labels[r]] for r in members) / len(members)
            total -= sum(weights[r].item() for r in members) * math.log(mean)
    total -= sum(weights[r].item() * math.log(probabilities[r][0]) for r in range(len(labels)) if labels[r] == 0)
    return total / len(labels)


def test_loss_by_brute_force():
    for seed in range(10):
        boxes, scores = scene(seed)
        centers, values, labels = cluster_centers(boxes, scores, [0, 2])
        targets = assign_regions(boxes, boxes[centers], values, labels, ignore_iou=0.1)
        logits = torch.randn(40, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).float()
        assert pcl_loss(logits, *targets, len(centers)).item() == pytest.approx(
            slow_loss(logits, *targets, len(centers)), rel=1e-5)


def test_loss_has_a_gradient_without_nan_where_a_cluster_is_empty():
    logits = torch.zeros(3, 3, requires_grad=True)
    loss = pcl_loss(logits, torch.tensor([1, 0, 0]), torch.ones(3), torch.tensor([1, 1, 1]), 2)
    loss.backward()
    assert loss.item() == pytest.approx(math.log(3)) and logits.grad.isfinite().all()


def test_head():
    torch.manual_seed(0)
    head, (boxes, _) = PCLHead(6, 3), scene(1)
    losses = head.loss(torch.randn(40, 6), boxes, torch.tensor([1., 0, 1]))
    assert list(losses) == ['loss_tags', 'loss_refine1', 'loss_refine2', 'loss_refine3']
    sum(losses.values()).backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in head.parameters())
    nothing = head.loss(torch.randn(40, 6), boxes, torch.zeros(3))
    assert nothing['loss_refine1'].item() == 0 and nothing['loss_tags'].item() > 0
