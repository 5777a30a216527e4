"""1-Stage: pooling, penalty, labels and loss against loops and hand-worked cases, the gate, the step, resume."""

import math

import pytest
import torch
from tiny_runs import check_resume

from mmwsl.models.preprocessors import ViewPreprocessor
from mmwsl.models.weak.segmentation import OneStage, OneStageHead
from mmwsl.models.weak.segmentation.one_stage.one_stage import (
    class_balanced_loss,
    confident_labels,
    focal_mask_penalty,
    stochastic_gate,
    weighted_pooling,
)
from mmwsl.structures import DataSample

TAGS = torch.tensor([[1., 0., 1.], [0., 1., 0.]])


def test_pooling_and_penalty_by_loop():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 2, 2, generator=generator, dtype=torch.float64)
    masks = logits.softmax(1)
    pooled, penalty = weighted_pooling(logits, masks), focal_mask_penalty(masks, power=3, floor=0.01)
    for image in range(2):
        for number in range(3):
            m, y = masks[image, number].flatten().tolist(), logits[image, number].flatten().tolist()
            mean = sum(m) / 4
            expected = sum(a * b for a, b in zip(m, y, strict=True)) / (1 + sum(m))
            assert pooled[image, number].item() == pytest.approx(expected, rel=1e-9)
            assert penalty[image, number].item() == pytest.approx((1 - mean)**3 * math.log(0.01 + mean), rel=1e-9)


def test_penalty_at_its_ends():
    """Strong for an empty mask, nothing for one that covers the image."""
    masks = torch.stack([torch.zeros(2, 2), torch.ones(2, 2)])[None]
    assert focal_mask_penalty(masks)[0].tolist() == pytest.approx([math.log(0.01), 0])


def test_labels_by_hand():
    """The largest values are .9, .8 and .1: limits .63, .48, and .2 as .06 is too little."""
    background = torch.tensor([[0.9, 0.64, 0.6, 0.64]])
    first, second = torch.tensor([[0.05, 0.3, 0.4, 0.8]]), torch.tensor([[0.05, 0.06, 0.0, 0.1]])
    assert confident_labels(torch.stack([background, first, second])[None]).tolist() == [[[0, 0, 255, 255]]]
    background[0, 3] = 0.1
    assert confident_labels(torch.stack([background, first, second])[None]).tolist() == [[[0, 0, 255, 1]]]


