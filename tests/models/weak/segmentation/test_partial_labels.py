"""Segmentation from few labelled pixels, from boxes, and from few labelled images."""

import copy
import math

import pytest
import torch
from rank_invariance import check_two_ranks

from mmwsl.models.preprocessors import DetectionPreprocessor
from mmwsl.models.weak.segmentation import best_pixel_loss, consistency_loss, fill_rate_target
from mmwsl.models.weak.segmentation.box_driven import boxes_of_classes
from mmwsl.models.weak.segmentation.mean_teacher import ramp_up
from mmwsl.refine import dense_energy
from mmwsl.registry import MODELS
from mmwsl.structures import DataSample

NORM = dict(type='SyncBN')
BACKBONE = dict(type='ResNet', depth=18, base_channels=4, stem='cifar', strides=(1, 1, 1, 1), out_indices=(2,), norm_cfg=NORM)
HEAD = dict(type='FCNHead', channels=8, num_classes=4, num_convs=1, concat=False, dropout=0.0, norm_cfg=NORM)


def build(kind='PartialFCN', **changes):
    torch.manual_seed(0)
    return MODELS.build(dict(dict(type=kind, backbone=BACKBONE, head=HEAD,
                                  data_preprocessor=DetectionPreprocessor([120.0] * 3, [60.0] * 3, 4)), **changes))


def batch(count=4, seed=0):
    """Images and samples with a few labelled pixels, tags, and a box each."""
    generator = torch.Generator().manual_seed(seed)
    images, samples = torch.randn(count, 3, 16, 16, generator=generator), []
    for number in range(count):
        mask = torch.full((16, 16), 255, dtype=torch.uint8)
        mask[2, 3], mask[10, 11:11 + number], mask[7:9, 4] = 0, 1, 3
        samples.append(DataSample(gt_mask=mask, gt_label=torch.tensor([1.0, 0, 1]), gt_boxes=torch.tensor([[2.0, 5, 9, 12]]),
                                  gt_box_labels=torch.tensor([2]), box_fill_rates=torch.tensor([1.0, 1, 0.5])))
    return images, samples


def test_cross_entropy_of_the_labelled_pixels_alone():
    model = build(energy_weight=0).eval()
    images, samples = batch()
    losses = model(images, samples, mode='loss')
    logits = model(images)  # as large as the images
    total = count = 0
    for each, sample in zip(logits, samples, strict=True):
        for y, x in (sample.gt_mask != 255).nonzero().tolist():
            total -= each[:, y, x].log_softmax(0)[int(sample.gt_mask[y, x])].item()
            count += 1
    assert set(losses) == {'loss_seg'} and count == 4 * 3 + 6
    assert losses['loss_seg'].item() == pytest.approx(total / count, rel=1e-5)
    for sample in samples:
        sample.gt_mask[:] = 255
    assert model(images, samples, mode='loss')['loss_seg'].item() == 0


def test_best_pixels_by_hand():
    """Two images of 1 x 2 pixels, classes a and b: of the first a is there, of the second nothing is known."""
    probabilities = torch.tensor([[[0.5, 0.2], [0.3, 0.7], [0.2, 0.1]], [[0.1, 0.1], [0.1, 0.1], [0.8, 0.8]]])[:, :, None]
    tags = torch.tensor([[1.0, 0.0], [-1.0, -1.0]])
    expected = (-math.log(0.7) - math.log(1 - 0.2)) / 2
    assert best_pixel_loss(probabilities.log(), tags).item() == pytest.approx(expected, rel=1e-5)
    assert best_pixel_loss(probabilities.log(), torch.tensor([[1.0, 1.0], [1.0, 1.0]])).item() == pytest.approx(
        (-(math.log(0.7) + math.log(0.2)) / 2 - (math.log(0.1) + math.log(0.8)) / 2) / 2, rel=1e-5)


