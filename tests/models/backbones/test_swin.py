import math

import pytest
import torch

from mmwsl.models.backbones import SwinTransformer
from mmwsl.models.backbones.swin import (
    PatchMerging,
    SwinBlock,
    WindowAttention,
    join_windows,
    relative_position_index,
    split_windows,
)


def tiny(**settings):
    """Two stages of two blocks, windows of 4 patches of 2 px."""
    torch.manual_seed(0)
    return SwinTransformer(**dict(embed_dims=8, depths=(2, 2), num_heads=(1, 2), window_size=4, patch_size=2) | settings)


# The published models' counts, less the 1000-way classifier's.
@pytest.mark.parametrize('arch, count', [
    ('tiny', 28_288_354 - 769_000), ('small', 49_606_258 - 769_000), ('base', 87_768_224 - 1_025_000),
])
def test_parameter_counts(arch, count):
    with torch.device('meta'):
        assert sum(value.numel() for value in SwinTransformer(arch).parameters()) == count


def test_names_and_shapes_are_the_official_ones():
    with torch.device('meta'):
        names = {name: tuple(value.shape) for name, value in SwinTransformer('base').state_dict().items()}
    assert names['patch_embed.proj.weight'] == (128, 3, 4, 4) and names['patch_embed.norm.bias'] == (128,)
    assert names['layers.0.blocks.1.attn.relative_position_bias_table'] == (169, 4)
    assert names['layers.1.blocks.0.attn.qkv.weight'] == (768, 256)
    assert names['layers.2.blocks.17.mlp.fc1.weight'] == (2048, 512)
    assert names['layers.0.downsample.reduction.weight'] == (256, 512)
    assert names['layers.0.downsample.norm.weight'] == (512,) and 'layers.0.downsample.reduction.bias' not in names
    assert names['layers.3.blocks.1.attn.proj.weight'] == (1024, 1024) and names['norm.weight'] == (1024,)
    assert not any(name.startswith('layers.3.downsample') for name in names)


@pytest.mark.parametrize('side, map_side', [(32, 8), (16, 4), (4, 1), (20, 5), (22, 6)])
def test_maps_of_any_size(side, map_side):
    model = tiny()
    assert model.stride == 4 and model.out_channels == [16] and model.patch_size == 2
    maps, = model(torch.randn(2, 3, side, side + 4))
    assert maps.shape == (2, 16, map_side, map_side + 1) and maps.isfinite().all()


def test_windows_split_and_join():
    x = torch.arange(2 * 4 * 6).view(2, 4, 6, 1)
    windows = split_windows(x, 2)
    assert windows.shape == (2, 6, 4, 1)
    assert windows[0, 1].flatten().tolist() == [2, 3, 8, 9]  # windows and their places row by row
    assert windows[0, 3].flatten().tolist() == [12, 13, 18, 19]
    assert torch.equal(join_windows(windows, 2, 4, 6), x)


def test_relative_positions_by_loops():
    index = relative_position_index(3, torch.device('cpu'))
    for first in range(9):
        for second in range(9):
            down, right = first // 3 - second // 3, first % 3 - second % 3
            assert index[first, second] == (down + 2) * 5 + right + 2


