"""Dense optical flow prediction from a static image (Walker et al. 2015)."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.dist import all_mean
from mmwsl.models.base import Model
from mmwsl.models.layers.channels import with_channels
from mmwsl.models.necks.mlp import pool
from mmwsl.models.pretext.motion.targets import shrink_flow, target
from mmwsl.ops.tensors import embedding_std, upcast
from mmwsl.registry import HEADS, PRETEXTS
from mmwsl.structures import add_predictions


@HEADS.register_module()
class FlatMapHead(BaseModule):
    """Two fully connected layers from a whole feature map to a map of another size, as the paper's.

    Args:
        in_channels: of the feature map, or a list of one.
        in_side: its side.
        channels: of the hidden layer.
        out_channels, side: of the map that comes out.
        dropout: before each layer.
    """

    def __init__(self, in_channels, in_side, channels, out_channels, side, dropout=0.5, init_cfg=None):
        super().__init__(init_cfg)
        in_channels = in_channels if isinstance(in_channels, int) else in_channels[-1]
        self.layers = nn.Sequential(
            nn.Flatten(), nn.Dropout(dropout), nn.Linear(in_channels * in_side**2, channels), nn.ReLU(inplace=True),
            nn.Dropout(dropout), nn.Linear(channels, out_channels * side**2))
        self.out_channels, self.side = out_channels, side

    def forward(self, x):
        """(B, out_channels, side, side) of a map or a tuple of maps, of which the last is taken."""
        x = x[-1] if isinstance(x, (tuple, list)) else x
        return self.layers(x).unflatten(1, (self.out_channels, self.side, self.side))


def disc(count, limit):
    """``count`` vectors (K, 2) spread evenly over a disc of radius ``limit``, the first of them 0."""
    number = torch.arange(count, dtype=torch.float32)
    angle, length = number * math.pi * (3 - 5**0.5), limit * (number / max(count - 1, 1)).sqrt()
    return torch.stack([angle.cos() * length, angle.sin() * length], 1)


@PRETEXTS.register_module()
class FlowPrediction(Model):
    """Predict, at every position of a still image, which of K motions the pixels there make next.

    The target is the nearest of the codebook's vectors; a softmax over them at every position, and its cross-entropy
    summed over positions in the paper, their mean here. The codebook is what :class:`FlowCodebookHook` has clustered
    the training set's flow into; before that an even disc.

    Args:
        backbone: encoder.
        head: to K maps, :class:`FlatMapHead` or :class:`DenseHead`; ``in_channels`` may be left out.
        clusters: K.
        limit: radius in pixels of the disc.

    Raises:
        ValueError: a head with another number of outputs than K.
    """

    def __init__(self, backbone, head, clusters=40, limit=50.0, **kwargs):
        super().__init__(backbone, **kwargs)
        self.head = self.make(with_channels(head, self.backbone))
        if self.head.out_channels != clusters:
            raise ValueError(f'head.out_channels={self.head.out_channels} must be clusters={clusters}')
        self.register_buffer('codebook', disc(clusters, limit))

    def loss(self, views, data_samples=None):
        images = views[0]
        features = self.backbone(images)
        logits = upcast(self.head(features))  # (B, K, h, w)
        flow = shrink_flow(target(data_samples, 'flow', images, 2), logits.shape[2:])  # (B, 2, h, w)
        known = flow.isfinite().all(1)  # (B, h, w)
        codebook = self.codebook.to(flow)[:, :, None, None]  # (K, 2, 1, 1)
        distance = (flow.nan_to_num()[:, None] - codebook).square().sum(2)  # (B, K, h, w)
        labels = distance.argmin(1)
        cross_entropy = F.cross_entropy(logits, labels, reduction='none')  # (B, h, w)
        share = all_mean(known.to(logits).mean()).clamp(min=1e-12)
        loss = (cross_entropy * known).mean() / share
        with torch.no_grad():
            right = ((logits.argmax(1) == labels) * known).float().mean() / share
            return dict(loss=loss, accuracy=100 * right, embedding_std=embedding_std(pool(features)))

    def predict_flow(self, images):
        """Expected flow (B, 2, H, W) in pixels of images (B, 3, H, W)."""
        chance = upcast(self.head(self.backbone(images))).softmax(1)
        flow = torch.einsum('bkhw,kc->bchw', chance, self.codebook.to(chance))
        return F.interpolate(flow, size=images.shape[2:], mode='bilinear', align_corners=False)

    def predict(self, images, samples):
        """Add ``pred_flow`` (2, H, W) and what every model predicts."""
        return add_predictions(super().predict(images, samples), pred_flow=self.predict_flow(images))