def test_energy_begins_after_the_warmup_and_has_the_published_scale():
    model = build(energy_weight=8.6, warmup=0.5, tag_weight=2.0).eval()
    images, samples = batch()
    model.after_optimizer_step(0.4)
    assert set(model(images, samples, mode='loss')) == {'loss_seg', 'loss_tags'}
    model.after_optimizer_step(0.5)
    losses = model(images, samples, mode='loss')
    logits = model(images)
    pixels = model.data_preprocessor.pixels(images)
    energy = dense_energy(pixels, logits.softmax(1), weight=1.0, position_std=100 * 16 / 513)
    assert losses['loss_energy'].item() == pytest.approx(8.6 * energy.item() / 64**2, rel=1e-4)
    assert losses['loss_tags'].item() == pytest.approx(2 * best_pixel_loss(logits, torch.tensor([[1.0, 0, 1]] * 4)).item(), rel=1e-5)
    assert 8.6 / (256 * 256)**2 == pytest.approx(2e-9, rel=0.01)
    resumed = build(energy_weight=8.6, warmup=0.5, tag_weight=2.0).eval()
    resumed.load_state_dict(model.state_dict())
    assert resumed(images, samples, mode='loss')['loss_energy'].item() == losses['loss_energy'].item()


def test_padding_is_in_no_pair():
    model = build(energy_weight=1.0, warmup=0).eval()
    images, samples = batch(2)
    for sample in samples:
        sample.set_metainfo(dict(img_shape=(16, 8)))
    probabilities = torch.rand(2, 4, 16, 16, generator=torch.Generator().manual_seed(1)).softmax(1)
    valid = torch.zeros(2, 16, 16, dtype=torch.bool)
    valid[..., :8] = True
    settings = dict(weight=1 / 64**2, position_std=100 * 16 / 513)
    pixels = model.data_preprocessor.pixels(images)
    expected, whole = (dense_energy(pixels, probabilities, inside, **settings).item() for inside in (valid, None))
    assert model.energy(images, probabilities, samples).item() == pytest.approx(expected, rel=1e-5) and expected < 0.7 * whole


def test_fill_rate_keeps_the_surest_pixels_by_hand():
    target = torch.zeros(4, 4, dtype=torch.long)
    target[1:3, 1:4] = 2  # a box of 2 x 3 pixels of class 1
    logits = torch.zeros(3, 4, 4)
    logits[2, 1:3, 1:4] = torch.tensor([[3.0, 1.0, 2.0], [0.5, 0.2, 4.0]])
    kept = fill_rate_target(logits, target, torch.tensor([[1.0, 1, 4, 3]]), torch.tensor([1]), torch.tensor([1.0, 0.5]))
    assert kept[1:3, 1:4].tolist() == [[2, 255, 2], [255, 255, 2]] and (kept == 0).sum() == 10
    assert torch.equal(target[1:3, 1:4], torch.full((2, 3), 2))  # the caller's is as it was
    whole = fill_rate_target(logits, target, torch.tensor([[1.0, 1, 4, 3]]), torch.tensor([1]), torch.tensor([1.0, 1.0]))
    assert torch.equal(whole, target)


def test_attention_is_learnt_from_boxes_and_masks_the_scores():
    wanted = boxes_of_classes(torch.tensor([[0.0, 0, 2, 2], [1, 1, 3, 3]]), torch.tensor([0, 1]), 3, (4, 4))
    assert wanted.sum((1, 2)).tolist() == [4, 4, 0] and wanted[1, 2, 2] == 1
    model = build('BoxDrivenFCN', head=dict(HEAD, type='BoxMaskingHead')).eval()
    images, samples = batch()
    logits, attention = model.head.scores_and_attention(model.backbone(images))
    assert logits.shape == (4, 4, 16, 16) and attention.shape == (4, 3, 16, 16)
    losses = model(images, samples, mode='loss')
    boxes = boxes_of_classes(samples[0].gt_boxes, samples[0].gt_box_labels, 3, (16, 16))
    assert losses['loss_attention'].item() == pytest.approx((attention.sigmoid() - boxes).square().mean().item(), rel=1e-4)
    with torch.no_grad():
        model.head.attention.bias.fill_(-50.0)  # nothing is seen
    masked = model(images)
    assert torch.allclose(masked[:, 1:], model.head.scores.bias[1:, None, None].expand_as(masked[:, 1:]), atol=1e-5)


