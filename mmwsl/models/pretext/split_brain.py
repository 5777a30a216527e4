"""Split-Brain Autoencoders (Zhang et al. 2017)."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.augment import ab_bins, encode_ab, rgb_to_lab
from mmwsl.models.backbones.split import SplitBackbone
from mmwsl.models.base import Model
from mmwsl.models.layers.images import check_normalization
from mmwsl.models.necks.mlp import pool
from mmwsl.ops.tensors import accuracy, embedding_std, upcast
from mmwsl.registry import PRETEXTS


@PRETEXTS.register_module()
class SplitBrain(Model):
    """Cross-channel prediction: one half predicts colour from lightness, the other lightness from colour.

    Neither sees what it predicts; the features of both together describe the image. Images are plain RGB in [0, 1]
    (``mean=[0] * 3, std=[255] * 3`` in the preprocessor), also in :meth:`features`; the backbone gets Lab of them.

    Args:
        backbone: config of a ResNet or AlexNet of the full width, which is made into a :class:`SplitBackbone`; or a
            module that takes (B, 3, h, w) Lab and returns the channels of L's half before those of ab's.
        color_head: :class:`DenseHead` on L's half with one output per bin of ab.
        lightness_head: :class:`DenseHead` on ab's half; its outputs are equal intervals of L.
        step: distance of the grid of ab bins, 10 in the paper (313 bins).

    Raises:
        ValueError: other images, a backbone that cannot be halved, a head of another size.
    """

    sees_rgb = False

    def __init__(self, backbone, color_head, lightness_head, step=10, **kwargs):
        super().__init__(backbone if isinstance(backbone, nn.Module) else SplitBackbone(backbone), **kwargs)
        check_normalization(self.data_preprocessor, 0, 255, 'SplitBrain')
        self.color_head, self.lightness_head = self.make(color_head), self.make(lightness_head)
        self.step, bins = step, ab_bins(step)
        if self.color_head.out_channels != len(bins):
            raise ValueError(f'step={step} makes {len(bins)} bins but color_head has {self.color_head.out_channels} '
                             f'outputs; set color_head.out_channels={len(bins)}')
        self.register_buffer('bins', bins)  # (Q, 2)

    @staticmethod
    def scale(lab):
        """L in [-.5, .5] and ab in about [-1, 1], as the backbone gets them."""
        scaled = torch.empty_like(lab)  # keeps the memory format
        torch.div(lab[:, :1] - 50, 100, out=scaled[:, :1])
        torch.div(lab[:, 1:], 110, out=scaled[:, 1:])
        return scaled

    @staticmethod
    def classify(logits, labels):
        """Mean cross-entropy of logits (B, Q, h, w) against labels (B, h, w), and the accuracy in percent."""
        logits = upcast(logits)
        return F.cross_entropy(logits, labels), accuracy(logits, labels)

    def loss(self, views, data_samples=None):
        lab = rgb_to_lab(views[0])  # (B, 3, H, W)
        features = self.backbone(self.scale(lab))
        of_lightness, of_color = features[-1].chunk(2, 1)  # (B, C / 2, h', w') each
        colors, lightness = self.color_head(of_lightness), self.lightness_head(of_color)  # (B, Q, h, w)
        small = F.adaptive_avg_pool2d(lab, colors.shape[2:])
        classes, _ = encode_ab(small[:, 1:], self.bins, self.step, neighbors=1)  # (B, 1, h, w)
        loss_color, accuracy_color = self.classify(colors, classes[:, 0])
        count = self.lightness_head.out_channels
        small = F.adaptive_avg_pool2d(lab[:, 0], lightness.shape[2:])
        levels = (small * (count / 100)).long().clamp(0, count - 1)  # (B, h, w)
        loss_lightness, accuracy_lightness = self.classify(lightness, levels)
        return dict(loss_color=loss_color, loss_lightness=loss_lightness, accuracy_color=accuracy_color,
                    accuracy_lightness=accuracy_lightness, embedding_std=embedding_std(pool(features)))

    def features(self, images):
        """Pooled features of both halves, (B, C): those of the lightness, then those of the colours."""
        return super().features(self.scale(rgb_to_lab(images)))
