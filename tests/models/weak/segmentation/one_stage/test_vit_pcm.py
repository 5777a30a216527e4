"""ViT-PCM: the loss by a loop, tags in probabilities by hand, turns, the step of a transformer and of a CNN."""

import math

import pytest
import torch

from mmwsl.models.preprocessors import ViewPreprocessor
from mmwsl.models.weak.segmentation import ViTPCM
from mmwsl.models.weak.segmentation.one_stage.vit_pcm import (
    draw_turns,
    equivariance_loss,
    max_pooled_loss,
    scores_of,
    turn,
    with_tags,
)
from mmwsl.structures import DataSample

TAGS = torch.tensor([[1., 0., 1.], [0., 1., -1.]])
RESNET = dict(type='ResNet', depth=18, base_channels=4, strides=(1, 1, 1, 1), out_indices=(4,))
VIT = dict(type='VisionTransformer', embed_dims=16, depth=2, num_heads=2, image_size=32, patch_size=8, out_type='map')


def test_max_pooled_loss_by_loop():
    """The background counts as a tag that is there, an unknown tag not at all."""
    generator = torch.Generator().manual_seed(0)
    probabilities = torch.randn(2, 4, 2, 3, generator=generator, dtype=torch.float64).softmax(1)
    expected = 0
    for image, tags in enumerate(([1, 1, 0, 1], [1, 0, 1, None])):
        each = []
        for number, tag in enumerate(tags):
            largest = probabilities[image, number].max().item()
            each += [] if tag is None else [-math.log(largest if tag else 1 - largest)]
        expected += sum(each) / len(each) / 2
    assert max_pooled_loss(probabilities, TAGS).item() == pytest.approx(expected, rel=1e-6)


def test_tags_in_probabilities_by_hand():
    """Of two patches: background .6 and .3, a class .2 and .6, an absent one .2 and .1."""
    probabilities = torch.tensor([[[[0.6, 0.3]], [[0.2, 0.6]], [[0.2, 0.1]]]])
    found = with_tags(probabilities, torch.tensor([[1., 0.]]))[0, :, 0]
    assert found[:, 0].tolist() == pytest.approx([1 / (1 + 1 / 3), (1 / 3) / (1 + 1 / 3), 0])
    assert found[:, 1].tolist() == pytest.approx([0.5 / 1.5, 1 / 1.5, 0])


def test_turns_are_all_eight():
    torch.manual_seed(0)
    maps = torch.arange(4.).view(1, 1, 2, 2).repeat(64, 1, 1, 1)
    turned = {tuple(each.flatten().tolist()) for each in turn(maps, draw_turns(maps))}
    assert len(turned) == 8 and (0, 2, 1, 3) in turned and (3, 2, 1, 0) in turned
    wide = torch.arange(6.).view(1, 1, 2, 3).repeat(64, 1, 1, 1)
    assert len({tuple(each.flatten().tolist()) for each in turn(wide, draw_turns(wide))}) == 4


def test_equivariance_is_least_at_the_target():
    """The target is brought to the smaller map by means of its patches."""
    target = torch.tensor([[0.9, 0.7], [0.5, 0.3]])
    target = torch.stack([target, 1 - target])[None]
    mean = torch.tensor([0.6, 0.4])
    logits = mean.log().view(1, 2, 1, 1)
    entropy = -(mean * mean.log()).sum().item()
    assert equivariance_loss(logits, target).item() == pytest.approx(entropy, rel=1e-6)
    assert equivariance_loss(logits + torch.tensor([0.5, 0]).view(1, 2, 1, 1), target) > entropy


def vit_pcm(backbone=RESNET, **settings):
    torch.manual_seed(0)
    return ViTPCM(backbone, dict(type='PatchClassifier', num_classes=3),
                  data_preprocessor=ViewPreprocessor([127.] * 3, [64.] * 3), **settings)


@pytest.mark.parametrize('backbone', [RESNET, VIT])
def test_step(backbone):
    model, images = vit_pcm(backbone).eval(), torch.randn(2, 3, 32, 32)
    losses = model(images, DataSample(gt_label=TAGS), mode='loss')
    probabilities = model.network(images).softmax(1)
    assert losses['loss_cls'].item() == pytest.approx(max_pooled_loss(probabilities, TAGS).item(), rel=1e-5)
    assert losses['loss_eer'] > 0
    assert set(vit_pcm(backbone, equivariance_weight=0.0)(images, DataSample(gt_label=TAGS), mode='loss')) == {
        'loss_cls', 'accuracy'}
    losses['loss_eer'].backward()
    assert model.head.classifier.weight.grad.abs().max() > 0


def test_predictions():
    model, images = vit_pcm(true_tags=True).eval(), torch.randn(2, 3, 32, 32)
    probabilities = model.network(images).softmax(1)
    assert torch.allclose(scores_of(probabilities).sigmoid(), probabilities[:, 1:].amax((2, 3)), atol=1e-5)
    assert torch.allclose(model.class_maps(images), probabilities[:, 1:])
    first, _ = model(images, [DataSample(gt_label=tags) for tags in TAGS], mode='predict')
    assert first.pred_mask.shape == (32, 32) and set(first.pred_mask.unique().tolist()) <= {0, 1, 3}
    assert first.given == ('tags',)
    model.tag_threshold = 0.0
    assert torch.allclose(model.tensor(images).exp(), with_tags(probabilities, torch.ones(2, 3)), atol=1e-5)
    model.tag_threshold = 1.0
    assert (model.tensor(images).argmax(1) == 0).all()


def test_what_it_refuses():
    with pytest.raises(ValueError, match='equivariance_scale=2 must be in'):
        vit_pcm(equivariance_scale=2)
