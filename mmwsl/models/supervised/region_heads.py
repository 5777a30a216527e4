"""RoI heads: class, box, mask."""

import itertools

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.layers.norm import build_norm
from mmwsl.models.supervised.matching import assign, sample
from mmwsl.ops import batched_nms, decode_boxes, encode_boxes, roi_align
from mmwsl.ops.tensors import refuse_nan
from mmwsl.registry import HEADS


def pool_regions(features, rois, size, strides, finest_scale=56):
    """RoIAlign of each region on the pyramid level that suits its size (Lin et al. 2017, equation 1).

    Args:
        features: one feature map, or several, finest first.
        rois: (R, 5).
        size: bins a side.
        strides: of the feature maps.
        finest_scale: regions up to twice this side are read from the finest one.

    Returns:
        (R, C, size, size) float32.
    """
    if len(features) == 1:
        return roi_align(features[0], rois, size, 1 / strides[0])
    side = (rois[:, 3:] - rois[:, 1:3]).clamp(min=0).prod(1).sqrt()
    level = (side / finest_scale + 1e-6).log2().floor().clamp(0, len(features) - 1)
    pooled = torch.zeros(len(rois), features[0].shape[1], size, size, device=rois.device)
    for number, (x, stride) in enumerate(zip(features, strides, strict=True)):
        rows = (level == number).nonzero()[:, 0]
        if len(rows):
            pooled = pooled.index_copy(0, rows, roi_align(x, rois[rows], size, 1 / stride))
    return pooled


def _convolutions(channels, widths, norm_cfg):
    """3 x 3 convolutions of these widths, one after the other, each with its norm (if there is one) and ReLU."""
    layers = []
    for inputs, outputs in itertools.pairwise((channels, *widths)):
        layers.append(nn.Conv2d(inputs, outputs, 3, padding=1, bias=norm_cfg is None))
        layers += [build_norm(norm_cfg, outputs)] if norm_cfg else []
        layers.append(nn.ReLU(inplace=True))
    return layers


def to_rois(boxes):
    """Concatenate the boxes of all images, a list of (N, 4), to RoIs (R, 5) that begin with the number of the image."""
    return torch.cat([F.pad(each, (1, 0), value=number) for number, each in enumerate(boxes)])


