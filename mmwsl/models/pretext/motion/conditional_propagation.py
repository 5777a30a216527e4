"""Self-supervised learning via conditional motion propagation, CMP (Zhan et al. 2019)."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.dist import all_mean
from mmwsl.flow import bins_to_flow, flow_to_bins
from mmwsl.models.base import Model
from mmwsl.models.layers.norm import build_norm
from mmwsl.models.necks.mlp import pool
from mmwsl.models.pretext.motion.targets import target
from mmwsl.ops.tensors import embedding_std, keep_format, upcast
from mmwsl.registry import HEADS, PRETEXTS
from mmwsl.structures import add_predictions


def _convolution(inputs, outputs, kernel, stride, norm_cfg):
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode='fan_out', nonlinearity='relu')
    return nn.Sequential(conv, build_norm(norm_cfg, outputs), nn.ReLU(inplace=True))


@HEADS.register_module()
class SparseEncoder(BaseModule):
    """Shallow encoder of the guidance: convolution 5x5 of stride 2, max-pool, convolution 3x3, mean to the stride.

    Args:
        stride: of its maps, that of the image encoder: 4, 8, 16 or 32.
        channels: of both convolutions.
        norm_cfg: of both.

    Raises:
        ValueError: another stride.
    """

    def __init__(self, stride=8, channels=16, norm_cfg=dict(type='SyncBN'), init_cfg=None):  # noqa: B006
        super().__init__(init_cfg)
        if stride not in (4, 8, 16, 32):
            raise ValueError(f'SparseEncoder: stride={stride} must be 4, 8, 16 or 32')
        self.layers = nn.Sequential(
            _convolution(4, channels, 5, 2, norm_cfg), nn.MaxPool2d(2),
            _convolution(channels, channels, 3, 1, norm_cfg), nn.AvgPool2d(stride // 4))
        self.out_channels = channels

    def forward(self, guidance):
        """(B, C, H / stride, W / stride) of guidance (B, 3, H, W): dx, dy and where they are told."""
        return self.layers(torch.cat([guidance, guidance[:, 2:]], dim=1))  # the mask stands beside each of dx and dy


@HEADS.register_module()
class PropagationDecoder(BaseModule):
    """Three parallel branches on maps at 1, 1/2 and 1/4, joined, to 2 N scores for every position.

    Args:
        in_channels: of image and guidance together.
        channels: of each branch's two convolutions.
        bins: N, for each axis.
        norm_cfg: of the convolutions.
    """

    def __init__(self, in_channels, channels=128, bins=99, norm_cfg=dict(type='SyncBN'), init_cfg=None):  # noqa: B006
        super().__init__(init_cfg)
        self.branches = nn.ModuleList(
            nn.Sequential(nn.MaxPool2d(factor) if factor > 1 else nn.Identity(),
                          _convolution(in_channels, channels, 3, 1, norm_cfg),
                          _convolution(channels, channels, 3, 1, norm_cfg)) for factor in (1, 2, 4))
        self.scores = nn.Conv2d(3 * channels, 2 * bins, 1)
        self.bins = bins

    def forward(self, x):
        """Logits (B, 2 N, h, w) of (B, C, h, w), N for dx and then N for dy."""
        up = [F.interpolate(branch(x), size=x.shape[2:], mode='bilinear', align_corners=True)
              for branch in self.branches]
        return self.scores(torch.cat(up, dim=1))


@PRETEXTS.register_module()
class ConditionalMotionPropagation(Model):
    """Recover the whole flow from an image and the motion of a few of its points.

    Args:
        backbone: image encoder, whose last map is taken.
        sparse_encoder: :class:`SparseEncoder` of the same stride.
        decoder: :class:`PropagationDecoder`; ``in_channels`` may be left out.
        channels: of a convolution 1x1 after the image encoder.
        limit: largest flow in pixels that the bins hold; longer ones count as that.
    """

    def __init__(self, backbone, sparse_encoder, decoder, channels=256, limit=50.0, **kwargs):
        super().__init__(backbone, **kwargs)
        self.reduce = nn.Conv2d(self.backbone.out_channels[-1], channels, 1)
        self.sparse_encoder = self.make(sparse_encoder)
        self.decoder = self.make(dict(dict(in_channels=channels + self.sparse_encoder.out_channels), **decoder)
                                 if isinstance(decoder, dict) else decoder)
        self.limit = limit

    def logits(self, features, guidance):
        """(B, 2 N, H, W), at the size of the guidance."""
        image = self.reduce(features[-1])  # (B, 256, h, w)
        sparse = self.sparse_encoder(keep_format(guidance.to(image.dtype), image))
        if max(abs(one - other) for one, other in zip(sparse.shape[2:], image.shape[2:], strict=True)) > 1:
            raise ValueError(f'the image encoder gives maps of {tuple(image.shape[2:])}, the sparse encoder of '
                             f'{tuple(sparse.shape[2:])}; give it the stride of the image encoder')
        sparse = F.adaptive_avg_pool2d(sparse, image.shape[2:])  # AlexNet's convolutions lose a row at the edge
        logits = self.decoder(torch.cat([image, sparse], dim=1))
        return F.interpolate(upcast(logits), size=guidance.shape[2:], mode='bilinear', align_corners=True)

    def loss(self, views, data_samples=None):
        images = views[0]
        flow = target(data_samples, 'flow', images, 2)
        features = self.backbone(images)
        logits = self.logits(features, target(data_samples, 'guidance', images, 3))
        known = flow.isfinite()  # (B, 2, H, W)
        labels = flow_to_bins(flow.nan_to_num(), self.decoder.bins, self.limit)
        cross_entropy = F.cross_entropy(logits.unflatten(1, (2, -1)).transpose(1, 2), labels, reduction='none')
        share = all_mean(known.to(logits).mean()).clamp(min=1e-12)
        loss = 2 * (cross_entropy * known).mean() / share  # one cross-entropy for each axis
        with torch.no_grad():
            error = (bins_to_flow(logits, self.limit) - flow.nan_to_num()).norm(dim=1)
            return dict(loss=loss, end_point_error=(error * known.all(1)).mean() / share,
                        embedding_std=embedding_std(pool(features)))

    @torch.no_grad()
    def propagate(self, images, guidance):
        """Flow (B, 2, H, W) in pixels, of images (B, 3, H, W) that the preprocessor gives and guidance (B, 3, H, W)."""
        return bins_to_flow(self.logits(self.backbone(images), guidance), self.limit)

    def predict(self, images, samples):
        """Add ``pred_flow`` (2, H, W), of the samples' ``guidance`` or of none, and what every model predicts."""
        guided = [sample.guidance if 'guidance' in sample else images.new_zeros(3, *images.shape[2:])
                  for sample in samples]
        return add_predictions(super().predict(images, samples), pred_flow=self.propagate(images, torch.stack(guided)))
