"""UNet of partial convolutions (Liu et al. 2018): holes in the image take no part, and close from layer to layer."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.layers.norm import build_norm
from mmwsl.registry import BACKBONES


class PartialConv(nn.Module):
    """Convolution of the pixels that are known, scaled up by how few they are; a window without any gives 0.

    Args:
        groups: channels of each input that is joined to the others; each has its own mask.
        channels: of the output.
        kernel_size, stride: as of a convolution; the padding is half the kernel.
    """

    def __init__(self, groups, channels, kernel_size=3, stride=1):
        super().__init__()
        self.groups = tuple(groups)
        self.conv = nn.Conv2d(sum(groups), channels, kernel_size, stride, kernel_size // 2)
        self.register_buffer('window', torch.tensor(groups, dtype=torch.float32).view(1, -1, 1, 1).expand(
            1, -1, kernel_size, kernel_size).contiguous(), False)
        nn.init.kaiming_normal_(self.conv.weight, a=0, mode='fan_in')
        nn.init.zeros_(self.conv.bias)

    def forward(self, parts, masks):
        """Join inputs (B, C_g, H, W) with masks (B, 1, H, W), 1 where known.

        Returns:
            tuple: features (B, channels, H', W') and where they are known, (B, 1, H', W').
        """
        x = torch.cat([part * mask for part, mask in zip(parts, masks, strict=True)], dim=1)
        with torch.no_grad(), torch.autocast(x.device.type, enabled=False):
            known = F.conv2d(torch.cat(masks, dim=1).float(), self.window, None, self.conv.stride, self.conv.padding)
            mask = (known > 0).float()
            scale = mask * self.window.sum() / known.clamp(min=1)
        bias = self.conv.bias.view(1, -1, 1, 1)
        found = F.conv2d(x, self.conv.weight, None, self.conv.stride, self.conv.padding)
        return (found * scale + bias) * mask, mask


@BACKBONES.register_module()
class PartialUNet(BaseModule):
    """Partial convolutions that halve the side, then as many that double it, with skip connections.

    Args:
        channels: width of each level; seven in the papers.
        kernels: kernel of each level on the way down; 7, 5, 5 and then 3.
        in_channels: of the image.
        norm_cfg: norm of all levels but the first and the last, None for none.

    Returns of ``forward(x, mask)``, mask (B, 1, H, W) 1 where known: a tuple of one map (B, channels[0], H, W). Sides
    must be multiples of 2 to the number of levels.
    """

    def __init__(self, channels=(64, 128, 256, 512, 512, 512, 512), kernels=(7, 5, 5, 3, 3, 3, 3), in_channels=4,
                 norm_cfg=dict(type='BN'), init_cfg=None):  # noqa: B006
        super().__init__(init_cfg)
        if len(channels) != len(kernels):
            raise ValueError(f'PartialUNet: {len(channels)} channels and {len(kernels)} kernels must be as many')
        before = [in_channels, *channels[:-1]]
        self.down = nn.ModuleList([PartialConv([wide], width, kernel, 2)
                                   for wide, width, kernel in zip(before, channels, kernels, strict=True)])
        self.down_norms = nn.ModuleList([build_norm(norm_cfg, width) if number and norm_cfg else nn.Identity()
                                         for number, width in enumerate(channels)])
        after = [channels[0], *channels[:-1]]  # what comes out of the decoder at each level, from the top
        self.up = nn.ModuleList([PartialConv([lower, skip], width) for lower, skip, width
                                 in zip([*after[1:], channels[-1]], before, after, strict=True)])
        self.up_norms = nn.ModuleList([build_norm(norm_cfg, width) if number and norm_cfg else nn.Identity()
                                       for number, width in enumerate(after)])
        self.out_channels = [channels[0]]

    def forward(self, x, mask):
        skips = []
        for conv, norm in zip(self.down, self.down_norms, strict=True):
            skips.append((x, mask))
            x, mask = conv([x], [mask])
            x = F.relu(norm(x))
        for conv, norm, (skip, skip_mask) in reversed(list(zip(self.up, self.up_norms, skips, strict=True))):
            x, mask = (F.interpolate(each, size=skip.shape[2:], mode='nearest') for each in (x, mask))
            x, mask = conv([x, skip], [mask, skip_mask])
            x = F.leaky_relu(norm(x), 0.2)
        return (x,)