@HEADS.register_module()
class BoxHead(BaseModule):
    """Box head: class scores and box deltas of every region (Girshick 2015).

    Args:
        in_channels: of the pooled regions.
        num_classes: C; number C is the background.
        size: bins a side of the regions that come in; 0: they come in as vectors (C4, after its last stage).
        conv_channels: channels of 3 x 3 convolutions before the first linear layer.
        fc_channels: widths of linear layers.
        norm_cfg: after the convolutions.
        class_agnostic: one box for all classes.
        positive: least IoU of a region that answers for an object.
        batch, positive_share: see :func:`sample`, per image.
        stds: of the deltas.
        score_threshold, nms_iou, max_detections: what is kept at test time.
        nms: 'nms', or 'fast_nms' (Bolya et al. 2019), of the best 200 of each class.
    """

    def __init__(self, in_channels, num_classes, size=7, conv_channels=(), fc_channels=(1024, 1024), norm_cfg=None,
                 class_agnostic=False, positive=0.5, batch=512, positive_share=0.25, stds=(0.1, 0.1, 0.2, 0.2),
                 score_threshold=0.05, nms_iou=0.5, max_detections=100, nms='nms', init_cfg=None):
        super().__init__(init_cfg)
        if nms not in ('nms', 'fast_nms'):
            raise ValueError(f"BoxHead: nms={nms!r} is unknown; choose 'nms' or 'fast_nms'")
        layers = [*_convolutions(in_channels, conv_channels, norm_cfg), nn.Flatten()]
        channels = (in_channels, *conv_channels)[-1] * max(size, 1)**2
        for width in fc_channels:
            layers += [nn.Linear(channels, width), nn.ReLU(inplace=True)]
            channels = width
        self.layers = nn.Sequential(*layers)
        self.classes = nn.Linear(channels, num_classes + 1)
        self.boxes = nn.Linear(channels, 4 if class_agnostic else 4 * num_classes)
        for layer, std in ((self.classes, 0.01), (self.boxes, 0.001)):
            nn.init.normal_(layer.weight, std=std)
            nn.init.zeros_(layer.bias)
        for layer in self.layers:
            if isinstance(layer, nn.Linear):
                nn.init.kaiming_uniform_(layer.weight, a=1)
                nn.init.zeros_(layer.bias)
        self.in_channels, self.num_classes = in_channels, num_classes
        self.class_agnostic, self.stds = class_agnostic, tuple(stds)
        self.positive, self.batch, self.positive_share = positive, batch, positive_share
        self.score_threshold, self.nms_iou, self.max_detections = score_threshold, nms_iou, max_detections
        self.nms = nms

    def forward(self, regions):
        """Logits (R, C + 1) and deltas (R, 4) or (R, 4 C), fp32."""
        x = self.layers(regions)
        return self.classes(x).float(), self.boxes(x).float()

    @torch.no_grad()
    def choose(self, proposals, objects, labels):
        """Sample regions to train on from proposals and ground truth, per image, positives first.

        Returns:
            tuple: list of boxes, list of class numbers (C = background), list of which object they answer for
            (positives only).
        """
        boxes, classes, owners = [], [], []
        for proposal, true, label in zip(proposals, objects, labels, strict=True):
            candidates = torch.cat([true, proposal])
            matches = assign(candidates, true, self.positive, self.positive)
            positives, negatives = sample(matches, self.batch, self.positive_share)
            boxes.append(candidates[torch.cat([positives, negatives])])
            background = label.new_full((len(negatives),), self.num_classes)
            classes.append(torch.cat([label[matches[positives]], background]))
            owners.append(matches[positives])
        return boxes, classes, owners

    def loss(self, logits, deltas, boxes, classes, owners, objects):
        """Losses of sampled regions; the arguments are those that :meth:`forward` and :meth:`choose` return."""
        target = torch.cat(classes)
        losses = dict(loss_cls=F.cross_entropy(logits, target) if len(target) else logits.sum() * 0)
        target_deltas = torch.cat([encode_boxes(box[:len(owner)], true[owner], stds=self.stds)
                                   for box, owner, true in zip(boxes, owners, objects, strict=True)])
        positives = (target < self.num_classes).nonzero()[:, 0]
        pred_deltas = deltas[positives].unflatten(1, (-1, 4))
        column = torch.zeros_like(positives) if self.class_agnostic else target[positives]
        pred_deltas = pred_deltas[torch.arange(len(positives), device=column.device), column]
        losses['loss_bbox'] = (pred_deltas - target_deltas).abs().sum() / max(len(target), 1)
        return losses

    @torch.no_grad()
    def detect(self, logits, deltas, boxes, sizes):
        """Detections of every image: list of dict(boxes (D, 4), scores (D,), labels (D,)), best first.

        Raises:
            ValueError: NaN among the scores or deltas.
        """
        refuse_nan(logits, 'class scores of regions')
        refuse_nan(deltas, 'box deltas of regions')
        results, counts = [], [len(each) for each in boxes]
        for logit, delta, box, size in zip(logits.split(counts), deltas.split(counts), boxes, sizes, strict=True):
            scores = logit.softmax(dim=1)[:, :-1]
            decoded = decode_boxes(box, delta, stds=self.stds, image_size=size).unflatten(1, (-1, 4))
            decoded = decoded.expand(-1, self.num_classes, -1)
            region, label = (scores > self.score_threshold).nonzero().unbind(1)
            found, kept = batched_nms(decoded[region, label], scores[region, label], label,
                                      dict(type=self.nms, iou_threshold=self.nms_iou, max_num=self.max_detections))
            results.append(dict(boxes=found[:, :4], scores=found[:, 4], labels=label[kept]))
        return results


