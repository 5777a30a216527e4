"""Two encoders of half the width side by side, for the split-brain autoencoder."""

import torch
from mmengine.model import BaseModule

from mmwsl.ops.tensors import keep_format
from mmwsl.registry import BACKBONES

WIDTHS = dict(ResNet=('base_channels', 64), AlexNet=('channels', (64, 192, 384, 256, 256)))  # setting, its default


def _half(whole):
    """The config ``whole`` with half the width."""
    kind = whole.get('type')
    if kind not in WIDTHS:
        raise ValueError(f'SplitBackbone cannot halve a {kind!r}; choose one of {sorted(WIDTHS)}')
    if 'in_channels' in whole:
        raise ValueError('SplitBackbone: leave in_channels out; the halves take 1 (L) and 2 (ab) channels')
    setting, default = WIDTHS[kind]
    widths = whole.get(setting, default)
    several = [widths] if isinstance(widths, int) else widths
    if any(width % 2 for width in several):
        raise ValueError(f'SplitBackbone: {setting}={widths} cannot be halved; choose even numbers')
    return dict(whole, **{setting: widths // 2 if isinstance(widths, int) else [width // 2 for width in widths]})


@BACKBONES.register_module()
class SplitBackbone(BaseModule):
    """Two encoders of half the width, one of the first channel (L) and one of the other two (ab).

    Args:
        whole: config of a ResNet or AlexNet of the full width; each half has half of its channels in every layer, so
            that together they return as many channels at about half the cost.

    Returns of ``forward``: tuple of (B, C_i, H_i, W_i), L's channels before those of ab. ``out_channels`` lists C_i.

    Raises:
        ValueError: an encoder that cannot be halved.
    """

    def __init__(self, whole, init_cfg=None):
        super().__init__(init_cfg)
        half = _half(whole)
        self.lightness = BACKBONES.build(dict(half, in_channels=1))
        self.color = BACKBONES.build(dict(half, in_channels=2))
        self.out_channels = [2 * channels for channels in self.lightness.out_channels]

    def forward(self, lab):
        """``lab``: (B, 3, H, W)."""
        of_lightness = self.lightness(keep_format(lab[:, :1], lab))
        of_color = self.color(keep_format(lab[:, 1:], lab))
        return tuple(torch.cat(pair, 1) for pair in zip(of_lightness, of_color, strict=True))
