"""Two-stage detectors: losses by loops, places by hand, and learning on scenes of digits."""

import copy

import pytest
import torch

from mmwsl.datasets import DigitScenes, collate_list
from mmwsl.evaluation.functional import detection_average_precision
from mmwsl.models.necks import FPN
from mmwsl.models.supervised import BoxHead, MaskHead, RPNHead, paste_masks, pool_regions
from mmwsl.models.supervised.region_heads import to_rois
from mmwsl.ops import encode_boxes, roi_align
from mmwsl.registry import MODELS

PREPROCESSOR = dict(type='DetectionPreprocessor', mean=[120, 120, 120], std=[60, 60, 60])
RPN = dict(type='RPNHead', pre_nms=(200, 200), post_nms=(64, 64))
DETECTORS = dict(
    fpn=dict(
        type='TwoStageDetector',
        backbone=dict(type='ResNet', depth=18, base_channels=8, out_indices=(1, 2, 3, 4)),
        neck=dict(type='FPN', in_channels=[8, 16, 32, 64], out_channels=16, num_outs=5),
        rpn_head=dict(RPN, in_channels=16, strides=(4, 8, 16, 32, 64), sizes=((16,), (24,), (32,), (48,), (64,))),
        box_head=dict(type='BoxHead', in_channels=16, num_classes=10, fc_channels=(64,), batch=64),
        mask_head=dict(type='MaskHead', in_channels=16, num_classes=10, conv_channels=(16,), channels=16),
        region_strides=(4, 8, 16, 32), region_size=7),
    c4=dict(
        type='TwoStageDetector',
        backbone=dict(type='ResNet', depth=18, base_channels=8, out_indices=(3,)),
        rpn_head=dict(RPN, in_channels=32, sizes=((16, 24, 32, 48),)),
        box_head=dict(type='BoxHead', in_channels=64, num_classes=10, size=0, fc_channels=(), batch=64),
        mask_head=dict(type='MaskHead', in_channels=64, num_classes=10, size=7, conv_channels=(), channels=16),
        region_size=14, last_stage='layer4', last_norm_cfg=dict(type='BN')))


def build(name, **changes):
    torch.manual_seed(0)
    return MODELS.build(dict(copy.deepcopy(DETECTORS[name]), data_preprocessor=MODELS.build(PREPROCESSOR), **changes))


def scenes(count, objects=(1, 2)):
    data = DigitScenes(num_scenes=count, size=64, objects=objects, supervision='full')
    return [data[number] for number in range(count)]


def test_images_are_padded_where_they_end():
    preprocessor = MODELS.build(PREPROCESSOR)
    items = scenes(2)
    items[1]['inputs'] = items[1]['inputs'][:, :50, :33]
    batch = preprocessor(collate_list(items))
    assert batch['inputs'].shape == (2, 3, 64, 64)
    assert batch['data_samples'][1].img_shape == (50, 33)
    expected = (items[1]['inputs'].float() - 120) / 60
    assert torch.allclose(batch['inputs'][1, :, :50, :33], expected)
    assert (batch['inputs'][1, :, 50:] == 0).all() and (batch['inputs'][1, :, :, 33:] == 0).all()
    with pytest.raises(ValueError, match='collate_list'):
        preprocessor(dict(inputs=torch.zeros(2, 3, 8, 8), data_samples=[]))


