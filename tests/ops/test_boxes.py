"""Overlaps by hand and by loops; deltas and anchors."""

import pytest
import torch

from mmwsl.ops import (
    base_anchors,
    box_area,
    box_iou,
    clip_boxes,
    decode_boxes,
    encode_boxes,
    grid_anchors,
    inside_image,
)


def random_boxes(count, seed, side=100):
    generator = torch.Generator().manual_seed(seed)
    corner = side * torch.rand(count, 2, generator=generator)
    return torch.cat([corner, corner + side / 2 * torch.rand(count, 2, generator=generator)], dim=1).double()


def test_overlap_by_hand():
    first = torch.tensor([[0., 0., 4., 4.], [0., 0., 0., 0.]])
    second = torch.tensor([[2., 0., 6., 4.], [0., 0., 4., 4.], [5., 5., 6., 6.], [0., 0., 0., 0.]])
    assert box_iou(first, second).tolist() == [[pytest.approx(8 / 24), 1, 0, 0], [0, 0, 0, 0]]
    assert box_iou(first, second, mode='iof').tolist() == [[0.5, 1, 0, 0], [0, 0, 0, 0]]
    assert box_iou(first, second, mode='giou')[0].tolist() == pytest.approx([8 / 24, 1, -19 / 36, 0])
    assert box_iou(first, second, offset=1)[0, 0] == pytest.approx(15 / 35)
    assert box_area(second, offset=1).tolist() == [25, 25, 4, 1]


@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('mode', ['iou', 'iof', 'giou'])
def test_overlap_by_loops(mode, offset):
    first, second = random_boxes(20, 0), random_boxes(30, 1)
    found = box_iou(first, second, mode, offset)
    for i, a in enumerate(first.tolist()):
        for j, b in enumerate(second.tolist()):
            shared = max(0, min(a[2], b[2]) - max(a[0], b[0]) + offset) * max(0, min(a[3], b[3]) - max(a[1], b[1]) + offset)
            areas = [(c[2] - c[0] + offset) * (c[3] - c[1] + offset) for c in (a, b)]
            around = (max(a[2], b[2]) - min(a[0], b[0]) + offset) * (max(a[3], b[3]) - min(a[1], b[1]) + offset)
            union = sum(areas) - shared
            expected = dict(iou=shared / union, iof=shared / areas[0], giou=shared / union - (around - union) / around)
            assert found[i, j].item() == pytest.approx(expected[mode], rel=1e-9, abs=1e-12)


def test_overlap_of_nothing_and_of_wrong_shapes():
    assert box_iou(torch.zeros(0, 4), random_boxes(3, 0).float()).shape == (0, 3)
    with pytest.raises(ValueError, match=r'second must be a floating-point tensor \(N, 4\)'):
        box_iou(torch.zeros(1, 4), torch.zeros(4))
    with pytest.raises(ValueError, match='choose one of iou, iof, giou'):
        box_iou(torch.zeros(1, 4), torch.zeros(1, 4), mode='diou')


def test_clip():
    assert clip_boxes(torch.tensor([[-3., 2., 50., 9.]]), height=8, width=20).tolist() == [[0, 2, 20, 8]]


def test_deltas_by_hand_and_back():
    proposal, target = torch.tensor([[0., 0., 10., 20.]]), torch.tensor([[5., 0., 25., 20.]])
    deltas = encode_boxes(proposal, target)
    assert deltas[0].tolist() == pytest.approx([1.0, 0.0, 0.6931472, 0.0])
    scaled = encode_boxes(proposal, target, means=(1., 0., 0., 0.), stds=(0.1, 0.1, 0.2, 0.2))
    assert scaled[0].tolist() == pytest.approx([0.0, 0.0, 3.4657359, 0.0], abs=1e-6)
    proposals, targets = random_boxes(50, 0) + torch.tensor([0., 0., 1., 1.]), random_boxes(50, 1) + torch.tensor([0., 0., 1., 1.])
    options = dict(means=(0.1, 0.2, 0.3, 0.4), stds=(0.5, 0.6, 0.7, 0.8))
    back = decode_boxes(proposals, encode_boxes(proposals, targets, **options), **options)
    torch.testing.assert_close(back, targets)


def test_deltas_of_several_classes_are_clipped_and_bounded():
    proposals = torch.tensor([[0., 0., 10., 10.]])
    boxes = decode_boxes(proposals, torch.tensor([[0., 0., 0., 0., 1., 0., 100., 0.]]), image_size=(8, 400))
    assert boxes.shape == (1, 8)
    assert boxes[0].tolist() == pytest.approx([0, 0, 10, 8, 0, 0, 15 + 312.5, 8])  # 62.5 times as wide, no more


def test_anchors_by_hand():
    base = base_anchors(16, scales=[1, 2], ratios=[0.25, 1.0])
    assert base.tolist() == [[-16, -4, 16, 4], [-32, -8, 32, 8], [-8, -8, 8, 8], [-16, -16, 16, 16]]
    grid = grid_anchors(base[2:3], height=2, width=3, stride=16)
    assert grid.tolist() == [[x - 8, y - 8, x + 8, y + 8] for y in (0, 16) for x in (0, 16, 32)]
    both = grid_anchors(base, height=2, width=3, stride=16)
    assert both.shape == (24, 4) and both[4:8].sub(base).tolist() == [[16, 0, 16, 0]] * 4
    assert inside_image(grid, 25, 40).tolist() == [False] * 4 + [True, False]
    assert inside_image(grid, 25, 40, border=9).tolist() == [True] * 6
    assert inside_image(grid - 1000, 25, 40, border=-1).all()
