"""BoxInst's terms by loops, a mask from a box, and both models that take them."""

import math

import pytest
import torch
import torch.nn.functional as F

from mmwsl.datasets import collate_list
from mmwsl.models.weak.instances import color_similarity, pairwise_loss, projection_loss
from mmwsl.registry import MODELS
from mmwsl.structures import DataSample


def test_projection_is_zero_for_any_mask_that_touches_all_sides():
    box = torch.zeros(1, 8, 8)
    box[0, 2:6, 1:7] = 1
    cross = torch.full((1, 8, 8), -30.)
    cross[0, 3, 1:7], cross[0, 2:6, 4] = 30, 30
    assert projection_loss(cross, box).item() == pytest.approx(0, abs=1e-6)
    assert projection_loss((2 * box - 1) * 30, box).item() == pytest.approx(0, abs=1e-6)
    half = torch.full((1, 8, 8), -30.)
    half[0, 2:4, 1:7] = 30  # the upper two of four rows: dice 1 - 2 x 2 / (2 + 4) on one axis
    assert projection_loss(half, box).item() == pytest.approx(1 / 3, abs=1e-6)


def test_pairs_by_loops():
    generator = torch.Generator().manual_seed(0)
    logits, lab = torch.randn(2, 5, 6, generator=generator), torch.randn(1, 3, 5, 6, generator=generator) * 1.5
    boxes = torch.zeros(2, 5, 6)
    boxes[0, 1:4, 1:5], boxes[1, 2:] = 1, 1
    similarity = color_similarity(lab)
    total, count, p = 0, 0, logits.sigmoid()
    for n in range(2):
        for y in range(5):
            for x in range(6):
                for dy in (-2, 0, 2):
                    for dx in (-2, 0, 2):
                        v, u = y + dy, x + dx
                        if (dy, dx) == (0, 0) or not (0 <= v < 5 and 0 <= u < 6) or not boxes[n, y, x]:
                            continue
                        near = math.exp(-0.5 * (lab[0, :, y, x] - lab[0, :, v, u]).norm().item())
                        if near >= 0.3:
                            total -= math.log(p[n, y, x] * p[n, v, u] + (1 - p[n, y, x]) * (1 - p[n, v, u]))
                            count += 1
    assert 20 < count < 200
    assert pairwise_loss(logits, similarity, boxes).item() == pytest.approx(total / count, rel=1e-5)
    assert pairwise_loss(logits, similarity, boxes * 0).item() == 0


def test_an_ellipse_is_learnt_from_its_box():
    """Green on red: from the box alone, the mask becomes the ellipse and not the box."""
    y, x = torch.meshgrid(torch.arange(24.) - 11.5, torch.arange(24.) - 11.5, indexing='ij')
    ellipse = (y / 6)**2 + (x / 9)**2 < 1
    lab = torch.stack([torch.full((24, 24), 50.), torch.where(ellipse, -60., 60.), torch.zeros(24, 24)])[None]
    rows, columns = ellipse.any(1).nonzero()[:, 0], ellipse.any(0).nonzero()[:, 0]
    box = torch.zeros(1, 24, 24)
    box[0, rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1] = 1
    noise = torch.randn(1, 24, 24, generator=torch.Generator().manual_seed(0))
    logits = (3 * box - 2 + 0.1 * noise).requires_grad_()  # begins as the filled box
    optimizer, first = torch.optim.Adam([logits], lr=0.2), None
    for _ in range(150):
        loss = projection_loss(logits, box).sum() + pairwise_loss(logits, color_similarity(lab), box)
        first = loss.item() if first is None else first
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    mask = (logits[0] > 0) & (box[0] > 0)
    iou = (mask & ellipse).sum() / (mask | ellipse).sum()
    assert loss.item() < 0.2 * first
    assert iou > 0.95 and ellipse.sum() / box.sum() < 0.8  # which is the filled box's IoU


def models(kind):
    torch.manual_seed(0)
    backbone = dict(type='ResNet', depth=18, base_channels=4, out_indices=(2, 3, 4))
    neck = dict(type='FPN', out_channels=8, num_outs=3)
    if kind == 'yolact':
        cfg = dict(type='YOLACT', backbone=backbone, neck=neck, semantic=False,
                   head=dict(type='YOLACTHead', in_channels=8, num_classes=3, scales=(16, 24, 32)),
                   mask_branch=dict(type='BoxInstPrototypes', num_prototypes=4, channels=8, warmup=10))
    else:
        cfg = dict(type='TwoStageDetector', backbone=backbone, neck=neck,
                   rpn_head=dict(type='RPNHead', in_channels=8, strides=(8, 16, 32), sizes=((16,), (24,), (32,))),
                   box_head=dict(type='BoxHead', in_channels=8, num_classes=3, fc_channels=(8,), nms='fast_nms'),
                   mask_head=dict(type='BoxInstMaskHead', in_channels=8, num_classes=3, conv_channels=(8,), channels=8),
                   region_strides=(8, 16), region_size=7)
    return MODELS.build(dict(cfg, data_preprocessor=MODELS.build(
        dict(type='DetectionPreprocessor', mean=[120] * 3, std=[60] * 3))))


@pytest.mark.parametrize('kind', ['yolact', 'mask_rcnn'])
def test_models_learn_from_boxes_alone(kind):
    """No masks are there; with objects and without, and predictions have masks."""
    model = models(kind)
    generator, items = torch.Generator().manual_seed(0), []
    for count in (2, 0):
        sample = DataSample(gt_boxes=torch.tensor([[4., 4., 40., 30.], [20., 20., 60., 62.]])[:count],
                            gt_box_labels=torch.tensor([1, 2])[:count], gt_difficult=torch.zeros(count, dtype=torch.bool))
        sample.set_metainfo(dict(ori_shape=(64, 64), scale_factor=(1.0, 1.0)))
        items.append(dict(inputs=torch.randint(256, (3, 64, 64), dtype=torch.uint8, generator=generator),
                          data_samples=sample))
    losses = model(**model.data_preprocessor(collate_list(items), True), mode='loss')
    assert losses['loss_mask'] > 0
    sum(losses.values()).backward()
    gradients = [parameter.grad for parameter in model.parameters()]
    assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients)
    branch = model.mask_branch if kind == 'yolact' else model.mask_head
    assert branch.steps.item() == 1  # a buffer, so that a resumed run goes on
    found = model.eval()(**model.data_preprocessor(collate_list(items)), mode='predict')
    assert all(sample.pred_masks.shape[1:] == (64, 64) for sample in found)


def test_terms_do_not_overflow():
    logits = torch.full((1, 6, 6), 200.).requires_grad_()
    loss = pairwise_loss(logits, color_similarity(torch.zeros(1, 3, 6, 6)), torch.ones(1, 6, 6))
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-6) and logits.grad.isfinite().all()
    assert F.relu(loss).isfinite()
