"""Self-produced guidance (Zhang et al. 2018, arXiv:1807.08902)."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.weak.localization.cam import CAMHead
from mmwsl.models.weak.localization.maps import normalize_maps
from mmwsl.ops.tensors import accuracy, upcast
from mmwsl.registry import WEAK_HEADS

IGNORED = 255


def seeds(attention, high, low, least=30):
    """Masks of what is surely object (1) and surely not (0), all else 255, from maps (B, h, w) in [0, 1].

    Object is what lies above ``high``; where that is fewer than ``least`` pixels of an image, what lies above 0.7 of
    its maximum. Background is what lies below ``low``.
    """
    few = (attention > high).sum((1, 2), keepdim=True) < least
    limit = torch.where(few, 0.7 * attention.amax((1, 2), keepdim=True), high)
    masks = torch.full_like(attention, IGNORED)
    masks = torch.where(attention < low, 0.0, masks)
    return torch.where(attention > limit, 1.0, masks)


def guided_loss(logits, attention, high, low, least=30):
    """Binary cross-entropy of logits (B, h, w) against the seeds of ``attention`` (B, h', w'), no gradient to that."""
    attention = F.interpolate(attention.detach()[:, None], size=logits.shape[1:], mode='bilinear', align_corners=False)
    target = seeds(attention[:, 0], high, low, least)
    known = target != IGNORED
    each = F.binary_cross_entropy_with_logits(logits, target.clamp(max=1), reduction='none')
    return (each * known).sum() / known.sum().clamp(min=1)


@WEAK_HEADS.register_module()
class SPGHead(BaseModule):
    """A classifier whose attention teaches object masks on earlier maps, and those a mask on the last one.

    B1 and B2 are masks of two earlier maps by a shared head, C a mask of the last map. The attention (normalised CAM of
    the label) teaches B2, B2 teaches B1, and the mean of both teaches C. At test time the maps are CAMs.

    Args:
        in_channels: of the backbone's maps.
        num_classes: number of classes.
        channels: of the convolutions.
        sides: places of the maps that B1 and B2 are made of; the last map is the one that is classified. In the paper's
            InceptionV3 B2 reads that one too: (-2, -1).
        classifier: settings of the :class:`CAMHead`; None: one convolution of ``channels``.
        thresholds: (high, low) of the seeds that B2, B1 and C are taught.
        least: see :func:`seeds`; on 28 x 28 maps.
    """

    def __init__(self, in_channels, num_classes, channels=512, sides=(-3, -2), classifier=None,
                 thresholds=((0.7, 0.01), (0.5, 0.05), (0.7, 0.1)), least=30, init_cfg=None):
        super().__init__(init_cfg)
        if isinstance(in_channels, int) or len(in_channels) < -min(sides):
            count = {2: 'two', 3: 'three'}.get(-min(sides), -min(sides))
            raise ValueError(f'SPGHead needs {count} maps: set {count} out_indices of the backbone; got {in_channels}')
        self.num_classes, self.thresholds, self.least, self.places = num_classes, thresholds, least, tuple(sides)
        self.classifier = CAMHead(in_channels[-1], num_classes, **(classifier or dict(channels=channels)))
        self.sides = nn.ModuleList(self._block(in_channels[place], channels) for place in sides)
        self.shared = nn.Sequential(self._block(channels, channels), nn.Conv2d(channels, 1, 1))
        width = self.classifier.classifier.in_features
        self.top = nn.Sequential(self._block(width, channels), nn.Conv2d(channels, 1, 1))

    @staticmethod
    def _block(in_channels, channels):
        conv = nn.Conv2d(in_channels, channels, 3, padding=1)
        nn.init.kaiming_normal_(conv.weight, mode='fan_out', nonlinearity='relu')
        nn.init.zeros_(conv.bias)
        return nn.Sequential(conv, nn.ReLU(inplace=True))

    def forward(self, maps):
        """Scores (B, C)."""
        return self.classifier(maps)

    def class_maps(self, maps, labels=None):
        """CAM of every class, (B, C, h, w)."""
        return self.classifier.class_maps(maps)

    def loss(self, maps, labels):
        """Cross-entropy and the three guided losses."""
        features = self.classifier.features(maps)
        scores = upcast(self.classifier.scores(features))
        weight = self.classifier.classifier.weight[labels].detach().float()  # (B, K)
        attention = normalize_maps(torch.einsum('bkhw,bk->bhw', features.detach().float(), weight))
        first, second = (self.shared(side(maps[place]))[:, 0].float()
                         for side, place in zip(self.sides, self.places, strict=True))
        top = self.top(features)[:, 0].float()
        smaller = F.interpolate(first[:, None], size=second.shape[1:], mode='bilinear', align_corners=False)[:, 0]
        both = (smaller.sigmoid() + second.sigmoid()) / 2
        guides = ((second, attention), (first, second.sigmoid()), (top, both))
        names = ('loss_b2', 'loss_b1', 'loss_c')
        losses = {name: guided_loss(logits, guide, *limits, self.least)
                  for name, (logits, guide), limits in zip(names, guides, self.thresholds, strict=True)}
        return dict(loss=F.cross_entropy(scores, labels), **losses,
                    accuracy=accuracy(scores, labels))
