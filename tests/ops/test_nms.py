"""Suppression against plain loops, on boxes that overlap a lot, in blocks, with ties."""

import math
import sys

import pytest
import torch

from mmwsl.compat import compiled_ops
from mmwsl.ops import batched_nms, box_iou, nms, soft_nms
from mmwsl.ops.nms import BLOCK, GROUPED_BLOCK


def crowd(count, seed, places=8):
    """Boxes in heaps, scores with ties."""
    generator = torch.Generator().manual_seed(seed)
    centre = 100 * torch.rand(places, 2, generator=generator)[torch.randint(places, (count,), generator=generator)]
    centre = centre + 8 * torch.randn(count, 2, generator=generator)
    half = 5 + 15 * torch.rand(count, 2, generator=generator)
    scores = (100 * torch.rand(count, generator=generator)).round() / 100
    return torch.cat([centre - half, centre + half], dim=1), scores


def greedy_by_loops(boxes, scores, threshold, labels=None, offset=0):
    order = sorted(range(len(boxes)), key=lambda i: -scores[i].item())  # stable
    overlap, kept = box_iou(boxes, boxes, offset=offset).tolist(), []
    for i in order:
        if all(overlap[i][j] <= threshold or (labels is not None and labels[i] != labels[j]) for j in kept):
            kept.append(i)
    return kept


@pytest.mark.parametrize('threshold', [0.1, 0.5, 0.7])
@pytest.mark.parametrize('offset', [0, 1])
def test_nms_by_loops(threshold, offset):
    for seed in range(5):
        boxes, scores = crowd(200, seed)
        found, kept = nms(boxes, scores, threshold, offset=offset)
        expected = greedy_by_loops(boxes, scores, threshold, offset=offset)
        assert kept.tolist() == expected and 0 < len(kept) < 200
        assert torch.equal(found, torch.cat([boxes, scores[:, None]], dim=1)[expected])


def test_nms_over_several_blocks():
    boxes, scores = crowd(2 * BLOCK + 100, seed=0, places=200)
    expected = greedy_by_loops(boxes, scores, 0.4)
    assert len(expected) > 100 and nms(boxes, scores, 0.4)[1].tolist() == expected


def test_a_chain_in_which_every_second_box_stays():
    """The worst case for repeated rounds: each box overlaps only its neighbours."""
    left = torch.arange(300.)
    boxes = torch.stack([left, torch.zeros(300), left + 2, torch.ones(300)], dim=1)
    assert nms(boxes, -left, 0.3)[1].tolist() == list(range(0, 300, 2))


def test_limits():
    boxes, scores = crowd(200, seed=1)
    every = nms(boxes, scores, 0.5)[1].tolist()
    assert nms(boxes, scores, 0.5, max_num=3)[1].tolist() == every[:3]
    high = nms(boxes, scores, 0.5, score_threshold=0.7)[1].tolist()
    assert high == [i for i in every if scores[i] > 0.7] and 0 < len(high) < len(every)
    assert nms(boxes[:0], scores[:0], 0.5)[0].shape == (0, 5)
    flat = torch.zeros(3, 4)  # empty boxes overlap nothing
    assert len(nms(flat, torch.ones(3), 0.5)[1]) == 3


def test_batched_nms_keeps_labels_apart():
    boxes, scores = crowd(300, seed=2)
    labels = torch.arange(300) % 3
    kept = batched_nms(boxes, scores, labels, dict(type='nms', iou_threshold=0.5))[1].tolist()
    assert kept == greedy_by_loops(boxes, scores, 0.5, labels.tolist())
    assert kept != nms(boxes, scores, 0.5)[1].tolist()
    far = batched_nms(boxes + 1e5, scores, labels * 1000, dict(iou_threshold=0.5))[1].tolist()
    assert far == greedy_by_loops(boxes + 1e5, scores, 0.5, labels.tolist())
    assert batched_nms(boxes, scores, labels, dict(iou_threshold=0.5, max_num=5))[1].tolist() == kept[:5]
    agnostic = batched_nms(boxes, scores, labels, dict(iou_threshold=0.5), class_agnostic=True)[1]
    assert torch.equal(agnostic, nms(boxes, scores, 0.5)[1])


@pytest.mark.parametrize('seed', range(6))
def test_batched_nms_by_loops_in_blocks(seed):
    """Groups that end within a block, that fill several, and that have one box each; ties; every limit."""
    boxes, scores = crowd(900, seed, places=4)
    labels = torch.tensor([0, 700, 2, -5, 40])[(5 * torch.rand(900, generator=torch.Generator().manual_seed(seed)).square()).long()]
    labels[:50] = 1000 + torch.arange(50)
    assert (labels == 0).sum() > 2 * GROUPED_BLOCK
    expected = greedy_by_loops(boxes, scores, 0.4, labels.tolist())
    for limit in (-1, 0, 7, len(expected), 5000):
        kept = batched_nms(boxes, scores, labels, dict(iou_threshold=0.4, max_num=limit))[1].tolist()
        assert kept == (expected if limit < 0 else expected[:limit])
    high = batched_nms(boxes, scores, labels, dict(iou_threshold=0.4, score_threshold=0.6))[1].tolist()
    assert high == [i for i in expected if scores[i] > 0.6] and 0 < len(high) < len(expected)


