"""Vision transformer (Dosovitskiy et al. 2021), as DeiT, MoCo v3, DINO and MAE use it.

Parameter names are those of timm and DeiT (``patch_embed.proj``, ``blocks.0.attn.qkv``, ``cls_token``), so their
weights load unchanged.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.layers.attention import attention
from mmwsl.models.layers.drop_path import DropPath, drop_path_rates
from mmwsl.models.layers.images import check_patches
from mmwsl.models.layers.position import resize_positions, sincos_positions
from mmwsl.registry import BACKBONES


class PatchEmbed(nn.Module):
    """Linear patch embedding: (B, C, H, W) -> (B, H/p, W/p, D)."""

    def __init__(self, in_channels, embed_dims, patch_size):
        super().__init__()
        self.proj = nn.Conv2d(in_channels, embed_dims, patch_size, patch_size)

    def forward(self, images):
        return self.proj(images).permute(0, 2, 3, 1)


class Attention(nn.Module):
    """Multi-head self-attention over (B, N, D)."""

    def __init__(self, embed_dims, num_heads):
        super().__init__()
        self.num_heads = num_heads
        self.qkv, self.proj = nn.Linear(embed_dims, 3 * embed_dims), nn.Linear(embed_dims, embed_dims)

    def forward(self, x):
        q, k, v = self.qkv(x).unflatten(2, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)  # (B, heads, N, D/heads)
        return self.proj(attention(q, k, v).transpose(1, 2).flatten(2))


class MLP(nn.Module):
    """Transformer MLP: two linear layers with a GELU between."""

    def __init__(self, embed_dims, hidden_dims):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(embed_dims, hidden_dims), nn.Linear(hidden_dims, embed_dims)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class LayerScale(nn.Module):
    """Learned scale per channel, small at first (Touvron et al. 2021)."""

    def __init__(self, embed_dims, value):
        super().__init__()
        self.gamma = nn.Parameter(torch.full((embed_dims,), float(value)))

    def forward(self, x):
        return x * self.gamma


class Block(nn.Module):
    """Pre-norm residual transformer block: attention and MLP.

    Args:
        embed_dims, num_heads: width and heads.
        mlp_ratio: width of the perceptron over ``embed_dims``.
        drop_path_rate: of both branches.
        layer_scale: starting value of :class:`LayerScale`; None for none.
    """

    def __init__(self, embed_dims, num_heads, mlp_ratio=4, drop_path_rate=0.0, layer_scale=None):
        super().__init__()
        if embed_dims % num_heads:
            raise ValueError(f'{embed_dims} channels do not divide among {num_heads} heads; change embed_dims or '
                             'num_heads')
        self.norm1, self.norm2 = nn.LayerNorm(embed_dims, eps=1e-6), nn.LayerNorm(embed_dims, eps=1e-6)
        self.attn, self.mlp = Attention(embed_dims, num_heads), MLP(embed_dims, int(embed_dims * mlp_ratio))
        self.ls1, self.ls2 = (nn.Identity() if layer_scale is None else LayerScale(embed_dims, layer_scale)
                              for _ in range(2))
        self.drop_path = DropPath(drop_path_rate)

    def forward(self, x):
        x = x + self.drop_path(self.ls1(self.attn(self.norm1(x))))
        return x + self.drop_path(self.ls2(self.mlp(self.norm2(x))))


def init_linear(module, init='trunc_normal'):
    """Initialise every linear layer within ``module``; biases are 0.

    Args:
        init: ``'trunc_normal'`` (deviation .02: DeiT, DINO) or ``'xavier'`` (uniform: MoCo v3, MAE), for which a layer
            named ``qkv`` is three matrices.

    Raises:
        ValueError: an unknown ``init``.
    """
    if init not in ('trunc_normal', 'xavier'):
        raise ValueError(f"init={init!r} is unknown; choose 'trunc_normal' or 'xavier'")
    for name, layer in module.named_modules():
        if isinstance(layer, nn.Linear):
            if init == 'trunc_normal':
                nn.init.trunc_normal_(layer.weight, std=0.02)
            else:
                for part in layer.weight.chunk(3 if name.endswith('qkv') else 1):
                    nn.init.xavier_uniform_(part)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


@BACKBONES.register_module()
class VisionTransformer(BaseModule):
    """Vision Transformer: of an image the class token, the mean of its patches' tokens, or their map.

    Args:
        arch: ``'tiny'`` (192 channels), ``'small'`` (384) or ``'base'`` (768), of 12 blocks with 64 channels a head.
        embed_dims, depth, num_heads: what to change of it (MoCo v3's ViT-S has 12 heads).
        image_size: side of the images the positions are made for, in pixels; for images of another size they are
            interpolated, bicubically.
        patch_size: side of a patch, in pixels.
        in_channels: of the images.
        mlp_ratio: width of the perceptrons over ``embed_dims``.
        class_token: put a learned token before the patches.
        position: ``'learned'`` or ``'sincos'`` (fixed, not trained).
        frozen_patch_embedding: keep the random patch projection (MoCo v3); it is not in the optimiser then.
        drop_path_rate: stochastic depth of the last block; it grows linearly from 0 at the first.
        layer_scale: starting value of a learned factor on each branch; None for none.
        init: ``'trunc_normal'`` or ``'xavier'``, see :func:`init_linear`; with ``'xavier'`` the patch projection is
            initialised as a linear layer too.
        out_type: what ``forward`` returns, after the final norm: ``'class'``, the class token (B, D); ``'average'``,
            the mean of the patch tokens (B, D); ``'map'``, the patch tokens (B, D, h, w).
        last_blocks: n > 1 puts the vectors after each of the last n blocks side by side, (B, n * D) (DINO's probe).
        out_indices: of maps, after which blocks, counted from 0, or from -1 backwards; ascending, and the last block's
            is the last. Those before it do not go through the final norm, as ToCo has its auxiliary map.

    ``forward(images)`` returns a tuple of one tensor, or of as many as ``out_indices`` says. With ``keep`` (B, n)
    int64, numbers of patches counted row by row, only these are encoded, and it is their tokens in that order, (B, 1 +
    n, D) with the class token before them if there is one, whatever ``out_type``. With ``mask`` (B, h, w) bool the
    embeddings of the patches where it is True are replaced by ``mask_token`` (D,), before positions are added.
    """

    ARCHS = dict(tiny=(192, 12, 3), small=(384, 12, 6), base=(768, 12, 12))

    def __init__(self, arch='small', embed_dims=None, depth=None, num_heads=None, image_size=224, patch_size=16,
                 in_channels=3, mlp_ratio=4, class_token=True, position='learned', frozen_patch_embedding=False,
                 drop_path_rate=0.0, layer_scale=None, init='trunc_normal', out_type='class', last_blocks=1,
                 out_indices=(-1,), init_cfg=None):
        super().__init__(init_cfg)
        if arch not in self.ARCHS:
            raise ValueError(f'VisionTransformer arch {arch!r} is unknown; choose one of {", ".join(self.ARCHS)}, and '
                             'change it with embed_dims, depth, num_heads')
        if image_size % patch_size:
            raise ValueError(f'image_size={image_size} is not a multiple of patch_size={patch_size}')
        if position not in ('learned', 'sincos'):
            raise ValueError(f"position={position!r} is unknown; choose 'learned' or 'sincos'")
        if out_type not in ('class', 'average', 'map') or (out_type == 'class' and not class_token):
            raise ValueError(f"out_type={out_type!r} with class_token={class_token}: choose 'class' (needs the class "
                             "token), 'average' or 'map'")
        width, blocks, heads = self.ARCHS[arch]
        width, blocks, heads = embed_dims or width, depth or blocks, num_heads or heads
        self.embed_dims, self.patch_size, self.out_type = width, patch_size, out_type
        self.grid = (image_size // patch_size,) * 2
        if last_blocks > 1 and out_type == 'map' or not 1 <= last_blocks <= blocks:
            raise ValueError(f'last_blocks={last_blocks} must be between 1 and {blocks}, and 1 for maps')
        self.out_indices = [index % blocks for index in out_indices]
        if self.out_indices != sorted(set(self.out_indices)) or self.out_indices[-1:] != [blocks - 1] \
                or min(out_indices) < -blocks or len(out_indices) > 1 and out_type != 'map':
            raise ValueError(f"out_indices={tuple(out_indices)} must be numbers of blocks, -{blocks} to {blocks - 1}, "
                             "ascending, with the last block at the end; several need out_type='map'")
        self.last_blocks, self.stride = last_blocks, patch_size
        self.out_channels = [width * last_blocks] * len(out_indices)

        self.patch_embed = PatchEmbed(in_channels, width, patch_size)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width)) if class_token else None
        self.extra = int(class_token)
        positions = torch.zeros(1, self.extra + self.grid[0] * self.grid[1], width)
        if position == 'sincos':  # the class token has none
            positions[0, self.extra:] = sincos_positions(width, *self.grid)
        self.pos_embed = nn.Parameter(positions, requires_grad=position == 'learned')
        self.blocks = nn.ModuleList(Block(width, heads, mlp_ratio, rate, layer_scale)
                                    for rate in drop_path_rates(drop_path_rate, blocks))
        self.norm = nn.LayerNorm(width, eps=1e-6)

        init_linear(self, init)
        if init == 'xavier':
            nn.init.xavier_uniform_(self.patch_embed.proj.weight.view(width, -1))
            nn.init.zeros_(self.patch_embed.proj.bias)
        if class_token:
            nn.init.trunc_normal_(self.cls_token, std=0.02)
        if position == 'learned':
            nn.init.trunc_normal_(self.pos_embed, std=0.02)
        if frozen_patch_embedding:
            self.patch_embed.requires_grad_(False)

    @staticmethod
    def layout(layer):
        """How what the part ``layer`` returns lies; see :func:`mmwsl.models.layers.layout.layout_of`."""
        if layer == 'patch_embed.proj':
            return 'channels_first'
        return 'channels_last' if layer == 'patch_embed' else 'tokens'

    def forward(self, images, keep=None, mask_token=None, mask=None):
        check_patches(images, self.patch_size)
        x = self.patch_embed(images)  # (B, h, w, D)
        if mask is not None:
            x = torch.where(mask[..., None], mask_token.to(x.dtype), x)
        grid = tuple(x.shape[1:3])
        positions = resize_positions(self.pos_embed, self.grid, grid)
        x = x.flatten(1, 2) + positions[:, self.extra:]
        if keep is not None:
            x = x.gather(1, keep[..., None].expand(-1, -1, x.shape[2]))
        if self.cls_token is not None:
            # not len(x), which would make the batch a constant of an exported network
            x = torch.cat([(self.cls_token + positions[:, :1]).expand(x.shape[0], -1, -1), x], dim=1)
        outputs, maps = [], []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index >= len(self.blocks) - self.last_blocks:
                outputs.append(self.norm(x))
            elif index in self.out_indices:
                maps.append(x)
        x = outputs[-1]
        if keep is not None:
            return (x,)
        if self.out_type == 'map':
            return tuple(each[:, self.extra:].transpose(1, 2).unflatten(2, grid) for each in (*maps, x))
        return (torch.cat([each[:, 0] if self.out_type == 'class' else each[:, self.extra:].mean(1)
                           for each in outputs], dim=1),)
