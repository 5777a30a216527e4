"""Segmentation from boxes: class-wise masking and a loss guided by filling rates (Song et al. 2019)."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.models.base import single_view
from mmwsl.models.supervised.fcn import FCNHead
from mmwsl.models.weak.segmentation.partial_labels import PartialFCN
from mmwsl.ops.tensors import upcast
from mmwsl.registry import HEADS, MODELS
from mmwsl.structures import split_samples


@HEADS.register_module()
class BoxMaskingHead(FCNHead):
    """FCN head whose features are masked for each class by an attention map of that class, learnt from boxes.

    A class's map A_c in [0, 1] multiplies the features that the class is scored on; its score w_c (A_c f) + b_c is
    A_c w_c f + b_c, so scores are masked here. The background is not masked.

    Args:
        in_channels, channels, num_classes: see :class:`FCNHead`.
        kwargs: see :class:`FCNHead`.
    """

    def __init__(self, in_channels, channels, num_classes, **kwargs):
        super().__init__(in_channels, channels, num_classes, **kwargs)
        self.attention = nn.Conv2d(channels, num_classes - 1, 1)
        nn.init.normal_(self.attention.weight, std=0.01)
        nn.init.zeros_(self.attention.bias)

    def forward(self, features):
        """Logits (B, C, h, w), at least fp32, of a tuple of feature maps."""
        return self.scores_and_attention(features)[0]

    def scores_and_attention(self, features):
        """Logits (B, C, h, w), and logits of the attention (B, C - 1, h, w); at least fp32."""
        x = features[self.index]
        y = self.convs(x)
        if self.joined is not None:
            y = self.joined(torch.cat([x, y], dim=1))
        y = self.dropout(y)
        attention = upcast(self.attention(y))
        bias = upcast(self.scores.bias)[:, None, None]
        scores = upcast(self.scores(y)) - bias
        masks = torch.cat([torch.ones_like(attention[:, :1]), attention.sigmoid()], dim=1)
        return masks * scores + bias, attention


def fill_rate_target(logits, target, boxes, labels, rates):
    """The class map of an image, of which in each box of a class only the pixels that are surest of it stay.

    Of the pixels that have the box's class in ``target`` the best round(rate area) stay, by their score of the class;
    the others become 255.

    Args:
        logits: (1 + C, H, W), the background first.
        target: (H, W): 0, class + 1, 255.
        boxes: (N, 4) in pixels.
        labels: (N,).
        rates: (C,) in [0, 1], shares of a box of each class that are object.

    Returns:
        (H, W), another tensor. What it holds does not pass through the host.
    """
    kept, size = target.clone(), target.shape
    rows = torch.arange(size[0], device=target.device)[:, None]
    columns = torch.arange(size[1], device=target.device)
    scores = upcast(logits.detach()).log_softmax(0)
    for box, label in zip(boxes, labels, strict=True):
        inside = (columns >= box[0]) & (columns < box[2]) & (rows >= box[1]) & (rows < box[3])
        own = inside & (target == label + 1)
        count = (rates.index_select(0, label[None]) * inside.sum()).round()
        own_scores = scores.index_select(0, label[None] + 1)[0]
        ranks = own_scores.masked_fill(~own, -torch.inf).flatten().argsort(descending=True).argsort()
        kept = torch.where(own & (ranks.view(size) >= count), torch.full_like(kept, 255), kept)
    return kept


@MODELS.register_module()
class BoxDrivenFCN(PartialFCN):
    """FCN on maps that boxes give, wrong in the boxes' corners: class-wise masking and filling rates.

    The cross-entropy of a box counts the surest pixels of its class alone, as many as objects of that class fill of
    their boxes (:func:`fill_rate_target`); attention maps are to be 1 in the boxes of their class and 0 elsewhere, by a
    squared error.

    Args:
        backbone: see :class:`FCN`.
        head: :class:`BoxMaskingHead`.
        attention_weight: of the attention's loss.
        kwargs: see :class:`PartialFCN`; ``energy_weight`` is 0 unless it is given.

    Raises:
        ValueError: another head.
    """

    def __init__(self, backbone, head, attention_weight=1.0, energy_weight=0.0, **kwargs):
        super().__init__(backbone, head, energy_weight=energy_weight, **kwargs)
        if not isinstance(self.head, BoxMaskingHead):
            raise ValueError(f'BoxDrivenFCN masks features by class, which {type(self.head).__name__} does not; give '
                             "head=dict(type='BoxMaskingHead', ...)")
        self.attention_weight = attention_weight

    def loss(self, images, data_samples):
        """``loss_seg`` and ``loss_attention``, and what :class:`PartialFCN` has on.

        Args:
            images: (B, 3, H, W), padded.
            data_samples: of images with ``gt_mask``, ``gt_boxes``, ``gt_box_labels`` and ``box_fill_rates``.

        Raises:
            ValueError: samples without them.
        """
        images, data_samples = single_view(images), split_samples(data_samples, len(single_view(images)))
        absent = [name for name in ('gt_boxes', 'box_fill_rates') if name not in data_samples[0]]
        if absent:
            raise ValueError(f'BoxDrivenFCN needs {" and ".join(absent)} of each image: give it the data set WeakMasks '
                             "with labels='boxes' or 'rectangles'")
        features, size = self.backbone(images), images.shape[2:]
        logits, attention = (F.interpolate(each, size=size, mode='bilinear', align_corners=False)
                             for each in self.head.scores_and_attention(features))
        target = self.targets(data_samples, size, logits.device)
        kept = torch.stack([
            fill_rate_target(each, labels, sample.gt_boxes, sample.gt_box_labels, sample.box_fill_rates)
            for each, labels, sample in zip(logits, target, data_samples, strict=True)])
        wanted = torch.stack([boxes_of_classes(sample.gt_boxes, sample.gt_box_labels, attention.shape[1], size)
                              for sample in data_samples])
        losses = dict(loss_seg=self.labelled_loss(logits, kept),
                      loss_attention=self.attention_weight * F.mse_loss(attention.sigmoid(), wanted))
        if self.energy_weight and self.is_regularized:
            losses['loss_energy'] = self.energy(images, logits.softmax(1), data_samples)
        return losses


def boxes_of_classes(boxes, labels, num_classes, size):
    """(C, H, W) of 0 and 1: where boxes (N, 4) of each class are."""
    rows = torch.arange(size[0], device=boxes.device)[:, None]
    columns = torch.arange(size[1], device=boxes.device)
    made, numbers = torch.zeros(num_classes, *size, device=boxes.device), torch.arange(num_classes, device=boxes.device)
    for box, label in zip(boxes, labels, strict=True):
        inside = (columns >= box[0]) & (columns < box[2]) & (rows >= box[1]) & (rows < box[3])
        made = torch.maximum(made, inside * (numbers == label)[:, None, None])
    return made