def test_window_attention_by_its_formula():
    torch.manual_seed(0)
    layer = WindowAttention(8, 2, 3).double()
    with torch.no_grad():
        layer.relative_position_bias_table.mul_(50)
    x = torch.randn(2, 3, 9, 8).double()
    result = layer(x)
    for window in x.flatten(0, 1).split(1):
        tokens = window[0]
        mixed = torch.zeros_like(tokens)
        for head in range(2):
            rows = [slice(part * 8 + head * 4, part * 8 + head * 4 + 4) for part in range(3)]
            q, k, v = (tokens @ layer.qkv.weight[part].T + layer.qkv.bias[part] for part in rows)
            for i in range(9):
                weights = torch.stack([
                    (q[i] @ k[j] / math.sqrt(4) + layer.relative_position_bias_table[
                        (i // 3 - j // 3 + 2) * 5 + i % 3 - j % 3 + 2, head]).exp() for j in range(9)])
                mixed[i, head * 4:head * 4 + 4] = weights @ v / weights.sum()
        expected = mixed @ layer.proj.weight.T + layer.proj.bias
        place = next(n for n, other in enumerate(x.flatten(0, 1)) if torch.equal(other, tokens))
        torch.testing.assert_close(result.flatten(0, 1)[place], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize('height, width', [(8, 8), (5, 7), (4, 4), (9, 4), (2, 3), (2, 7)])
@pytest.mark.parametrize('shift', [0, 2])
def test_a_place_sees_its_own_window_and_nothing_else(height, width, shift):
    """Windows tile the plane, from (0, 0) or moved by the shift; padding and what rolling brings along is unseen."""
    torch.manual_seed(0)
    block = SwinBlock(4, 1, 4, shift, 2, 0.0).double()
    x = torch.randn(1, height, width, 4).double()

    def mixed(rows):  # attention alone: the perceptron adds nothing from elsewhere
        return block.windowed(rows.view(1, height, width, 4)).reshape(-1, 4).sum(1)

    sees = torch.autograd.functional.jacobian(mixed, x.view(-1, 4)).abs().sum(2) > 1e-12  # (places, places)
    moved = shift if max(height, width) > 4 else 0
    group = torch.tensor([((row - moved) // 4) * 100 + (column - moved) // 4
                          for row in range(height) for column in range(width)])
    assert torch.equal(sees, group[:, None] == group)


def test_every_second_block_is_shifted():
    model = SwinTransformer(embed_dims=8, depths=(3,), num_heads=(1,), window_size=7)
    assert [block.shift for block in model.layers[0].blocks] == [0, 3, 0]


def test_merging_takes_the_squares_column_by_column():
    torch.manual_seed(0)
    layer = PatchMerging(3).double()
    x = torch.randn(1, 4, 6, 3).double()
    result = layer(x)
    assert result.shape == (1, 2, 3, 6)
    for row in range(2):
        for column in range(3):
            square = torch.cat([x[0, 2 * row + down, 2 * column + right] for right in (0, 1) for down in (0, 1)])
            expected = layer.reduction(layer.norm(square))
            torch.testing.assert_close(result[0, row, column], expected)
    assert PatchMerging(3)(torch.randn(1, 5, 3, 3)).shape == (1, 3, 2, 6)  # odd sides are padded


def test_masked_patches_are_replaced_by_the_token():
    model = tiny(depths=(2,), num_heads=(1,)).double().eval()
    images, token = torch.randn(2, 3, 16, 16).double(), torch.randn(8).double()
    mask = torch.zeros(2, 8, 8, dtype=torch.bool)
    mask[0, 1, 2] = mask[1, 5, 6] = True
    result, = model(images, mask_token=token, mask=mask)
    changed = images.clone()
    changed[0, :, 2:4, 4:6] += 1
    changed[1, :, 10:12, 12:14] += 1
    torch.testing.assert_close(model(changed, mask_token=token, mask=mask)[0], result)  # its pixels are not seen
    assert not torch.allclose(model(changed, mask_token=token, mask=mask.transpose(1, 2))[0], result)
    assert not torch.allclose(model(images)[0], result)


def test_every_parameter_learns():
    model = tiny()
    model(torch.randn(2, 3, 16, 16))[0].square().sum().backward()
    assert all(value.grad is not None for value in model.parameters())


def test_drop_path_grows_over_all_blocks_and_acts_in_training_only():
    model = tiny(drop_path_rate=0.3)
    rates = [block.drop_path.rate for stage in model.layers for block in stage.blocks]
    assert rates == pytest.approx([0, 0.1, 0.2, 0.3])
    images = torch.randn(8, 3, 16, 16)
    assert not torch.equal(model(images)[0], model(images)[0])
    model.eval()
    assert torch.equal(model(images)[0], model(images)[0])


def test_after_inference_mode_training_still_works():
    relative_position_index.cache_clear()
    model = tiny()
    with torch.inference_mode():
        model(torch.randn(2, 3, 12, 12))
    model(torch.randn(2, 3, 12, 12))[0].sum().backward()  # the masks are kept from call to call


@pytest.mark.parametrize('settings, message', [
    (dict(arch='large'), "arch 'large' is unknown; choose one of tiny, small, base"),
    (dict(depths=(2, 2, 2)), 'must have one entry a stage'),
    (dict(num_heads=(3, 2)), '8 channels do not divide among 3 heads'),
])
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        tiny(**settings)


def test_images_that_do_not_divide():
    with pytest.raises(ValueError, match='images of 15 x 16 pixels do not divide into patches of 2'):
        tiny()(torch.randn(1, 3, 15, 16))


def test_maps_of_several_stages():
    """The map of a stage is what its merging gets, normalized; the last one is as it is alone."""
    model, several = tiny().eval(), tiny(out_indices=(0, 1)).eval()
    several.load_state_dict(model.state_dict(), strict=False)
    images = torch.randn(2, 3, 16, 24)
    first, last = several(images)
    assert several.out_channels == [8, 16] and first.shape == (2, 8, 8, 12) and last.shape == (2, 16, 4, 6)
    assert torch.allclose(last, model(images)[0], atol=1e-6)
    expected = several.norm0(model.layers[0].blocks(model.patch_embed(images))).permute(0, 3, 1, 2)
    assert torch.allclose(first, expected, atol=1e-6)
    for wrong in ((0,), (1, 0), (-1, 1)):
        with pytest.raises(ValueError, match='ascending, with the last stage at the end'):
            tiny(out_indices=wrong)
