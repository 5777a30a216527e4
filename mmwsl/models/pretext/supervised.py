"""Training with all labels: the ceiling beside which methods without labels stand."""

import torch

from mmwsl.models.losses.contrastive import embedding_std
from mmwsl.models.necks.mlp import pool
from mmwsl.models.pretext.base import PretextModel
from mmwsl.registry import PRETEXTS


@PRETEXTS.register_module()
class Supervised(PretextModel):
    """Cross-entropy of the images' classes, in the same loop and by the same budget as the other methods.

    Args:
        backbone: encoder.
        head: :class:`ClassificationHead`.
    """

    def __init__(self, backbone, head, **kwargs):
        super().__init__(backbone, **kwargs)
        self.head = self.make(head)

    def loss(self, views, data_samples=None):
        """Of the first view; the data set must hand over class numbers (``supervision='image'``)."""
        if data_samples is None or 'gt_label' not in data_samples:
            raise ValueError("Supervised needs labels: set supervision='image' on the training data set")
        feature = pool(self.backbone(views[0]))  # (B, C)
        labels = torch.as_tensor(data_samples.gt_label, device=feature.device)
        return dict(self.head.loss(feature, labels), embedding_std=embedding_std(feature.detach()))