@HEADS.register_module()
class MaskHead(BaseModule):
    """Mask head: a mask of every region for every class (He et al. 2017).

    Args:
        in_channels: of the pooled regions.
        num_classes: C.
        size: bins a side of the regions that come in; the mask is twice as large.
        conv_channels: channels of the 3 x 3 convolutions.
        channels: of the transposed convolution.
        norm_cfg: after the convolutions.
    """

    from_boxes = False  # whether filled boxes stand for the true masks

    def __init__(self, in_channels, num_classes, size=14, conv_channels=(256, 256, 256, 256), channels=256,
                 norm_cfg=None, init_cfg=None):
        super().__init__(init_cfg)
        self.layers = nn.Sequential(
            *_convolutions(in_channels, conv_channels, norm_cfg),
            nn.ConvTranspose2d((in_channels, *conv_channels)[-1], channels, 2, stride=2), nn.ReLU(inplace=True))
        self.masks = nn.Conv2d(channels, num_classes, 1)
        for layer in [*self.layers, self.masks]:
            if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
                nn.init.kaiming_normal_(layer.weight, mode='fan_out', nonlinearity='relu')
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
        self.size = size

    def forward(self, regions):
        """Logits (R, C, 2 size, 2 size), fp32."""
        return self.masks(self.layers(regions)).float()

    def loss(self, logits, classes, boxes, masks):
        """Binary cross-entropy of the mask of the true class.

        Args:
            logits: of :meth:`forward`, for the positive regions.
            classes: (R,) their classes.
            boxes: per image (n, 4), those regions.
            masks: per image (n, H, W) bool, the mask of the object that each answers for.
        """
        if not len(classes):
            return dict(loss_mask=logits.sum() * 0)
        side = logits.shape[-1]
        # each region reads its own object's mask
        target = torch.cat([roi_align(mask[:, None].float(), to_rois(box.split(1)), side)[:, 0]
                            for box, mask in zip(boxes, masks, strict=True) if len(box)])
        pred = logits[torch.arange(len(classes), device=classes.device), classes]
        return dict(loss_mask=F.binary_cross_entropy_with_logits(pred, (target >= 0.5).float()))


def paste_masks(probabilities, boxes, height, width, threshold=0.5):
    """Paste masks of regions into images at their boxes.

    Args:
        probabilities: (D, S, S).
        boxes: (D, 4) in pixels of the image.
        height, width: of the image.
        threshold: from which a pixel belongs to the object.

    Returns:
        bool (D, H, W).
    """
    pasted = torch.zeros(len(boxes), height, width, dtype=torch.bool, device=boxes.device)
    y, x = (torch.arange(n, device=boxes.device) + 0.5 for n in (height, width))
    for start in range(0, len(boxes), 32):  # a part of the image size each
        part = slice(start, start + 32)
        left, top, right, bottom = boxes[part].T[..., None]
        grid_x = 2 * (x - left) / (right - left).clamp(min=1e-6) - 1
        grid_y = 2 * (y - top) / (bottom - top).clamp(min=1e-6) - 1
        grid = torch.stack([grid_x[:, None].expand(-1, height, -1), grid_y[:, :, None].expand(-1, -1, width)], dim=-1)
        values = F.grid_sample(probabilities[part, None], grid, align_corners=False)[:, 0]
        pasted[part] = values >= threshold
    return pasted


def inside_boxes(boxes, height, width, padding=1):
    """Which pixels of a mask lie in each box, a ``padding`` around it included: bool (N, height, width).

    Args:
        boxes: (N, 4) in pixels of the mask; corners may come in any order.
        height, width: of the mask.
        padding: in pixels.
    """
    low, high = torch.minimum(boxes[:, :2], boxes[:, 2:]), torch.maximum(boxes[:, :2], boxes[:, 2:])
    (left, top), (right, bottom) = (each.T[..., None] for each in ((low - padding).clamp(min=0), high + padding))
    y, x = (torch.arange(count, device=boxes.device) for count in (height, width))
    return ((y >= top) & (y < bottom))[:, :, None] & ((x >= left) & (x < right))[:, None]
