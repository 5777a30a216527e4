"""YOLACT (Bolya et al. 2019): instances in one pass, as sums of prototypes of the image."""

import torch
import torch.nn as nn

from mmwsl.dist import sum_over_ranks, world_size
from mmwsl.models.base import Model
from mmwsl.models.layers.channels import with_channels
from mmwsl.models.supervised.yolact.anchors import match_anchors
from mmwsl.models.supervised.yolact.losses import box_loss, class_loss, semantic_loss
from mmwsl.models.supervised.yolact.masks import inside_boxes, shrink_masks
from mmwsl.ops.tensors import refuse_nan, upcast
from mmwsl.registry import MODELS


@MODELS.register_module()
class YOLACT(Model):
    """One-stage instance segmentation: every anchor says class, box and how to mix the image's prototypes to a mask.

    Args:
        backbone: its maps go to ``neck``.
        neck: :class:`FPN`, whose ``in_channels`` may be left out.
        head: :class:`YOLACTHead`; its ``num_values`` comes from the mask branch.
        mask_branch: :class:`PrototypeMasks`, or :class:`DirectMasks` for "fc-mask".
        semantic: also learn a class map of the finest level, which nothing but training uses.
        weights: of the losses, some of ``cls``, ``bbox``, ``mask``, ``semantic``.
        max_masks: so many positive anchors of an image are trained on their masks, drawn anew each time.
        min_size: objects with a side of fewer pixels of the input are not trained on; those without area never are.

    Raises:
        ValueError: an unknown name among ``weights``.
    """

    WEIGHTS = dict(cls=1.0, bbox=1.5, mask=6.125, semantic=1.0)

    def __init__(self, backbone, neck, head, mask_branch, semantic=True, weights=None, max_masks=100, min_size=0,
                 **kwargs):
        super().__init__(backbone, **kwargs)
        unknown = set(weights or ()) - set(self.WEIGHTS)
        if unknown:
            raise ValueError(f'YOLACT: weights of {", ".join(sorted(unknown))} are unknown; there are '
                             f'{", ".join(self.WEIGHTS)}')
        self.neck = self.make(with_channels(neck, self.backbone))
        channels = head['in_channels'] if isinstance(head, dict) else head.in_channels
        self.mask_branch = self.make(
            dict(mask_branch, in_channels=channels) if isinstance(mask_branch, dict) else mask_branch)
        self.head = self.make(
            dict(head, num_values=self.mask_branch.num_values) if isinstance(head, dict) else head)
        self.semantic = nn.Conv2d(channels, self.head.num_classes, 1) if semantic else None
        self.weights, self.max_masks, self.min_size = self.WEIGHTS | dict(weights or {}), max_masks, min_size
        trusted = {id(module) for module in self.backbone.modules()}
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and id(module) not in trusted:
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    @property
    def num_classes(self):
        """Number of classes, which the data must have, too."""
        return self.head.num_classes

    def tensor(self, images, data_samples=None):
        """Feature maps of the neck: a tuple of (B, C, H, W), finest first."""
        return self.neck(self.backbone(images))

    def loss(self, images, data_samples):
        """Losses of classes, boxes, masks and, with ``semantic``, of the class map.

        The first three are means over the positive anchors of all ranks, so N ranks train as one does.

        Args:
            images: (B, 3, H, W), padded.
            data_samples: list of samples with ``gt_boxes``, ``gt_instance_masks`` and the like in pixels of the input.
        """
        features, size = self.tensor(images), images.shape[2:]
        logits, deltas, values = self.head(features)
        prototypes, anchors = self.mask_branch(features[0]), self.head.anchors(features, size)
        colors = self.data_preprocessor.pixels(images) / 255 if self.mask_branch.from_boxes else [None] * len(images)
        class_maps = upcast(self.semantic(features[0])) if self.semantic is not None else [None] * len(images)
        nothing = sum(each.sum() * 0 for each in (logits, deltas, values, prototypes))  # every part has a gradient
        sums = dict.fromkeys(self.WEIGHTS, nothing)
        count = anchors.new_zeros(())
        for number, sample in enumerate(data_samples):
            boxes, labels, masks, crowds = self._objects(sample)
            matches = match_anchors(anchors, boxes, crowds)
            positive = (matches >= 0).nonzero()[:, 0]
            owners, count = matches[positive], count + len(positive)
            targets = torch.full_like(matches, self.num_classes)
            targets[positive] = labels[owners]
            sums['cls'] = sums['cls'] + class_loss(logits[number], targets, matches)
            sums['bbox'] = sums['bbox'] + box_loss(deltas[number, positive], anchors[positive], boxes[owners])
            chosen, share = slice(None), 1.0
            if len(positive) > self.max_masks:
                chosen = torch.randperm(len(positive), device=positive.device)[:self.max_masks]
                share = len(positive) / self.max_masks
            mixture = self.mask_branch.activate(values[number, positive[chosen]])
            pad = (0, size[1] - masks.shape[2], 0, size[0] - masks.shape[1])
            masks = nn.functional.pad(masks, pad)
            sums['mask'] = sums['mask'] + share * self.mask_branch.loss(
                mixture, prototypes[number], boxes, masks, owners[chosen], tuple(size), colors[number])
            if self.semantic is not None:
                sums['semantic'] = sums['semantic'] + semantic_loss(
                    class_maps[number], shrink_masks(masks, class_maps.shape[2:]), labels)
        total = (sum_over_ranks(count) / world_size()).clamp(min=1)
        divisors = dict(cls=total, bbox=total, mask=total, semantic=len(images))
        return {f'loss_{name}': self.weights[name] * sums[name] / divisors[name] for name in self.WEIGHTS
                if name != 'semantic' or self.semantic is not None}

    def _objects(self, sample):
        """Boxes, labels and masks of the objects that are trained on, and the boxes of crowds."""
        if 'gt_boxes' not in sample:
            raise ValueError("YOLACT needs boxes: set supervision='full' on training data")
        sides = sample.gt_boxes[:, 2:] - sample.gt_boxes[:, :2]
        large = ((sides > 0) & (sides >= self.min_size)).all(dim=1)
        difficult = sample.get('gt_difficult', torch.zeros_like(large))
        kept = (large & ~difficult).nonzero()[:, 0]
        boxes = sample.gt_boxes[kept]
        if self.mask_branch.from_boxes:
            masks = inside_boxes(boxes, *sample.img_shape, padding=0)
        elif 'gt_instance_masks' in sample:
            masks = sample.gt_instance_masks[kept]
        else:
            raise ValueError("YOLACT learns from masks: set supervision='full' on training data that has them, or "
                             'learn from boxes by the mask branch BoxInstPrototypes')
        return boxes, sample.gt_box_labels[kept], masks, sample.gt_boxes[large & difficult]

    def predict(self, images, samples):
        """``samples`` with ``pred_boxes``, ``pred_box_scores``, ``pred_box_labels`` and ``pred_masks``, best first, in
        pixels of the original files.

        Raises:
            ValueError: NaN among the class scores.
        """
        features, size = self.tensor(images), images.shape[2:]
        logits, deltas, values = self.head(features)
        refuse_nan(logits, 'class scores of anchors')
        prototypes, anchors = self.mask_branch(features[0]), self.head.anchors(features, size)
        values = self.mask_branch.activate(values)
        for number, sample in enumerate(samples):
            content = tuple(sample.get('img_shape', size))
            boxes, scores, labels, mixture = self.head.detect(
                logits[number], deltas[number], values[number], anchors, content)
            kept = (scores > 0).nonzero()[:, 0]  # the only time that the device is waited for
            boxes, mixture = boxes[kept], mixture[kept]
            shape = tuple(sample.get('ori_shape', content))
            sample.pred_masks = self.mask_branch.paste(mixture, prototypes[number], boxes, size, content, shape)
            scale = boxes.new_tensor(tuple(sample.get('scale_factor') or (1.0, 1.0)) * 2)
            sample.pred_boxes, sample.pred_box_scores = boxes / scale, scores[kept]
            sample.pred_box_labels = labels[kept]
        return samples