def test_pyramid_by_hand():
    """With identity convolutions each map is the sum of itself and of the coarser ones, enlarged."""
    pyramid = FPN([1, 1], out_channels=1, num_outs=3)
    with torch.no_grad():
        for part in (*pyramid.lateral, *pyramid.output):
            part.weight.zero_()
            part.weight[0, 0, part.weight.shape[2] // 2, part.weight.shape[3] // 2] = 1
    fine, coarse = torch.arange(16.).view(1, 1, 4, 4), torch.tensor([[[[100., 200.], [300., 400.]]]])
    first, second, third = pyramid((fine, coarse))
    assert torch.equal(second, coarse) and third.tolist() == [[[[100.]]]]
    assert torch.equal(first, fine + coarse.repeat_interleave(2, 2).repeat_interleave(2, 3))
    with pytest.raises(ValueError, match='num_outs=1 is fewer'):
        FPN([1, 1], num_outs=1)


def test_proposal_losses_by_loops():
    torch.manual_seed(0)
    head = RPNHead(4, strides=(8,), sizes=((8, 16),), ratios=(1.0,), batch=1000, pre_nms=(50, 50), post_nms=(9, 9))
    maps, objects = (torch.randn(2, 4, 4, 4),), [torch.tensor([[0., 0., 16., 16.], [9., 9., 20., 21.]]), torch.zeros(0, 4)]
    losses, proposals = head.loss(maps, [(32, 32), (32, 24)], objects)
    (logits,), (deltas,) = head(maps)
    anchors = [(8 * x - s / 2, 8 * y - s / 2, 8 * x + s / 2, 8 * y + s / 2) for y in range(4) for x in range(4)
               for s in (8, 16)]

    def iou(a, b):
        shared = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
        return shared / (sum((c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)) - shared)

    classification, regression, count = 0, 0, 0
    for image, boxes in enumerate(objects):
        table = [[iou(anchor, box) for box in boxes.tolist()] for anchor in anchors]
        highest = [max(row[j] for row in table) for j in range(len(boxes))]
        for number, row in enumerate(table):
            best = max(row, default=0)
            positive = best >= 0.7 or any(value == top for value, top in zip(row, highest, strict=True))
            if not positive and best >= 0.3:
                continue
            count += 1
            logit = logits[image, number]
            classification += -torch.nn.functional.logsigmoid(logit if positive else -logit)
            if positive:
                wanted = encode_boxes(torch.tensor([anchors[number]]), boxes[row.index(best)][None])[0]
                regression += (deltas[image, number] - wanted).abs().sum()
    assert losses['loss_rpn_cls'].item() == pytest.approx((classification / count).item(), rel=1e-5)
    assert losses['loss_rpn_bbox'].item() == pytest.approx((regression / count).item(), rel=1e-5)
    assert len(proposals) == 2 and all(0 < len(each) <= 9 for each in proposals)
    assert (proposals[1][:, 2] <= 24).all() and (proposals[1] >= 0).all()


def test_regions_are_read_from_the_map_of_their_size():
    maps = [torch.full((1, 1, 64 // s, 64 // s), float(s)) for s in (1, 2, 4)]
    boxes = torch.tensor([[0., 0., 10., 10.], [0., 0., 30., 30.], [0., 0., 60., 60.], [0., 0., 14., 63.]])
    pooled = pool_regions(maps, to_rois([boxes]), 2, (1, 2, 4), finest_scale=14)  # sides 10, 30, 60, 29.7
    assert pooled[:, 0, 0, 0].tolist() == [1, 2, 4, 2]
    one = torch.randn(2, 3, 8, 8)
    rois = to_rois([boxes[:2], boxes[2:3]])
    assert rois[:, 0].tolist() == [0, 0, 1]
    assert torch.equal(pool_regions([one], rois, 7, (8,)), roi_align(one, rois, 7, 1 / 8))


@pytest.mark.parametrize('class_agnostic', [False, True])
def test_box_losses_by_loops(class_agnostic):
    torch.manual_seed(0)
    head = BoxHead(3, num_classes=4, size=2, fc_channels=(5,), batch=16, class_agnostic=class_agnostic)
    objects = [torch.tensor([[0., 0., 10., 10.], [20., 20., 40., 30.]]), torch.zeros(0, 4)]
    labels = [torch.tensor([3, 1]), torch.zeros(0, dtype=torch.long)]
    proposals = [torch.tensor([[1., 0., 10., 10.], [50., 50., 60., 60.], [20., 20., 38., 31.]]),
                 torch.tensor([[5., 5., 9., 9.]])]
    boxes, classes, owners = head.choose(proposals, objects, labels)
    assert sorted(classes[0].tolist()) == [1, 1, 3, 3, 4] and classes[1].tolist() == [4]
    assert len(owners[0]) == 4 and not len(owners[1])  # the objects themselves are regions too
    logits, deltas = head(torch.randn(6, 3, 2, 2))
    losses = head.loss(logits, deltas, boxes, classes, owners, objects)
    target = torch.cat(classes).tolist()
    classification = -sum(logits[i].log_softmax(0)[label] for i, label in enumerate(target)) / 6
    regression = 0
    for i, (box, owner) in enumerate(zip(boxes[0][:4], owners[0].tolist(), strict=True)):
        wanted = encode_boxes(box[None], objects[0][owner][None], stds=(0.1, 0.1, 0.2, 0.2))[0]
        said = deltas[i] if class_agnostic else deltas[i].view(4, 4)[target[i]]
        regression += (said - wanted).abs().sum() / 6
    assert losses['loss_cls'].item() == pytest.approx(classification.item(), rel=1e-5)
    assert losses['loss_bbox'].item() == pytest.approx(regression.item(), rel=1e-5)


def test_detections_by_hand():
    """Two regions of one class that overlap: the better one stays; the deltas of its own class move a box."""
    head = BoxHead(1, num_classes=2, size=0, fc_channels=(), score_threshold=0.3)
    boxes = [torch.tensor([[0., 0., 10., 10.], [0., 0., 10., 9.], [30., 30., 40., 40.]])]
    logits = torch.tensor([[2., 0., 0.], [1., 0., 0.], [0., 3., 0.]])
    deltas = torch.zeros(3, 8)
    deltas[2, 4] = 1.0  # a tenth of the width to the right, of class 1
    found, = head.detect(logits, deltas, boxes, [(64, 36)])
    assert found['labels'].tolist() == [1, 0]
    assert found['boxes'].tolist() == [pytest.approx([31, 30, 36, 40]), pytest.approx([0, 0, 10, 10])]
    assert found['scores'].tolist() == pytest.approx([logits[2].softmax(0)[1].item(), logits[0].softmax(0)[0].item()])


def test_mask_loss_by_hand():
    """A mask that fills the left half of its region."""
    head = MaskHead(1, num_classes=3, size=2)
    mask = torch.zeros(1, 16, 16, dtype=torch.bool)
    mask[0, :, :8] = True
    logits = torch.zeros(1, 3, 4, 4)
    logits[0, 2, :, :2], logits[0, 2, :, 2:] = 3.0, -1.0
    loss = head.loss(logits, torch.tensor([2]), [torch.tensor([[4., 4., 12., 12.]]), torch.zeros(0, 4)],
                     [mask, mask[:0]])['loss_mask']
    expected = (torch.nn.functional.softplus(torch.tensor(-3.)) + torch.nn.functional.softplus(torch.tensor(-1.))) / 2
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    nothing = head.loss(logits[:0].requires_grad_(), torch.zeros(0, dtype=torch.long), [torch.zeros(0, 4)], [mask[:0]])
    assert nothing['loss_mask'].item() == 0


def test_masks_are_pasted_at_their_places():
    probabilities = torch.zeros(2, 4, 4)
    probabilities[0, :, :2], probabilities[1] = 1.0, 1.0
    pasted = paste_masks(probabilities, torch.tensor([[2., 4., 10., 12.], [0., 0., 3., 2.]]), 16, 20)
    expected = torch.zeros(2, 16, 20, dtype=torch.bool)
    expected[0, 4:12, 2:6] = expected[1, :2, :3] = True
    assert torch.equal(pasted, expected)
    assert paste_masks(probabilities[:0], torch.zeros(0, 4), 16, 20).shape == (0, 16, 20)


@pytest.mark.parametrize('name', DETECTORS)
def test_every_part_gets_a_gradient(name):
    model = build(name)
    batch = model.data_preprocessor(collate_list(scenes(2)), training=True)
    losses = model(**batch, mode='loss')
    assert set(losses) == {'loss_rpn_cls', 'loss_rpn_bbox', 'loss_cls', 'loss_bbox', 'loss_mask'}
    sum(losses.values()).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.parametrize('name', DETECTORS)
def test_images_without_objects_and_difficult_ones(name):
    items = scenes(2)
    for item in items:
        sample = item['data_samples']
        sample.gt_difficult = torch.ones(len(sample.gt_boxes), dtype=torch.bool)
    model = build(name)
    batch = model.data_preprocessor(collate_list(items), training=True)
    losses = model(**batch, mode='loss')
    assert losses['loss_bbox'].item() == losses['loss_mask'].item() == losses['loss_rpn_bbox'].item() == 0
    sum(losses.values()).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert build(name, use_difficult=True)(**batch, mode='loss')['loss_bbox'].item() > 0


def test_predictions_are_in_pixels_of_the_file():
    model = build('fpn', mask_head=None).eval()
    items = scenes(1)
    batch = model.data_preprocessor(collate_list(items))
    with torch.no_grad():
        model.box_head.classes.bias[:] = torch.tensor([5.] + [0.] * 10)
        first = model(**batch, mode='predict')[0].pred_boxes.clone()
        batch['data_samples'][0].set_metainfo(dict(scale_factor=(2.0, 4.0)))
        second = model(**batch, mode='predict')[0].pred_boxes
    assert len(first) and torch.allclose(second, first / torch.tensor([2., 4., 2., 4.]))


def test_what_is_missing_is_said():
    model, items = build('fpn'), scenes(1)
    batch = model.data_preprocessor(collate_list(items), training=True)
    del batch['data_samples'][0].gt_instance_masks
    with pytest.raises(ValueError, match="a mask head needs masks: set supervision='full'"):
        model(**batch, mode='loss')
    del batch['data_samples'][0].gt_boxes
    with pytest.raises(ValueError, match='a detector needs boxes'):
        model(**batch, mode='loss')
    with pytest.raises(ValueError, match='is no stage of ResNet'):
        build('c4', last_stage='layer9')
    with pytest.raises(ValueError, match='sizes for as many maps'):
        RPNHead(4, strides=(4, 8))


@pytest.mark.slow
@pytest.mark.parametrize('name', DETECTORS)
@pytest.mark.long
def test_it_finds_the_digits_it_was_shown(name):
    """Eight scenes learnt by heart: classes, boxes and masks."""
    model, items = build(name), scenes(8, objects=(1, 1))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for _ in range(60):
        losses = model(**model.data_preprocessor(collate_list(items), training=True), mode='loss')
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
    model.eval()
    found = model(**model.data_preprocessor(collate_list(items)), mode='predict')
    values = detection_average_precision(
        [dict(boxes=each.pred_boxes, scores=each.pred_box_scores, labels=each.pred_box_labels) for each in found],
        [dict(boxes=each.gt_boxes, labels=each.gt_box_labels) for each in found], 10)
    assert values[values == values].mean() > 0.8
    shared = []
    for each in found:
        for mask in each.pred_masks[:1]:
            true = each.gt_instance_masks[0]
            shared.append((mask & true).sum().item() / (mask | true).sum().item())
    assert len(shared) >= 6 and sum(shared) / len(shared) > 0.4
