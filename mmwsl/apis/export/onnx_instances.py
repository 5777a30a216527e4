"""What an ONNX file computes of YOLACT: detections after the suppression, with their masks."""

from typing import Any

import torch

from mmwsl.apis.export.onnx_network import ImageNetwork
from mmwsl.models.supervised import YOLACT


class InstanceNetwork(ImageNetwork):
    """Of one image (1, C, H, W): ``boxes`` (1, D, 4) in pixels of the input, ``scores``, ``labels`` (1, D) and
    ``masks`` (1, D, h, w).

    Masks are probabilities: of the whole input at the size of the prototypes, 0 outside of their boxes; of "fc-mask"
    over their boxes. D is ``max_detections``; rows whose score is 0 are none, and hold zeros alone.

    Args:
        model, normalize: see :class:`ImageNetwork`.

    Raises:
        ValueError: greedy NMS, which is no fixed number of operations.
    """

    dynamic = False

    def __init__(self, model: YOLACT, normalize: bool = False) -> None:
        if model.head.nms == 'nms':
            raise ValueError("--to onnx writes YOLACT with Fast NMS inside: set model.head.nms to 'fast_nms' or "
                             "'cross_class_fast_nms' by --config")
        super().__init__(model, normalize)
        self.neck, self.head = model.neck, model.head
        self.mask_branch: Any = model.mask_branch
        self.names = ['boxes', 'scores', 'labels', 'masks']

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        head: Any = self.head
        features, size = self.neck(self.backbone(self.normalized(images))), tuple(images.shape[2:])
        logits, deltas, values = head(features)
        prototypes, anchors = self.mask_branch(features[0]), head.anchors(features, size)
        boxes, scores, labels, mixture = head.detect(
            logits[0], deltas[0], self.mask_branch.activate(values)[0], anchors, size)
        there = scores > 0  # of the others the order is no one's
        boxes, labels = boxes * there[:, None], labels * there
        masks = self.mask_branch.masks(mixture, prototypes[0], boxes, size) * there[:, None, None]
        return boxes[None], scores[None], labels[None], masks[None]
