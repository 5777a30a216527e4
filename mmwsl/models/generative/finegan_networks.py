"""FineGAN's generator (Singh et al. 2019), and the head that tells the parent's code."""

import torch
import torch.nn as nn

from mmwsl.models.generative.blocks import (
    BN,
    Encoder,
    InitialStage,
    NextStage,
    image_layer,
    init_orthogonal,
    leaky_block,
    mask_layer,
)
from mmwsl.registry import MODELS


@MODELS.register_module()
class FineGANGenerator(nn.Module):
    """Background, then the parent's shape upon it, then the child's looks upon that.

    Args:
        num_parents, num_children: numbers of codes; there are as many background codes as children.
        noise_dims: D of the noise.
        channels: width at full size; the parent's stage ends at half of it, the child's at a quarter.
        size: side of the images.
        blocks: residual blocks of the parent's and of the child's stage.
        norm_cfg: norm of all blocks.

    Raises:
        ValueError: fewer children than parents, or no parent.
    """

    def __init__(self, num_parents, num_children, noise_dims=100, channels=64, size=128, blocks=2, norm_cfg=BN):
        super().__init__()
        if not 1 <= num_parents <= num_children:
            raise ValueError(f'num_children={num_children} must be num_parents={num_parents} or more, and that '
                             '1 or more: every parent has children')
        self.num_parents, self.num_children = num_parents, num_children
        self.noise_dims, self.size = noise_dims, size
        self.background = nn.Sequential(InitialStage(noise_dims + num_children, channels, size, norm_cfg),
                                        image_layer(channels))
        self.initial = InitialStage(noise_dims + num_parents, channels, size, norm_cfg)
        self.parent = NextStage(channels, num_parents, blocks, norm_cfg)
        self.parent_image, self.parent_mask = image_layer(channels // 2), mask_layer(channels // 2)
        self.child = NextStage(channels // 2, num_children, blocks, norm_cfg)
        self.child_image, self.child_mask = image_layer(channels // 4), mask_layer(channels // 4)
        init_orthogonal(self)

    def forward(self, noise, background, parent, child):
        """Noise (B, D) and one-hot codes to a dict of (B, 3, H, W) in [-1, 1] and masks (B, 1, H, W) in [0, 1]:

        ``background``; ``parent_foreground``, ``parent_mask``, ``parent`` = mask foreground + (1 - mask) background;
        ``child_foreground``, ``mask``, ``images``, composed of the child's likewise upon the parent's image.
        """
        behind = self.background(torch.cat([background, noise], dim=1))
        x = self.parent(self.initial(torch.cat([parent, noise], dim=1)), parent)
        parent_foreground, parent_mask = self.parent_image(x), self.parent_mask(x)
        parents = parent_mask * parent_foreground + (1 - parent_mask) * behind
        x = self.child(x, child)
        foreground, mask = self.child_image(x), self.child_mask(x)
        return dict(background=behind, parent_foreground=parent_foreground, parent_mask=parent_mask, parent=parents,
                    child_foreground=foreground, mask=mask, images=mask * foreground + (1 - mask) * parents)


@MODELS.register_module()
class CodeClassifier(nn.Module):
    """An image to logits of its code, nothing else: FineGAN's parent discriminator.

    Args:
        num_codes: C.
        channels: width of the first convolution.
        size: side of the images.
        norm_cfg: norm of all blocks but the first.
    """

    def __init__(self, num_codes, channels=64, size=128, norm_cfg=BN):
        super().__init__()
        trunk = Encoder(channels, size, norm_cfg)
        self.layers = nn.Sequential(trunk, leaky_block(trunk.out_channels, trunk.out_channels, norm_cfg),
                                    nn.Conv2d(trunk.out_channels, num_codes, 4))
        init_orthogonal(self)

    def forward(self, images):
        """(B, 3, H, W) -> (B, C)."""
        return self.layers(images).flatten(1)
