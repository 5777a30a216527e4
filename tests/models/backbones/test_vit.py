import math

import pytest
import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.models.backbones import VisionTransformer
from mmwsl.models.backbones.vit import Attention, Block
from mmwsl.models.layers import DropPath, attention, drop_path, resize_positions, sincos_positions


def tiny(**settings):
    """Images of 16 px, a grid of 4 x 4 patches."""
    torch.manual_seed(0)
    return VisionTransformer(**dict(embed_dims=16, depth=2, num_heads=2, image_size=16, patch_size=4) | settings)


# The published models' counts, less the 1000-way classifier's.
@pytest.mark.parametrize('arch, count', [
    ('tiny', 5_717_416 - 193_000), ('small', 22_050_664 - 385_000), ('base', 86_567_656 - 769_000),
])
def test_parameter_counts(arch, count):
    with torch.device('meta'):
        assert sum(value.numel() for value in VisionTransformer(arch).parameters()) == count


def test_names_and_shapes_are_timms():
    with torch.device('meta'):
        names = {name: tuple(value.shape) for name, value in VisionTransformer('small').state_dict().items()}
        scaled = VisionTransformer('small', layer_scale=1e-5).state_dict()
    assert names['cls_token'] == (1, 1, 384) and names['pos_embed'] == (1, 197, 384)
    assert names['patch_embed.proj.weight'] == (384, 3, 16, 16) and names['patch_embed.proj.bias'] == (384,)
    assert names['blocks.0.attn.qkv.weight'] == (1152, 384) and names['blocks.11.attn.proj.bias'] == (384,)
    assert names['blocks.0.mlp.fc1.weight'] == (1536, 384) and names['blocks.0.mlp.fc2.weight'] == (384, 1536)
    assert {'blocks.0.norm1.weight', 'blocks.0.norm2.bias', 'norm.weight', 'norm.bias'} <= set(names)
    assert len(names) == 4 + 12 * 12 + 2  # nothing else is in the state
    assert set(scaled) - set(names) == {f'blocks.{i}.ls{n}.gamma' for i in range(12) for n in (1, 2)}


def test_arch_is_a_start_that_settings_change():
    with torch.device('meta'):
        model = VisionTransformer('small', num_heads=12)
        other = VisionTransformer('small', depth=3)
    assert {block.attn.num_heads for block in model.blocks} == {12}
    assert len(other.blocks) == 3 and other.embed_dims == 384 and other.out_channels == [384]


def norm(x, layer):
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + 1e-6).sqrt() * layer.weight + layer.bias


def test_by_its_formula():
    """Every step written out, token by token and head by head."""
    model = tiny(out_type='map').double()
    with torch.no_grad():
        for parameter in model.parameters():  # zero biases and unit scales would hide errors
            parameter.add_(0.1 * torch.randn_like(parameter))
    images = torch.randn(2, 3, 16, 16).double()
    weight, bias = model.patch_embed.proj.weight.flatten(1), model.patch_embed.proj.bias
    for number, image in enumerate(images):
        tokens = [model.cls_token[0, 0]]
        for row in range(4):
            for column in range(4):
                patch = image[:, 4 * row:4 * row + 4, 4 * column:4 * column + 4]
                tokens.append(weight @ patch.flatten() + bias)
        x = torch.stack(tokens) + model.pos_embed[0]
        for block in model.blocks:
            y = norm(x, block.norm1)
            mixed = torch.zeros_like(x)
            for head in range(2):
                rows = [slice(part * 16 + head * 8, part * 16 + head * 8 + 8) for part in range(3)]  # q, k, v
                q, k, v = (y @ block.attn.qkv.weight[part].T + block.attn.qkv.bias[part] for part in rows)
                weights = torch.exp(q @ k.T / math.sqrt(8))
                mixed[:, head * 8:head * 8 + 8] = weights / weights.sum(1, keepdim=True) @ v
            x = x + mixed @ block.attn.proj.weight.T + block.attn.proj.bias
            hidden = norm(x, block.norm2) @ block.mlp.fc1.weight.T + block.mlp.fc1.bias
            hidden = hidden * (1 + torch.erf(hidden / math.sqrt(2))) / 2
            x = x + hidden @ block.mlp.fc2.weight.T + block.mlp.fc2.bias
        x = norm(x, model.norm)
        torch.testing.assert_close(model(images)[0][number], x[1:].T.reshape(16, 4, 4), rtol=1e-9, atol=1e-9)
        for kind, expected in (('class', x[0]), ('average', x[1:].mean(0))):
            model.out_type = kind
            torch.testing.assert_close(model(images)[0][number], expected, rtol=1e-9, atol=1e-9)
        model.out_type = 'map'


