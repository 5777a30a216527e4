"""Decoder of dense predictions, and the discriminator of images."""

import torch
import torch.nn as nn
from mmengine.model import BaseModule

from mmwsl.models.layers.norm import build_norm
from mmwsl.registry import HEADS


class ChannelwiseLinear(nn.Module):
    """Channel-wise fully connected layer over all positions (Pathak et al. 2016, section 3.1).

    Every position of the output sees the whole map at 1/C of the weights that a fully connected layer would need.

    Args:
        channels: C.
        positions: height x width of the map.
    """

    def __init__(self, channels, positions):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels, positions, positions) / positions**0.5)
        self.bias = nn.Parameter(torch.zeros(channels, 1, positions))

    def forward(self, x):
        """(B, C, H, W) -> the same shape."""
        rows = x.flatten(2).transpose(0, 1)  # (C, B, HW)
        return torch.baddbmm(self.bias.to(rows.dtype), rows, self.weight).transpose(0, 1).reshape(x.shape)


@HEADS.register_module()
class DenseHead(BaseModule):
    """Decoder: transposed convolutions that double the side of the last feature map, then a 1x1 convolution.

    A stage is a transposed convolution 4x4 of stride 2, norm and ReLU.

    Args:
        in_channels: of the feature map.
        out_channels: of the prediction.
        channels: width of each stage; with n of them the prediction has 2^n times the side of the map.
        channelwise_side: side of the (square) map if a :class:`ChannelwiseLinear` with ReLU comes first.
        norm_cfg: norm of the stages, None for none.

    Returns of ``forward``: (B, out_channels, H 2^n, W 2^n).
    """

    def __init__(self, in_channels, out_channels, channels=(), channelwise_side=None, norm_cfg=dict(type='BN'),  # noqa: B006
                 init_cfg=None):
        super().__init__(init_cfg)
        layers, width = [], in_channels
        if channelwise_side is not None:
            layers += [ChannelwiseLinear(width, channelwise_side**2), nn.ReLU(inplace=True)]
        for stage in channels:
            layers.append(nn.ConvTranspose2d(width, stage, 4, 2, 1, bias=norm_cfg is None))
            if norm_cfg is not None:
                layers.append(build_norm(norm_cfg, stage))
            layers.append(nn.ReLU(inplace=True))
            width = stage
        layers.append(nn.Conv2d(width, out_channels, 1))
        self.layers = nn.Sequential(*layers)
        self.out_channels = out_channels

    def forward(self, x):
        """``x``: a map or a tuple of maps, of which the last is taken."""
        return self.layers(x[-1] if isinstance(x, (tuple, list)) else x)


@HEADS.register_module()
class ImageDiscriminator(BaseModule):
    """DCGAN's discriminator (Radford et al. 2016): strided convolutions with LeakyReLU .2.

    Its norms have no running statistics: they use the batch's, in eval mode too, so that a pass which must leave no
    trace (the generator's) leaves none.

    Args:
        channels: width of each convolution 4x4 of stride 2; a convolution 4x4 to one number ends it. With n of them
            an image of 2^n * 4 px gives one logit; a larger one gives several, which are averaged.
        in_channels: of the images.
        norm_cfg: norm of all stages but the first, None for none.
        spectral: divide each convolution's weights by their largest singular value (Miyato et al. 2018).

    Returns of ``forward``: (B,) logits, positive for real.
    """

    def __init__(self, channels=(64, 128, 256, 512), in_channels=3, norm_cfg=dict(type='BN'), init_cfg=None,  # noqa: B006
                 spectral=False):
        super().__init__(init_cfg)
        layers, width = [], in_channels
        for number, stage in enumerate(channels):
            normed = number > 0 and norm_cfg is not None
            layers.append(nn.Conv2d(width, stage, 4, 2, 1, bias=not normed))
            if normed:
                layers.append(build_norm(dict(norm_cfg, track_running_stats=False), stage))
            layers.append(nn.LeakyReLU(0.2, inplace=True))
            width = stage
        layers.append(nn.Conv2d(width, 1, 4))
        self.smallest = 4 * 2**len(channels)
        self.layers = nn.Sequential(*layers)
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, std=0.02)
                if spectral:
                    nn.utils.parametrizations.spectral_norm(layer)

    def forward(self, images):
        if min(images.shape[2:]) < self.smallest:
            raise ValueError(f'ImageDiscriminator needs images of {self.smallest} px or more, got {images.shape[2]} x '
                             f'{images.shape[3]}; give it fewer channels')
        return self.layers(images).mean((1, 2, 3))
