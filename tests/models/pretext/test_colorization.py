"""Colorization: its loss by loops, its prior, what it may see, and that it learns colours."""

import copy
import math

import numpy as np
import pytest
import torch
from tiny_runs import TINY_DATA, check_resume

from mmwsl.augment import lab_to_rgb, rgb_to_lab
from mmwsl.models.preprocessors import ViewPreprocessor
from mmwsl.registry import MODELS

STEP, BINS = 20, 101
CONFIG = dict(
    type='Colorization', backbone=dict(type='ResNet', depth=18, base_channels=4, stem='cifar', in_channels=1),
    head=dict(type='DenseHead', in_channels=32, out_channels=BINS, channels=[16]), step=STEP, sigma=5.0)


def build(**settings):
    torch.manual_seed(0)
    return MODELS.build(dict(copy.deepcopy(CONFIG), **settings))


class Small(torch.nn.Sequential):
    """An encoder to 4 x 4 places that learns in a second."""

    def __init__(self, in_channels=1):
        super().__init__(*[layer for inputs, outputs, stride in ((in_channels, 16, 2), (16, 32, 2), (32, 32, 1)) for layer in (
            torch.nn.Conv2d(inputs, outputs, 3, stride, 1), torch.nn.BatchNorm2d(outputs), torch.nn.ReLU())])

    def forward(self, x):
        return (super().forward(x),)


def build_small(**settings):
    torch.manual_seed(0)
    return build(backbone=Small(), head=dict(CONFIG['head'], channels=[]), **settings)


def striped(count, seed, rare=0.25):
    """Images (count, 3, 16, 16): horizontal stripes are green, vertical ones pale or, seldom, deep red; and which is which."""
    generator = torch.Generator().manual_seed(seed)
    stripes = torch.tensor([1.0, 1, -1, -1]).repeat(4)
    vertical = torch.rand(count, generator=generator) < 0.5
    deep = vertical & (torch.rand(count, generator=generator) < rare)
    lab = torch.zeros(count, 3, 16, 16)
    pattern = torch.where(vertical[:, None, None], stripes.expand(16, 16), stripes.view(16, 1).expand(16, 16))
    lab[:, 0] = 50 + 8 * pattern + 3 * torch.randn(count, 16, 16, generator=generator)
    color = torch.tensor([[-20.0, 20.0], [20.0, 0.0], [60.0, 0.0]])[vertical.long() + deep.long()]
    lab[:, 1:] = color[:, :, None, None]
    return lab_to_rgb(lab), vertical


def train(model, steps=120):
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, steps)
    model.train()
    for step in range(steps):
        result = model([striped(32, seed=step)[0]], mode='loss')
        optimizer.zero_grad()
        result['loss'].backward()
        optimizer.step()
        schedule.step()
    return model.eval()


def chroma(model, images, temperature=None):
    """Mean distance from grey of what the model paints."""
    return rgb_to_lab(model.colorize(images, temperature))[:, 1:].square().sum(1).sqrt().mean().item()


@pytest.fixture(scope='module')
def trained():
    return train(build_small())


@pytest.fixture(scope='module')
def equal():
    """Trained with equal weights for all colours."""
    return train(build_small(uniform=1.0))


def test_loss_against_loops():
    """Fails if targets, weights, the grey mask or the mean over pixels are others than the paper's."""
    model = build(neighbors=3).double().eval()
    model.backbone.register_forward_pre_hook(lambda module, inputs: (inputs[0].double(),))
    images = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    images[2] = images[2].mean(0)  # grey: left out
    images[2, 0] += 0.01  # but for a tint, without which several bins are equally near
    model.prior.copy_(torch.rand(BINS, generator=torch.Generator().manual_seed(1)).softmax(0))
    result = model([images], mode='loss')

    lab = rgb_to_lab(images).double()
    logits = model.head(model.backbone((lab[:, :1] - 50) / 100))
    assert logits.shape == (4, BINS, 4, 4)
    prior, bins = model.prior.tolist(), model.bins.tolist()
    raw = [1 / (0.5 * p + 0.5 / BINS) for p in prior]
    scale = sum(p * w for p, w in zip(prior, raw, strict=True))
    losses, plain = [], []
    for image, row, column in np.ndindex(4, 4, 4):
        ab = lab[image, 1:, 4 * row:4 * row + 4, 4 * column:4 * column + 4].mean((1, 2)).tolist()
        distance = [(ab[0] - a)**2 + (ab[1] - b)**2 for a, b in bins]
        nearest = sorted(range(BINS), key=distance.__getitem__)[:3]
        target = [math.exp(-distance[q] / (2 * 5.0**2)) for q in nearest]
        scores = logits[image, :, row, column].log_softmax(0).tolist()
        entropy = -sum(t / sum(target) * scores[q] for t, q in zip(target, nearest, strict=True))
        plain.append(entropy)
        if image != 2:
            losses.append(raw[nearest[0]] / scale * entropy)
    assert result['loss'].item() == pytest.approx(sum(losses) / len(losses), rel=1e-5)
    assert result['cross_entropy'].item() == pytest.approx(sum(plain) / len(plain), rel=1e-5)