def test_box_driven_needs_its_parts():
    with pytest.raises(ValueError, match="which FCNHead does not; give head=dict.type='BoxMaskingHead'"):
        build('BoxDrivenFCN')
    images, samples = batch()
    for sample in samples:
        del sample.box_fill_rates
    with pytest.raises(ValueError, match="needs box_fill_rates of each image.*WeakMasks with labels='boxes'"):
        build('BoxDrivenFCN', head=dict(HEAD, type='BoxMaskingHead'))(images, samples, mode='loss')


def test_consistency_by_hand():
    student, teacher = torch.tensor([[0.6, 0.4], [0.4, 0.6]]).T[None, :, None], torch.tensor([[0.9, 0.1], [0.5, 0.5]]).T[None, :, None]
    assert consistency_loss(student.log(), teacher.log()).item() == pytest.approx((2 * 0.3**2 + 2 * 0.1**2) / 2, rel=1e-5)
    assert consistency_loss(student.log(), teacher.log(), 0.8).item() == pytest.approx(-math.log(0.6) / 2, rel=1e-5)
    assert consistency_loss(student.log(), teacher.log(), 0.95).item() == 0
    assert [round(ramp_up(p, 0.4), 4) for p in (0, 0.2, 0.4, 1)] == [0.0067, 0.2865, 1, 1] and ramp_up(0, 0) == 1


def test_the_teacher_follows_and_predicts():
    model = build('MeanTeacherFCN', momentum=0.9, ramp=0, noise=0.0).eval()
    model.init_weights()
    images, samples = batch()
    assert model(images, samples, mode='loss')['loss_consistency'].item() == 0  # they are equal
    with torch.no_grad():
        model.head.scores.bias += 1
        model.head.scores.bias[0] += 1
    before = model.teacher.chain[1].scores.bias.clone()
    loss = model(images, samples, mode='loss')['loss_consistency']
    assert loss.item() > 0 and torch.equal(model(images), model.teacher(images))
    loss.backward()
    assert all(parameter.grad is None for parameter in model.teacher.parameters())
    model.after_optimizer_step(1.0)
    assert torch.allclose(model.teacher.chain[1].scores.bias, before + 0.1 * (model.head.scores.bias - before))
    model.ramp = 0.5
    model.after_optimizer_step(0.0)
    assert model.consistency_ramp.item() == pytest.approx(math.exp(-5))


@pytest.mark.parametrize('kind, changes, message', [
    ('PartialFCN', dict(auxiliary_head=HEAD), 'PartialFCN trains one head; leave auxiliary_head out'),
    ('PartialFCN', dict(warmup=2), 'PartialFCN: warmup=2 must be a share of training'),
    ('MeanTeacherFCN', dict(confidence=0), 'confidence=0 must be a probability above 0, or None'),
    ('MeanTeacherFCN', dict(ramp=-1), 'ramp=-1 must be a share of training'),
])
def test_settings_that_cannot_be(kind, changes, message):
    with pytest.raises(ValueError, match=message):
        build(kind, **changes)


def fields():
    """Of a batch of 16: labelled pixels whose number differs between its halves."""
    generator = torch.Generator().manual_seed(3)
    mask = torch.randint(0, 4, (16, 16, 16), generator=generator).byte()
    mask[:8, 2:] = 255
    return dict(gt_mask=mask, gt_label=(torch.rand(16, 3, generator=generator) < 0.5).float(),
                gt_boxes=torch.tensor([[[2.0, 3, 9, 12]]]).repeat(16, 1, 1), gt_box_labels=torch.arange(16)[:, None] % 3,
                box_fill_rates=torch.full((16, 3), 0.5))


# to the last stage: what no loss reaches, ranks would wait for
WHOLE = dict(HEAD, channels=32)
COMMON = dict(backbone=dict(BACKBONE, out_indices=(4,)), head=WHOLE, _views=(16,), _fields=fields)
METHODS = dict(
    points=dict(COMMON, type='PartialFCN', tag_weight=1.0, energy_weight=0.0),
    boxes=dict(COMMON, type='BoxDrivenFCN', head=dict(WHOLE, type='BoxMaskingHead')),
    teacher=dict(COMMON, type='MeanTeacherFCN', ramp=0, noise=0.0))


def test_two_ranks_equal_one(tmp_path):
    check_two_ranks(copy.deepcopy(METHODS), tmp_path)
