"""Anchors, matching, losses, crop and masks of YOLACT against loops and by hand."""

import math

import pytest
import torch
import torch.nn.functional as F

from mmwsl.models.supervised.yolact import DirectMasks, PrototypeMasks, inside_boxes, level_anchors, match_anchors
from mmwsl.models.supervised.yolact.losses import box_loss, class_loss, semantic_loss
from mmwsl.models.supervised.yolact.masks import cropped_mask_loss, shrink_masks
from mmwsl.ops import box_iou


def test_anchors_by_hand():
    """Around the centers of the cells, also of an image that the stride does not divide."""
    anchors, = level_anchors([(2, 3)], (50, 90), [10], ratios=(1.0, 4.0))
    assert anchors.shape == (12, 4)
    assert anchors[0].tolist() == [10, 7.5, 20, 17.5]  # center (15, 12.5)
    assert anchors[1].tolist() == [5, 2.5, 25, 22.5]  # square: side 10 x sqrt(4)
    assert anchors[2].tolist() == [40, 7.5, 50, 17.5] and anchors[6].tolist() == [10, 32.5, 20, 42.5]
    true, = level_anchors([(2, 3)], (50, 90), [10], ratios=(1.0, 4.0), square=False)
    assert true[1].tolist() == [5, 10, 25, 15]  # width 20, height 5


def test_matching_by_hand():
    anchors = torch.tensor([[0., 0., 10., 10.], [0., 0., 10., 9.], [0., 0., 10., 4.5], [30., 30., 40., 40.],
                            [33., 30., 43., 40.], [70., 70., 80., 80.], [90., 90., 99., 99.]])
    objects = torch.tensor([[0., 0., 10., 10.], [30., 30., 31., 31.]])
    crowds = torch.tensor([[72., 60., 99., 85.]])
    assert match_anchors(anchors, objects, crowds[:0]).tolist() == [0, 0, -2, 1, -1, -1, -1]
    # the second object overlaps nothing by 0.4 and gets its best anchor; the sixth anchor lies in the crowd by 0.8
    assert match_anchors(anchors, objects, crowds).tolist() == [0, 0, -2, 1, -1, -2, -1]
    assert match_anchors(anchors, objects[:0], crowds).tolist() == [-1, -1, -1, -1, -1, -2, -1]
    assert match_anchors(anchors, objects[:0], crowds[:0]).tolist() == [-1] * 7


def test_each_object_gets_an_anchor_of_its_own():
    """Two objects whose best anchor is the same: the better pair first, the other takes its second best."""
    anchors = torch.tensor([[0., 0., 10., 10.], [20., 0., 30., 10.]])
    objects = torch.tensor([[0., 0., 10., 7.], [0., 0., 10., 10.]])
    assert match_anchors(anchors, objects, objects[:0]).tolist() == [1, 0]
    many = objects.repeat(3, 1)  # more objects than anchors
    assert match_anchors(anchors, many, objects[:0]).tolist() == [1, 0]


def test_many_objects_are_matched_one_by_one():
    """As when the best pair of all is taken, then the best of the rest; some overlaps are equal."""
    generator = torch.Generator().manual_seed(1)
    for anchors, objects in ((50, 30), (20, 40), (30, 30)):
        corner = torch.randint(0, 12, (anchors + objects, 2), generator=generator).float()
        boxes = torch.cat([corner, corner + torch.randint(1, 6, (anchors + objects, 2), generator=generator)], 1)
        table = box_iou(boxes[:anchors], boxes[anchors:])
        found = match_anchors(boxes[:anchors], boxes[anchors:], boxes[:0], positive=2, negative=2)
        pairs = [(anchor, number) for anchor, number in enumerate(found.tolist()) if number >= 0]
        assert len(pairs) == min(anchors, objects) == len({number for _, number in pairs})
        wanted, left = [], table.clone()
        for _ in pairs:
            wanted.append(left.max().item())
            anchor, number = divmod(left.argmax().item(), objects)
            left[anchor], left[:, number] = -1, -1
        assert sorted(table[pair].item() for pair in pairs) == sorted(wanted)


