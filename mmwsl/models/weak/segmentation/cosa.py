"""CoSA (Yang et al. 2024, arXiv:2402.17891): class maps and segmentation of one network teach each other.

The public code is not the paper: it has neither the reliability weights nor the contrastive separation, and fixed
thresholds unless asked. Here each is a switch.
"""

from collections import namedtuple

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.base import TeacherModel, single_view
from mmwsl.models.layers.teacher import Teacher
from mmwsl.models.supervised.masks import MaskPredictor
from mmwsl.models.weak.segmentation.base import ClassMapModel, soft_margin_loss, tag_accuracy
from mmwsl.models.weak.segmentation.cosa_terms import (
    balanced_cross_entropy,
    contrastive_separation,
    guidance_loss,
    normalize_by_range,
    perplexity,
    pseudo_labels,
    refined_labels,
    reliability_weights,
    sharpened_probabilities,
)
from mmwsl.models.weak.segmentation.thresholds import MapThresholds
from mmwsl.ops.tensors import upcast
from mmwsl.refine import dense_energy
from mmwsl.registry import HEADS, MODELS, WEAK_HEADS

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


def pooled(maps):
    """Scores (B, C) before the sigmoid: the largest value of each map (B, C, h, w)."""
    return maps.amax((2, 3))


@MODELS.register_module()
class CoSA(TeacherModel, MaskPredictor, ClassMapModel):
    """CoSA: an averaged copy of the network, the assignment network, labels what the network learns.

    The copy sees the weak view at several scales and mirrored. Its class maps become pseudo-labels of the segmentation,
    its segmentation guides the class maps. Batches have two views of the same crop, a weak and a strong one: set
    ``chained=True`` of the data preprocessor. With one view both see the same.

    Args:
        backbone: returns an auxiliary and a final feature map.
        head: :class:`TwoMapHead`; its ``in_channels`` may be left out.
        warmup: share of training in which the classifiers alone learn.
        swap: the averaged copy labels; else the network labels for itself.
        momentum: of the copy.
        assignment_scales: at which the copy sees the images; the maps have the size of the first.
        thresholds: of :class:`MapThresholds`, of the final and the auxiliary map.
        refine: refine the pseudo-labels by :func:`par`.
        reliability: ``dict(alpha=, beta=)`` of :func:`perplexity`, to weight the pixels of pseudo-labels; or None.
        segmentation_weight, guidance_weight: of the two losses that swap labels.
        regularization_weight: of :func:`dense_energy`, which waits for the device; 0 leaves it out.
        separation_weight: of :func:`contrastive_separation`; 0 leaves it out.
        epsilon, temperature: of the separation.
        scales, flip, true_tags, crf: of predictions; see :class:`FCN`.
        kwargs: see :class:`ClassMapModel`.

    Raises:
        ValueError: a setting out of range.
    """

    students = ('backbone', 'head')

    def __init__(self, backbone, head, warmup=0.15, swap=True, momentum=0.9994, assignment_scales=(1.0, 0.5, 1.5),
                 thresholds=None, refine=False, reliability=None, segmentation_weight=0.1, guidance_weight=0.05,
                 regularization_weight=0.05, separation_weight=0.0, epsilon=1.0, temperature=0.5, scales=(1.0,),
                 flip=False, true_tags=False, crf=None, **kwargs):
        super().__init__(backbone, head, **kwargs)
        if not 0 <= warmup <= 1 or not assignment_scales or min(assignment_scales) <= 0:
            raise ValueError(f'CoSA: warmup={warmup} must be a share of training in [0, 1], and assignment_scales='
                             f'{assignment_scales} positive numbers, at least one')
        self.set_inference(scales, flip, true_tags, crf)
        self.teacher = Teacher(self.backbone, self.head, momentum=momentum)
        self.thresholds = MapThresholds(**(thresholds or {}))
        self.warmup, self.swap, self.assignment_scales = warmup, swap, tuple(assignment_scales)
        self.refine, self.reliability = refine, reliability
        self.segmentation_weight, self.guidance_weight = segmentation_weight, guidance_weight
        self.regularization_weight, self.separation_weight = regularization_weight, separation_weight
        self.epsilon, self.temperature = epsilon, temperature
        self.register_buffer('assigning', torch.tensor(warmup == 0))
        self._assigning = warmup == 0  # the same on the host, so that a training step does not wait for the device

    def load_state_dict(self, *args, **kwargs):
        report = super().load_state_dict(*args, **kwargs)
        self._assigning = bool(self.assigning)
        return report

    def after_optimizer_step(self, progress):
        """Move the copy, and begin with labels when ``progress`` in [0, 1] has come to ``warmup``."""
        super().after_optimizer_step(progress)
        if not self._assigning and progress >= self.warmup - 1e-6:
            self._assigning = True
            self.assigning.fill_(True)

    def loss(self, views, data_samples):
        """``loss_cls`` and ``loss_aux`` of the tags; after the warm-up ``loss_c2s``, ``loss_s2c`` and what is on.

        Args:
            views: weak and strong images (B, 3, H, W) of the same crops, or one view.
            data_samples: with tags.
        """
        weak, strong = views if isinstance(views, (list, tuple)) and len(views) == 2 else [single_view(views)] * 2
        tags = self.tags(data_samples, strong.device)
        found = self.head(self.backbone(strong))
        scores = pooled(found.maps)
        losses = dict(loss_cls=soft_margin_loss(scores, tags), accuracy=tag_accuracy(scores, tags),
                      loss_aux=soft_margin_loss(pooled(found.auxiliary_maps), tags))
        if not self._assigning:
            return dict(losses, loss_c2s=0 * found.logits.sum())  # data-parallel ranks want a gradient of the decoder
        return losses | self.assigned_losses(found, weak, strong, tags)

    def assigned_losses(self, found, weak, strong, tags):
        """Losses of :class:`TwoMaps` ``found`` in the strong view against what is assigned in the weak one."""
        maps, auxiliary_maps, logits = self.assign(weak, tags)
        maxima = torch.stack([each.amax(1).flatten() for each in (maps, auxiliary_maps)])
        thresholds = self.thresholds(maxima)  # (2, 2): low and high of both kinds
        size, losses = strong.shape[2:], {}
        predicted = resize(found.logits, size)
        segmentation = [self.segmentation_loss(predicted, resize(each, size), weak, *pair)
                        for each, pair in zip((maps, auxiliary_maps), thresholds, strict=True)]
        losses['loss_c2s'] = self.segmentation_weight * sum(segmentation) / 2
        if self.guidance_weight:
            losses['loss_s2c'] = self.guidance_weight * guidance_loss(found.maps, sharpened_probabilities(logits, tags))
        if self.separation_weight:
            low, high = thresholds[1]
            unsure = perplexity(auxiliary_maps.amax(1), (low + high) / 2, **(self.reliability or {}))
            losses['loss_separation'] = self.separation_weight * contrastive_separation(
                found.maps, pseudo_labels(auxiliary_maps, low, high), unsure, self.epsilon, self.temperature)
        if self.regularization_weight:
            losses['loss_reg'] = self.regularization_weight * dense_energy(
                self.data_preprocessor.pixels(weak), predicted.softmax(1))
        low, high = thresholds[0]
        return dict(losses, threshold_low=low, threshold_high=high)

    def segmentation_loss(self, predicted, maps, images, low, high):
        """Cross-entropy of logits (B, 1 + C, H, W) against the labels that maps (B, C, H, W) in [0, 1] make."""
        with torch.no_grad():
            labels = refined_labels(images, maps, low, high) if self.refine else pseudo_labels(maps, low, high)
            weights = None
            if self.reliability is not None:
                weights = reliability_weights(perplexity(maps.amax(1), (low + high) / 2, **self.reliability))
        return balanced_cross_entropy(predicted, labels, weights)

    @torch.no_grad()
    def assign(self, images, tags):
        """:class:`TwoMaps` of the images (B, 3, H, W), without gradient: maps in [0, 1], 0 of absent classes (B, C).

        Of an image and its mirror image the maps' larger value is taken, rectified and summed over scales; logits are
        summed over all.
        """
        totals = None
        for scale in self.assignment_scales:
            sides = [max(1, round(side * scale)) for side in images.shape[2:]]
            view = images if scale == 1 else resize(images, sides)
            view = torch.cat([view, view.flip(3)])
            both = self.teacher(view) if self.swap else self.head(self.backbone(view))
            pairs = [each.chunk(2) for each in both]
            pairs = [(upcast(straight), upcast(mirrored).flip(3)) for straight, mirrored in pairs]
            each = [torch.maximum(*pair).relu() for pair in pairs[:2]] + [sum(pairs[2])]
            totals = each if totals is None else [
                total + resize(one, total.shape[2:]) for total, one in zip(totals, each, strict=True)]
        return TwoMaps(normalize_by_range(totals[0], tags), normalize_by_range(totals[1], tags), totals[2])

    def tensor(self, images, data_samples=None):
        """Logits (B, 1 + C, h, w) of the segmentation."""
        return self.head(self.backbone(images)).logits

    def scores_and_maps(self, images):
        maps = self.head(self.backbone(images)).maps
        return pooled(maps), maps.relu()

    def predict(self, images, samples):
        """As :class:`ClassMapModel`, and ``pred_mask`` in pixels of the file, as :class:`FCN` does."""
        return MaskPredictor.predict(self, images, ClassMapModel.predict(self, images, samples))