def test_balanced_loss_by_hand():
    """Of 4 labeled pixels 3 are background (weight 1/5) and 1 is of class 0 (3/5); the fifth is void."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(1, 3, 1, 5, generator=generator, dtype=torch.float64)
    labels, tags = torch.tensor([[[0, 0, 1, 255, 0]]]), torch.tensor([[1., 0.]])
    log = logits.log_softmax(1)[0, :, 0]
    expected = -(0.2 * (log[0, 0] + log[0, 1] + log[0, 4]) + 0.6 * log[1, 2]) / 5
    assert class_balanced_loss(logits, labels, tags).item() == pytest.approx(expected.item(), rel=1e-9)
    assert class_balanced_loss(logits, labels, torch.ones(1, 2)).item() == 0  # the second tag has no label
    both = class_balanced_loss(torch.cat([logits] * 2), torch.cat([labels, torch.zeros_like(labels)]), tags.expand(2, 2))
    assert both.item() == pytest.approx(expected.item() / 2, rel=1e-9)


def test_gate_keeps_the_mean():
    torch.manual_seed(0)
    deep, shallow = torch.full((1, 1, 400, 400), 2.0), torch.full((1, 1, 400, 400), -1.0)
    gated = stochastic_gate(deep, shallow, 0.3, training=True)
    assert gated.unique().tolist() == pytest.approx([-1, 2.3 / 0.7])
    assert gated.mean().item() == pytest.approx(2, abs=0.02) and (gated == -1).float().mean() == pytest.approx(0.3, abs=0.01)
    assert stochastic_gate(deep, shallow, 0.3, training=False)[0, 0, 0, 0].item() == pytest.approx(1.1)


HEAD = dict(type='OneStageHead', num_classes=3, channels=8, low_channels=4, dilations=(1, 2), norm_cfg=dict(type='BN'))


def one_stage(**settings):
    torch.manual_seed(0)
    return OneStage(dict(type='ResNet', depth=18, base_channels=4, strides=(1, 1, 1, 1), out_indices=(1, 4)), HEAD,
                    refiner=dict(dilations=(1, 2)), data_preprocessor=ViewPreprocessor([127.] * 3, [64.] * 3), **settings)


def test_step():
    """The segmentation learns after the warm-up, from labels without the background alone where a tag is missing."""
    model, images = one_stage(warmup=0.5, least=0.0).eval(), torch.randn(2, 3, 32, 32)
    samples = DataSample(gt_label=TAGS)
    losses = model(images, samples, mode='loss')
    logits = model.network(images)
    assert (logits[:, 0] == 1).all()
    scores = (weighted_pooling(logits, logits.softmax(1)) + focal_mask_penalty(logits.softmax(1)))[:, 1:]
    expected = torch.nn.functional.multilabel_soft_margin_loss(scores, TAGS).item()
    assert losses['loss_cls'].item() == pytest.approx(expected, rel=1e-5) and 'loss_seg' not in losses
    model.after_optimizer_step(0.5)
    labels = model.pseudo_labels(images, logits, TAGS)
    assert labels.shape == (2, 32, 32) and set(labels[0].unique().tolist()) <= {0, 1, 3, 255}
    assert set(labels[1].unique().tolist()) <= {0, 2, 255}
    expected = class_balanced_loss(torch.nn.functional.interpolate(logits, size=(32, 32), mode='bilinear'), labels, TAGS)
    assert expected > 0
    assert model(images, samples, mode='loss')['loss_seg'].item() == pytest.approx(expected.item(), rel=1e-5)


def test_predictions():
    """A class below the threshold of tags is in no mask; the power takes from the background."""
    model, images = one_stage(warmup=0).eval(), torch.randn(2, 3, 32, 32)
    assert model.class_maps(images).shape == (2, 3, 8, 8)
    samples = model(images, [DataSample(), DataSample()], mode='predict')
    assert samples[0].pred_mask.shape == (32, 32) and samples[0].pred_scores.shape == (3,)
    model.tag_threshold = 1.0
    assert all(not sample.pred_mask.any() for sample in model(images, [DataSample(), DataSample()], mode='predict'))
    assert (model.tensor(images).softmax(1)[:, 1:] < 1e-3).all()
    model.tag_threshold = 0.0
    plain = model.tensor(images).softmax(1)
    model.background_power = 3.0
    power = model.tensor(images).softmax(1)
    assert torch.allclose(power[:, 0], plain[:, 0]**3 / (plain[:, 0]**3 + plain[:, 1:].sum(1)), atol=1e-5)


def test_what_it_refuses():
    with pytest.raises(ValueError, match='set out_indices of the backbone to two'):
        OneStageHead([8], 3)
    with pytest.raises(ValueError, match='gate_rate=1 is the share'):
        OneStageHead([4, 8], 3, gate_rate=1)
    with pytest.raises(ValueError, match='OneStage: warmup=2 must be a share'):
        one_stage(warmup=2)


TINY = """
_base_ = 'mmwsl::weaksup/segmentation/one_stage/one_stage_r18w16_1xb32-cos-8e_shapes.py'
model = dict(backbone=dict(base_channels=4), head=dict(channels=8, low_channels=4, dilations=(1, 2)))
train_dataloader = dict(batch_size=4, dataset=dict(num_images=40, size=32))
optim_wrapper = dict(dtype='float32')
train_cfg = dict(max_epochs=2)
auto_scale_lr = dict(base_batch_size=4)
default_hooks = dict(logger=dict(interval=3))
"""


def test_resume(tmp_path):
    """Within the warm-up, which ends after step 8 of 20."""
    check_resume(tmp_path, TINY, changed=['assigning', 'head.decoder.4.weight'], position=6)