def test_without_a_class_token():
    model = tiny(class_token=False, out_type='average')
    assert 'cls_token' not in model.state_dict() and model.pos_embed.shape == (1, 16, 16)
    assert model(torch.randn(2, 3, 16, 16))[0].shape == (2, 16)
    assert model(torch.randn(2, 3, 16, 16), keep=torch.tensor([[3], [1]]))[0].shape == (2, 1, 16)


@pytest.mark.parametrize('out_type', ['class', 'average'])
def test_the_last_blocks_side_by_side(out_type):
    """Block by block, each normalised; the last quarter is what the network gives without."""
    model, images = tiny(depth=3, last_blocks=2, out_type=out_type), torch.randn(2, 3, 16, 16)
    outputs, single = [], tiny(depth=3, out_type=out_type)
    single.load_state_dict(model.state_dict())
    for blocks in (2, 3):
        single.blocks = model.blocks[:blocks]
        outputs.append(single(images)[0])
    assert model.out_channels == [32]
    assert torch.allclose(model(images)[0], torch.cat(outputs, dim=1), atol=1e-6)
    with pytest.raises(ValueError, match='last_blocks=4'):
        tiny(last_blocks=4)


def test_maps_after_several_blocks():
    """The last one normalized, those before it not: what the blocks give by themselves."""
    model, images = tiny(depth=3, out_type='map', out_indices=(-3, 1, -1)), torch.randn(2, 3, 16, 16)
    seen = []
    for block in model.blocks:
        block.register_forward_hook(lambda _, __, tokens: seen.append(tokens))
    maps = model(images)
    assert model.out_channels == [16] * 3 and len(maps) == 3
    for each, tokens in zip(maps, (seen[0], seen[1], model.norm(seen[2])), strict=True):
        assert torch.equal(each.flatten(2).transpose(1, 2), tokens[:, 1:])
    for wrong in ((0, 1), (2, 0, -1), (-4, -1)):
        with pytest.raises(ValueError, match='out_indices'):
            tiny(depth=3, out_type='map', out_indices=wrong)
    with pytest.raises(ValueError, match="several need out_type='map'"):
        tiny(depth=3, out_indices=(0, -1))


