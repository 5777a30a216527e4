import math

import pytest
import torch
import torch.nn.functional as F
from tiny_runs import TINY_DATA, check_resume

from mmwsl.models.pretext.relative_location import PairNeck
from mmwsl.registry import MODELS

ONE_VIEW = '\ndata_preprocessor = dict(views=[[crop]])\n'


def build(**settings):
    torch.manual_seed(0)
    return MODELS.build(dict(dict(
        type='RelativeLocation',
        backbone=dict(type='ResNet', depth=18, base_channels=4, stem='cifar'),
        neck=dict(type='PairNeck', in_channels=64, out_channels=32),
        head=dict(type='ClassificationHead', in_channels=32, num_classes=8, init_std=0.5), patch_size=4), **settings))


def pictures(count, seed):
    """Images (count, 3, 18, 18) that get darker from top to bottom and redder from left to right, under a pattern."""
    generator = torch.Generator().manual_seed(seed)
    ramp = torch.linspace(1, -1, 18)
    images = torch.zeros(count, 3, 18, 18) + ramp.view(1, 1, 18, 1)
    images[:, 0] -= ramp
    return images + 0.3 * F.interpolate(torch.randn(count, 3, 4, 4, generator=generator), size=18, mode='bilinear')


def test_the_loss_is_that_of_pairs_encoded_one_by_one():
    """Patches as large as their cells lie where they must, so each pair can be cut by hand."""
    model = build(backbone=dict(type='ResNet', depth=18, base_channels=4, stem='cifar', norm_cfg=dict(
        type='GN', num_groups=1))).eval()  # the neck's BN has its start values, dropout rests
    images = torch.rand(3, 3, 12, 12)
    places = [(0, 0), (0, 4), (0, 8), (4, 0), (4, 8), (8, 0), (8, 4), (8, 8)]  # row by row, the centre left out
    losses, right = [], []
    for image in images:
        for label, (top, left) in enumerate(places):
            neighbour, centre = (model.backbone(image[None, :, y:y + 4, x:x + 4])[0].mean((2, 3))
                                 for y, x in ((top, left), (4, 4)))
            hidden = torch.cat([neighbour, centre], dim=1) @ model.neck.linear.weight.T / math.sqrt(1 + 1e-5)
            scores = model.head.classifier(hidden.clamp(min=0))[0]
            losses.append(scores.exp().sum().log() - scores[label])
            right.append(100.0 * (scores.argmax() == label))
    result = model([images], mode='loss')
    torch.testing.assert_close(result['loss'], torch.stack(losses).mean())
    assert result['accuracy'] == pytest.approx(sum(right) / len(right))


def test_patches_lie_at_random_places_of_their_cells_unless_they_fill_them():
    jittered, filled = build().eval(), build(patch_size=6).eval()
    images = pictures(4, seed=0)
    assert jittered([images], mode='loss')['loss'] != jittered([images], mode='loss')['loss']
    assert filled([images], mode='loss')['loss'] == filled([images], mode='loss')['loss']


def test_normalised_patches_hide_brightness_and_contrast():
    dark = pictures(8, seed=0)
    for normalize, same in ((True, True), (False, False)):
        model = build(patch_size=6, normalize_patches=normalize).eval()
        losses = [model([images], mode='loss')['loss'] for images in (dark, 0.5 * dark + 0.3)]
        assert torch.allclose(*losses, atol=1e-4) == same


def test_it_learns_where_a_neighbour_lies():
    model = build(head=dict(type='ClassificationHead', in_channels=32, num_classes=8, init_std=0.005))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for step in range(40):
        result = model([pictures(24, seed=step)], mode='loss')
        if step == 0:
            assert result['loss'].item() == pytest.approx(math.log(8), abs=0.05)
        optimizer.zero_grad()
        result['loss'].backward()
        optimizer.step()
    model.neck.dropout.eval()
    with torch.no_grad():
        result = model([pictures(100, seed=1000)], mode='loss')
    assert result['accuracy'] > 65 and result['loss'] < 1.2  # chance: 12.5 and log 8 = 2.1
    assert result['embedding_std'] > 0.15


def test_the_start_of_the_neck():
    torch.manual_seed(0)
    neck = PairNeck(400, 500)
    assert neck.linear.weight.std().item() == pytest.approx(0.005, rel=0.02) and neck.linear.bias is None
    assert neck.norm.momentum == 0.003 and neck.dropout.p == 0.5
    x = torch.randn(64, 400)
    assert 0.7 < (neck(x) == 0).float().mean() < 0.8  # half by the ReLU, half of the rest by dropout


def test_bad_settings():
    with pytest.raises(ValueError, match='a patch has 8 neighbours, but the head has 9 classes; set head.num_classes'):
        build(head=dict(type='ClassificationHead', in_channels=32, num_classes=9))
    with pytest.raises(ValueError, match='patch_size=7 does not fit into the cells of a 3 x 3 grid'):
        build(patch_size=7)([torch.zeros(2, 3, 18, 18)], mode='loss')


def test_resume(tmp_path):
    check_resume(tmp_path, """
_base_ = 'mmwsl::selfsup/relative_location/relative_location_r18w16_1xb256-cos-36e_cifar10.py'
model = dict(
    backbone=dict(base_channels=4), neck=dict(in_channels=64, out_channels=16), head=dict(in_channels=16), patch_size=4)
""" + TINY_DATA + ONE_VIEW, changed=['neck.norm.running_mean', 'backbone.conv1.weight'])
