"""Attention-based dropout layer (Choe and Shim 2019, arXiv:1908.10028)."""

import torch
import torch.nn as nn

from mmwsl.registry import MODELS


@MODELS.register_module()
class ADL(nn.Module):
    """Attention-based dropout layer: hide the strongest part of a feature map, or stress it; in training only.

    No parameters; the attention is the mean over channels. One draw per forward, for the whole batch: with probability
    ``drop_rate`` what reaches ``threshold`` times the image's maximum is set to 0, otherwise the features are
    multiplied by the sigmoid of the attention.

    Args:
        drop_rate: probability of hiding.
        threshold: gamma, as a share of the largest attention.
    """

    def __init__(self, drop_rate=0.75, threshold=0.8):
        super().__init__()
        if not 0 <= drop_rate <= 1 or not 0 < threshold <= 1:
            raise ValueError(f'ADL: drop_rate={drop_rate} must lie in [0, 1] and threshold={threshold} in (0, 1]')
        self.drop_rate, self.threshold = drop_rate, threshold

    def forward(self, features):
        """(B, K, h, w) -> the same shape; unchanged in eval mode."""
        if not self.training:
            return features
        attention = features.mean(1, keepdim=True)  # (B, 1, h, w)
        dropped = attention < self.threshold * attention.amax((2, 3), keepdim=True)
        hide = torch.rand((), device=features.device) < self.drop_rate  # stays on the device
        return features * torch.where(hide, dropped.to(features.dtype), attention.sigmoid())
