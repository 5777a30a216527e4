"""Swin transformer (Liu et al. 2021).

Parameter names are those of the official weights (``patch_embed.proj``, ``layers.0.blocks.0.attn.qkv``,
``layers.0.downsample.reduction``), which load unchanged where the window is the same.
"""

import functools

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.backbones.vit import MLP, init_linear
from mmwsl.models.layers.attention import attention
from mmwsl.models.layers.drop_path import DropPath, drop_path_rates
from mmwsl.models.layers.images import check_patches
from mmwsl.registry import BACKBONES


@functools.lru_cache(maxsize=64)
def relative_position_index(window, device):
    """Row in the table of (2 window - 1)^2 biases for each pair of positions in a window: (N, N) int64, N = window^2.

    Entry (i, j) is (row_i - row_j + window - 1) * (2 window - 1) + (column_i - column_j + window - 1).
    """
    with torch.inference_mode(False):  # what is kept for later calls must be an ordinary tensor
        rows, columns = (axis.flatten() for axis in torch.meshgrid(
            torch.arange(window, device=device), torch.arange(window, device=device), indexing='ij'))
        down = rows[:, None] - rows + window - 1
        right = columns[:, None] - columns + window - 1
        return down * (2 * window - 1) + right


@functools.lru_cache(maxsize=64)
def window_mask(height, width, window, shift, device):
    """Attention mask of shifted windows: positions that only shifting or padding brought together.

    Args:
        height, width: of the map, before it is padded to multiples of ``window``.
        window, shift: in positions; the padded map is rolled up and left by ``shift``.

    Returns:
        (number of windows, 1, window^2, window^2) float, 0 or -inf; None where everything may be seen.
    """
    padded_height, padded_width = (-(-side // window) * window for side in (height, width))
    if not shift and (padded_height, padded_width) == (height, width):
        return None
    with torch.inference_mode(False):
        # After rolling, the last window holds two parts of the map, and the padding is a third.
        def bands(length, padded):
            position = torch.arange(padded, device=device)
            return (position >= length).long() + 2 * (position < shift)
        region = 4 * bands(height, padded_height)[:, None] + bands(width, padded_width)
        region = region.roll((-shift, -shift), (0, 1))
        region = split_windows(region[None, ..., None], window)[0, :, :, 0]  # (windows, N)
        differs = region[:, None, :, None] != region[:, None, None, :]
        return torch.zeros(differs.shape, device=device).masked_fill_(differs, float('-inf'))


def split_windows(x, window):
    """(B, H, W, C) to (B, windows, window^2, C); H and W are multiples of ``window``."""
    x = x.unflatten(1, (-1, window)).unflatten(3, (-1, window))  # (B, rows, window, columns, window, C)
    return x.transpose(2, 3).flatten(3, 4).flatten(1, 2)


def join_windows(x, window, height, width):
    """Undo :func:`split_windows` for a map of ``height`` x ``width``."""
    x = x.unflatten(1, (height // window, width // window)).unflatten(3, (window, window))
    return x.transpose(2, 3).flatten(3, 4).flatten(1, 2)


class WindowAttention(nn.Module):
    """Self-attention within windows, with a learned bias for each relative position."""

    def __init__(self, embed_dims, num_heads, window_size):
        super().__init__()
        self.num_heads, self.window_size = num_heads, window_size
        self.relative_position_bias_table = nn.Parameter(torch.empty((2 * window_size - 1)**2, num_heads))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)
        self.qkv, self.proj = nn.Linear(embed_dims, 3 * embed_dims), nn.Linear(embed_dims, embed_dims)

    def forward(self, x, mask=None):
        """``x`` (B, windows, N, D), ``mask`` (windows, 1, N, N) to add to the logits."""
        q, k, v = self.qkv(x).unflatten(3, (3, self.num_heads, -1)).permute(3, 0, 1, 4, 2, 5)
        index = relative_position_index(self.window_size, x.device)
        bias = self.relative_position_bias_table[index].permute(2, 0, 1)  # (heads, N, N)
        x = attention(q, k, v, bias if mask is None else bias + mask)
        return self.proj(x.transpose(2, 3).flatten(3))


class SwinBlock(nn.Module):
    """Pre-norm residual block of (shifted-)window attention and MLP on a feature map (B, H, W, D)."""

    def __init__(self, embed_dims, num_heads, window_size, shift, mlp_ratio, drop_path_rate):
        super().__init__()
        if embed_dims % num_heads:
            raise ValueError(f'{embed_dims} channels do not divide among {num_heads} heads; change embed_dims or '
                             'num_heads')
        self.window_size, self.shift = window_size, shift
        self.norm1, self.norm2 = nn.LayerNorm(embed_dims), nn.LayerNorm(embed_dims)
        self.attn = WindowAttention(embed_dims, num_heads, window_size)
        self.mlp = MLP(embed_dims, int(embed_dims * mlp_ratio))
        self.drop_path = DropPath(drop_path_rate)

    def windowed(self, x):
        height, width, window = *x.shape[1:3], self.window_size
        shift = self.shift if max(height, width) > window else 0  # a single window has nothing to be shifted to
        x = F.pad(x, (0, 0, 0, -width % window, 0, -height % window))
        padded_height, padded_width = x.shape[1:3]
        if shift:
            x = x.roll((-shift, -shift), (1, 2))
        x = self.attn(split_windows(x, window), window_mask(height, width, window, shift, x.device))
        x = join_windows(x, window, padded_height, padded_width)
        if shift:
            x = x.roll((shift, shift), (1, 2))
        return x[:, :height, :width]

    def forward(self, x):
        x = x + self.drop_path(self.windowed(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class PatchMerging(nn.Module):
    """Halve the sides and double the channels: concatenate each 2 x 2 square, column by column; linear layer."""

    def __init__(self, embed_dims):
        super().__init__()
        self.reduction, self.norm = nn.Linear(4 * embed_dims, 2 * embed_dims, bias=False), nn.LayerNorm(4 * embed_dims)

    def forward(self, x):
        x = F.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
        x = x.unflatten(1, (-1, 2)).unflatten(3, (-1, 2))  # (B, H/2, row, W/2, column, D)
        return self.reduction(self.norm(x.permute(0, 1, 3, 4, 2, 5).flatten(3)))


class SwinPatchEmbed(nn.Module):
    """Linear patch embedding and a norm: (B, C, H, W) -> (B, H/p, W/p, D)."""

    def __init__(self, in_channels, embed_dims, patch_size):
        super().__init__()
        self.proj = nn.Conv2d(in_channels, embed_dims, patch_size, patch_size)
        self.norm = nn.LayerNorm(embed_dims)

    def forward(self, images):
        return self.norm(self.proj(images).permute(0, 2, 3, 1))


class SwinStage(nn.Module):
    """Swin blocks, every second one with shifted windows, then patch merging (none in the last stage)."""

    def __init__(self, embed_dims, num_heads, window_size, mlp_ratio, rates, merge):
        super().__init__()
        self.blocks = nn.Sequential(*[
            SwinBlock(embed_dims, num_heads, window_size, index % 2 * (window_size // 2), mlp_ratio, rate)
            for index, rate in enumerate(rates)])
        self.downsample = PatchMerging(embed_dims) if merge else nn.Identity()

    def forward(self, x):
        return self.downsample(self.blocks(x))


@BACKBONES.register_module()
class SwinTransformer(BaseModule):
    """Swin. Maps that windows do not divide are padded, and what padding and shifting bring together is masked.

    Args:
        arch: ``'tiny'`` (96 channels, 2-2-6-2 blocks), ``'small'`` (96, 2-2-18-2) or ``'base'`` (128, 2-2-18-2).
        embed_dims, depths, num_heads: what to change of it: channels of the first stage (they double in each), blocks
            and heads of each stage.
        window_size: side of a window, in tokens; 7 in the paper for 224 px, 6 in SimMIM for 192.
        patch_size: side of a patch, in pixels.
        in_channels: of the images.
        mlp_ratio: width of the perceptrons over that of the stage.
        drop_path_rate: stochastic depth of the last block; it grows linearly from 0 at the first.
        out_indices: numbers of the stages, from 0, whose maps are returned, ascending; None: the last one. Maps of
            earlier ones have norms of their own, ``norm0`` on.

    ``forward(images)`` returns a tuple of maps, of the last stage (B, D, H / stride, W / stride), after norms. With
    ``mask`` (B, H / patch_size, W / patch_size) bool the embeddings of the patches where it is True are replaced by
    ``mask_token`` (embed_dims,). ``stride`` is the side in pixels of a position of that map.
    """

    ARCHS = dict(tiny=(96, (2, 2, 6, 2), (3, 6, 12, 24)), small=(96, (2, 2, 18, 2), (3, 6, 12, 24)),
                 base=(128, (2, 2, 18, 2), (4, 8, 16, 32)))

    def __init__(self, arch='tiny', embed_dims=None, depths=None, num_heads=None, window_size=7, patch_size=4,
                 in_channels=3, mlp_ratio=4, drop_path_rate=0.0, out_indices=None, init_cfg=None):
        super().__init__(init_cfg)
        if arch not in self.ARCHS:
            raise ValueError(f'SwinTransformer arch {arch!r} is unknown; choose one of {", ".join(self.ARCHS)}, and '
                             'change it with embed_dims, depths, num_heads')
        width, blocks, heads = self.ARCHS[arch]
        width, blocks, heads = embed_dims or width, depths or blocks, num_heads or heads
        if len(blocks) != len(heads):
            raise ValueError(f'SwinTransformer: depths {blocks} and num_heads {heads} must have one entry a stage')
        self.embed_dims, self.patch_size = width, patch_size
        self.stride = patch_size * 2**(len(blocks) - 1)
        self.out_indices = (len(blocks) - 1,) if out_indices is None else tuple(out_indices)
        if list(self.out_indices) != sorted(set(self.out_indices)) or self.out_indices[-1:] != (len(blocks) - 1,) \
                or self.out_indices[0] < 0:
            raise ValueError(f'SwinTransformer out_indices={out_indices} must be numbers of stages, 0 to '
                             f'{len(blocks) - 1}, ascending, with the last stage at the end')
        self.out_channels = [width * 2**index for index in self.out_indices]

        self.patch_embed = SwinPatchEmbed(in_channels, width, patch_size)
        rates = iter(drop_path_rates(drop_path_rate, sum(blocks)))
        self.layers = nn.Sequential(*[
            SwinStage(width * 2**stage, heads[stage], window_size, mlp_ratio, [next(rates) for _ in range(count)],
                      merge=stage < len(blocks) - 1)
            for stage, count in enumerate(blocks)])
        self.norm = nn.LayerNorm(self.out_channels[-1])
        for index in self.out_indices[:-1]:
            self.add_module(f'norm{index}', nn.LayerNorm(width * 2**index))
        init_linear(self)

    @staticmethod
    def layout(layer):
        """How what the part ``layer`` returns lies; see :func:`mmwsl.models.layers.layout.layout_of`."""
        if layer == 'patch_embed.proj':
            return 'channels_first'
        return 'windows' if 'attn' in layer.split('.') else 'channels_last'

    def forward(self, images, mask_token=None, mask=None):
        check_patches(images, self.patch_size)
        x = self.patch_embed(images)  # (B, H, W, D)
        if mask is not None:
            x = torch.where(mask[..., None], mask_token.to(x.dtype), x)
        if len(self.out_indices) == 1:
            return (self.norm(self.layers(x)).permute(0, 3, 1, 2),)
        maps = []
        for index, stage in enumerate(self.layers):
            x = stage.blocks(x)  # a stage ends with the merging of its map for the next one
            if index in self.out_indices[:-1]:
                maps.append(getattr(self, f'norm{index}')(x))
            x = stage.downsample(x)
        maps.append(self.norm(x))
        return tuple(each.permute(0, 3, 1, 2) for each in maps)
