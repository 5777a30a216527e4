"""Mix transformer (MiT), the encoder of SegFormer (Xie et al. 2021, arXiv:2105.15203): four stages of maps.

Parameter names are those of the published weights (``patch_embed1.proj``, ``block1.0.attn.kv``, ``norm1``).
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.backbones.vit import init_linear
from mmwsl.models.layers.attention import attention
from mmwsl.models.layers.drop_path import DropPath, drop_path_rates
from mmwsl.registry import BACKBONES


def to_map(tokens, size):
    """Tokens (B, h w, D) as a map (B, D, h, w)."""
    return tokens.transpose(1, 2).unflatten(2, tuple(size))


def to_tokens(maps):
    """A map (B, D, h, w) as tokens (B, h w, D)."""
    return maps.flatten(2).transpose(1, 2)


class OverlapPatchEmbed(nn.Module):
    """Patches that overlap: a strided convolution and a norm, (B, C, H, W) to (B, D, h, w)."""

    def __init__(self, in_channels, embed_dims, kernel, stride):
        super().__init__()
        self.proj = nn.Conv2d(in_channels, embed_dims, kernel, stride, padding=kernel // 2)
        self.norm = nn.LayerNorm(embed_dims)

    def forward(self, images):
        x = self.proj(images)
        return self.norm(to_tokens(x)), x.shape[2:]


class ReducedAttention(nn.Module):
    """Multi-head attention of all tokens to a map reduced by a strided convolution."""

    def __init__(self, embed_dims, num_heads, reduction):
        super().__init__()
        if embed_dims % num_heads:
            raise ValueError(f'{embed_dims} channels do not divide among {num_heads} heads; change embed_dims or '
                             'num_heads')
        self.num_heads = num_heads
        self.q, self.kv = nn.Linear(embed_dims, embed_dims), nn.Linear(embed_dims, 2 * embed_dims)
        self.proj = nn.Linear(embed_dims, embed_dims)
        self.sr = self.norm = None
        if reduction > 1:
            self.sr = nn.Conv2d(embed_dims, embed_dims, reduction, reduction)
            self.norm = nn.LayerNorm(embed_dims)

    def forward(self, x, size, logits=False):
        """Tokens (B, N, D) of a map of ``size``; with ``logits`` also the products q k^T (B, heads, N, M) before they
        are scaled."""
        q = self.q(x).unflatten(2, (self.num_heads, -1)).transpose(1, 2)  # (B, heads, N, D/heads)
        reduced = x if self.sr is None else self.norm(to_tokens(self.sr(to_map(x, size))))
        k, v = self.kv(reduced).unflatten(2, (2, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        found = self.proj(attention(q, k, v).transpose(1, 2).flatten(2))
        return found, q @ k.transpose(2, 3) if logits else None


class DepthwiseConvolution(nn.Module):
    """3 x 3 convolution of each channel alone, on tokens."""

    def __init__(self, channels):
        super().__init__()
        self.dwconv = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)

    def forward(self, x, size):
        return to_tokens(self.dwconv(to_map(x, size)))


class MixMLP(nn.Module):
    """Mix-FFN: two linear layers with a depthwise convolution, which stands for positions, and a GELU between."""

    def __init__(self, embed_dims, hidden_dims):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(embed_dims, hidden_dims), nn.Linear(hidden_dims, embed_dims)
        self.dwconv = DepthwiseConvolution(hidden_dims)

    def forward(self, x, size):
        return self.fc2(F.gelu(self.dwconv(self.fc1(x), size)))


class MixBlock(nn.Module):
    """Pre-norm residual block of reduced attention and Mix-FFN."""

    def __init__(self, embed_dims, num_heads, mlp_ratio, reduction, drop_path_rate):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(embed_dims, eps=1e-6), nn.LayerNorm(embed_dims, eps=1e-6)
        self.attn = ReducedAttention(embed_dims, num_heads, reduction)
        self.mlp = MixMLP(embed_dims, embed_dims * mlp_ratio)
        self.drop_path = DropPath(drop_path_rate)

    def forward(self, x, size, logits=False):
        found, products = self.attn(self.norm1(x), size, logits)
        x = x + self.drop_path(found)
        return x + self.drop_path(self.mlp(self.norm2(x), size)), products


@BACKBONES.register_module()
class MixTransformer(BaseModule):
    """Mix transformer: four stages of overlapping patches and blocks, no positions, so images of any size.

    Args:
        arch: ``'b0'`` (32, 64, 160, 256 channels, two blocks each), ``'b1'`` (64, 128, 320, 512, two blocks each) or
            ``'b2'`` (as b1 with 3, 4, 6, 3 blocks).
        embed_dims, depths, num_heads: what to change of it, four numbers each.
        strides: of the patches; SegFormer's are (4, 2, 2, 2), AFA's (4, 2, 2, 1).
        reductions: sides by which attention reduces its keys in each stage; the last must be 1 for ``attention``.
        in_channels: of the images.
        mlp_ratio: width of the perceptrons over that of the stage.
        drop_path_rate: stochastic depth of the last block; it grows linearly from 0 at the first.

    ``forward(images)`` returns the maps of all stages, each after its norm. With ``attention=True`` it returns these
    and, of the last stage, the products q k^T of all heads of all blocks, (B, ``attention_channels``, N, N), N = h w.
    """

    ARCHS = dict(b0=((32, 64, 160, 256), (2, 2, 2, 2)), b1=((64, 128, 320, 512), (2, 2, 2, 2)),
                 b2=((64, 128, 320, 512), (3, 4, 6, 3)))

    def __init__(self, arch='b1', embed_dims=None, depths=None, num_heads=(1, 2, 5, 8), strides=(4, 2, 2, 2),
                 reductions=(8, 4, 2, 1), in_channels=3, mlp_ratio=4, drop_path_rate=0.1, init_cfg=None):
        super().__init__(init_cfg)
        if arch not in self.ARCHS:
            raise ValueError(f'MixTransformer arch {arch!r} is unknown; choose one of {", ".join(self.ARCHS)}, and '
                             'change it with embed_dims, depths, num_heads')
        widths, depths = embed_dims or self.ARCHS[arch][0], depths or self.ARCHS[arch][1]
        if {len(widths), len(depths), len(num_heads), len(strides), len(reductions)} != {4}:
            raise ValueError(f'MixTransformer has four stages: embed_dims={widths}, depths={depths}, num_heads='
                             f'{num_heads}, strides={strides} and reductions={reductions} must have four numbers each')
        self.out_channels, self.attention_channels = list(widths), num_heads[-1] * depths[-1]
        self.stride = strides[0] * strides[1] * strides[2] * strides[3]
        rates, inputs = iter(drop_path_rates(drop_path_rate, sum(depths))), in_channels
        for stage, width in enumerate(widths):
            self.add_module(f'patch_embed{stage + 1}',
                            OverlapPatchEmbed(inputs, width, 3 if stage else 7, strides[stage]))
            self.add_module(f'block{stage + 1}', nn.ModuleList(
                MixBlock(width, num_heads[stage], mlp_ratio, reductions[stage], next(rates))
                for _ in range(depths[stage])))
            self.add_module(f'norm{stage + 1}', nn.LayerNorm(width, eps=1e-6))
            inputs = width
        init_linear(self)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                fan_out = module.kernel_size[0] * module.kernel_size[1] * module.out_channels // module.groups
                nn.init.normal_(module.weight, std=(2 / fan_out)**0.5)
                nn.init.zeros_(module.bias)

    @staticmethod
    def layout(layer):
        """How what the part ``layer`` returns lies; see :func:`mmwsl.models.layers.layout.layout_of`."""
        convolution = layer.startswith('patch_embed') and layer.endswith('.proj')
        return 'channels_first' if convolution or layer.endswith(('.sr', '.dwconv.dwconv')) else 'tokens'

    def forward(self, images, attention=False):
        x, maps, products = images, [], []
        for stage in range(1, 5):
            x, size = getattr(self, f'patch_embed{stage}')(x)
            for block in getattr(self, f'block{stage}'):
                x, found = block(x, size, logits=attention and stage == 4)
                products.append(found)
            x = to_map(getattr(self, f'norm{stage}')(x), size)
            maps.append(x)
        if not attention:
            return tuple(maps)
        return tuple(maps), torch.cat(products[-len(self.block4):], dim=1)
