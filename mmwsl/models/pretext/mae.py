"""MAE: Masked Autoencoders Are Scalable Vision Learners (He et al. 2022)."""

import torch
import torch.nn as nn

from mmwsl.models.backbones.vit import Block, init_linear
from mmwsl.models.base import Model
from mmwsl.models.layers.position import sincos_positions
from mmwsl.ops.tensors import embedding_std, upcast
from mmwsl.registry import PRETEXTS


def patchify(images, patch_size):
    """Images (B, C, H, W) as rows of pixels, fp32 at least: (B, h w, p p C), patches and pixels row by row."""
    x = upcast(images).unflatten(3, (-1, patch_size)).unflatten(2, (-1, patch_size))  # (B, C, h, p, w, p)
    return x.permute(0, 2, 4, 3, 5, 1).flatten(3).flatten(1, 2)


class Decoder(nn.Module):
    """MAE decoder: a small transformer over the encoded patches and mask tokens.

    Args:
        in_channels: width of the encoder.
        grid: (height, width) of the image in patches.
        patch_values: numbers of a patch to predict, p p C.
        embed_dims, depth, num_heads: its own.
        extra: tokens before those of the patches (1 with a class token, else 0).
    """

    def __init__(self, in_channels, grid, patch_values, embed_dims, depth, num_heads, extra):
        super().__init__()
        self.extra = extra
        self.embed = nn.Linear(in_channels, embed_dims)
        self.mask_token = nn.Parameter(0.02 * torch.randn(embed_dims))
        self.register_buffer('positions', sincos_positions(embed_dims, *grid), persistent=False)  # (L, D)
        self.blocks = nn.Sequential(*[Block(embed_dims, num_heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(embed_dims, eps=1e-6)
        self.prediction = nn.Linear(embed_dims, patch_values)
        init_linear(self, 'xavier')

    def forward(self, tokens, order):
        """Encoded ``tokens`` (B, extra + n, C), ``order`` (B, L) -> patches ``order[:, n:]``, (B, L - n, p p C)."""
        visible = tokens.shape[1] - self.extra
        x = self.embed(tokens)
        masks = self.mask_token.to(x.dtype).expand(len(x), order.shape[1] - visible, -1)
        # Attention does not mind the order of tokens: they stay as they were drawn, and the positions follow them.
        patches = torch.cat([x[:, self.extra:], masks], dim=1) + self.positions[order]
        x = self.blocks(torch.cat([x[:, :self.extra], patches], dim=1))
        return self.prediction(self.norm(x[:, self.extra + visible:]))


@PRETEXTS.register_module()
class MAE(Model):
    """Encode a few random patches and predict the pixels of the others with a small decoder.

    Args:
        backbone: :class:`VisionTransformer`; views have its ``image_size``.
        mask_ratio: share of the patches that is hidden, within (0, 1).
        decoder: dict(embed_dims, depth, num_heads).
        normalize_target: standardise each patch to predict by its own mean and deviation.
    """

    def __init__(self, backbone, mask_ratio=0.75, decoder=dict(embed_dims=512, depth=8, num_heads=16),  # noqa: B006
                 normalize_target=True, **kwargs):
        super().__init__(backbone, **kwargs)
        encoder = self.backbone
        self.patches = encoder.grid[0] * encoder.grid[1]
        self.visible = int(self.patches * (1 - mask_ratio))
        if not 0 < self.visible < self.patches:
            raise ValueError(f'MAE: mask_ratio={mask_ratio} leaves {self.visible} of {self.patches} patches visible; '
                             'it must leave some and hide some')
        self.normalize_target = normalize_target
        values = encoder.patch_embed.proj.weight[0].numel()
        self.decoder = Decoder(encoder.embed_dims, encoder.grid, values, extra=encoder.extra, **decoder)

    def target(self, images):
        """Target of each patch, (B, L, p p C)."""
        patches = patchify(images, self.backbone.patch_size)
        if self.normalize_target:
            variance, mean = torch.var_mean(patches, dim=2, keepdim=True)  # unbiased
            patches = (patches - mean) / (variance + 1e-6).sqrt()
        return patches

    def loss(self, views, data_samples=None):
        images, = views  # (B, C, H, W)
        target = self.target(images)
        if target.shape[1] != self.patches:
            raise ValueError(f'MAE: views of {images.shape[2]} x {images.shape[3]} pixels have {target.shape[1]} '
                             f'patches, not the {self.patches} of backbone.image_size; make the two sizes equal')
        order = torch.rand(len(images), self.patches, device=images.device).argsort(dim=1)  # (B, L)
        keep, hidden = order.split([self.visible, self.patches - self.visible], dim=1)
        tokens = self.backbone(images, keep=keep)[0]  # (B, extra + n, C)
        prediction = self.decoder(tokens, order)  # (B, L - n, p p C)
        target = target.gather(1, hidden[..., None].expand_as(prediction))  # fp32, and so is the difference
        average = tokens[:, self.backbone.extra:].mean(1).detach()
        return dict(loss=(prediction - target).square().mean(), embedding_std=embedding_std(average))
