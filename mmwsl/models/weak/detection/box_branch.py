"""Fast R-CNN's branch (Girshick 2015) beside a weak head: classes and boxes, learnt from pseudo ground truth."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.ops import decode_boxes, encode_boxes


class BoxBranch(BaseModule):
    """Class scores and box deltas of every region, whose truth is the best region of each class.

    Args:
        in_channels: D, of a region's features.
        num_classes: C.
        stds: of the deltas.
    """

    def __init__(self, in_channels, num_classes, stds=(0.1, 0.1, 0.2, 0.2), init_cfg=None):
        super().__init__(init_cfg)
        self.classes, self.deltas = nn.Linear(in_channels, num_classes + 1), nn.Linear(in_channels, 4 * num_classes)
        for layer, std in ((self.classes, 0.01), (self.deltas, 0.001)):
            nn.init.normal_(layer.weight, std=std)
            nn.init.zeros_(layer.bias)
        self.stds = tuple(stds)

    def loss(self, features, boxes, labels, weights, owners, centers):
        """Losses of one image.

        Args:
            features, boxes: (R, D) and (R, 4).
            labels, weights, owners: (R,), see :func:`assign_regions`; 0 = background.
            centers: (K, 4).
        """
        log_probs = self.classes(features).float().log_softmax(1).gather(1, labels[:, None])[:, 0]
        losses = dict(loss_branch_cls=-(weights * log_probs).mean())
        deltas = self.deltas(features).float().unflatten(1, (-1, 4))
        if not len(centers):
            return dict(losses, loss_branch_box=deltas.sum() * 0)
        rows = torch.arange(len(boxes), device=boxes.device)
        error = F.smooth_l1_loss(deltas[rows, (labels - 1).clamp(min=0)],
                                 encode_boxes(boxes, centers[owners], stds=self.stds), reduction='none').sum(1)
        return dict(losses, loss_branch_box=(weights * (labels > 0) * error).mean())

    def predict(self, features, boxes):
        """Scores (R, C) without the background, and boxes (R, C, 4)."""
        scores = self.classes(features).float().softmax(1)[:, 1:]
        decoded = decode_boxes(boxes, self.deltas(features).float(), stds=self.stds)
        return scores, decoded.unflatten(1, (-1, 4))
