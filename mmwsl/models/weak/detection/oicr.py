"""OICR (Tang et al. 2017): classifiers of regions, each taught by the best regions of the one before."""

import torch
import torch.nn as nn
from mmengine.model import BaseModule

from mmwsl.models.weak.detection.box_branch import BoxBranch
from mmwsl.models.weak.detection.wsddn import WSDDNHead
from mmwsl.ops import box_iou
from mmwsl.registry import HEADS


@torch.no_grad()
def best_regions(scores, classes):
    """The best region of each class; a region that one class took is not taken by a later one.

    Args:
        scores: (R, C), not negative. Of equal ones the first is best.
        classes: numbers of the classes that are in the image.

    Returns:
        tuple: centers (K,) int64, their scores (K,) and classes (K,), K classes.
    """
    none = torch.zeros(0, dtype=torch.long, device=scores.device)
    left, centers, values, labels = scores.clone(), [none], [scores.new_zeros(0)], [none]
    for label in classes:
        center = left[:, label].argmax(0, keepdim=True)
        centers.append(center)
        values.append(scores[:, label].index_select(0, center))
        labels.append(torch.full_like(center, label))
        left = left.index_fill(0, center, 0)
    return torch.cat(centers), torch.cat(values), torch.cat(labels)


@torch.no_grad()
def assign_regions(boxes, center_boxes, center_scores, center_labels, positive_iou=0.5, ignore_iou=0.0):
    """Give every region the class of the center it overlaps most, or background, and that center's score as weight.

    Args:
        boxes: (R, 4).
        center_boxes, center_scores, center_labels: (K, 4), (K,) and (K,); labels count from 0.
        positive_iou: least IoU of a region that has the center's class.
        ignore_iou: regions with a smaller IoU than this weigh nothing.

    Returns:
        tuple: labels (R,) int64, 0 = background, class + 1; weights (R,); and owners (R,) int64, the center. Of
        centers that overlap a region equally the first owns it. Without a center all is background and weighs nothing.
    """
    if not len(center_boxes):
        labels = torch.zeros(len(boxes), dtype=torch.long, device=boxes.device)
        return labels, boxes.new_zeros(len(boxes)), labels
    overlap, owners = box_iou(boxes, center_boxes).max(1)
    labels = torch.where(overlap >= positive_iou, center_labels[owners] + 1, 0)
    weights = torch.where(overlap >= ignore_iou, center_scores[owners], 0)
    return labels, weights, owners


def oicr_targets(boxes, scores, classes, positive_iou=0.5, ignore_iou=0.0):
    """Labels and weights of an image's regions by the scores of the head before; see :func:`assign_regions`.

    Args:
        boxes: (R, 4).
        scores: (R, C), without the background.
        classes: numbers of the classes that are in the image.
    """
    centers, center_scores, center_labels = best_regions(scores, classes)
    return assign_regions(boxes, boxes[centers], center_scores, center_labels, positive_iou, ignore_iou)


def oicr_loss(logits, labels, weights):
    """Weighted cross-entropy of regions, divided by their number: -1/R sum of w_r log p of its label.

    Args:
        logits: (R, C + 1), background first.
        labels, weights: (R,) of :func:`oicr_targets`.
    """
    log_probs = logits.float().log_softmax(1).gather(1, labels[:, None])[:, 0]
    return -(weights * log_probs).mean()


@HEADS.register_module()
class OICRHead(BaseModule):
    """WSDDN's streams and K classifiers that refine them one after the other.

    Args:
        in_channels: D, of a region's features.
        num_classes: C.
        num_refinements: K.
        positive_iou, ignore_iou: see :func:`assign_regions`.
        first_weight: of the first classifier's loss.
        box_branch: whether a Fast R-CNN branch (:class:`BoxBranch`) learns from the last classifier.
        kwargs: of :class:`WSDDNHead`.
    """

    def __init__(self, in_channels, num_classes, num_refinements=3, positive_iou=0.5, ignore_iou=0.0, first_weight=1.0,
                 box_branch=False, init_cfg=None, **kwargs):
        super().__init__(init_cfg)
        self.streams = WSDDNHead(in_channels, num_classes, **kwargs)
        self.refinements = nn.ModuleList(nn.Linear(in_channels, num_classes + 1) for _ in range(num_refinements))
        for layer in self.refinements:
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)
        self.box_branch = BoxBranch(in_channels, num_classes) if box_branch else None
        self.num_classes, self.first_weight = num_classes, first_weight
        self.positive_iou, self.ignore_iou = positive_iou, ignore_iou

    def loss(self, features, boxes, tags, surroundings=None):
        """Losses of one image: features (R, D), boxes (R, 4), tags (C,), surroundings as in :class:`WSDDNHead`.

        With surroundings the classifiers, too, see how a region differs from them; of its features alone they learnt
        nothing but small parts, where :class:`WSDDNHead` did not.
        """
        scores = self.streams(features, surroundings)
        losses, scores = self.streams.loss_of(scores, features, boxes, tags), scores.detach()
        features = features if surroundings is None else features - surroundings
        classes = (tags > 0).nonzero()[:, 0].tolist()
        for number, layer in enumerate(self.refinements, start=1):
            logits = layer(features)
            loss = self.refinement_loss(logits, boxes, scores, classes)
            losses[f'loss_refine{number}'] = loss * (self.first_weight if number == 1 else 1)
            scores = logits.detach().float().softmax(1)[:, 1:]
        if self.box_branch is not None:
            centers, values, labels = best_regions(scores, classes)
            targets = assign_regions(boxes, boxes[centers], values, labels, self.positive_iou, self.ignore_iou)
            losses |= self.box_branch.loss(features, boxes, *targets, boxes[centers])
        return losses

    def refinement_loss(self, logits, boxes, scores, classes):
        """Loss of one classifier's logits (R, C + 1), by the scores (R, C) of the one before."""
        labels, weights, _ = oicr_targets(boxes, scores, classes, self.positive_iou, self.ignore_iou)
        return oicr_loss(logits, labels, weights)

    def predict(self, features, boxes, surroundings=None):
        """Scores (R, C), the mean of all classifiers, and, with a box branch, its boxes (R, C, 4); else None."""
        features = features if surroundings is None else features - surroundings
        probabilities = [layer(features).float().softmax(1)[:, 1:] for layer in self.refinements]
        if self.box_branch is None:
            return sum(probabilities) / len(probabilities), None
        branch_scores, branch_boxes = self.box_branch.predict(features, boxes)
        return (sum(probabilities) + branch_scores) / (len(probabilities) + 1), branch_boxes