def test_keep_encodes_these_patches_in_this_order():
    model = tiny(out_type='map').double().eval()
    images = torch.randn(2, 3, 16, 16).double()
    order = torch.stack([torch.randperm(16) for _ in range(2)])
    tokens, = model(images, keep=order)
    whole = model(images)[0].flatten(2).transpose(1, 2)  # all patches: the order changes nothing but the order
    torch.testing.assert_close(tokens[:, 1:], torch.stack([row[o] for row, o in zip(whole, order, strict=True)]))
    model.out_type = 'class'
    torch.testing.assert_close(tokens[:, 0], model(images)[0])

    keep = torch.tensor([[5, 0], [15, 6]])
    tokens, = model(images, keep=keep)
    assert tokens.shape == (2, 3, 16)
    changed = images.clone()
    for image, kept in zip(changed, keep, strict=True):
        for patch in set(range(16)) - set(kept.tolist()):
            image[:, 4 * (patch // 4):4 * (patch // 4) + 4, 4 * (patch % 4):4 * (patch % 4) + 4] += 1
    torch.testing.assert_close(model(changed, keep=keep)[0], tokens)  # the others are not seen
    assert not torch.allclose(model(images, keep=keep.flip(0))[0], tokens)


def test_masked_patches_are_the_token_at_their_place():
    model = tiny(out_type='map').double().eval()
    images, token = torch.randn(1, 3, 16, 16).double(), torch.randn(16).double()
    mask = torch.zeros(1, 4, 4, dtype=torch.bool)
    mask[0, 1, 2] = True
    result, = model(images, mask_token=token, mask=mask)
    changed = images.clone()
    changed[0, :, 4:8, 8:12] += 1
    torch.testing.assert_close(model(changed, mask_token=token, mask=mask)[0], result)  # its pixels are not seen
    changed[0, :, 4:8, 7] += 1
    assert not torch.allclose(model(changed, mask_token=token, mask=mask)[0], result)
    assert not torch.allclose(model(images, mask_token=token, mask=mask.transpose(1, 2))[0], result)  # nor elsewhere
    everything = torch.ones_like(mask)
    maps = model(images, mask_token=token, mask=everything)[0]
    assert maps[0].flatten(1).std(1).min() > 1e-3  # the places of equal tokens differ by their positions


def test_sincos_positions_by_loops():
    positions = sincos_positions(8, 2, 3)
    for row in range(2):
        for column in range(3):
            expected = []
            for coordinate in (column, row):
                expected += [math.sin(coordinate), math.sin(coordinate / 100), math.cos(coordinate),
                             math.cos(coordinate / 100)]
            assert positions[row * 3 + column].tolist() == pytest.approx(expected, abs=1e-6)
    with pytest.raises(ValueError, match='multiple of 4 channels, got 6'):
        sincos_positions(6, 2, 2)


def test_sincos_positions_are_fixed_and_kept():
    model = tiny(position='sincos')
    assert not model.pos_embed.requires_grad and 'pos_embed' in model.state_dict()
    assert torch.equal(model.pos_embed[0, 1:], sincos_positions(16, 4, 4)) and model.pos_embed[0, 0].abs().sum() == 0
    assert tiny().pos_embed.requires_grad


def test_positions_are_interpolated_for_images_of_another_size():
    positions = torch.randn(1, 17, 8)
    assert resize_positions(positions, (4, 4), (4, 4)) is positions
    resized = resize_positions(positions, (4, 4), (6, 3))
    assert resized.shape == (1, 19, 8) and torch.equal(resized[:, 0], positions[:, 0])
    ramp = torch.arange(12.0).repeat(12).view(1, 144, 1)  # the column, on a grid of 12 x 12
    half = resize_positions(ramp, (12, 12), (12, 6)).view(12, 6)  # halfway between two columns
    torch.testing.assert_close(half[:, 1:-1], torch.tensor([2.5, 4.5, 6.5, 8.5]).expand(12, 4))
    model = tiny()
    assert model(torch.randn(2, 3, 8, 12))[0].shape == (2, 16)
    model(torch.randn(2, 3, 8, 12))[0][:, 0].sum().backward()  # the final norm makes the sum of all constant
    assert model.pos_embed.grad.abs().sum(2).min() > 0  # small views train all of the grid


def test_frozen_patch_embedding():
    model = tiny(frozen_patch_embedding=True)
    assert {name for name, value in model.named_parameters() if not value.requires_grad} == {
        'patch_embed.proj.weight', 'patch_embed.proj.bias'}


def test_xavier_takes_qkv_as_three_matrices():
    model = tiny(init='xavier', embed_dims=64)
    block = model.blocks[0]
    for weight, bound in ((block.attn.qkv.weight, math.sqrt(6 / 128)), (block.mlp.fc1.weight, math.sqrt(6 / 320)),
                          (model.patch_embed.proj.weight, math.sqrt(6 / (48 + 64)))):
        assert 0.98 * bound < weight.abs().max() <= bound
    assert block.attn.qkv.bias.abs().sum() + model.patch_embed.proj.bias.abs().sum() == 0


def test_truncated_normal():
    model = tiny(embed_dims=64)
    for weight in (model.blocks[0].attn.qkv.weight, model.blocks[1].mlp.fc2.weight, model.pos_embed):
        assert weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert model.cls_token.abs().sum() > 0


def test_drop_path():
    torch.manual_seed(0)
    x = torch.ones(4000, 3, 2)
    dropped = drop_path(x, 0.25)
    per_sample = dropped.flatten(1)
    assert torch.equal(per_sample.amin(1), per_sample.amax(1))  # whole samples
    assert dropped.unique().tolist() == pytest.approx([0, 4 / 3])
    assert dropped.mean().item() == pytest.approx(1, abs=0.04)
    assert drop_path(x, 0.0) is x
    layer = DropPath(0.5)
    assert layer.eval()(x) is x and (layer.train()(x) == 0).any()
    with pytest.raises(ValueError, match=r'drop_path_rate=1.0 .* must lie in \[0, 1\)'):
        DropPath(1.0)
    model = tiny(depth=3, drop_path_rate=0.2)
    assert [block.drop_path.rate for block in model.blocks] == pytest.approx([0, 0.1, 0.2])


def test_a_dropped_block_passes_its_input_on():
    torch.manual_seed(0)
    block, x = Block(16, 2, drop_path_rate=0.999), torch.randn(8, 5, 16)
    assert torch.equal(block(x), x)
    assert not torch.equal(block.eval()(x), x)


def test_layer_scale():
    torch.manual_seed(0)
    block, x = Block(16, 2, layer_scale=0.0), torch.randn(8, 5, 16)
    assert torch.equal(block(x), x)
    assert [tuple(block.ls1.gamma.shape), tuple(block.ls2.gamma.shape)] == [(16,), (16,)]


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_attention_is_the_fused_one(dtype):
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, 3, 7, 8, dtype=dtype) for _ in range(3))
    torch.testing.assert_close(attention(q, k, v), F.scaled_dot_product_attention(q, k, v))
    bias = torch.randn(3, 7, 7, dtype=dtype).masked_fill(torch.rand(3, 7, 7) < 0.3, float('-inf'))
    bias[..., 0] = 0
    torch.testing.assert_close(attention(q, k, v, bias), F.scaled_dot_product_attention(q, k, v, bias))


