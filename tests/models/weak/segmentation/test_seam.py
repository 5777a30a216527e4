"""SEAM: its losses and the pixel correlation module against cases worked by hand and slow loops."""

import math

import pytest
import torch

from mmwsl.models.weak.segmentation import SEAM, SEAMHead
from mmwsl.models.weak.segmentation.seam import (
    equivariant_cross_regularization,
    equivariant_regularization,
    max_norm,
    max_onehot,
    min_pooling_loss,
    pixel_correlation,
    with_background,
)
from mmwsl.structures import DataSample

BACKBONE = dict(type='ResNet', depth=18, base_channels=4, strides=(1, 2, 1, 1), out_indices=(1, 2, 3))
HEAD = dict(type='SEAMHead', num_classes=3, shallow_channels=(4, 8), correlation_channels=12, dropout=0.0)


def seam(**settings):
    torch.manual_seed(0)
    return SEAM(BACKBONE, HEAD, scale=0.5, **settings)


def test_max_norm_by_hand():
    maps = torch.tensor([[[[-3., 0.], [1., 2.]], [[1., 2.], [3., 5.]], [[-1., -2.], [-1., -4.]]]])
    assert torch.allclose(max_norm(maps, eps=0.1), torch.tensor(
        [[[[0., 0.], [0.9 / 2.1, 1.9 / 2.1]], [[0., 0.9 / 4.1], [1.9 / 4.1, 3.9 / 4.1]], [[0., 0.], [0., 0.]]]]))


def test_the_strongest_class_stays_and_the_background_as_it_is():
    maps = torch.tensor([[[[0.2, 0.9]], [[0.5, 0.0]]]])  # two classes, two pixels
    assert torch.allclose(with_background(maps), torch.tensor([[[[0.5, 0.1]], [[0.2, 0.9]], [[0.5, 0.0]]]]))
    assert torch.allclose(max_onehot(with_background(maps)), torch.tensor(
        [[[[0.5, 0.1]], [[0.0, 0.9]], [[0.5, 0.0]]]]))


def test_pixel_correlation_by_loop():
    generator = torch.Generator().manual_seed(0)
    maps = torch.rand(2, 3, 2, 4, generator=generator, dtype=torch.float64)
    features = torch.randn(2, 5, 2, 4, generator=generator, dtype=torch.float64)
    expected = torch.zeros_like(maps)
    cells = [(y, x) for y in range(2) for x in range(4)]
    for image in range(2):
        for y, x in cells:
            weights = []
            for v, u in cells:
                a, b = features[image, :, y, x], features[image, :, v, u]
                weights.append(max(0., (a @ b / a.norm() / b.norm()).item()))
            for (v, u), weight in zip(cells, weights, strict=True):
                expected[image, :, y, x] += maps[image, :, v, u] * weight / (sum(weights) + 1e-5)
    assert torch.allclose(pixel_correlation(maps, features), expected, atol=1e-9)


def test_pixel_correlation_averages_over_what_is_alike():
    features = torch.tensor([[[[1., 2., 0.]], [[0., 0., 7.]]]])  # the first two are alike, the third is neither's
    maps = torch.tensor([[[[1., 0., 0.4]]]])
    assert torch.allclose(pixel_correlation(maps, features), torch.tensor([[[[0.5, 0.5, 0.4]]]]), atol=1e-4)


def test_min_pooling_by_hand():
    maps = torch.tensor([[[[0.1, 0.9, 0.3, 0.2]], [[0.5, 0.2, 0.4, 0.1]]]])  # largest: 0.5 0.9 0.4 0.2
    assert min_pooling_loss(maps).item() == pytest.approx(0.2)
    assert min_pooling_loss(maps, share=0.5).item() == pytest.approx(0.3)
    assert min_pooling_loss(-maps).item() == 0


def test_equivariant_regularization_by_hand():
    first, second = torch.tensor([[[[0.1, 0.5]], [[0., 1.]]]]), torch.tensor([[[[0.3, 0.5]], [[0.6, 0.2]]]])
    assert equivariant_regularization(first, second).item() == pytest.approx((0.2 + 0.0 + 0.6 + 0.8) / 4)


def test_equivariant_cross_regularization_by_hand():
    """Five positions of an image, of which a share of 0.4 is two; background and one class, and two classes."""
    cams = torch.tensor([[[[0.8]], [[0.2]], [[0.1]], [[0.0]], [[0.0]]]], requires_grad=True)
    small = torch.tensor([[[[0.3]], [[0.6]], [[0.7]], [[0.0]], [[0.0]]]], requires_grad=True)
    revised = torch.tensor([[[[0.5]], [[0.4]], [[0.4]], [[0.0]], [[0.1]]]], requires_grad=True)
    small_revised = torch.tensor([[[[0.8]], [[0.9]], [[0.1]], [[0.2]], [[0.0]]]], requires_grad=True)
    # against (0.3, 0, 0.7, 0, 0): 0.2 0.4 0.3 0 0.1; against (0.8, 0.2, 0, 0, 0): 0 0.7 0.1 0.2 0
    loss = equivariant_cross_regularization(cams, small, revised, small_revised, share=0.4)
    assert loss.item() == pytest.approx((0.4 + 0.3) / 2 + (0.7 + 0.2) / 2)
    loss.backward()
    assert cams.grad is None and small.grad is None
    assert revised.grad.flatten().tolist() == pytest.approx([0, 0.5, -0.5, 0, 0])


