"""WSDDN: what its scores sum to, and its losses, by loops."""

import math

import pytest
import torch

from mmwsl.models.weak.detection import WSDDNHead, region_scores, spatial_regularizer, tag_loss
from mmwsl.ops import box_iou


def logits(seed=0, regions=7, classes=4):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, regions, classes, generator=generator, dtype=torch.float64)


def test_scores_are_the_product_of_two_softmaxes():
    first, second = logits()
    scores = region_scores(first.float(), second.float(), temperature=2)
    for r in range(7):
        for c in range(4):
            of_class = math.exp(first[r, c]) / sum(math.exp(first[r, k]) for k in range(4))
            of_region = math.exp(second[r, c] / 2) / sum(math.exp(second[k, c] / 2) for k in range(7))
            assert scores[r, c].item() == pytest.approx(of_class * of_region, rel=1e-5)


def test_the_image_score_is_a_mean_over_regions():
    """The region stream sums to 1 over regions, so the sum of scores is a weighted mean of class probabilities."""
    first, second = logits(1)
    scores = region_scores(first, second).double()
    assert (scores.sum(0) < 1).all() and (scores > 0).all()
    same = region_scores(first[:1].expand(7, -1), second)
    assert torch.allclose(same.sum(0), first[0].float().softmax(0), atol=1e-6)


@pytest.mark.parametrize('reduction', ['sum', 'mean'])
def test_loss_by_hand_without_unknown_tags(reduction):
    scores, tags = torch.tensor([[0.2, 0.1, 0.3], [0.4, 0.1, 0.2]]), torch.tensor([1., 0., -1.])
    by_hand = -math.log(0.6) - math.log(0.8)  # the third class is unknown
    assert tag_loss(scores, tags, reduction).item() == pytest.approx(by_hand / (1 if reduction == 'sum' else 2))


def test_loss_is_finite_at_the_ends():
    scores, tags = torch.tensor([[0., 1.]]), torch.tensor([1., 0.])
    assert tag_loss(scores, tags).item() == pytest.approx(2 * -math.log(1e-6), rel=0.02)  # 1 - 1e-6 in fp32


def test_loss_of_unknown_tags_alone_is_zero():
    assert tag_loss(torch.tensor([[0.2, 0.3]]), torch.tensor([-1., -1.]), 'mean').item() == 0


def test_spatial_regularizer_by_loop():
    generator = torch.Generator().manual_seed(2)
    corner = torch.rand(30, 2, generator=generator) * 10
    boxes = torch.cat([corner, corner + 20], dim=1)
    features, scores = torch.randn(30, 5, generator=generator), torch.rand(30, 3, generator=generator)
    total = 0.0
    for label in (0, 2):
        order = scores[:, label].argsort(descending=True)[:10].tolist()
        for r in order:
            if box_iou(boxes[order[:1]], boxes[r:r + 1]).item() > 0.6:
                total += 0.5 * scores[r, label].item() * (features[r] - features[order[0]]).square().sum().item()
    assert total > 1
    assert spatial_regularizer(features, boxes, scores, [0, 2]).item() == pytest.approx(total, rel=1e-5)
    assert spatial_regularizer(features, boxes, scores, []).item() == 0
    assert spatial_regularizer(features[:1], boxes[:1], scores[:1], [0]).item() == 0  # the best alone


def test_head_does_not_care_about_the_order_of_regions():
    head = WSDDNHead(5, 3, spatial_weight=1e-4)
    torch.nn.init.normal_(head.class_stream.weight)
    torch.nn.init.normal_(head.region_stream.weight)
    generator = torch.Generator().manual_seed(3)
    features = torch.randn(20, 5, generator=generator)
    corner = torch.rand(20, 2, generator=generator) * 10
    boxes, order = torch.cat([corner, corner + 20], dim=1), torch.randperm(20, generator=generator)
    assert torch.allclose(head(features)[order], head(features[order]), atol=1e-7)
    first, second = (head.loss(x, y, torch.tensor([1., 0., 1.])) for x, y in (
        (features, boxes), (features[order], boxes[order])))
    assert set(first) == {'loss_tags', 'loss_spatial'}
    for name in first:
        assert first[name].item() == pytest.approx(second[name].item(), rel=1e-5)


def test_surroundings_that_show_as_much_take_the_advantage_away():
    """By hand: the second stream is of the difference, in which its bias cancels; the first stays as it was."""
    head = WSDDNHead(2, 1)
    head.class_stream.weight.data.zero_()
    head.region_stream.weight.data[:] = torch.tensor([[1., 0.]])
    head.region_stream.bias.data[:] = 7.0
    features = torch.tensor([[3., 0.], [2., 0.]])  # a part of an object, and all of it
    surroundings = torch.tensor([[3., 0.], [0., 0.]])  # around the part the object goes on
    expected = torch.tensor([[0.0], [2.0]]).softmax(0)
    assert torch.allclose(head(features, surroundings), expected)
    assert head(features).argmax() == 0 and head(features, surroundings).argmax() == 1


def test_unknown_reduction():
    with pytest.raises(ValueError, match="reduction='max' is unknown; choose 'sum' or 'mean'"):
        WSDDNHead(5, 3, reduction='max')