def test_attention_layer_is_torchs():
    torch.manual_seed(0)
    mine, theirs = Attention(16, 2), nn.MultiheadAttention(16, 2, batch_first=True)
    theirs.in_proj_weight.data, theirs.in_proj_bias.data = mine.qkv.weight.data, mine.qkv.bias.data
    theirs.out_proj.load_state_dict(mine.proj.state_dict())
    x = torch.randn(3, 5, 16)
    torch.testing.assert_close(mine(x), theirs(x, x, x, need_weights=False)[0])


def test_bf16_autocast_is_near_fp32():
    model, images = tiny(), torch.randn(4, 3, 16, 16)
    exact = model(images)[0]
    with torch.autocast('cpu', torch.bfloat16):
        rough = model(images)[0]
    assert (rough.float() - exact).abs().max() < 0.05


@pytest.mark.parametrize('settings, message', [
    (dict(arch='large'), "arch 'large' is unknown; choose one of tiny, small, base"),
    (dict(image_size=18), 'image_size=18 is not a multiple of patch_size=4'),
    (dict(position='rope'), "position='rope' is unknown"),
    (dict(out_type='cls'), "out_type='cls' .* choose 'class'"),
    (dict(class_token=False), r"out_type='class' with class_token=False: .* \(needs the class token\)"),
    (dict(init='zero'), "init='zero' is unknown; choose 'trunc_normal' or 'xavier'"),
    (dict(num_heads=3), '16 channels do not divide among 3 heads'),
])
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        tiny(**settings)


def test_images_that_do_not_divide():
    with pytest.raises(ValueError, match='images of 16 x 18 pixels do not divide into patches of 4'):
        tiny()(torch.randn(1, 3, 16, 18))
