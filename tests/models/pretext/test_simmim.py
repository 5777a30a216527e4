import copy

import pytest
import torch
from tiny_runs import TINY_DATA, check_resume
from toy_pictures import fit, ramps

from mmwsl.models.pretext.simmim import enlarge
from mmwsl.registry import MODELS

BACKBONES = dict(
    swin=dict(type='SwinTransformer', embed_dims=16, depths=(2, 2), num_heads=(1, 2), window_size=4, patch_size=2),
    vit=dict(type='VisionTransformer', embed_dims=16, depth=2, num_heads=2, image_size=16, patch_size=4, out_type='map'))


def build(backbone='swin', backbone_settings=None, **settings):
    torch.manual_seed(0)
    cfg = dict(type='SimMIM', backbone=dict(copy.deepcopy(BACKBONES[backbone]), **backbone_settings or {}), cell_size=4)
    return MODELS.build(cfg | settings)


def test_enlarge_repeats_on_both_axes():
    cells = torch.tensor([[[True, False], [False, True]]])
    assert enlarge(cells, 2)[0].int().tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]


@pytest.mark.parametrize('ratio, side, count', [(0.6, 16, 10), (0.5, 16, 8), (0.6, 24, 22), (0.01, 16, 1)])
def test_the_number_of_masked_cells_is_rounded_up(ratio, side, count):
    torch.manual_seed(0)
    model = build(mask_ratio=ratio)
    mask = model.draw_mask(torch.empty(500, 3, side, side))
    assert mask.shape == (500, side // 4, side // 4) and mask.dtype == torch.bool
    assert set(mask.flatten(1).sum(1).tolist()) == {count}
    assert (mask.float().mean(0) - count / (side // 4)**2).abs().max() < 0.1  # every cell equally often
    assert len({tuple(row.flatten().tolist()) for row in mask}) > 10  # each image has its own


@pytest.mark.parametrize('backbone', BACKBONES)
def test_loss_by_loops(backbone):
    model = build(backbone).double()
    with torch.no_grad():
        model.mask_token.add_(torch.randn(16))
    images = ramps(3, seed=0).double()
    torch.manual_seed(3)
    loss = model([images], mode='loss')['loss']

    torch.manual_seed(3)
    cells = model.draw_mask(images)
    patch, stride = model.backbone.patch_size, model.backbone.stride
    patches = torch.tensor([[[bool(cells[n, patch * row // 4, patch * column // 4]) for column in range(16 // patch)]
                             for row in range(16 // patch)] for n in range(3)])
    maps = model.backbone(images, mask_token=model.mask_token, mask=patches)[0]
    weight, bias = model.decoder.weight.flatten(1), model.decoder.bias
    error, count = 0.0, 0
    for n in range(3):
        for row in range(16):
            for column in range(16):
                if not cells[n, row // 4, column // 4]:
                    continue
                count += 1
                values = weight @ maps[n, :, row // stride, column // stride] + bias
                for channel in range(3):
                    place = channel * stride**2 + row % stride * stride + column % stride
                    error += (values[place] - images[n, channel, row, column]).abs().item()
    assert count == 3 * 10 * 16  # 10 of 16 cells of 16 pixels
    assert loss.item() == pytest.approx(error / (count + 1e-5) / 3, rel=1e-9)


@pytest.mark.parametrize('backbone', BACKBONES)
def test_what_is_masked_is_not_seen(backbone):
    model, images = build(backbone).double(), ramps(4, seed=0).double()
    seen = []
    model.decoder.register_forward_hook(lambda module, args, output: seen.append(output))
    for change in (0, 1):
        torch.manual_seed(3)
        mask = enlarge(model.draw_mask(images), 4)[:, None]
        torch.manual_seed(3)
        model([images + change * mask], mode='loss')
    torch.testing.assert_close(seen[0], seen[1])  # else the network could copy its answer
    torch.manual_seed(3)
    model([images + ~mask], mode='loss')
    assert not torch.allclose(seen[0], seen[2])


@pytest.mark.parametrize('backbone', BACKBONES)
def test_it_learns_to_complete_new_pictures(backbone):
    model = build(backbone)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=5e-3)
    losses, _ = fit(model, optimizer, ([ramps(64, seed=step)] for step in range(80)))
    with torch.no_grad():
        torch.manual_seed(0)
        result = model([ramps(256, seed=1000)], mode='loss')
    assert losses[0] > 1  # 1.03 is what a prediction of 0 gives
    assert result['loss'] < 0.85 and result['embedding_std'] > 0.3


def test_all_parts_learn_and_autocast_keeps_the_loss_in_fp32():
    model = build()
    with torch.autocast('cpu', torch.bfloat16):
        result = model([ramps(8, seed=0)], mode='loss')
    assert result['loss'].dtype == torch.float32
    result['loss'].backward()
    assert all(value.grad is not None for value in model.parameters())


@pytest.mark.parametrize('backbone, width', [('swin', 32), ('vit', 16)])
def test_features_are_the_mean_of_the_map_of_the_whole_image(backbone, width):
    model, images = build(backbone).eval(), ramps(3, seed=0)
    features = model(images)
    assert features.shape == (3, width)
    torch.testing.assert_close(features, model.backbone(images)[0].mean((2, 3)))


@pytest.mark.parametrize('settings, message', [
    (dict(cell_size=3), 'cell_size=3 is not a multiple of the patches of 2 pixels'),
    (dict(mask_ratio=1.0), r'mask_ratio=1.0 is a share of the cells and must lie in \(0, 1\)'),
    (dict(backbone='vit', backbone_settings=dict(out_type='class')), "needs a map, and the backbone has out_type='class'"),
])
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        build(**settings)


def test_views_that_do_not_divide_into_cells():
    with pytest.raises(ValueError, match='views of 16 x 18 pixels do not divide into cells of 4'):
        build()([torch.randn(2, 3, 16, 18)], mode='loss')


def test_resumed_run_equals_an_uninterrupted_one(tmp_path):
    check_resume(tmp_path, """
_base_ = 'mmwsl::selfsup/simmim/simmim_swinxs2_1xb256-cos-20e_cifar10.py'
model = dict(backbone=dict(embed_dims=8, depths=(1, 2), num_heads=(1, 2), drop_path_rate=0.2))
param_scheduler = None
""" + TINY_DATA + 'data_preprocessor = dict(views=[[crop]])\n', changed=[
        'mask_token', 'decoder.weight', 'backbone.layers.1.blocks.0.attn.relative_position_bias_table'])
