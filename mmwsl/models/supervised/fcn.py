"""Fully convolutional network (Long et al. 2015) on a dilated backbone, as its successors train it."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.base import Model
from mmwsl.models.heads.classes import OF_PIXELS, check_classes
from mmwsl.models.layers.channels import with_channels
from mmwsl.models.layers.norm import build_norm
from mmwsl.models.supervised.masks import MaskPredictor
from mmwsl.ops.tensors import upcast
from mmwsl.registry import HEADS, MODELS


@HEADS.register_module()
class FCNHead(BaseModule):
    """FCN head: convolutions and class scores for every position of a feature map.

    Args:
        in_channels: of the feature map, or of all of a backbone, of which ``index`` says the one.
        channels: of the convolutions.
        num_classes: C, with the background.
        num_convs: 3 x 3 convolutions, each with norm and ReLU.
        concat: one more convolution that sees the feature map and what the others made of it.
        dropout: before the scores.
        index: which of the backbone's feature maps.
        norm_cfg: of the convolutions.
    """

    def __init__(self, in_channels, channels, num_classes, num_convs=2, concat=True, dropout=0.1, index=-1,
                 norm_cfg=dict(type='SyncBN'), init_cfg=None):  # noqa: B006
        super().__init__(init_cfg)
        check_classes(self, num_classes, OF_PIXELS)
        in_channels = in_channels if isinstance(in_channels, int) else in_channels[index]

        def convolution(inputs):
            conv = nn.Conv2d(inputs, channels, 3, padding=1, bias=False)
            nn.init.kaiming_normal_(conv.weight, mode='fan_out', nonlinearity='relu')
            return nn.Sequential(conv, build_norm(norm_cfg, channels), nn.ReLU(inplace=True))

        self.convs = nn.Sequential(*(convolution(channels if number else in_channels) for number in range(num_convs)))
        self.joined = convolution(in_channels + channels) if concat else None
        self.dropout, self.index, self.num_classes = nn.Dropout2d(dropout), index, num_classes
        self.scores = nn.Conv2d(channels, num_classes, 1)
        nn.init.normal_(self.scores.weight, std=0.01)
        nn.init.zeros_(self.scores.bias)

    def forward(self, features):
        """Logits (B, C, h, w), at least fp32, of a tuple of feature maps."""
        x = features[self.index]
        y = self.convs(x)
        if self.joined is not None:
            y = self.joined(torch.cat([x, y], dim=1))
        return upcast(self.scores(self.dropout(y)))


@MODELS.register_module()
class FCN(MaskPredictor, Model):
    """Semantic segmentation by a fully convolutional head, with an auxiliary one in training.

    Args:
        backbone: e.g. a ResNet with ``strides=(1, 2, 1, 1)``, ``dilations=(1, 1, 2, 4)``, ``out_indices=(3, 4)``.
        head: :class:`FCNHead`; its ``in_channels`` may be left out.
        auxiliary_head: another on an earlier map, or None; for training only.
        auxiliary_weight: of its loss.
        count_void: divide the loss by all pixels, void ones among them, as mmsegmentation does; else by the others.
        scales: predictions are the mean of class probabilities of the image at these scales ...
        flip: ... and of its mirror image at each.
        true_tags: predict no class but the background and those that the image's own labels name: its tags
            (``gt_label``), or else the classes of its ``gt_mask``, as the network is given it. It tells how good
            masks are whose tags are known; a figure with it is not one without.
        crf: refine class probabilities by :func:`dense_crf` on the image as the network is given it, in pixels of the
            file: the name of a preset (``'seam'``, ``'toco'``, ...) or a dict of settings.

    Raises:
        ValueError: scales that are not positive, or a preset that is not known.
    """

    def __init__(self, backbone, head, auxiliary_head=None, auxiliary_weight=0.4, count_void=True, scales=(1.0,),
                 flip=False, true_tags=False, crf=None, **kwargs):
        super().__init__(backbone, **kwargs)
        self.set_inference(scales, flip, true_tags, crf)
        self.head = self.make(with_channels(head, self.backbone))
        self.auxiliary_head = self.make(with_channels(auxiliary_head, self.backbone)) if auxiliary_head else None
        self.auxiliary_weight, self.count_void = auxiliary_weight, count_void

    def tensor(self, images, data_samples=None):
        """Logits (B, C, h, w)."""
        return self.head(self.backbone(images))

    def loss(self, images, data_samples):
        """Pixel cross-entropy of both heads; what the images were padded with is void.

        Args:
            images: (B, 3, H, W), padded.
            data_samples: list of samples with ``gt_mask``.
        """
        features = self.backbone(images)
        target = self.targets(data_samples, images.shape[2:], features[-1].device)
        losses = dict(loss_seg=self._cross_entropy(self.head(features), target))
        if self.auxiliary_head is not None:
            losses['loss_aux'] = self.auxiliary_weight * self._cross_entropy(self.auxiliary_head(features), target)
        return losses

    def targets(self, data_samples, size, device):
        """Class maps (B, H, W) of a batch, int64, 255 where an image is padded.

        Raises:
            ValueError: an image has none.
        """
        target = torch.full((len(data_samples), *size), 255, dtype=torch.long, device=device)
        for mask, sample in zip(target, data_samples, strict=True):
            if 'gt_mask' not in sample:
                raise ValueError(f"{type(self).__name__} needs class maps: set supervision='full' on training data "
                                 'that has them')
            height, width = sample.gt_mask.shape
            mask[:height, :width] = sample.gt_mask
        return target

    def _cross_entropy(self, logits, target):
        logits = F.interpolate(logits, size=target.shape[1:], mode='bilinear', align_corners=False)
        total = F.cross_entropy(logits, target, ignore_index=255, reduction='sum')
        return total / (target.numel() if self.count_void else (target != 255).sum().clamp(min=1))
