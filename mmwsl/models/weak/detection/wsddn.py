"""WSDDN (Bilen and Vedaldi 2016): one stream says what a region shows, another which region shows it."""

import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.ops import box_iou
from mmwsl.registry import HEADS


def region_scores(class_logits, region_logits, temperature=1.0):
    """Scores of regions: softmax over classes of one stream times softmax over regions of the other, fp32.

    Args:
        class_logits: (R, C).
        region_logits: (R, C).
        temperature: the second are divided by it; 2 in the authors' code, 1 in the paper.

    Returns:
        (R, C) in (0, 1); a column sums to the image's score of that class, which is below 1.
    """
    return class_logits.float().softmax(1) * (region_logits.float() / temperature).softmax(0)


def tag_loss(scores, tags, reduction='sum'):
    """Binary cross-entropy of an image's class scores, the sums over regions, with its tags.

    Args:
        scores: (R, C) of :func:`region_scores`.
        tags: (C,) of 1, 0 and -1 (unknown: that class is left out).
        reduction: over the classes that are known, ``'sum'`` or ``'mean'``.
    """
    image_scores = scores.sum(0).clamp(1e-6, 1 - 1e-6)
    known = (tags >= 0).to(scores.dtype)
    total = (F.binary_cross_entropy(image_scores, (tags > 0).to(scores.dtype), reduction='none') * known).sum()
    return total if reduction == 'sum' else total / known.sum().clamp(min=1)


def spatial_regularizer(features, boxes, scores, classes, top=10, iou=0.6):
    """Half the squared distance of features of regions around the best one to its, weighted by their scores.

    Args:
        features: (R, D) of the last layer before the streams.
        boxes: (R, 4).
        scores: (R, C); weights, without gradient.
        classes: numbers of the classes that are in the image.
        top: so many regions of the highest scores can take part ...
        iou: ... if their IoU with the best is above this.

    Returns:
        Scalar, summed over the classes.
    """
    total = features.new_zeros(())
    for label in classes:
        values, regions = scores[:, label].detach().topk(min(top, len(scores)))
        near = box_iou(boxes[regions[:1]], boxes[regions])[0] > iou
        distance = (features[regions] - features[regions[:1]]).float().square().sum(1)
        total = total + 0.5 * (values * near * distance).sum()
    return total


@HEADS.register_module()
class WSDDNHead(BaseModule):
    """The two streams of WSDDN.

    Args:
        in_channels: D, of a region's features.
        num_classes: C.
        temperature: see :func:`region_scores`.
        reduction: see :func:`tag_loss`.
        spatial_weight: of :func:`spatial_regularizer`; 1e-4 in the paper, 0 for none.

    Raises:
        ValueError: an unknown reduction.
    """

    def __init__(self, in_channels, num_classes, temperature=1.0, reduction='sum', spatial_weight=0.0, init_cfg=None):
        super().__init__(init_cfg)
        if reduction not in ('sum', 'mean'):
            raise ValueError(f"WSDDNHead: reduction={reduction!r} is unknown; choose 'sum' or 'mean'")
        self.class_stream, self.region_stream = nn.Linear(in_channels, num_classes), nn.Linear(in_channels, num_classes)
        for layer in (self.class_stream, self.region_stream):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)
        self.num_classes, self.temperature = num_classes, temperature
        self.reduction, self.spatial_weight = reduction, spatial_weight

    def forward(self, features, surroundings=None):
        """Scores (R, C) of all regions of one image.

        Args:
            features: (R, D).
            surroundings: (R, D), features of the regions with what is around them, or None. With them the second
                stream asks how much better a region shows a class than its surroundings do (Kantorov et al. 2016,
                the contrastive model). Without, where features see far beyond their region, the inside of an object
                looks the same from any part of it, and small parts win.
        """
        region_logits = self.region_stream(features)
        if surroundings is not None:
            region_logits = region_logits - self.region_stream(surroundings)
        return region_scores(self.class_stream(features), region_logits, self.temperature)

    def loss(self, features, boxes, tags, surroundings=None):
        """Losses of one image: features (R, D), boxes (R, 4), tags (C,), surroundings as in :meth:`forward`."""
        return self.loss_of(self(features, surroundings), features, boxes, tags)

    def loss_of(self, scores, features, boxes, tags):
        """As :meth:`loss`, of the scores that :meth:`forward` gave."""
        losses = dict(loss_tags=tag_loss(scores, tags, self.reduction))
        if self.spatial_weight:
            classes = (tags > 0).nonzero()[:, 0].tolist()
            losses['loss_spatial'] = self.spatial_weight * spatial_regularizer(features, boxes, scores, classes)
        return losses

    def predict(self, features, boxes, surroundings=None):
        """Scores (R, C), and boxes (R, C, 4) where they are not the regions' own: None."""
        return self(features, surroundings), None
