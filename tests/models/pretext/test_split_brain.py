"""Split-brain: two halves that cannot see what they predict."""

import copy

import numpy as np
import pytest
import torch
from tiny_runs import TINY_DATA, check_resume

from mmwsl.augment import lab_to_rgb, rgb_to_lab
from mmwsl.models.preprocessors import ViewPreprocessor
from mmwsl.registry import BACKBONES, MODELS

BINS = 101
CONFIG = dict(
    type='SplitBrain', backbone=dict(type='ResNet', depth=18, base_channels=8, stem='cifar'),
    color_head=dict(type='DenseHead', in_channels=32, out_channels=BINS, channels=[16]),
    lightness_head=dict(type='DenseHead', in_channels=32, out_channels=10, channels=[16]), step=20)


def build(**settings):
    torch.manual_seed(0)
    return MODELS.build(dict(copy.deepcopy(CONFIG), **settings))


class Small(torch.nn.Module):
    """Two encoders to 4 x 4 places that learn in a second."""

    def __init__(self):
        super().__init__()
        self.halves = torch.nn.ModuleList(torch.nn.Sequential(*[layer for inputs, outputs, stride in (
            (channels, 16, 2), (16, 32, 2)) for layer in (
                torch.nn.Conv2d(inputs, outputs, 3, stride, 1), torch.nn.BatchNorm2d(outputs), torch.nn.ReLU())])
            for channels in (1, 2))

    def forward(self, lab):
        return (torch.cat([self.halves[0](lab[:, :1]), self.halves[1](lab[:, 1:])], 1),)


def striped(count, seed):
    """Images (count, 3, 16, 16): horizontal stripes are dark and green, vertical ones bright and red."""
    generator = torch.Generator().manual_seed(seed)
    stripes = torch.tensor([1.0, 1, -1, -1]).repeat(4)
    vertical = torch.rand(count, generator=generator) < 0.5
    pattern = torch.where(vertical[:, None, None], stripes.expand(16, 16), stripes.view(16, 1).expand(16, 16))
    lab = torch.zeros(count, 3, 16, 16)
    lab[:, 0] = torch.where(vertical, 65.0, 35.0)[:, None, None] + 8 * pattern
    lab[:, 1:] = torch.where(vertical, 1.0, -1.0)[:, None, None, None] * torch.tensor([20.0, 0.0]).view(1, 2, 1, 1)
    return lab_to_rgb(lab + 2 * torch.randn(lab.shape, generator=generator))


