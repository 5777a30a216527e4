"""Detection from image labels: the model of WSDDN, OICR and PCL, which scores proposals that come with the images."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint

from mmwsl.models.base import Model
from mmwsl.models.supervised.region_heads import to_rois
from mmwsl.ops import batched_nms, roi_align, roi_pool
from mmwsl.ops.tensors import refuse_nan
from mmwsl.registry import HEADS, MODELS

POOLS = ('roi_pool', 'roi_align')


def pool_proposals(features, rois, size, stride, pool='roi_pool', sampling_ratio=2):
    """Pool regions (R, 5), whose x2 and y2 are exclusive, to (R, C, size, size); see :func:`mmwsl.ops.roi_pool`."""
    if pool == 'roi_align':
        return roi_align(features, rois, size, 1 / stride, sampling_ratio=sampling_ratio)
    inside = torch.cat([rois[:, :3], rois[:, 3:] - 1], dim=1)  # there they are the last pixel inside
    return roi_pool(features, inside, size, 1 / stride)


def image_views(image, boxes, short_sides=None, longest=2000, flip=False):
    """Yield an image at several sizes, and mirrored: (image (C, h, w), boxes, factors (x, y), whether mirrored).

    Args:
        image: (C, H, W).
        boxes: (R, 4) on it; they go with the image.
        short_sides: in pixels; None: the image as it is.
        longest: limit of the long side.
        flip: whether each is followed by its mirror image.
    """
    height, width = image.shape[1:]
    for short in short_sides or (None,):
        scale = 1 if short is None else min(short / min(height, width), longest / max(height, width))
        size = max(round(height * scale), 1), max(round(width * scale), 1)
        view = image if size == (height, width) else F.interpolate(
            image[None], size=size, mode='bilinear', align_corners=False, antialias=True)[0]
        factors = size[1] / width, size[0] / height
        moved = torch.stack([boxes[:, side] * factors[side % 2] for side in range(4)], dim=1)
        yield view, moved, factors, False
        if flip:
            yield view.flip(2), mirror_boxes(moved, size[1]), factors, True


def surrounding_boxes(boxes, margin, size):
    """Boxes (R, 4) that grow on every side by ``margin`` times their width or height, cut at an image of (h, w)."""
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    grown = boxes + margin * torch.stack([-width, -height, width, height], dim=1)
    return torch.stack([grown[:, side].clamp(0, size[1 - side % 2]) for side in range(4)], dim=1)


def mirror_boxes(boxes, width):
    """Boxes (..., 4) of an image ``width`` pixels wide, in its mirror image."""
    left, top, right, bottom = boxes.unbind(-1)
    return torch.stack([width - right, top, width - left, bottom], dim=-1)


@MODELS.register_module()
class WeakDetector(Model):
    """Detector that learns from tags: region features of proposals, and a head that scores them image by image.

    The samples carry ``proposals`` (R, 4) in pixels of the input and, where they have some, ``proposal_scores`` (R,);
    see :class:`WithProposals`.

    Args:
        backbone: its last feature map is used.
        head: :class:`WSDDNHead`, :class:`OICRHead` or :class:`PCLHead`; ``in_channels`` may be left out.
        stride: of that feature map.
        pool: ``'roi_pool'`` or ``'roi_align'``.
        region_size: bins a side.
        sampling_ratio: of ``'roi_align'``, samples a side of a bin.
        fc_channels: widths of linear layers, each with ReLU and dropout.
        dropout: its probability.
        chunk: so many regions of a batch are pooled at a time, and in training again on the way back, so that memory
            for thousands of proposals is bounded.
        score_scale: region features are multiplied by 1 + this times the proposal's score; 10 for the scores of edge
            boxes in WSDDN's paper, 0 for none.
        context: None, or the margin of :func:`surrounding_boxes`, 0.4 in Kantorov et al. 2016 (boxes of 1.8 times the
            side): the head then compares a region with its surroundings, see :class:`WSDDNHead`. Theirs pool the ring
            alone, here it is the whole larger box.
        short_sides, longest, flip: of the views that scores are averaged over at test time, see :func:`image_views`;
            let the data set load the largest of them.
        score_threshold, nms_iou, max_detections: what is kept, class by class.

    Raises:
        ValueError: an unknown pool; in training also samples without proposals, without tags, or with tags of another
            number of classes.
    """

    def __init__(self, backbone, head, stride=16, pool='roi_pool', region_size=7, sampling_ratio=2,
                 fc_channels=(4096, 4096), dropout=0.5, chunk=1000, score_scale=0.0, context=None, short_sides=None,
                 longest=2000, flip=False, score_threshold=1e-4, nms_iou=0.3, max_detections=100, **kwargs):
        super().__init__(backbone, **kwargs)
        if pool not in POOLS:
            raise ValueError(f'WeakDetector: pool={pool!r} is unknown; choose one of {", ".join(POOLS)}')
        layers, channels = [], self.backbone.out_channels[-1] * region_size**2
        for width in fc_channels:
            layers += [nn.Linear(channels, width), nn.ReLU(inplace=True), nn.Dropout(dropout)]
            nn.init.kaiming_normal_(layers[-3].weight, mode='fan_in', nonlinearity='relu')
            nn.init.zeros_(layers[-3].bias)
            channels = width
        self.layers = nn.Sequential(*layers)
        self.head = HEADS.build(dict(dict(in_channels=channels), **head)) if isinstance(head, dict) else head
        self.stride, self.pool, self.region_size, self.chunk, self.score_scale = (
            stride, pool, region_size, chunk, score_scale)
        self.sampling_ratio, self.context = sampling_ratio, context
        self.short_sides, self.longest, self.flip = short_sides, longest, flip
        self.score_threshold, self.nms_iou, self.max_detections = score_threshold, nms_iou, max_detections

    @property
    def num_classes(self):
        """Number of classes, which the data must have, too."""
        return self.head.num_classes

    def loss(self, images, data_samples):
        """The head's losses, averaged over the images; so those of N ranks are those of one rank with all images."""
        boxes = [self._proposals(sample) for sample in data_samples]
        tags = [self._tags(sample) for sample in data_samples]
        feature_map, box_scores = self.backbone(images)[-1], self._box_scores(data_samples)
        counts = [len(each) for each in boxes]
        features = self.region_features(feature_map, boxes, box_scores).split(counts)
        surroundings = [None] * len(boxes)
        if self.context is not None:
            sizes = [sample.get('img_shape') or images.shape[2:] for sample in data_samples]
            around = [surrounding_boxes(each, self.context, size) for each, size in zip(boxes, sizes, strict=True)]
            surroundings = self.region_features(feature_map, around, box_scores).split(counts)
        losses = [self.head.loss(*each) for each in zip(features, boxes, tags, surroundings, strict=True)]
        return {name: sum(each[name] for each in losses) / len(losses) for name in losses[0]}

    def region_features(self, feature_map, boxes, box_scores=None):
        """Features (R, D) of the regions of all images.

        Args:
            feature_map: (B, C, H, W).
            boxes: list of B tensors (r, 4).
            box_scores: (R,) of all of them, where they count.
        """
        rois = to_rois(boxes)
        factors = rois.new_ones(len(rois)) if box_scores is None else 1 + self.score_scale * box_scores
        parts = [(feature_map, part, factor) for part, factor in zip(
            rois.split(self.chunk), factors.split(self.chunk), strict=True)]
        if len(parts) == 1 or not torch.is_grad_enabled():
            return torch.cat([self._region_features(*part) for part in parts])
        return torch.cat([checkpoint(self._region_features, *part, use_reentrant=False) for part in parts])

    def _region_features(self, feature_map, rois, factors):
        pooled = pool_proposals(feature_map, rois, self.region_size, self.stride, self.pool, self.sampling_ratio)
        return self.layers((pooled * factors.to(pooled.dtype)[:, None, None, None]).flatten(1))

    def predict(self, images, samples):
        """Score the proposals; adds to every sample

        ``pred_boxes``, ``pred_box_scores``, ``pred_box_labels``, best first; ``pred_top_boxes`` (C, 4), the best region
        of every class, whatever its score, and ``pred_scores`` (C,), that score, with ``pred_label``, the best class.
        All boxes are in pixels of the original file.
        """
        for image, sample in zip(images, samples, strict=True):
            height, width = sample.get('img_shape') or image.shape[1:]
            scores, boxes = self._score(image[:, :height, :width], sample)
            refuse_nan(scores, 'scores of regions')
            across, down = sample.get('scale_factor') or (1.0, 1.0)
            boxes = torch.stack([boxes[..., side] / (across, down)[side % 2] for side in range(4)], dim=-1)
            best = scores.argmax(0)
            columns = torch.arange(scores.shape[1], device=scores.device)
            sample.pred_scores, sample.pred_top_boxes = scores[best, columns], boxes[best, columns]
            sample.pred_label = sample.pred_scores.argmax()
            region, label = (scores > self.score_threshold).nonzero().unbind(1)
            found, kept = batched_nms(boxes[region, label], scores[region, label], label,
                                      dict(iou_threshold=self.nms_iou, max_num=self.max_detections))
            sample.pred_boxes, sample.pred_box_scores = found[:, :4], found[:, 4]
            sample.pred_box_labels = label[kept]
        return samples

    def _score(self, image, sample):
        """Scores (R, C) and boxes (R, C, 4) in pixels of the input, averaged over the views."""
        proposals, box_scores, views = self._proposals(sample), self._box_scores([sample]), []
        for view, boxes, factors, mirrored in image_views(image, proposals, self.short_sides, self.longest, self.flip):
            feature_map, surroundings = self.backbone(view[None])[-1], None
            features = self.region_features(feature_map, [boxes], box_scores)
            if self.context is not None:
                around = surrounding_boxes(boxes, self.context, view.shape[1:])
                surroundings = self.region_features(feature_map, [around], box_scores)
            scores, moved = self.head.predict(features, boxes, surroundings)
            if moved is not None:
                moved = mirror_boxes(moved, view.shape[2]) if mirrored else moved
                moved = torch.stack([moved[..., side] / factors[side % 2] for side in range(4)], dim=-1)
                moved = torch.stack([moved[..., side].clamp(0, image.shape[2 - side % 2]) for side in range(4)], dim=-1)
            views.append((scores, moved))
        scores = sum(scores for scores, _ in views) / len(views)
        if views[0][1] is None:
            return scores, proposals[:, None].expand(-1, scores.shape[1], -1)
        return scores, sum(boxes for _, boxes in views) / len(views)

    @staticmethod
    def _proposals(sample):
        boxes = sample.get('proposals')
        if boxes is None:
            raise ValueError("a weak detector scores proposals, and the samples have none: put the data set into "
                             "dict(type='WithProposals', dataset=..., proposals=FILE)")
        if not len(boxes):
            raise ValueError(f'{sample.get("path") or "an image"} has no proposals; make some for it, or leave it out')
        return boxes.float()

    def _box_scores(self, samples):
        if not self.score_scale:
            return None
        if any('proposal_scores' not in sample for sample in samples):
            raise ValueError(f'WeakDetector: score_scale={self.score_scale} takes the scores of proposals, and these '
                             'have none; set it to 0, or give proposals with scores')
        return torch.cat([sample.proposal_scores.float() for sample in samples])

    def _tags(self, sample):
        """Tags (C,) of 1, 0 and -1."""
        tags = sample.get('gt_label')
        if tags is None:
            raise ValueError("a weak detector learns from tags, and the samples have none: set supervision='image' on "
                             'training data that is labelled')
        if tags.ndim == 0:
            return (torch.arange(self.num_classes, device=tags.device) == tags).float()
        if len(tags) != self.num_classes:
            raise ValueError(f'the images have tags of {len(tags)} classes, the head has num_classes='
                             f'{self.num_classes}; make the two numbers equal')
        return tags
