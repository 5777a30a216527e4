"""Self-produced guidance (Zhang et al. 2018, arXiv:1807.08902)."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch.nn.modules.utils import _pair

from mmwsl.compat import renamed_arguments
from mmwsl.models.heads.classes import check_classes
from mmwsl.models.weak.localization.cam import CAMHead
from mmwsl.models.weak.localization.maps import normalize_maps
from mmwsl.ops.tensors import accuracy, upcast
from mmwsl.registry import WEAK_HEADS

IGNORED = 255


def seeds(attention, high, low, min_pixels=30):
    """Seed masks of object (1), background (0) and ignored (255) from attention maps (B, h, w) in [0, 1].

    Object is what lies above ``high``; where that is fewer than ``min_pixels`` of an image, what lies above 0.7 of its
    maximum. Background is what lies below ``low``, whatever else it is.
    """
    few = (attention > high).sum((1, 2), keepdim=True) < min_pixels
    limit = torch.where(few, 0.7 * attention.amax((1, 2), keepdim=True), high)
    masks = torch.full_like(attention, IGNORED)
    masks = torch.where(attention > limit, 1.0, masks)
    return torch.where(attention < low, 0.0, masks)


def _resize(maps, size):
    return F.interpolate(maps[:, None], size=tuple(size), mode='bilinear', align_corners=False)[:, 0]


def guided_loss(logits, attention, high, low, min_pixels=30):
    """Binary cross-entropy of logits (B, h, w) against the seeds of ``attention`` (B, h', w'), no gradient to that."""
    target = seeds(_resize(attention.detach(), logits.shape[1:]), high, low, min_pixels)
    known = target != IGNORED
    each = F.binary_cross_entropy_with_logits(logits, target.clamp(max=1), reduction='none')
    return (each * known).sum() / known.sum().clamp(min=1)


@WEAK_HEADS.register_module()
class SPGHead(BaseModule):
    """SPG head: the classifier's attention guides masks on earlier feature maps, and those a mask on the last one.

    B1 and B2 are masks of two earlier feature maps by a shared head, C a mask of the last one. The attention
    (normalised CAM of the label) teaches B2, B2 teaches B1, and the mean of both teaches C. At test time it gives CAMs.

    Args:
        in_channels: of the backbone's feature maps.
        num_classes: number of classes.
        channels: of the convolutions.
        side_layers: indices of the feature maps that B1 and B2 are made of; the last one is classified. In the paper's
            InceptionV3 B2 reads that one too: (-2, -1).
        classifier: settings of the :class:`CAMHead`; None: one convolution of ``channels``.
        thresholds: (high, low) of the seeds that B2, B1 and C are taught.
        min_pixels: see :func:`seeds`.
        size: side of the maps that seeds are chosen and losses are averaged on, or (height, width); smaller maps are
            enlarged to it first. The authors' code and that of Choe et al. have 224, the side of the image. None: each
            mask as it is, which costs less.
    """

    @renamed_arguments(sides='side_layers', least='min_pixels')
    def __init__(self, in_channels, num_classes, channels=512, side_layers=(-3, -2), classifier=None,
                 thresholds=((0.7, 0.01), (0.5, 0.05), (0.7, 0.1)), min_pixels=30, size=224, init_cfg=None):
        super().__init__(init_cfg)
        check_classes(self, num_classes)
        if isinstance(in_channels, int) or len(in_channels) < -min(side_layers):
            count = {2: 'two', 3: 'three'}.get(-min(side_layers), -min(side_layers))
            raise ValueError(f'SPGHead needs {count} maps: set {count} out_indices of the backbone; got {in_channels}')
        self.num_classes, self.thresholds = num_classes, thresholds
        self.min_pixels, self.side_layers = min_pixels, tuple(side_layers)
        self.size = None if size is None else _pair(size)
        self.classifier = CAMHead(in_channels[-1], num_classes, **(classifier or dict(channels=channels)))
        self.sides = nn.ModuleList(self._block(in_channels[index], channels) for index in side_layers)
        self.shared = nn.Sequential(self._block(channels, channels), nn.Conv2d(channels, 1, 1))
        width = self.classifier.classifier.in_features
        self.top = nn.Sequential(self._block(width, channels), nn.Conv2d(channels, 1, 1))

    @staticmethod
    def _block(in_channels, channels):
        conv = nn.Conv2d(in_channels, channels, 3, padding=1)
        nn.init.kaiming_normal_(conv.weight, mode='fan_out', nonlinearity='relu')
        nn.init.zeros_(conv.bias)
        return nn.Sequential(conv, nn.ReLU(inplace=True))

    def forward(self, features):
        """Scores (B, C)."""
        return self.classifier(features)

    def class_maps(self, features, labels=None):
        """CAM of every class, (B, C, h, w)."""
        return self.classifier.class_maps(features)

    def loss(self, features, labels):
        """Cross-entropy and the three guided losses."""
        classified = self.classifier.features(features)  # (B, K, h, w), what the classifier pools
        scores = upcast(self.classifier.scores(classified))
        weight = self.classifier.classifier.weight[labels].detach().float()  # (B, K)
        attention = torch.einsum('bkhw,bk->bhw', classified.detach().float(), weight)
        first, second = (self.shared(side(features[index]))[:, 0].float()
                         for side, index in zip(self.sides, self.side_layers, strict=True))
        top = self.top(classified)[:, 0].float()
        if self.size is not None:
            attention, first, second, top = (_resize(each, self.size) for each in (attention, first, second, top))
        attention = normalize_maps(attention)
        smaller = _resize(first, second.shape[1:])
        both = (smaller.sigmoid() + second.sigmoid()) / 2
        guides = ((second, attention), (first, second.sigmoid()), (top, both))
        names = ('loss_b2', 'loss_b1', 'loss_c')
        losses = {name: guided_loss(logits, guide, *limits, self.min_pixels)
                  for name, (logits, guide), limits in zip(names, guides, self.thresholds, strict=True)}
        return dict(loss=F.cross_entropy(scores, labels), **losses,
                    accuracy=accuracy(scores, labels))
