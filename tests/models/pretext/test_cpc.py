import copy
import math

import pytest
import torch
import torch.nn.functional as F
from tiny_runs import TINY_DATA, check_resume

from mmwsl.models.pretext.cpc import RowContext
from mmwsl.registry import MODELS

CPC = dict(
    type='CPC', backbone=dict(type='ResNet', depth=18, base_channels=4, stem='cifar', norm_cfg=dict(
        type='GN', num_groups=1)),
    context=dict(type='RowContext', channels=32, hidden_channels=16, num_blocks=3), patch_size=6, stride=3,
    steps=(1, 3))  # images of 18 px have 5 x 5 patches

ONE_VIEW = '\ndata_preprocessor = dict(views=[[crop]])\n'


def build(**settings):
    torch.manual_seed(0)
    return MODELS.build(copy.deepcopy(dict(CPC, **settings)))


def test_the_context_of_a_row_knows_nothing_of_the_rows_below():
    torch.manual_seed(0)
    context = RowContext(channels=6, hidden_channels=5, num_blocks=3).double()
    codes = torch.rand(2, 6, 7, 4, dtype=torch.double, requires_grad=True)
    for row in range(7):
        gradient, = torch.autograd.grad(context(codes)[:, :, row].square().sum(), codes)
        touched = gradient.abs().amax((0, 1, 3))  # per row
        assert touched[row + 1:].eq(0).all()
        assert touched[max(0, row - 3):row + 1].gt(0).all()  # itself and one more row per block
        assert touched[:max(0, row - 3)].eq(0).all()
    across, = torch.autograd.grad(context(codes)[:, :, 3, 2].square().sum(), codes)
    assert across[:, :, 3].abs().amax((0, 1)).gt(0).all()  # within its row it sees both sides


def test_an_image_below_the_context_does_not_change_the_prediction():
    """Through the encoder too: a norm over the batch would let the lower patches into the context."""
    model = build()
    images = torch.rand(2, 3, 18, 18, requires_grad=True)
    codes = model.encode(images)[0]
    context = model.context(codes.permute(0, 3, 1, 2))
    gradient, = torch.autograd.grad(context[0, :, 1].square().sum(), images)
    assert gradient[0, :, :9].abs().amax((0, 2)).gt(0).all()  # row 1 of the patches ends at pixel 9
    assert gradient[0, :, 9:].eq(0).all() and gradient[1].eq(0).all()


def test_the_loss_starts_at_the_log_of_the_number_of_candidates():
    for batch in (4, 16):
        result = build()([torch.randn(batch, 3, 18, 18)], mode='loss')
        assert result['loss'].item() == pytest.approx(math.log(batch * 25), abs=0.02)


def test_loss_against_loops():
    model = build().double()
    with torch.no_grad():
        for predictor in model.predictors:
            predictor.weight.mul_(100)
    images = torch.randn(2, 3, 18, 18)
    model.backbone.register_forward_pre_hook(lambda module, inputs: (inputs[0].double(),))
    codes = torch.empty(2, 5, 5, 32, dtype=torch.double)
    for b in range(2):
        for r in range(5):
            for c in range(5):
                patch = images[b:b + 1, :, 3 * r:3 * r + 6, 3 * c:3 * c + 6]
                codes[b, r, c] = model.backbone(patch)[0].mean((2, 3))[0]
    context = model.context(codes.permute(0, 3, 1, 2))
    losses = []
    for k, predictor in zip((1, 3), model.predictors, strict=True):
        terms = []
        for b in range(2):
            for r in range(5 - k):
                for c in range(5):
                    prediction = predictor.weight @ context[b, :, r, c]
                    scores = (codes * prediction).sum(-1)  # of all patches of the batch
                    terms.append(scores.exp().sum().log() - scores[b, r + k, c])
        losses.append(sum(terms) / len(terms))
    expected = sum(losses) / 2
    assert abs(expected.item() - math.log(50)) > 0.05
    torch.testing.assert_close(model([images], mode='loss')['loss'], expected)


def test_training_shows_a_random_part_of_each_patch_and_features_all_of_it():
    model = build(crop=5)
    images = torch.randn(4, 3, 18, 18)
    assert model([images], mode='loss')['loss'] != model([images], mode='loss')['loss']
    patches = [images[:, :, 3 * r:3 * r + 6, 3 * c:3 * c + 6] for r in range(5) for c in range(5)]
    expected = torch.stack([model.backbone(patch)[0].mean((2, 3)) for patch in patches]).mean(0)
    torch.testing.assert_close(model(images), expected)
    levels = build(backbone=dict(CPC['backbone'], out_indices=(2, 4)))(images)
    assert [tuple(level.shape) for level in levels] == [(4, 8), (4, 32)]


def pictures(count, seed):
    """Images (count, 3, 18, 18), each of one colour under noise."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 3, 1, 1, generator=generator) + 0.3 * torch.randn(count, 3, 18, 18, generator=generator)


def test_it_learns_to_find_the_patches_of_the_same_image():
    model = build()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step in range(40):
        result = model([pictures(16, seed=step)], mode='loss')
        optimizer.zero_grad()
        result['loss'].backward()
        optimizer.step()
    with torch.no_grad():
        result = model([pictures(16, seed=1000)], mode='loss')
    # Which of an image's 25 patches cannot be known: log 25 = 3.2 would be perfect, log 400 = 6.0 is chance.
    assert result['loss'] < 5
    assert result['embedding_std'] > 0.15


def test_autocast_does_not_round_the_scores():
    model = build()
    images = torch.randn(8, 3, 18, 18)
    with torch.no_grad():
        for predictor in model.predictors:
            predictor.weight.mul_(1000)
        codes = model.encode(images)[0]
        model.encode = lambda images, crop=None: (codes,)
        model.context.forward = lambda codes: F.relu(codes)
        full = model([images], mode='loss')['loss']
        with torch.autocast('cpu', dtype=torch.bfloat16):
            assert model([images], mode='loss')['loss'] == full


def test_bad_settings():
    with pytest.raises(ValueError, match=r'steps=\(0, 1\) must be one or more numbers of rows, each at least 1'):
        build(steps=(0, 1))
    with pytest.raises(ValueError, match=r'steps=\(1, 5\) reach below a grid of 5 rows; leave out those of 5 and more'):
        build(steps=(1, 5))([torch.zeros(2, 3, 18, 18)], mode='loss')


def test_resume(tmp_path):
    check_resume(tmp_path, """
_base_ = 'mmwsl::selfsup/cpc/cpc_r18w16_1xb32-cos-9e_cifar10.py'
model = dict(
    backbone=dict(base_channels=4), context=dict(channels=32, hidden_channels=8), patch_size=6, stride=5, crop=5,
    steps=(1, 2))
""" + TINY_DATA + ONE_VIEW, changed=['backbone.conv1.weight', 'predictors.0.weight', 'context.blocks.0.0.weight'])