def test_batched_nms_compares_within_groups_alone(monkeypatch):
    """The pairs compared grow with the boxes of a group, not with all: 20,000 boxes have 400 million pairs."""
    module = sys.modules['mmwsl.ops.nms']  # the package has the function of that name
    pairs = []
    monkeypatch.setattr(module, 'box_iou', lambda first, second, **kwargs: (
        pairs.append(len(first) * len(second)), box_iou(first, second, **kwargs))[1])
    boxes, scores = crowd(20000, seed=0, places=500)
    kept = batched_nms(boxes, scores, torch.arange(20000) % 100, dict(iou_threshold=0.5))[1]
    assert len(kept) > 1000 and sum(pairs) < 20000 * (200 + 2 * GROUPED_BLOCK)


def soft_by_loops(boxes, scores, threshold, sigma, min_score, method):
    left, chosen = {i: score for i, score in enumerate(scores.tolist())}, []
    overlap = box_iou(boxes, boxes).tolist()
    while left:
        best = max(left, key=lambda i: (left[i], -i))
        chosen.append((best, left.pop(best)))
        for i in list(left):
            iou = overlap[best][i]
            if method == 'gaussian':
                left[i] *= math.exp(-iou * iou / sigma)
            elif iou >= threshold:
                left[i] *= 1 - iou if method == 'linear' else 0
            if left[i] < min_score:
                del left[i]
    return chosen


@pytest.mark.parametrize('method', ['linear', 'gaussian', 'naive'])
def test_soft_nms_by_loops(method):
    boxes, scores = crowd(120, seed=3)
    boxes, scores = boxes.double(), scores.double()
    found, kept = soft_nms(boxes, scores, 0.3, 0.5, 0.05, method)
    expected = soft_by_loops(boxes, scores, 0.3, 0.5, 0.05, method)
    assert kept.tolist() == [i for i, _ in expected] and 3 < len(kept) < 120
    assert found[:, 4].tolist() == pytest.approx([score for _, score in expected], rel=1e-9)
    assert torch.equal(found[:, :4], boxes[kept])


def test_soft_nms_within_labels():
    boxes, scores = crowd(90, seed=4)
    scores = scores + 1e-4 * torch.arange(90)  # no ties
    labels = torch.arange(90) % 3
    found, kept = batched_nms(boxes, scores, labels, dict(type='soft_nms', iou_threshold=0.3, min_score=0.05))
    assert (found[1:, 4] <= found[:-1, 4]).all()
    for label in range(3):
        alone = (labels == label).nonzero()[:, 0]
        expected = alone[soft_nms(boxes[alone], scores[alone], 0.3, min_score=0.05)[1]]
        assert kept[labels[kept] == label].tolist() == expected.tolist()


def test_bad_arguments():
    boxes, scores = crowd(4, seed=0)
    with pytest.raises(ValueError, match=r'4 boxes need scores \(4,\); got \(3,\)'):
        nms(boxes, scores[:3], 0.5)
    with pytest.raises(ValueError, match=r'must be a floating-point tensor \(N, 4\)'):
        nms(boxes[:, :3], scores, 0.5)
    with pytest.raises(ValueError, match='choose one of linear, gaussian, naive'):
        soft_nms(boxes, scores, method='hard')
    with pytest.raises(ValueError, match='choose nms, soft_nms or fast_nms'):
        batched_nms(boxes, scores, torch.zeros(4), dict(type='nms_rotated'))
    with pytest.raises(ValueError, match='4 scores need labels'):
        batched_nms(boxes, scores, torch.zeros(3), dict(iou_threshold=0.5))


@pytest.mark.skipif(compiled_ops() is None, reason='mmcv is not installed with its compiled operations')
def test_equal_to_mmcv():
    from mmwsl.ops.nms import _greedy, _soft
    boxes, scores = crowd(500, seed=0)
    scores = scores + 1e-4 * torch.arange(500)
    assert torch.equal(_greedy(boxes, scores, 0.5), compiled_ops().nms(boxes, scores, 0.5)[1])
    ours, theirs = _soft(boxes, scores, torch.zeros(500)), compiled_ops().soft_nms(boxes, scores)
    assert torch.equal(ours[1], theirs[1])
    torch.testing.assert_close(ours[0], theirs[0], atol=1e-5, rtol=1e-5)
