"""EDAM: maps, slots and scores against loops."""

import math

import pytest
import torch

from mmwsl.models.weak.segmentation import EDAM, EDAMHead, soft_margin_loss, with_saliency
from mmwsl.models.weak.segmentation.edam import class_features, discriminative_maps, pooled_by_image, to_slots
from mmwsl.structures import DataSample

BACKBONE = dict(type='ResNet', depth=18, base_channels=4, strides=(1, 2, 1, 1), out_indices=(3,))
HEAD = dict(type='EDAMHead', num_classes=3, embed_channels=8, feedforward_channels=16, dropout=0.0, position_size=(4, 4))


def edam(**settings):
    torch.manual_seed(0)
    return EDAM(BACKBONE, dict(HEAD, **settings))


def test_maps_by_hand():
    logits = torch.tensor([[[[3.]], [[-4.]], [[0.]]]])
    assert torch.allclose(discriminative_maps(logits), torch.tensor([[[[0.6]], [[0.8]], [[0.]]]]))


def test_slots_by_loop():
    """A slot has the positions of its images one behind the other, each as its class's map lets it through."""
    generator = torch.Generator().manual_seed(0)
    features, maps = torch.randn(4, 5, 2, 3, generator=generator), torch.rand(4, 2, 2, 3, generator=generator)
    slots = to_slots(class_features(features, maps), 2)
    assert slots.shape == (2, 2, 12, 5)
    for slot in range(2):
        for label in range(2):
            for place in range(2):
                for y in range(2):
                    for x in range(3):
                        image = 2 * slot + place
                        expected = features[image, :, y, x] * maps[image, label, y, x]
                        assert torch.equal(slots[slot, label, 6 * place + 3 * y + x], expected)
    pooled = pooled_by_image(slots, 2)
    assert torch.allclose(pooled, class_features(features, maps).mean((3, 4)), atol=1e-6)


def test_saliency_is_the_background_where_it_is_low():
    maps = torch.tensor([[[0.9, 0.1, 0.0]], [[0.2, 0.3, 0.0]]])  # two classes, three pixels
    saliency = torch.tensor([[0.1, 0.2, 0.8]])
    rows = with_saliency(maps, saliency, threshold=0.2)
    assert rows[0].tolist() == [[1, 0, 0]] and torch.equal(rows[1:], maps)
    assert rows.argmax(0).tolist() == [[0, 2, 0]]  # where no class is, the background is
    assert with_saliency(maps[None], saliency[None]).shape == (1, 3, 1, 3)
    with pytest.raises(ValueError, match='resize it to'):
        with_saliency(maps, saliency[:, :2])


def test_soft_margin_loss_leaves_unknown_tags_out():
    scores, tags = torch.tensor([[0.5, -1., 2.], [1., 0., 3.]]), torch.tensor([[1., 0., 1.], [0., -1., -1.]])

    def margin(score):
        return math.log1p(math.exp(-score))

    first = (margin(0.5) + margin(1.) + margin(2.)) / 3
    assert soft_margin_loss(scores, tags).item() == pytest.approx((first + margin(-1.)) / 2)
    assert soft_margin_loss(scores[:1], tags[:1]).item() == pytest.approx(
        torch.nn.functional.multilabel_soft_margin_loss(scores[:1], tags[:1]).item())
    assert soft_margin_loss(scores, -torch.ones(2, 3)).item() == 0


def test_images_of_a_slot_see_each_other_and_no_others():
    model = edam().eval()
    images = torch.randn(4, 3, 32, 32)
    scores = model.head(model.backbone(images))
    changed = images.clone()
    changed[1] += 1
    moved = (model.head(model.backbone(changed)) - scores).abs().amax(1)
    assert (moved[:2] > 1e-6).all() and moved[2:].max() < 1e-6


def test_classes_have_layers_of_their_own():
    model = edam()
    scores = model.head(model.backbone(torch.randn(2, 3, 32, 32)))
    scores[:, 1].sum().backward()
    assert all(p.grad.abs().max() > 0 for p in model.head.attention[1].parameters() if p.ndim == 2)
    for other in (0, 2):
        assert all(p.grad is None or p.grad.abs().max() == 0 for p in model.head.attention[other].parameters())
    assert model.head.maps.weight.grad.abs().max() > 0  # what is masked teaches the masks


def test_scores_by_the_formula():
    """One class's score is the linear layer on the mean of its tokens, which saw those of the other image."""
    model = edam().eval()
    features = model.backbone(torch.randn(2, 3, 32, 32))
    scores, head = model.head(features), model.head
    maps, reduced = head.discriminative_maps(features), head.reduce(features[-1])
    tokens = torch.cat([(reduced[n] * maps[n, 3] + head.position[0] + head.segment[n]).flatten(1).T for n in range(2)])
    seen = head.attention[2](tokens[None])[0]
    for n in range(2):
        expected = seen[16 * n:16 * n + 16].mean(0) @ head.classifier[2] + head.bias[2]
        assert scores[n, 2].item() == pytest.approx(expected.item(), abs=1e-5)


def test_loss_class_maps_and_predictions():
    model, images = edam(), torch.randn(4, 3, 32, 32)
    tags = torch.tensor([[1., 0., 1.], [0., 1., -1.], [0., 0., 0.], [1., 1., 1.]])
    losses = model.eval()(images, DataSample(gt_label=tags), mode='loss')
    assert losses['loss_cls'].item() == pytest.approx(
        soft_margin_loss(model.head(model.backbone(images)), tags).item(), rel=1e-5)
    assert 0 <= losses['accuracy'].item() <= 100
    maps = model.class_maps(torch.randn(3, 3, 32, 48))
    assert maps.shape == (3, 3, 4, 6) and 0 <= maps.min() and maps.max() <= 1 and maps.dtype == torch.float32
    together = model(images[:3], None, mode='predict')  # an odd number of images
    alone = model(images[1:2], None, mode='predict')[0]
    assert torch.allclose(together[1].pred_scores, alone.pred_scores, atol=1e-5)
    assert alone.pred_maps.shape == (3, 32, 32) and alone.pred_scores.shape == (3,)


def test_slots_that_are_not_full():
    with pytest.raises(ValueError, match='a batch of 3 images does not fill slots of 2; make the batch size a multiple'):
        edam()(torch.zeros(3, 3, 32, 32), DataSample(gt_label=torch.zeros(3, 3)), mode='loss')


def test_a_slot_of_one_image():
    torch.manual_seed(0)
    head = EDAMHead(5, 2, embed_channels=8, feedforward_channels=8, dropout=0.0, images=1, position_size=(2, 2))
    assert head((torch.randn(3, 5, 4, 4),)).shape == (3, 2)
