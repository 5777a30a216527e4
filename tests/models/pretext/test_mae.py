import copy

import pytest
import torch
from tiny_runs import TINY_DATA, check_resume
from toy_pictures import fit, ramps

from mmwsl.models.pretext.mae import patchify
from mmwsl.registry import MODELS

MAE = dict(
    type='MAE',
    backbone=dict(type='VisionTransformer', embed_dims=32, depth=2, num_heads=2, image_size=16, patch_size=4,
                  position='sincos', init='xavier'),
    decoder=dict(embed_dims=32, depth=1, num_heads=2))


def build(**settings):
    torch.manual_seed(0)
    cfg = copy.deepcopy(MAE)
    for key, value in settings.items():
        cfg[key] = dict(cfg[key], **value) if isinstance(value, dict) else value
    return MODELS.build(cfg)


def test_patches_by_loops():
    images = torch.randn(2, 3, 8, 12)
    patches = patchify(images, 4)
    assert patches.shape == (2, 6, 48) and patches.dtype == torch.float32
    for row in range(2):
        for column in range(3):
            values = [images[1, channel, 4 * row + down, 4 * column + right]
                      for down in range(4) for right in range(4) for channel in range(3)]
            assert torch.equal(patches[1, row * 3 + column], torch.stack(values))
    assert patchify(images.bfloat16(), 4).dtype == torch.float32


def test_the_target_is_standardised_per_patch():
    model, images = build(), 5 + 3 * torch.randn(2, 3, 16, 16).double()
    target = model.target(images)
    torch.testing.assert_close(target.mean(2), torch.zeros(2, 16).double())
    torch.testing.assert_close(target.square().sum(2), torch.full((2, 16), 47.0).double(), rtol=1e-5, atol=0)  # n - 1
    assert torch.equal(build(normalize_target=False).target(images), patchify(images, 4))
    assert model.target(torch.ones(1, 3, 16, 16)).abs().max() == 0  # a flat patch is no division by 0


@pytest.mark.parametrize('class_token', [True, False])
def test_loss_by_the_inverse_permutation(class_token):
    """The paper's way: mask tokens appended, everything put back in place, all patches predicted, masked ones scored."""
    model = build(backbone=dict(class_token=class_token, out_type='average')).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    images = ramps(5, seed=0).double()
    torch.manual_seed(3)
    loss = model([images], mode='loss')['loss']

    torch.manual_seed(3)
    order = torch.rand(5, 16).argsort(dim=1)
    restore = order.argsort(dim=1)
    tokens, decoder, extra = model.backbone(images, keep=order[:, :4])[0], model.decoder, int(class_token)
    total = 0
    for number in range(5):
        embedded = decoder.embed(tokens[number])
        shuffled = torch.cat([embedded[extra:], decoder.mask_token.repeat(12, 1)])
        placed = torch.stack([shuffled[restore[number, patch]] for patch in range(16)]) + decoder.positions
        x = decoder.norm(decoder.blocks(torch.cat([embedded[:extra], placed])[None])[0, extra:])
        prediction = x @ decoder.prediction.weight.T + decoder.prediction.bias
        masked = torch.ones(16).double()
        masked[order[number, :4]] = 0
        for patch in range(16):
            row, column = patch // 4, patch % 4
            pixels = images[number, :, 4 * row:4 * row + 4, 4 * column:4 * column + 4].permute(1, 2, 0).flatten()
            wanted = (pixels - pixels.mean()) / ((pixels - pixels.mean()).square().sum() / 47 + 1e-6).sqrt()
            total += masked[patch] * (prediction[patch] - wanted).square().mean()
    assert loss.item() == pytest.approx((total / (5 * 12)).item(), rel=1e-6)  # the positions are fp32


@pytest.mark.parametrize('ratio, visible', [(0.75, 4), (0.7, 4), (0.5, 8), (0.9, 1)])
def test_as_many_patches_are_encoded_as_the_ratio_leaves(ratio, visible):
    model, seen = build(mask_ratio=ratio), []
    model.backbone.register_forward_pre_hook(lambda module, args, kwargs: seen.append(kwargs['keep']), with_kwargs=True)
    model([ramps(8, seed=0)], mode='loss')
    keep, = seen
    assert keep.shape == (8, visible)
    assert all(len(set(row.tolist())) == visible for row in keep)  # none twice
    assert len({tuple(row.tolist()) for row in keep}) > 4  # each image has its own


def test_every_patch_is_drawn_equally_often():
    model, seen = build(), []
    model.backbone.register_forward_pre_hook(lambda module, args, kwargs: seen.append(kwargs['keep']), with_kwargs=True)
    torch.manual_seed(0)
    model([torch.randn(2000, 3, 16, 16)], mode='loss')
    share = seen[0].flatten().bincount(minlength=16) / 2000
    assert (share - 0.25).abs().max() < 0.04


def test_it_learns_to_complete_new_pictures():
    model = build()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=3e-3)
    losses, _ = fit(model, optimizer, ([ramps(64, seed=step)] for step in range(80)))
    with torch.no_grad():
        torch.manual_seed(0)
        result = model([ramps(256, seed=1000)], mode='loss')
    assert losses[0] > 0.95  # 0.98 (47/48) is what a prediction of 0 gives
    assert result['loss'] < 0.65 and result['embedding_std'] > 0.3


def test_all_parts_learn_and_autocast_keeps_the_loss_in_fp32():
    model = build()
    with torch.autocast('cpu', torch.bfloat16):
        result = model([ramps(8, seed=0)], mode='loss')
    assert result['loss'].dtype == torch.float32
    result['loss'].backward()
    assert {name for name, value in model.named_parameters() if value.grad is None} == {'backbone.pos_embed'}


def test_features_are_of_the_whole_image():
    model = build(backbone=dict(out_type='average')).eval()
    images = ramps(3, seed=0)
    features = model(images)
    assert features.shape == (3, 32) and torch.equal(features, model.backbone(images)[0])


@pytest.mark.parametrize('settings, message', [
    (dict(mask_ratio=0.0), 'mask_ratio=0.0 leaves 16 of 16 patches visible'),
    (dict(mask_ratio=0.99), 'mask_ratio=0.99 leaves 0 of 16 patches visible'),
    (dict(decoder=dict(num_heads=3)), '32 channels do not divide among 3 heads'),
    (dict(decoder=dict(embed_dims=30)), 'multiple of 4 channels, got 30'),
])
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        build(**settings)


def test_views_of_another_size():
    with pytest.raises(ValueError, match='views of 8 x 16 pixels have 8 patches, not the 16 of backbone.image_size'):
        build()([torch.randn(2, 3, 8, 16)], mode='loss')


def test_resumed_run_equals_an_uninterrupted_one(tmp_path):
    check_resume(tmp_path, """
_base_ = 'mmwsl::selfsup/mae/mae_vitxs4_1xb256-cos-80e_cifar10.py'
model = dict(
    backbone=dict(embed_dims=16, depth=1, num_heads=2, image_size=16),
    decoder=dict(embed_dims=16, depth=1, num_heads=2))
param_scheduler = None
""" + TINY_DATA + 'data_preprocessor = dict(views=[[crop]])\n', changed=[
        'backbone.cls_token', 'backbone.blocks.0.attn.qkv.weight', 'decoder.mask_token', 'decoder.prediction.weight'])
