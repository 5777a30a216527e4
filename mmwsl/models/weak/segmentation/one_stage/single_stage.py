"""What single-stage methods share: class maps of two feature maps, a segmentation, and what labels it."""

from collections import namedtuple

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.weak.segmentation.base import soft_margin_loss, tag_accuracy
from mmwsl.models.weak.segmentation.one_stage.base import WarmupModel, check_scales
from mmwsl.models.weak.segmentation.one_stage.cosa_terms import normalize_by_range
from mmwsl.ops.tensors import upcast
from mmwsl.refine import dense_energy
from mmwsl.registry import HEADS, WEAK_HEADS

TwoMaps = namedtuple('TwoMaps', 'maps auxiliary_maps logits')  # (B, C, h, w) twice, (B, 1 + C, h, w)


def resize(maps, size):
    """Maps (B, K, h, w) at another size, bilinear."""
    return F.interpolate(maps, size=tuple(size), mode='bilinear', align_corners=False)


@WEAK_HEADS.register_module()
class TwoMapHead(BaseModule):
    """Class maps of a final and of an auxiliary feature map, each by a 1 x 1 convolution, and a decoder of masks.

    Args:
        in_channels: of all feature maps of a backbone: the first is the auxiliary one, the last the final one.
        num_classes: C, without the background.
        decoder: of the final map, e.g. ``dict(type='LargeFOVHead', channels=512)``; its ``in_channels`` and
            ``num_classes`` are filled in.

    Raises:
        ValueError: the backbone has one map alone.
    """

    several_tags = True

    def __init__(self, in_channels, num_classes, decoder, init_cfg=None):
        super().__init__(init_cfg)
        if isinstance(in_channels, int) or len(in_channels) < 2:
            raise ValueError(f'TwoMapHead: in_channels={in_channels} must be of an auxiliary and a final feature map; '
                             'set out_indices of the backbone to two of its stages or blocks')
        self.num_classes = num_classes
        self.auxiliary_classifier = nn.Conv2d(in_channels[0], num_classes, 1, bias=False)
        self.classifier = nn.Conv2d(in_channels[-1], num_classes, 1, bias=False)
        for layer in (self.auxiliary_classifier, self.classifier):
            nn.init.normal_(layer.weight, std=0.01)
        self.decoder = HEADS.build(dict(decoder, in_channels=in_channels[-1], num_classes=1 + num_classes))

    def forward(self, features):
        """:class:`TwoMaps` of a tuple of feature maps."""
        return TwoMaps(upcast(self.classifier(features[-1])), upcast(self.auxiliary_classifier(features[0])),
                       self.decoder(features))


def pooled(maps, scores='max'):
    """Scores (B, C) before the sigmoid: the largest value of each map (B, C, h, w), or its ``'mean'``."""
    return maps.amax((2, 3)) if scores == 'max' else maps.mean((2, 3))


@torch.no_grad()
def assign(network, images, tags, scales):
    """:class:`TwoMaps` of the images (B, 3, H, W), without gradient: maps in [0, 1], 0 of absent classes (B, C).

    Of an image and its mirror image the maps' larger value is taken, rectified and summed over scales; logits are
    summed over all. The sums have the size of the first scale's, auxiliary maps that of the final ones.

    Args:
        network: images to :class:`TwoMaps`.
    """
    totals = None
    for scale in scales:
        sides = [max(1, round(side * scale)) for side in images.shape[2:]]
        view = images if scale == 1 else resize(images, sides)
        pairs = [each.chunk(2) for each in network(torch.cat([view, view.flip(3)]))]
        pairs = [(upcast(straight), upcast(mirrored).flip(3)) for straight, mirrored in pairs]
        each = [torch.maximum(*pair).relu() for pair in pairs[:2]] + [sum(pairs[2])]
        if totals is None:
            totals = [each[0], resize(each[1], each[0].shape[2:]), each[2]]
        else:
            totals = [total + resize(one, total.shape[2:]) for total, one in zip(totals, each, strict=True)]
    return TwoMaps(normalize_by_range(totals[0], tags), normalize_by_range(totals[1], tags), totals[2])


class SingleStageModel(WarmupModel):
    """Base of single-stage methods with two maps; a method adds ``loss``.

    Args:
        backbone: returns an auxiliary and a final feature map.
        head: :class:`TwoMapHead`; its ``in_channels`` may be left out.
        assignment_scales: at which images are seen to label them.
        segmentation_weight: of the segmentation's loss.
        regularization_weight: of :func:`dense_energy`, which waits for the device; 0 leaves it out.
        scores: of the tags, from class maps (B, C, h, w): ``'max'``, the largest value of each, as published for
            transformers, whose positions all see the image; or ``'mean'``, after which a convolutional network's maps
            cover more of an object.
        kwargs: see :class:`WarmupModel`.

    Raises:
        ValueError: a setting out of range.
    """

    def __init__(self, backbone, head, assignment_scales=(1.0, 0.5, 1.5), segmentation_weight=0.1,
                 regularization_weight=0.05, scores='max', **kwargs):
        super().__init__(backbone, head, **kwargs)
        check_scales(self, assignment_scales)
        if scores not in ('max', 'mean'):
            raise ValueError(f"{type(self).__name__}: scores={scores!r} is unknown; choose 'max' or 'mean'")
        self.scores = scores
        self.assignment_scales = tuple(assignment_scales)
        self.segmentation_weight, self.regularization_weight = segmentation_weight, regularization_weight

    def network(self, images):
        """:class:`TwoMaps` of images (B, 3, H, W)."""
        return self.head(self.backbone(images))

    def classification_losses(self, found, tags):
        """``loss_cls`` and ``loss_aux`` of :class:`TwoMaps`, and ``accuracy`` of the tags (B, C) in percent."""
        scores = pooled(found.maps, self.scores)
        return dict(loss_cls=soft_margin_loss(scores, tags), accuracy=tag_accuracy(scores, tags),
                    loss_aux=soft_margin_loss(pooled(found.auxiliary_maps, self.scores), tags))

    def regularization_losses(self, images, predicted):
        """``loss_reg`` of logits (B, 1 + C, H, W), if it is on."""
        if not self.regularization_weight:
            return {}
        energy = dense_energy(self.data_preprocessor.pixels(images), predicted.softmax(1))
        return dict(loss_reg=self.regularization_weight * energy)

    def tensor(self, images, data_samples=None):
        """Logits (B, 1 + C, h, w) of the segmentation."""
        return self.network(images).logits

    def scores_and_maps(self, images):
        maps = self.network(images).maps
        return pooled(maps, self.scores), maps.relu()
