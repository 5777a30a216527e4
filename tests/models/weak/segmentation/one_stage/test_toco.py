"""ToCo: its two contrasts against slow loops, the windows, the step."""

import math

import pytest
import torch

from mmwsl.models.preprocessors import ViewPreprocessor
from mmwsl.models.weak.segmentation import ToCo
from mmwsl.models.weak.segmentation.one_stage.toco import crop_contrast, cut_windows, patch_contrast, random_windows
from mmwsl.structures import DataSample


def test_patch_contrast_by_loop():
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(2, 4, 2, 3, generator=generator, dtype=torch.float64)
    labels = torch.tensor([[[0, 0, 1], [1, 255, 2]], [[1, 1, 1], [1, 0, 255]]])
    same, other = [], []
    for image in range(2):
        rows, numbers = features[image].flatten(1).T, labels[image].flatten().tolist()
        for i in range(6):
            for j in range(6):
                if i != j and 255 not in (numbers[i], numbers[j]):
                    cosine = abs(torch.cosine_similarity(rows[i], rows[j], dim=0).item())
                    (same if numbers[i] == numbers[j] else other).append(cosine)
    expected = (1 - sum(same) / len(same)) / 2 + sum(other) / len(other) / 2
    assert patch_contrast(features, labels).item() == pytest.approx(expected, rel=1e-9)
    assert patch_contrast(features, torch.full_like(labels, 255)).item() == 0


def test_crop_contrast_by_hand():
    """The cosines are 1, 0 and -1 with the first image; the second has no negative crop."""
    images = torch.tensor([[2., 0.], [0., 1.]])
    crops = torch.tensor([[[3., 0.], [0., 1.], [-1., 0.]], [[1., 1.]] * 3])
    positive = torch.tensor([[True, False, False], [True, True, True]])
    first = -math.log(math.exp(2) / (math.exp(2) + 1 + math.exp(-2)))
    assert crop_contrast(crops, images, positive, temperature=0.5).item() == pytest.approx(first / 2)


def test_windows_and_what_they_show():
    labels = torch.zeros(1, 4, 4, dtype=torch.long)
    labels[0, :, 2:], labels[0, 3] = 1, 255  # the right half is an object, the lowest quarter unknown
    torch.manual_seed(0)
    corners, positive = random_windows(labels, (16, 16), 200, 6)
    assert corners.min() == 0 and corners.max() == 10
    centers = corners[0] + 3
    assert torch.equal(positive[0], (centers[:, 1] >= 8) & (centers[:, 0] < 12))
    images = torch.arange(2 * 3 * 16 * 16.).view(2, 3, 16, 16)
    corners = torch.tensor([[[0, 1], [10, 4]], [[2, 2], [5, 0]]])
    windows = cut_windows(images, corners, 6)
    assert windows.shape == (4, 3, 6, 6)
    assert torch.equal(windows[1], images[0, :, 10:16, 4:10]) and torch.equal(windows[3], images[1, :, 5:11, :6])


def toco(**settings):
    torch.manual_seed(0)
    return ToCo(
        dict(type='ResNet', depth=18, base_channels=4, strides=(1, 1, 1, 1), out_indices=(3, 4)),
        dict(type='TwoMapHead', num_classes=3, decoder=dict(type='LargeFOVHead', channels=8, dilations=(2, 2))),
        dict(type='MLPNeck', hidden_channels=8, out_channels=4, norm_cfg=None), crops=4, crop_size=16,
        regularization_weight=0.0, assignment_scales=(1.0,),
        data_preprocessor=ViewPreprocessor([127.] * 3, [64.] * 3), **settings)


def test_step():
    """The segmentation learns after the warm-up, the rest from the start; the copy of the projector follows fast."""
    model, images = toco(warmup=0.5), torch.randn(2, 3, 32, 32)
    samples = DataSample(gt_label=torch.tensor([[1., 0., 1.], [0., 1., 0.]]))
    losses = model(images, samples, mode='loss')
    assert losses['loss_seg'] == 0 and losses['loss_ptc'] > 0
    copy = model.teacher.chain[0].layers[0].weight
    with torch.no_grad():
        model.projector.layers[0].weight.add_(1)
    model.after_optimizer_step(0.5)
    assert torch.allclose(copy, model.projector.layers[0].weight - 0.9, atol=1e-6)
    assert model(images, samples, mode='loss')['loss_seg'] > 0
    assert model.encoders() == [model.backbone]
    first, _ = model.eval()(images, [DataSample(), DataSample()], mode='predict')
    assert first.pred_mask.shape == (32, 32) and first.given == ()


def test_what_it_refuses():
    with pytest.raises(ValueError, match='thresholds low=0.8 and high=0.7'):
        toco(low=0.8)
