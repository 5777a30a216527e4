"""CPC: Representation Learning with Contrastive Predictive Coding (van den Oord et al. 2018), on images."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.augment import patch_grid
from mmwsl.dist import all_gather, rank
from mmwsl.models.base import Model
from mmwsl.models.necks.mlp import pool
from mmwsl.ops.tensors import embedding_std, keep_format, upcast
from mmwsl.registry import NECKS, PRETEXTS


@NECKS.register_module()
class RowContext(BaseModule):
    """Autoregressive context network: row r sees the rows down to r, (B, C, R, K) -> the same shape.

    Residual blocks, each of which looks at three positions of its own row and at the row above. A position in row r so
    depends on rows r - num_blocks to r, and never on one below r. Without normalisation, which would mix rows.

    Args:
        channels: C, width of a patch's code.
        hidden_channels: width within a block.
        num_blocks: number of blocks.
    """

    def __init__(self, channels, hidden_channels=256, num_blocks=5, init_cfg=None):
        super().__init__(init_cfg)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(channels, hidden_channels, 1), nn.ReLU(inplace=True),
                nn.Conv2d(hidden_channels, hidden_channels, (1, 3), padding=(0, 1)),
                nn.ZeroPad2d((0, 0, 1, 0)),  # a row of zeros on top and none below: the kernel sees rows r - 1 and r
                nn.Conv2d(hidden_channels, hidden_channels, (2, 1)), nn.ReLU(inplace=True),
                nn.Conv2d(hidden_channels, channels, 1)) for _ in range(num_blocks))

    def forward(self, codes):
        for block in self.blocks:
            codes = codes + block(codes)
        return F.relu(codes)


@PRETEXTS.register_module()
class CPC(Model):
    """Predict patches some rows below the context, contrasted with all patches of the batch (InfoNCE).

    Args:
        backbone: encoder of a patch, with a norm that treats each patch alone (``dict(type='GN', num_groups=1)``):
            batch statistics would tell of the other patches of the image.
        context: :class:`RowContext`.
        patch_size, stride: of the grid, in pixels.
        crop: side of the part that training shows of each patch, at a random position; None shows all of it.
        steps: k, how many rows below the context the predicted patches lie. With a ``stride`` of half the
            ``patch_size``, those at k = 1 still overlap the context.
    """

    def __init__(self, backbone, context, patch_size, stride, crop=None, steps=(1, 2, 3, 4, 5), **kwargs):
        super().__init__(backbone, **kwargs)
        if not steps or min(steps) < 1:
            raise ValueError(f'steps={steps} must be one or more numbers of rows, each at least 1')
        self.context = self.make(context)
        self.patch_size, self.stride, self.crop, self.steps = patch_size, stride, crop, tuple(steps)
        channels = self.backbone.out_channels[-1]
        self.predictors = nn.ModuleList(nn.Linear(channels, channels, bias=False) for _ in steps)  # W_k
        for predictor in self.predictors:  # small scores: the loss starts from log(number of candidates)
            nn.init.normal_(predictor.weight, std=0.1 / channels)

    def encode(self, images, crop=None):
        """Pooled code of every patch, in R rows and K columns: a tuple of (B, R, K, C_i), one per level."""
        patches = patch_grid(images, self.patch_size, self.stride, crop)  # (B, R, K, 3, p, p)
        inputs = keep_format(patches.flatten(0, 2), images)
        return tuple(pool(level).unflatten(0, patches.shape[:3]) for level in self.backbone(inputs))

    def features(self, images):
        """Means over the codes of all patches, fp32: (B, C), or a tuple of them for several levels."""
        pooled = tuple(level.float().mean((1, 2)) for level in self.encode(images))
        return pooled[0] if len(pooled) == 1 else pooled

    def loss(self, views, data_samples=None):
        codes = upcast(self.encode(views[0], self.crop)[-1])  # z: (B, R, K, C)
        rows = codes.shape[1]
        if max(self.steps) >= rows:
            raise ValueError(f'steps={self.steps} reach below a grid of {rows} rows; leave out those of {rows} and '
                             'more, or make the grid finer with a smaller stride')
        context = self.context(codes.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)  # c: (B, R, K, C), of rows 0 to r
        candidates = all_gather(codes.flatten(0, 2))  # (W B R K, C)
        number = torch.arange(len(candidates), device=codes.device).view(-1, *codes.shape[:3])[rank()]  # (B, R, K)
        losses = []
        with torch.autocast(codes.device.type, enabled=False):
            for step, predictor in zip(self.steps, self.predictors, strict=True):
                prediction = predictor(upcast(context[:, :-step])).flatten(0, 2)  # W_k c: (B (R - k) K, C)
                scores = prediction @ candidates.T  # log f_k of every patch of the global batch
                losses.append(F.cross_entropy(scores, number[:, step:].flatten()))  # mean over positions
        return dict(loss=torch.stack(losses).mean(), embedding_std=embedding_std(codes.flatten(0, 2)))