def test_matching_by_loops():
    generator = torch.Generator().manual_seed(0)
    corner = torch.rand(60, 2, generator=generator) * 40
    anchors = torch.cat([corner, corner + 5 + 20 * torch.rand(60, 2, generator=generator)], 1)
    objects, crowds = anchors[:9] + torch.rand(9, 4, generator=generator) * 3, anchors[40:42] + 4
    table = box_iou(anchors, objects).tolist()
    wanted = []
    for number, row in enumerate(table):
        best = max(row)
        inside = box_iou(anchors[number, None], crowds, mode='iof').max().item()
        wanted.append(row.index(best) if best >= 0.5 else -2 if best >= 0.4 or inside > 0.7 else -1)
    left, free = set(range(9)), set(range(60))
    while left:
        _, number, anchor = max((table[a][g], g, a) for g in left for a in free)
        wanted[anchor] = number
        left.remove(number)
        free.remove(anchor)
    assert match_anchors(anchors, objects, crowds).tolist() == wanted
    assert set(range(9)) <= set(wanted)


def test_class_loss_by_loops():
    logits = torch.randn(40, 5, generator=torch.Generator().manual_seed(0))
    matches = torch.full((40,), -1)
    matches[[3, 7]], matches[[1, 2]] = torch.tensor([0, 1]), -2
    targets = torch.full((40,), 4)
    targets[[3, 7]] = torch.tensor([2, 0])
    probability = logits.softmax(1)
    background = sorted((i for i in range(40) if matches[i] == -1), key=lambda i: probability[i, 4].item())[:6]
    wanted = -sum(math.log(probability[i, targets[i]]) for i in [3, 7, *background])
    assert class_loss(logits, targets, matches).item() == pytest.approx(wanted, rel=1e-5)
    nothing = torch.full((40,), -1)
    assert class_loss(logits, torch.full((40,), 4), nothing).item() == 0
    few = class_loss(logits[:8], targets[:8], matches[:8])  # two positive, two neutral, four others, not six
    assert few.item() == pytest.approx(-sum(math.log(probability[i, targets[i]]) for i in (0, 3, 4, 5, 6, 7)), rel=1e-5)


def test_box_loss_by_hand():
    anchors, objects = torch.tensor([[0., 0., 10., 20.]]), torch.tensor([[1., 0., 11., 20.]])
    # the center lies a tenth of the width to the right: 0.1 / 0.1 = 1
    assert box_loss(torch.zeros(1, 4), anchors, objects).item() == pytest.approx(0.5)
    assert box_loss(torch.tensor([[1., 0., 0., 3.]]), anchors, objects).item() == pytest.approx(2.5)


def test_crop_by_loops():
    boxes = torch.tensor([[2.3, 1.0, 5.0, 3.5], [5.0, 3.5, 2.3, 1.0], [-3., -3., 0.5, 20.], [4., 4., 4., 4.]])
    found = inside_boxes(boxes, 8, 9)
    for mask, (x1, y1, x2, y2) in zip(found, boxes.tolist(), strict=True):
        x1, x2, y1, y2 = min(x1, x2) - 1, max(x1, x2) + 1, min(y1, y2) - 1, max(y1, y2) + 1
        wanted = [[max(x1, 0) <= x < x2 and max(y1, 0) <= y < y2 for x in range(9)] for y in range(8)]
        assert mask.tolist() == wanted
    assert torch.equal(found[0], found[1])


def test_mask_loss_by_loops():
    generator = torch.Generator().manual_seed(0)
    logits, targets = torch.randn(2, 6, 7, generator=generator), (torch.rand(2, 6, 7, generator=generator) > 0.5).float()
    boxes = torch.tensor([[1., 1., 4., 3.], [0., 2., 7., 6.]])
    wanted = 0
    for logit, target, (x1, y1, x2, y2) in zip(logits, targets, boxes.tolist(), strict=True):
        part = sum(-math.log(torch.sigmoid(logit[y, x] * (1 if target[y, x] else -1))) for y in range(6)
                   for x in range(7) if x1 - 1 <= x < x2 + 1 and y1 - 1 <= y < y2 + 1)
        wanted += part / ((x2 - x1) * (y2 - y1))
    assert cropped_mask_loss(logits, targets, boxes).item() == pytest.approx(wanted, rel=1e-5)
    empty = torch.tensor([[1., 1., 1., 3.]])
    assert cropped_mask_loss(logits[:1], targets[:1], empty).isfinite()