def test_prior_is_the_mean_over_batches_and_then_follows_slowly():
    model = build(neighbors=1)
    counts = []
    for seed in range(3):
        images = striped(8, seed)[0]
        images[0] = 0.3  # grey images do not count
        model([images], mode='loss')
        lab = torch.nn.functional.avg_pool2d(rgb_to_lab(images[1:])[:, 1:], 4)
        nearest = torch.cdist(lab.movedim(1, -1).reshape(-1, 2), model.bins).argmin(1)
        counts.append(torch.bincount(nearest, minlength=BINS) / len(nearest))
        torch.testing.assert_close(model.prior, torch.stack(counts).mean(0))
    assert model.batches == 3
    before = model.prior.clone()
    result = model([torch.full((8, 3, 16, 16), 0.5)], mode='loss')
    assert result['loss'] == 0 and torch.equal(model.prior, before) and model.batches == 3  # nothing to learn from
    model.batches.fill_(5000)
    model([striped(8, 9)[0]], mode='loss')
    assert 0 < (model.prior - before).abs().max() < 1e-3 + 1e-6
    assert model.prior.sum() == pytest.approx(1, abs=1e-5)
    model.eval()
    before = model.prior.clone()
    model([striped(8, 10)[0]], mode='loss')
    assert torch.equal(model.prior, before)


def test_prior_from_a_file(tmp_path):
    np.save(tmp_path / 'prior.npy', np.arange(BINS))
    model = build(prior=str(tmp_path / 'prior.npy'))
    expected = torch.arange(BINS) / (BINS * (BINS - 1) / 2)
    model([striped(8, 0)[0]], mode='loss')
    torch.testing.assert_close(model.prior, expected)  # training leaves it
    with pytest.raises(ValueError, match='must hold 313 frequencies'):
        build(prior=str(tmp_path / 'prior.npy'), step=10, head=dict(CONFIG['head'], out_channels=313))
    with pytest.raises(ValueError, match='does not exist'):
        build(prior='nowhere.npy')


def test_it_sees_only_the_lightness():
    """Fails if any colour leaks into the features."""
    model = build().eval()
    lab = torch.zeros(2, 3, 16, 16)
    lab[:, 0] = 55 + 5 * torch.randn(16, 16, generator=torch.Generator().manual_seed(0))
    lab[0, 1:], lab[1, 1] = 10.0, -20.0
    features = model(lab_to_rgb(lab))
    assert features.shape == (2, 32)
    torch.testing.assert_close(features[0], features[1], rtol=1e-3, atol=1e-4)


def test_it_learns_colours_from_shape(trained):
    """New images: the cross-entropy is below the entropy of the colours, and the stripes tell green from red."""
    images, vertical = striped(64, seed=1000)
    with torch.no_grad():
        result = trained([images], mode='loss')
    prior = trained.prior[trained.prior > 0]
    assert result['cross_entropy'] < -(prior * prior.log()).sum() - 0.2
    assert result['embedding_std'] > 0.3
    painted = rgb_to_lab(trained.colorize(images))
    assert painted[~vertical, 1].mean() < -15 and painted[vertical, 1].mean() > 15
    lightness = rgb_to_lab(images)[:, 0]
    assert (painted[:, 0] - lightness).abs().mean() < 1.5  # kept, but for colours that sRGB lacks


def test_annealed_mean_lies_between_mean_and_mode(equal):
    images, vertical = striped(64, seed=1000)
    images = images[vertical]  # where there are two colours of one hue
    mean, annealed, mode = (chroma(equal, images, temperature) for temperature in (1.0, None, 1e-3))
    assert mean > annealed > mode == pytest.approx(20, abs=2)


def test_rebalancing_makes_rare_colours_likelier(trained, equal):
    """Vertical stripes are deep red in a quarter of the images, in 1/8 of all: the mean colour is deeper when that is raised."""
    images, vertical = striped(64, seed=1000)
    assert chroma(equal, images[vertical], 1.0) == pytest.approx(0.75 * 20 + 0.25 * 60, abs=5)
    assert chroma(trained, images[vertical], 1.0) > chroma(equal, images[vertical], 1.0) + 4


def test_errors():
    with pytest.raises(ValueError, match='set head.out_channels=313'):
        build(step=10)
    with pytest.raises(ValueError, match='uniform=0 must lie in'):
        build(uniform=0)
    wrong = ViewPreprocessor(mean=[125.0] * 3, std=[63.0] * 3)
    with pytest.raises(ValueError, match=r'Colorization needs images in \[0, 1\].*set mean=\[0\] \* 3 and std=\[255\] \* 3'):
        build(data_preprocessor=wrong)
    build(data_preprocessor=ViewPreprocessor(mean=[0] * 3, std=[255] * 3))


def test_resume(tmp_path):
    check_resume(tmp_path, """
_base_ = 'mmwsl::selfsup/colorization/colorization_r18w16_1xb256-cos-20e_cifar10.py'
model = dict(backbone=dict(base_channels=4), head=dict(in_channels=32, channels=[16], out_channels=101), step=20)
param_scheduler = []
""" + TINY_DATA + """
data_preprocessor = dict(views=[[crop, dict(type='GaussianNoise', sigma=(0.2, 0.4), prob=1.0)]])  # the digits are grey
""", changed=['backbone.conv1.weight', 'head.layers.0.weight', 'prior', 'batches'])
