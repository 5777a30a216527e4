"""The head that all levels of YOLACT's pyramid share: class, box and mask values of every anchor."""

import torch
import torch.nn as nn
from mmengine.model import BaseModule

from mmwsl.models.supervised.yolact.anchors import level_anchors
from mmwsl.models.supervised.yolact.losses import STDS
from mmwsl.ops import clip_boxes, decode_boxes, fast_nms, nms
from mmwsl.ops.tensors import upcast
from mmwsl.registry import HEADS

KINDS = ('fast_nms', 'cross_class_fast_nms', 'nms')


@HEADS.register_module()
class YOLACTHead(BaseModule):
    """YOLACT's prediction head (Bolya et al. 2019): one 3 x 3 convolution, then classes, boxes and mask values.

    Args:
        in_channels: of the maps of the pyramid.
        num_classes: C; number C is the background.
        num_values: mask values of an anchor: prototypes, or pixels; the model sets it from its mask branch.
        scales: side in pixels of the anchors of each map, at the ratio 1.
        ratios, square_anchors: see :func:`level_anchors`.
        score_threshold: anchors whose best class is not above it are no detections.
        max_candidates: so many anchors of an image go to the suppression, those with the best scores.
        nms: ``'fast_nms'``, ``'cross_class_fast_nms'``, or ``'nms'`` for the greedy one of each class.
        nms_iou, top_k, max_detections: see :func:`mmwsl.ops.fast_nms`.

    Raises:
        ValueError: an unknown ``nms``.
    """

    def __init__(self, in_channels, num_classes, num_values=32, scales=(24, 48, 96, 192, 384), ratios=(1.0, 0.5, 2.0),
                 square_anchors=True, score_threshold=0.05, max_candidates=1000, nms='fast_nms', nms_iou=0.5,
                 top_k=200, max_detections=100, init_cfg=None):
        super().__init__(init_cfg)
        if nms not in KINDS:
            raise ValueError(f'YOLACTHead: nms={nms!r} is unknown; choose one of {", ".join(KINDS)}')
        self.shared = nn.Sequential(nn.Conv2d(in_channels, in_channels, 3, padding=1), nn.ReLU(inplace=True))
        self.classes, self.boxes, self.values = (
            nn.Conv2d(in_channels, len(ratios) * count, 3, padding=1) for count in (num_classes + 1, 4, num_values))
        self.in_channels, self.num_classes = in_channels, num_classes
        self.scales, self.ratios, self.square_anchors = tuple(scales), tuple(ratios), square_anchors
        self.score_threshold, self.max_candidates, self.nms = score_threshold, max_candidates, nms
        self.nms_iou, self.top_k, self.max_detections = nms_iou, top_k, max_detections

    def forward(self, features):
        """Logits (B, A, C + 1), deltas (B, A, 4) and mask values (B, A, k) of all anchors of all maps, fp32.

        Raises:
            ValueError: another number of maps than of scales.
        """
        if len(features) != len(self.scales):
            raise ValueError(f'YOLACTHead has scales for {len(self.scales)} maps, the neck gives {len(features)}; make '
                             'scales and num_outs of the neck as long')
        outputs = []
        for x in features:
            x = self.shared(x)
            outputs.append([layer(x).permute(0, 2, 3, 1).reshape(len(x), -1, layer.out_channels // len(self.ratios))
                            for layer in (self.classes, self.boxes, self.values)])
        return tuple(upcast(torch.cat(each, dim=1)) for each in zip(*outputs, strict=True))

    def anchors(self, features, image_size):
        """Anchors (A, 4) of all maps in pixels of the input, whose (height, width) is ``image_size``."""
        sizes = [x.shape[2:] for x in features]
        return torch.cat(level_anchors(sizes, image_size, self.scales, self.ratios, self.square_anchors,
                                       features[0].device))

    def detect(self, logits, deltas, values, anchors, image_size):
        """Detections of one image, best first, in tensors of one length: those that are none have the score 0.

        Args:
            logits: (A, C + 1).
            deltas: (A, 4).
            values: (A, k), after the mask branch's activation.
            anchors: (A, 4).
            image_size: (height, width) of the part of the input that is image, to which boxes are clipped.

        Returns:
            tuple: boxes (D, 4), scores (D,), labels (D,), mask values (D, k).
        """
        scores = logits.softmax(dim=1)[:, :-1]
        best, index = scores.amax(dim=1).topk(min(self.max_candidates, len(scores)))
        # a number before the product: what is no detection stays in its row with scores of 0
        scores = scores[index] * (best > self.score_threshold)[:, None]
        boxes = clip_boxes(decode_boxes(anchors[index], deltas[index], stds=STDS), *image_size)
        scores = scores * (boxes[:, 2:] > boxes[:, :2]).all(dim=1, keepdim=True)
        found, labels, kept = (self._greedy(boxes, scores) if self.nms == 'nms' else
                               fast_nms(boxes, scores, self.nms_iou, self.top_k, self.max_detections,
                                        self.nms == 'cross_class_fast_nms'))
        return boxes[kept], found, labels, values[index[kept]]

    def _greedy(self, boxes, scores):
        """One call of NMS a class; like Fast NMS of the ``top_k`` best boxes of each."""
        found, labels, numbers = [], [], []
        for label in range(scores.shape[1]):
            order = scores[:, label].topk(min(self.top_k, len(scores))).indices
            order = order[scores[order, label] > 0]
            kept = order[nms(boxes[order], scores[order, label], self.nms_iou)[1]]
            found.append(scores[kept, label])
            labels.append(torch.full_like(kept, label))
            numbers.append(kept)
        found, labels, numbers = (torch.cat(each) for each in (found, labels, numbers))
        best, order = found.topk(min(self.max_detections, len(found)))
        return best, labels[order], numbers[order]
