"""YOLACT as a whole: losses by loops, ranks, predictions, and what is unusual."""

import copy

import pytest
import torch
import torch.distributed as dist
from gloo_ranks import on_ranks
from torch.nn.parallel import DistributedDataParallel

from mmwsl.datasets import collate_list
from mmwsl.models.supervised.yolact import DirectMasks, match_anchors
from mmwsl.models.supervised.yolact.losses import box_loss, class_loss
from mmwsl.registry import MODELS
from mmwsl.structures import DataSample

MODEL = dict(
    type='YOLACT',
    backbone=dict(type='ResNet', depth=18, base_channels=4, out_indices=(2, 3, 4), norm_cfg=dict(type='SyncBN')),
    neck=dict(type='FPN', out_channels=8, num_outs=4, interpolation='bilinear', extra_convs=True, relu=True),
    head=dict(type='YOLACTHead', in_channels=8, num_classes=3, scales=(16, 24, 32, 64)),
    mask_branch=dict(type='PrototypeMasks', num_prototypes=4, channels=8, layers=1))
PREPROCESSOR = dict(type='DetectionPreprocessor', mean=[120] * 3, std=[60] * 3)


def build(**changes):
    torch.manual_seed(0)
    cfg = copy.deepcopy(MODEL)
    for key, value in changes.items():
        cfg[key] = dict(cfg[key], **value) if isinstance(cfg.get(key), dict) and isinstance(value, dict) else value
    return MODELS.build(dict(cfg, data_preprocessor=MODELS.build(PREPROCESSOR)))