def test_loss_is_the_sum_that_the_paper_says():
    """The whole step against the same written out, on a batch with an unknown tag."""
    model, images = seam(), torch.randn(2, 3, 32, 32)
    tags = torch.tensor([[1., 0., 1.], [0., 1., -1.]])
    model.eval()  # batch statistics would be another pass's
    losses = model(images, DataSample(gt_label=tags), mode='loss')
    small = torch.nn.functional.interpolate(images, size=(16, 16), mode='bilinear')
    (cams, revised), (small_cams, small_revised) = (model.head(model.backbone(x), x) for x in (images, small))
    classification = 0
    for scores, row in ((cams.mean((2, 3)), revised), (small_cams.mean((2, 3)), small_revised)):
        def margin(image, tag, scores=scores):
            score = scores[image, tag].item()
            return math.log1p(math.exp(-score if tags[image, tag] == 1 else score))

        classification += (sum(margin(0, tag) for tag in range(3)) / 3 + (margin(1, 0) + margin(1, 1)) / 2) / 4
        largest = (row[:, 1:] * (tags > 0)[:, :, None, None]).amax(1).flatten(1).sort(1).values
        classification += largest[:, :largest.shape[1] // 4].mean().item() / 2
    assert losses['loss_cls'].item() == pytest.approx(classification, rel=1e-4)
    masks = (tags > 0).float()[:, :, None, None]
    first, second = (torch.nn.functional.interpolate(max_norm(x) * masks, size=(16, 16), mode='bilinear')
                     for x in (cams, small_cams))
    assert losses['loss_er'].item() == pytest.approx((first - second).abs().mean().item(), rel=1e-4)
    assert 0 < losses['loss_ecr'].item() < 2


def test_which_loss_teaches_what():
    model, images = seam(), torch.randn(2, 3, 32, 32)
    samples = DataSample(gt_label=torch.tensor([[1., 0., 1.], [0., 1., 0.]]))

    def learning(name):
        model.zero_grad(set_to_none=True)
        model(images, samples, mode='loss')[name].backward()
        return {part.split('.')[0] if part[0] == 'b' else part.split('.')[1] for part, p in model.named_parameters()
                if p.grad is not None and p.grad.abs().max() > 0}

    assert learning('loss_er') == {'backbone', 'classifier'}
    assert learning('loss_ecr') == {'shallow', 'correlation'}
    assert learning('loss_cls') == {'backbone', 'classifier', 'shallow', 'correlation'}


def test_class_maps_and_predictions():
    model, images = seam(topk=2).eval(), torch.randn(2, 3, 32, 40)
    maps = model.class_maps(images)
    assert maps.shape == (2, 3, 4, 5) and maps.dtype == torch.float32 and maps.min() >= 0
    samples = [DataSample(gt_label=torch.tensor(tags)) for tags in ([1., 0., 1.], [0., 1., 0.])]
    first, second = model(images, samples, mode='predict')
    assert first.pred_maps.shape == (4, 32, 40) and second.pred_maps.shape == (3, 32, 40)
    assert first.pred_map_labels[2:].tolist() == [0, 2] and second.pred_map_labels[2:].tolist() == [1]
    assert first.pred_scores.shape == (3,) and first.pred_label == first.pred_scores.argmax()
    assert first.pred_maps.amax().item() == 1


def test_class_numbers_are_tags_of_one_class():
    model = seam()
    assert model.tags(DataSample(gt_label=torch.tensor([2, 0])), 'cpu').tolist() == [[0, 0, 1], [1, 0, 0]]
    rows = [DataSample(gt_label=torch.tensor([1., 0., -1.])), DataSample(gt_label=torch.tensor([0., 0., 0.]))]
    assert model.tags(rows, 'cpu').tolist() == [[1, 0, -1], [0, 0, 0]]


def test_no_tag_and_all_unknown():
    """An image without a tag teaches that nothing is there; one whose tags are all unknown, nothing of classes."""
    model, images = seam(), torch.randn(2, 3, 32, 32)
    for tags in (torch.zeros(2, 3), -torch.ones(2, 3)):
        losses = model(images, DataSample(gt_label=tags), mode='loss')
        assert all(torch.isfinite(value) for value in losses.values())
        assert losses['loss_er'].item() == 0
    assert losses['loss_cls'].item() == 0


def test_what_it_refuses():
    model = seam()
    with pytest.raises(ValueError, match="SEAM learns from tags: set supervision='image'"):
        model(torch.zeros(1, 3, 32, 32), DataSample(), mode='loss')
    with pytest.raises(ValueError, match='the images have 4 tags each, the head has num_classes=3'):
        model(torch.zeros(1, 3, 32, 32), DataSample(gt_label=torch.zeros(1, 4)), mode='loss')
    with pytest.raises(ValueError, match='must be 3 numbers'):
        SEAMHead([4, 8], 3)
    with pytest.raises(ValueError, match='scale=1 of the reduced copy'):
        SEAM(BACKBONE, HEAD, scale=1)
