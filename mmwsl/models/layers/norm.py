"""Batch normalisation over all ranks on any device, and over groups of the batch."""

import contextlib

import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.dist import all_reduce, world_size
from mmwsl.ops.tensors import upcast
from mmwsl.registry import MODELS


@MODELS.register_module('SyncBN')
class SyncBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch normalisation with the statistics of the global batch.

    torch's own refuses CPU tensors; this one runs wherever the process group does. The sums are taken in at least
    fp32 and exchanged with a gradient, so W ranks with B/W rows give the gradient of one rank with B.

    Input (B, C) or (B, C, H, W), the same number of values per channel on every rank or not.
    """

    def __init__(self, num_features, **kwargs):
        super().__init__(num_features, **kwargs)
        if self.momentum is None:
            raise ValueError('SyncBN needs a momentum; a cumulative average (momentum=None) is not offered')

    def _check_input_dim(self, x):
        if x.dim() < 2:
            raise ValueError(f'SyncBN needs an input of 2 or more dimensions (B, C, ...), got shape {tuple(x.shape)}')

    def forward(self, x):
        if not self.training or world_size() == 1:
            return super().forward(x)
        self._check_input_dim(x)
        axes = [axis for axis in range(x.dim()) if axis != 1]
        shape = [1, -1] + [1] * (x.dim() - 2)
        values = upcast(x)
        count = torch.full((1,), x.numel() / x.shape[1], dtype=values.dtype, device=x.device)
        total = all_reduce(torch.cat([values.sum(axes), count]))
        count = total[-1].detach().clamp(min=1)
        some = (total[-1].detach() > 0).to(values.dtype)  # no values on any rank: the statistics stay as they are
        mean = total[:-1] / count
        centered = values - mean.view(shape)  # a second pass: sum(x^2) - mean^2 loses digits where the mean is large
        variance = all_reduce(centered.square().sum(axes)) / count
        if self.track_running_stats:
            with torch.no_grad():
                self.num_batches_tracked.add_(1)
                self.running_mean.lerp_(mean.to(self.running_mean.dtype), (self.momentum * some).to(
                    self.running_mean.dtype))
                unbiased = variance * (count / (count - 1).clamp(min=1))
                self.running_var.lerp_(unbiased.to(self.running_var.dtype), (self.momentum * some).to(
                    self.running_var.dtype))
        out = centered * (variance + self.eps).rsqrt().view(shape)
        if self.affine:
            out = out * self.weight.to(out.dtype).view(shape) + self.bias.to(out.dtype).view(shape)
        return out.to(x.dtype)


@MODELS.register_module('SplitBN')
class SplitBatchNorm(nn.BatchNorm2d):
    """Batch normalisation over consecutive groups of ``batch_per_split`` images (also called ghost BN).

    It gives one device the statistics that 8 devices with 32 images each would see, which MoCo's shuffling needs. The
    group is counted in images, so the result does not depend on how many ranks share the batch.

    Args:
        num_features: channels.
        batch_per_split: images per group; the batch of a rank must be a multiple of it in training, or smaller.
    """

    def __init__(self, num_features, batch_per_split=32, **kwargs):
        super().__init__(num_features, **kwargs)
        if batch_per_split < 1:
            raise ValueError(f'batch_per_split must be at least 1, got {batch_per_split}')
        self.batch_per_split = batch_per_split

    def _check_input_dim(self, x):
        if x.dim() not in (2, 4):
            raise ValueError(f'SplitBN takes (B, C) or (B, C, H, W), got shape {tuple(x.shape)}')

    def forward(self, x):
        if not self.training or len(x) <= self.batch_per_split:
            return super().forward(x)
        self._check_input_dim(x)
        if len(x) % self.batch_per_split:
            raise ValueError(f'SplitBN: a batch of {len(x)} images is not a multiple of batch_per_split='
                             f'{self.batch_per_split}; change one of them, and keep drop_last on')
        groups = len(x) // self.batch_per_split
        # Every group writes its own running statistics, from the same start; their mean is what one step of each
        # device's buffers would average to.
        running_mean = self.running_mean.repeat(groups, 1)
        running_var = self.running_var.repeat(groups, 1)
        # chunk() keeps channels_last: each group is a contiguous block of images.
        out = torch.cat([
            F.batch_norm(part, running_mean[g], running_var[g], self.weight, self.bias, True, self.momentum, self.eps)
            for g, part in enumerate(x.chunk(groups))
        ])
        with torch.no_grad():
            self.num_batches_tracked.add_(1)
            self.running_mean.copy_(running_mean.mean(0))
            self.running_var.copy_(running_var.mean(0))
        return out


def build_norm(norm_cfg, channels, dims=2):
    """Build a normalisation layer from ``dict(type='BN'|'SyncBN'|'SplitBN'|'GN'|..., **settings)``.

    Args:
        norm_cfg: config; ``type='BN'`` is torch's own of ``dims`` spatial dimensions (0: (B, C) inputs), ``type='GN'``
            torch's group norm, which treats each sample alone; with ``num_groups=1`` it is layer norm over channels
            and positions.
        channels: number of channels.
    """
    cfg = dict(norm_cfg)
    if cfg['type'] == 'BN':
        cfg.pop('type')
        return (nn.BatchNorm2d if dims == 2 else nn.BatchNorm1d)(channels, **cfg)
    if cfg['type'] == 'GN':
        cfg.pop('type')
        if 'num_groups' not in cfg or channels % cfg['num_groups']:
            raise ValueError(f"norm_cfg type='GN' needs num_groups, a divisor of the {channels} channels of every "
                             f'layer; got {norm_cfg}')
        return nn.GroupNorm(num_channels=channels, **cfg)
    return MODELS.build(dict(cfg, num_features=channels))


@contextlib.contextmanager
def kept_statistics(module):
    """Meanwhile the batch norms of ``module`` leave their running statistics as they are, also in training mode."""
    norms = [each for each in module.modules() if isinstance(each, nn.modules.batchnorm._BatchNorm)]
    momenta = [each.momentum for each in norms]
    try:
        for each in norms:
            each.momentum = 0.0
        yield
    finally:
        for each, momentum in zip(norms, momenta, strict=True):
            each.momentum = momentum