def photos(count, side=64, objects=2):
    """Rectangles as objects, the number of them other in every photo."""
    generator, items = torch.Generator().manual_seed(1), []
    for number in range(count):
        n = objects + number % 2
        corner = torch.randint(0, side // 2, (n, 2), generator=generator).float()
        boxes = torch.cat([corner, corner + torch.randint(8, side // 2, (n, 2), generator=generator)], 1)
        masks = torch.zeros(n, side, side, dtype=torch.bool)
        for mask, (left, top, right, bottom) in zip(masks, boxes.int().tolist(), strict=True):
            mask[top:bottom, left:right] = True
        sample = DataSample(gt_boxes=boxes, gt_box_labels=torch.arange(n) % 3, gt_instance_masks=masks,
                            gt_difficult=torch.zeros(n, dtype=torch.bool))
        items.append(dict(inputs=torch.randint(256, (3, side, side), dtype=torch.uint8, generator=generator),
                          data_samples=sample))
    return items


def losses_of(model, items):
    return model(**model.data_preprocessor(collate_list(items), True), mode='loss')


def test_losses_are_means_over_the_positive_anchors():
    model, items = build().eval(), photos(2)
    found = losses_of(model, items)
    assert set(found) == {'loss_cls', 'loss_bbox', 'loss_mask', 'loss_semantic'}
    batch = model.data_preprocessor(collate_list(items))
    features = model.tensor(batch['inputs'])
    logits, deltas, _ = model.head(features)
    anchors, count, classes, boxes = model.head.anchors(features, (64, 64)), 0, 0, 0
    assert len(anchors) == logits.shape[1] == 3 * (64 + 16 + 4 + 1)
    for number, item in enumerate(items):
        sample = item['data_samples']
        matches = match_anchors(anchors, sample.gt_boxes, torch.zeros(0, 4))
        positive = matches >= 0
        targets = torch.where(positive, sample.gt_box_labels[matches.clamp(min=0)], 3)
        count += int(positive.sum())
        classes += class_loss(logits[number], targets, matches)
        boxes += box_loss(deltas[number, positive], anchors[positive], sample.gt_boxes[matches[positive]])
    assert count >= 5
    assert found['loss_cls'].item() == pytest.approx(classes.item() / count, rel=1e-5)
    assert found['loss_bbox'].item() == pytest.approx(1.5 * boxes.item() / count, rel=1e-5)


@pytest.mark.parametrize('branch', ['PrototypeMasks', 'DirectMasks'])
def test_every_part_gets_a_gradient_with_objects_and_without(branch):
    model = build() if branch == 'PrototypeMasks' else build(mask_branch=DirectMasks(size=4))
    for objects in (photos(2), _without_objects(2)):
        model.zero_grad()
        losses = losses_of(model, objects)
        sum(losses.values()).backward()
        assert all(parameter.grad is not None for parameter in model.parameters())
        assert all(value.isfinite() for value in losses.values())
    assert losses['loss_cls'].item() == losses['loss_bbox'].item() == losses['loss_mask'].item() == 0


def _without_objects(count):
    items = photos(count)
    for item in items:
        sample = item['data_samples']
        for name in ('gt_boxes', 'gt_box_labels', 'gt_instance_masks', 'gt_difficult'):
            setattr(sample, name, getattr(sample, name)[:0])
    return items


def test_boxes_without_area_and_small_ones_count_for_nothing():
    items = photos(2)
    wanted = losses_of(build().eval(), items)
    for item in items:
        sample = item['data_samples']
        sample.gt_boxes = torch.cat([sample.gt_boxes, torch.tensor([[5., 5., 5., 9.], [8., 8., 8., 8.]])])
        sample.gt_box_labels = torch.cat([sample.gt_box_labels, torch.tensor([1, 2])])
        sample.gt_instance_masks = torch.cat([sample.gt_instance_masks, sample.gt_instance_masks[:2]])
        sample.gt_difficult = torch.cat([sample.gt_difficult, torch.tensor([False, True])])
    found = losses_of(build().eval(), items)
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    assert losses_of(build(min_size=1000).eval(), items)['loss_bbox'].item() == 0


def test_one_class_and_many_instances():
    items = photos(1, objects=150)
    items[0]['data_samples'].gt_box_labels[:] = 0
    model = build(head=dict(num_classes=1), max_masks=20)
    losses = losses_of(model, items)
    assert all(value.isfinite() and value > 0 for value in losses.values())


def test_a_thousand_instances():
    items = photos(1, objects=1000)
    losses = losses_of(build(), items)
    assert all(value.isfinite() and value > 0 for value in losses.values())
    items[0]['data_samples'].gt_difficult[:] = True  # nothing but crowds
    assert losses_of(build(), items)['loss_bbox'].item() == 0


def test_images_of_one_pixel():
    model = build().eval()
    items = [dict(inputs=torch.zeros(3, 1, 1, dtype=torch.uint8), data_samples=DataSample())]
    found = model(**model.data_preprocessor(collate_list(items)), mode='predict')[0]
    assert found.pred_masks.shape[1:] == (1, 1) and len(found.pred_boxes) == len(found.pred_masks)


def test_predictions_are_in_pixels_of_the_file():
    model = build().eval()
    torch.nn.init.constant_(model.head.classes.bias, 3)
    items = photos(1)
    first = model(**model.data_preprocessor(collate_list(items)), mode='predict')[0]
    boxes, masks = first.pred_boxes.clone(), first.pred_masks.clone()
    items[0]['data_samples'].set_metainfo(dict(ori_shape=(128, 192), scale_factor=(1 / 3, 1 / 2)))
    second = model(**model.data_preprocessor(collate_list(items)), mode='predict')[0]
    assert len(boxes) == 100 and torch.allclose(second.pred_boxes, boxes * torch.tensor([3., 2., 3., 2.]))
    assert masks.shape == (100, 64, 64) and second.pred_masks.shape == (100, 128, 192)
    assert (first.pred_box_scores.diff() <= 0).all() and (first.pred_box_scores > 0.05).any()
    shared = (second.pred_masks[:, 1::2, 1::3] == masks).float().mean()
    assert shared > 0.9


def test_kinds_of_suppression_agree_on_the_best():
    items, found = photos(1), {}
    for kind in ('fast_nms', 'cross_class_fast_nms', 'nms'):
        model = build(head=dict(nms=kind)).eval()
        torch.nn.init.constant_(model.head.classes.bias, 3)
        sample = model(**model.data_preprocessor(collate_list(items)), mode='predict')[0]
        found[kind] = sample.pred_boxes[0].tolist(), sample.pred_box_labels[0].item(), len(sample.pred_boxes)
    assert found['fast_nms'][:2] == found['nms'][:2] == found['cross_class_fast_nms'][:2]
    assert found['cross_class_fast_nms'][2] <= found['fast_nms'][2] <= found['nms'][2] == 100
    with pytest.raises(ValueError, match='choose one of fast_nms, cross_class_fast_nms, nms'):
        build(head=dict(nms='soft'))


def test_what_is_missing_is_said():
    model, items = build(), photos(1)
    del items[0]['data_samples'].gt_instance_masks
    with pytest.raises(ValueError, match="YOLACT learns from masks: set supervision='full'"):
        losses_of(model, items)
    del items[0]['data_samples'].gt_boxes
    with pytest.raises(ValueError, match='YOLACT needs boxes'):
        losses_of(model, items)
    with pytest.raises(ValueError, match='weights of masks are unknown'):
        build(weights=dict(masks=1))
    with pytest.raises(ValueError, match='scales for 2 maps, the neck gives 4'):
        losses_of(build(head=dict(scales=(8, 16))), photos(1))


def test_nan_is_refused():
    model = build().eval()
    model.head.classes.bias.data[0] = float('nan')
    with pytest.raises(ValueError, match='class scores of anchors are NaN'):
        model(**model.data_preprocessor(collate_list(photos(1))), mode='predict')


def _step(rank, size):
    model = build().double()
    wrapped = DistributedDataParallel(model, broadcast_buffers=False) if size > 1 else model
    batch = model.data_preprocessor(collate_list(photos(4)[rank::size]), True)
    losses = wrapped(batch['inputs'].double(), batch['data_samples'], mode='loss')
    sum(losses.values()).backward()
    if dist.is_initialized():
        dist.barrier()
    return dict(losses={name: value.detach() for name, value in losses.items()},
                gradients={name: parameter.grad for name, parameter in model.named_parameters()})


def test_two_ranks_are_one(tmp_path):
    """Losses are divided by the positive anchors of all ranks, which here have different numbers of them."""
    one, ranks = _step(0, 1), on_ranks(_step, tmp_path)
    for name, value in one['losses'].items():
        assert sum(rank['losses'][name] for rank in ranks).item() / 2 == pytest.approx(value.item(), rel=1e-9)
    for name, gradient in one['gradients'].items():
        error = (ranks[0]['gradients'][name] - gradient).abs().max()
        assert error <= 1e-8 * gradient.abs().max() + 1e-12, name