def test_losses_against_loops():
    """Fails if a half gets the wrong channels, or the classes of a or L are others."""
    model = build().double().eval()
    model.backbone.register_forward_pre_hook(lambda module, inputs: (inputs[0].double(),))
    images = torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    result = model([images], mode='loss')
    lab = rgb_to_lab(images).double()
    colors = model.color_head(model.backbone.lightness((lab[:, :1] - 50) / 100)).log_softmax(1)
    lightness = model.lightness_head(model.backbone.color(lab[:, 1:] / 110)).log_softmax(1)
    assert colors.shape == (3, BINS, 4, 4) and lightness.shape == (3, 10, 4, 4)
    losses = dict(color=[], lightness=[])
    for image, row, column in np.ndindex(3, 4, 4):
        mean = lab[image, :, 4 * row:4 * row + 4, 4 * column:4 * column + 4].mean((1, 2)).tolist()
        distance = [(mean[1] - a)**2 + (mean[2] - b)**2 for a, b in model.bins.tolist()]
        losses['color'].append(-colors[image, int(np.argmin(distance)), row, column].item())
        losses['lightness'].append(-lightness[image, int(mean[0] // 10), row, column].item())
    for name, values in losses.items():
        assert result[f'loss_{name}'].item() == pytest.approx(np.mean(values), rel=1e-5)


def test_each_half_sees_its_channels_only():
    """Fails if colour reaches the first half of the features or lightness the second."""
    model = build().eval()
    lab = torch.zeros(3, 3, 16, 16)
    noise = torch.randn(2, 16, 16, generator=torch.Generator().manual_seed(0))
    lab[:, 0], lab[:, 1] = 55 + 3 * noise[0], 5 * noise[1]
    lab[1, 1:] += 10  # another colour
    lab[2, 0] -= 10  # another lightness
    features = model(lab_to_rgb(lab))
    assert features.shape == (3, 64)
    same = dict(rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(features[1, :32], features[0, :32], **same)
    torch.testing.assert_close(features[2, 32:], features[0, 32:], **same)
    assert (features[1, 32:] - features[0, 32:]).abs().max() > 0.02
    assert (features[2, :32] - features[0, :32]).abs().max() > 0.02
    torch.testing.assert_close(features, torch.cat([half.mean((2, 3)) for half in model.backbone(
        model.scale(rgb_to_lab(lab_to_rgb(lab))))], 1))


@pytest.mark.parametrize('whole, widths', [
    (dict(type='ResNet', depth=18, base_channels=8, out_indices=(1, 4)), [8, 64]),
    (dict(type='AlexNet', channels=(8, 8, 8, 8, 16)), [16])])
def test_halves_have_half_the_width(whole, widths):
    split = BACKBONES.build(dict(type='SplitBackbone', whole=whole))
    full = BACKBONES.build(dict(whole))
    lab = torch.randn(2, 3, 64, 64).contiguous(memory_format=torch.channels_last)
    assert split.out_channels == full.out_channels == widths
    assert [level.shape for level in split(lab)] == [level.shape for level in full(lab)]
    count, whole_count = (sum(p.numel() for p in network.parameters()) for network in (split, full))
    assert 0.45 < count / whole_count < 0.55


def test_it_learns_both_ways():
    torch.manual_seed(0)
    heads = {name: dict(CONFIG[name], channels=[]) for name in ('color_head', 'lightness_head')}
    model = build(backbone=Small(), **heads)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for step in range(60):
        result = model([striped(32, seed=step)], mode='loss')
        optimizer.zero_grad()
        (result['loss_color'] + result['loss_lightness']).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        result = model([striped(64, seed=1000)], mode='loss')
    # of two colours and two levels of lightness: a model that only knows how often each is gets half right
    assert result['accuracy_color'] > 80 and result['accuracy_lightness'] > 80
    assert result['embedding_std'] > 0.1


def test_errors():
    with pytest.raises(ValueError, match="cannot halve a 'VGG'"):
        build(backbone=dict(type='VGG'))
    with pytest.raises(ValueError, match='base_channels=5 cannot be halved'):
        build(backbone=dict(type='ResNet', depth=18, base_channels=5))
    with pytest.raises(ValueError, match='leave in_channels out'):
        build(backbone=dict(type='ResNet', depth=18, in_channels=1))
    with pytest.raises(ValueError, match='set color_head.out_channels=313'):
        build(step=10)
    with pytest.raises(ValueError, match=r'SplitBrain needs images in \[0, 1\]'):
        build(data_preprocessor=ViewPreprocessor(mean=[125.0] * 3, std=[63.0] * 3))


def test_resume(tmp_path):
    check_resume(tmp_path, """
_base_ = 'mmwsl::selfsup/split_brain/split_brain_r18w16_1xb256-cos-20e_cifar10.py'
model = dict(
    backbone=dict(base_channels=8), step=20, color_head=dict(in_channels=32, channels=[16], out_channels=101),
    lightness_head=dict(in_channels=32, channels=[16]))
param_scheduler = []
""" + TINY_DATA + """
data_preprocessor = dict(views=[[crop, dict(type='GaussianNoise', sigma=(0.2, 0.4), prob=1.0)]])  # the digits are grey
""", changed=['backbone.lightness.conv1.weight', 'backbone.color.conv1.weight'])
