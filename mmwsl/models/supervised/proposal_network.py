"""A region proposal network by itself (Ren et al. 2015): where objects are, of whatever class."""

import torch

from mmwsl.models.base import Model
from mmwsl.models.layers.channels import with_channels
from mmwsl.registry import MODELS


@MODELS.register_module()
class ProposalNetwork(Model):
    """Backbone, neck and :class:`RPNHead` alone; trained on boxes of any origin, whose classes do not count.

    On boxes of moving regions (``mmwsl motion``) it learns the extent of objects from clips that nobody labelled.

    Args:
        backbone: its maps go to ``neck``.
        rpn_head: :class:`RPNHead`.
        neck: :class:`FPN`, whose ``in_channels`` may be left out, or None.
    """

    def __init__(self, backbone, rpn_head, neck=None, **kwargs):
        super().__init__(backbone, **kwargs)
        self.neck = self.make(with_channels(neck, self.backbone)) if neck else None
        self.rpn_head = self.make(rpn_head)

    def tensor(self, images, data_samples=None):
        """Feature maps of the neck, or of the backbone without one: a tuple of (B, C, H, W)."""
        features = self.backbone(images)
        return self.neck(features) if self.neck else features

    def loss(self, images, data_samples):
        """Losses of objectness and boxes.

        Args:
            images: (B, 3, H, W), padded.
            data_samples: list of samples with ``gt_boxes`` in pixels of the input.

        Raises:
            ValueError: there are no boxes.
        """
        if any('gt_boxes' not in sample for sample in data_samples):
            raise ValueError("a proposal network needs boxes: set supervision='boxes' on training data")
        sizes = [sample.img_shape for sample in data_samples]
        return self.rpn_head.loss(self.tensor(images), sizes, [sample.gt_boxes for sample in data_samples])[0]

    def predict(self, images, samples):
        """``samples`` with ``pred_boxes``, ``pred_box_scores`` (objectness) and ``pred_box_labels`` (all 0), best
        first, in pixels of the original files."""
        boxes, scores = self.rpn_head.predict(self.tensor(images), [sample.img_shape for sample in samples])
        for sample, box, score in zip(samples, boxes, scores, strict=True):
            factors = sample.get('scale_factor') or (1.0, 1.0)
            sample.pred_boxes = torch.stack([box[:, side] / factors[side % 2] for side in range(4)], dim=1)
            sample.pred_box_scores, sample.pred_box_labels = score, torch.zeros_like(score, dtype=torch.int64)
        return samples
