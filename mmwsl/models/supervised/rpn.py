"""Region proposal network (Ren et al. 2015, section 3.1)."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.supervised.matching import assign, sample
from mmwsl.ops import base_anchors, batched_nms, decode_boxes, encode_boxes, grid_anchors, inside_image
from mmwsl.ops.tensors import refuse_nan
from mmwsl.registry import HEADS


@HEADS.register_module()
class RPNHead(BaseModule):
    """RPN head: proposals from anchors at every position of every feature map.

    Args:
        in_channels: of the feature maps.
        channels: of the 3 x 3 convolution; default ``in_channels``.
        strides: of the feature maps, in pixels.
        sizes: for each feature map the sides of the square anchors, in pixels.
        ratios: height / width of the anchors.
        positive, negative: IoUs of :func:`assign`.
        batch, positive_share: see :func:`sample`, per image.
        pre_nms, post_nms: (training, test): best proposals of each map that are looked at, and of the image that are
            kept.
        nms_iou: proposals that overlap more are suppressed, within a map.
        border: anchors may reach so far over the image to be trained on; -1: anywhere.
    """

    def __init__(self, in_channels, channels=None, strides=(16,), sizes=((32, 64, 128, 256, 512),),
                 ratios=(0.5, 1.0, 2.0), positive=0.7, negative=0.3, batch=256, positive_share=0.5,
                 pre_nms=(12000, 6000), post_nms=(2000, 1000), nms_iou=0.7, border=-1, init_cfg=None):
        super().__init__(init_cfg)
        counts = {len(each) for each in sizes}
        if len(sizes) != len(strides) or len(counts) != 1:
            raise ValueError(f'RPNHead: {len(strides)} strides need sizes for as many maps, the same number each; got '
                             f'{sizes}')
        anchors = counts.pop() * len(ratios)
        channels = channels or in_channels
        self.conv = nn.Conv2d(in_channels, channels, 3, padding=1)
        self.objectness = nn.Conv2d(channels, anchors, 1)
        self.deltas = nn.Conv2d(channels, 4 * anchors, 1)
        for layer in (self.conv, self.objectness, self.deltas):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)
        self.strides, self.pre_nms, self.post_nms, self.nms_iou = tuple(strides), pre_nms, post_nms, nms_iou
        self.positive, self.negative, self.batch, self.positive_share = positive, negative, batch, positive_share
        self.border = border
        for level, each in enumerate(sizes):
            self.register_buffer(f'base_{level}', base_anchors(1, each, ratios), persistent=False)

    def forward(self, features):
        """Per feature map: objectness logits (B, H W A) and deltas (B, H W A, 4), in the order of :meth:`anchors`."""
        logits, deltas = [], []
        for x in features:
            x = F.relu(self.conv(x))
            logits.append(self.objectness(x).permute(0, 2, 3, 1).flatten(1).float())
            deltas.append(self.deltas(x).permute(0, 2, 3, 1).reshape(len(x), -1, 4).float())
        return logits, deltas

    def anchors(self, features):
        """Per feature map: anchors (H W A, 4)."""
        return [grid_anchors(getattr(self, f'base_{level}'), *x.shape[2:], self.strides[level])
                for level, x in enumerate(features)]

    def loss(self, features, sizes, objects):
        """Losses, and proposals for the second stage.

        Args:
            features: feature maps of the neck.
            sizes: (height, width) of each image within the padded batch.
            objects: per image (G, 4).

        Returns:
            tuple: dict of losses, list of (P, 4).
        """
        (logits, deltas), anchors = self(features), self.anchors(features)
        every_logit, every_delta, every_anchor = torch.cat(logits, 1), torch.cat(deltas, 1), torch.cat(anchors)
        classification, regression = every_logit.sum() * 0, every_delta.sum() * 0  # so that DDP sees a gradient
        trained = 0
        for number, (size, boxes) in enumerate(zip(sizes, objects, strict=True)):
            usable = inside_image(every_anchor, *size, border=self.border).nonzero()[:, 0]
            matches = assign(every_anchor[usable], boxes, self.positive, self.negative, keep_best=True)
            positives, negatives = sample(matches, self.batch, self.positive_share)
            sampled = usable[torch.cat([positives, negatives])]
            target = torch.zeros(len(sampled), device=sampled.device)
            target[:len(positives)] = 1
            classification = classification + F.binary_cross_entropy_with_logits(
                every_logit[number, sampled], target, reduction='sum')
            if len(positives):
                target_deltas = encode_boxes(every_anchor[usable[positives]], boxes[matches[positives]])
                regression = regression + (every_delta[number, usable[positives]] - target_deltas).abs().sum()
            trained += len(sampled)
        losses = dict(loss_rpn_cls=classification / max(trained, 1), loss_rpn_bbox=regression / max(trained, 1))
        return losses, self.propose(logits, deltas, anchors, sizes, training=True)[0]

    def predict(self, features, sizes):
        """Proposals for test images, best first: list of (P, 4), and list of their objectness (P,) from 0 to 1.

        Raises:
            ValueError: NaN among the scores or deltas.
        """
        logits, deltas = self(features)
        for level in (*logits, *deltas):
            refuse_nan(level, 'scores and deltas of anchors')
        return self.propose(logits, deltas, self.anchors(features), sizes, training=False)

    @torch.no_grad()
    def propose(self, logits, deltas, anchors, sizes, training):
        """Proposals after NMS and their objectness, a list each of one tensor per image, best first."""
        look_at, keep = (values[0 if training else 1] for values in (self.pre_nms, self.post_nms))
        proposals, objectness = [], []
        for number, size in enumerate(sizes):
            boxes, scores, levels = [], [], []
            for level, (logit, delta, anchor) in enumerate(zip(logits, deltas, anchors, strict=True)):
                score, index = logit[number].topk(min(look_at, logit.shape[1]))
                boxes.append(decode_boxes(anchor[index], delta[number, index], image_size=size))
                scores.append(score)
                levels.append(torch.full_like(index, level))
            boxes, scores, levels = torch.cat(boxes), torch.cat(scores), torch.cat(levels)
            valid = ((boxes[:, 2:] > boxes[:, :2]).all(1) & scores.isfinite()).nonzero()[:, 0]
            boxes, scores, levels = boxes[valid], scores[valid], levels[valid]
            kept = batched_nms(boxes, scores, levels, dict(iou_threshold=self.nms_iou, max_num=keep))[1]
            proposals.append(boxes[kept])
            objectness.append(scores[kept].sigmoid())
        return proposals, objectness