def test_semantic_loss_by_loops():
    logits, masks = torch.randn(3, 2, 2, generator=torch.Generator().manual_seed(0)), torch.zeros(3, 2, 2)
    masks[0, 0], masks[1, 0, 0], masks[2, 1, 1] = 1, 1, 1  # the first two, of one class, overlap
    found = semantic_loss(logits, masks, torch.tensor([2, 2, 0]))
    target = torch.zeros(3, 2, 2)
    target[2, 0], target[0, 1, 1] = 1, 1
    wanted = sum(F.softplus(-value if true else value) for value, true in zip(logits.flatten(), target.flatten(),
                                                                             strict=True)) / 4
    assert found.item() == pytest.approx(wanted.item(), rel=1e-5)
    assert semantic_loss(logits, masks[:0], torch.zeros(0, dtype=torch.long)).item() == pytest.approx(
        F.softplus(logits).sum().item() / 4, rel=1e-5)


def test_prototypes_make_masks_by_hand():
    """Left and right halves as prototypes: their difference is one half, and the box cuts it."""
    branch = PrototypeMasks(4, num_prototypes=2)
    prototypes = torch.zeros(2, 8, 8)
    prototypes[0, :, :4], prototypes[1, :, 4:] = 9.0, 9.0
    values, box = torch.tensor([[1.0, -1.0]]), torch.tensor([[0., 4., 32., 16.]])
    found = branch.paste(values, prototypes, box, (32, 32), (32, 32), (32, 32))[0]
    wanted = torch.zeros(32, 32, dtype=torch.bool)
    wanted[:20, :16] = True  # of 8 rows 0 to 4: a row more than the box on either side
    wanted[19, 15] = False  # where both edges are smoothed
    assert torch.equal(found, wanted)
    small = branch.paste(values, prototypes, box, (32, 32), (16, 24), (32, 48))[0]  # a part of the input, enlarged
    assert small.shape == (32, 48) and small[:30, :30].all() and not small[:, 34:].any()
    assert branch.paste(values[:0], prototypes, box[:0], (32, 32), (32, 32), (5, 6)).shape == (0, 5, 6)


def test_shape_of_prototypes():
    branch = PrototypeMasks(6, num_prototypes=5, channels=7, layers=2)
    found = branch(torch.randn(2, 6, 9, 4))
    assert found.shape == (2, 5, 18, 8) and (found >= 0).all()
    assert (PrototypeMasks(6, num_prototypes=5, relu=False)(torch.randn(2, 6, 9, 4)) < 0).any()
    assert [layer.out_channels for layer in branch.layers if isinstance(layer, torch.nn.Conv2d)] == [7, 7, 7, 5]
    with pytest.raises(ValueError, match='num_prototypes=0 leaves no mask'):
        PrototypeMasks(6, num_prototypes=0)


def test_without_zero_padding_a_flat_image_gives_flat_prototypes():
    """With it they know where the image ends, which is how they can tell places apart."""
    flat = torch.full((1, 3, 12, 12), 0.7)
    torch.manual_seed(0)
    spread = {mode: PrototypeMasks(3, 4, channels=8, padding_mode=mode)(flat).std(dim=(2, 3)).max().item()
              for mode in ('zeros', 'reflect')}
    assert spread['reflect'] < 1e-5 and spread['zeros'] > 1e-3


def test_direct_masks_by_hand():
    branch, masks = DirectMasks(size=2), torch.zeros(2, 8, 8, dtype=torch.bool)
    masks[1, :, :4] = True
    boxes = torch.tensor([[0., 0., 8., 8.], [0., 0., 8., 8.]])
    values = torch.tensor([[3., -1., 3., -1.]])
    found = branch.loss(values, None, boxes, masks, torch.tensor([1]), (8, 8))
    assert found.item() == pytest.approx((F.softplus(torch.tensor(-3.)) + F.softplus(torch.tensor(-1.))).item() / 2)
    pasted = branch.paste(values, None, boxes[:1], (8, 8), (8, 8), (16, 16))[0]
    assert pasted[4:12, 4:7].all() and not pasted[:, 9:].any()
    assert branch.loss(values[:0], None, boxes, masks, torch.zeros(0, dtype=torch.long), (8, 8)).item() == 0


def test_small_masks_keep_what_covers_more_than_half():
    mask = torch.zeros(1, 4, 4, dtype=torch.bool)
    mask[0, :, :3] = True
    assert shrink_masks(mask, (2, 2))[0].tolist() == [[1, 0], [1, 0]]
    assert shrink_masks(mask[:0], (2, 2)).shape == (0, 2, 2)
