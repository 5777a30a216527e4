"""Mix transformer: published sizes and names, attention by a loop, the products that AFA reads."""

import pytest
import torch

from mmwsl.models.backbones import MixTransformer
from mmwsl.models.backbones.mit import ReducedAttention, to_map, to_tokens


def tiny(**settings):
    torch.manual_seed(0)
    return MixTransformer(**dict(embed_dims=(8, 8, 16, 16), depths=(1, 1, 1, 2), num_heads=(1, 1, 2, 4)) | settings)


@pytest.mark.parametrize('arch, count', [('b0', 3_319_392), ('b1', 13_151_424), ('b2', 24_196_288)])
def test_parameter_counts(arch, count):
    """Those of the published encoders, without the classifier."""
    with torch.device('meta'):
        assert sum(value.numel() for value in MixTransformer(arch).parameters()) == count


def test_names_and_shapes_are_the_official_ones():
    with torch.device('meta'):
        names = {name: tuple(value.shape) for name, value in MixTransformer('b1').state_dict().items()}
    assert names['patch_embed1.proj.weight'] == (64, 3, 7, 7) and names['patch_embed2.proj.weight'] == (128, 64, 3, 3)
    assert names['block1.1.attn.sr.weight'] == (64, 64, 8, 8) and names['block1.0.attn.norm.weight'] == (64,)
    assert names['block3.0.attn.kv.weight'] == (640, 320) and names['block4.1.attn.q.bias'] == (512,)
    assert names['block2.0.mlp.dwconv.dwconv.weight'] == (512, 1, 3, 3) and names['norm4.weight'] == (512,)
    assert not any(name.startswith('block4.0.attn.sr') for name in names)


@pytest.mark.parametrize('strides, sides', [((4, 2, 2, 2), (16, 8, 4, 2)), ((4, 2, 2, 1), (16, 8, 4, 4))])
def test_maps_of_four_stages(strides, sides):
    model = tiny(strides=strides)
    maps = model(torch.randn(2, 3, 64, 96))
    assert [tuple(each.shape) for each in maps] == [
        (2, width, side, side * 3 // 2) for width, side in zip((8, 8, 16, 16), sides, strict=True)]
    assert model.out_channels == [8, 8, 16, 16] and model.stride == 64 // sides[-1]


def test_attention_by_loop():
    torch.manual_seed(0)
    layer, x = ReducedAttention(4, 2, 1).double(), torch.randn(1, 6, 4, dtype=torch.float64)
    found, products = layer(x, (2, 3), logits=True)
    q, (k, v) = layer.q(x)[0], layer.kv(x)[0].chunk(2, dim=1)
    rows = torch.zeros(6, 4, dtype=torch.float64)
    for head in range(2):
        part = slice(2 * head, 2 * head + 2)
        for i in range(6):
            raw = torch.stack([(q[i, part] * k[j, part]).sum() for j in range(6)])
            assert torch.allclose(products[0, head, i], raw)
            rows[i, part] = sum(w * v[j, part] for j, w in enumerate((raw / 2**0.5).softmax(0)))
    assert torch.allclose(found[0], layer.proj(rows))


def test_keys_are_reduced():
    layer = ReducedAttention(4, 2, 2)
    found, products = layer(torch.randn(3, 24, 4), (4, 6), logits=True)
    assert found.shape == (3, 24, 4) and products.shape == (3, 2, 24, 6)


def test_products_of_the_last_stage():
    model = tiny(strides=(4, 2, 2, 1)).eval()
    images = torch.randn(2, 3, 32, 48)
    maps, products = model(images, attention=True)
    assert products.shape == (2, model.attention_channels, 6, 6) and model.attention_channels == 8
    assert all(torch.equal(first, second) for first, second in zip(maps, model(images), strict=True))


def test_tokens_and_maps():
    x = torch.arange(12.).view(1, 2, 2, 3)
    assert torch.equal(to_map(to_tokens(x), (2, 3)), x) and to_tokens(x)[0, 4].tolist() == [4, 10]


def test_what_it_refuses():
    with pytest.raises(ValueError, match="arch 'b9' is unknown; choose one of b0, b1, b2"):
        MixTransformer('b9')
    with pytest.raises(ValueError, match='has four stages'):
        tiny(depths=(1, 1))
    with pytest.raises(ValueError, match='8 channels do not divide among 3 heads'):
        tiny(num_heads=(3, 1, 1, 1))
