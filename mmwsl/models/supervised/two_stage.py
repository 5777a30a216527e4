"""Faster R-CNN (Ren et al. 2015) and Mask R-CNN (He et al. 2017), on a pyramid or on one map (C4)."""

import torch

from mmwsl.models.base import Model
from mmwsl.models.layers.channels import with_channels
from mmwsl.models.layers.norm import build_norm
from mmwsl.models.supervised.region_heads import inside_boxes, paste_masks, pool_regions, to_rois
from mmwsl.ops.tensors import refuse_nan
from mmwsl.registry import MODELS


@MODELS.register_module()
class TwoStageDetector(Model):
    """Two-stage detector: Faster R-CNN, or Mask R-CNN with a mask head; on an FPN or on one feature map (C4).

    Without ``last_stage`` the heads see regions of the neck's maps (FPN). With it, regions of the backbone's map go
    through that stage of the backbone first, batch norm after it, and are averaged for the box head (C4, as in
    detectron2's R50-C4 with the extra norm that MoCo's evaluation has); the mask head sees them before the average.

    Args:
        backbone: its maps go to ``neck``; for C4 its third stage, ``out_indices=(3,)``.
        rpn_head: :class:`RPNHead`.
        box_head: :class:`BoxHead`.
        neck: :class:`FPN`, whose ``in_channels`` may be left out, or None.
        mask_head: :class:`MaskHead`, or None for boxes alone.
        region_strides: strides of the maps that regions are read from, the first ones of the neck's.
        finest_scale: regions up to twice this side are read from the finest map.
        region_size: bins a side for the box head, or for ``last_stage``.
        last_stage: name of the backbone's stage that regions go through, ``'layer4'``; None on a pyramid.
        last_norm_cfg: norm after that stage.
        use_difficult: train on objects marked difficult, as detectron2 does on VOC; crowds of COCO never.
    """

    def __init__(self, backbone, rpn_head, box_head, neck=None, mask_head=None, region_strides=(16,), region_size=14,
                 finest_scale=56, last_stage=None, last_norm_cfg=None, use_difficult=False, **kwargs):
        super().__init__(backbone, **kwargs)
        self.neck = self.make(with_channels(neck, self.backbone)) if neck else None
        self.rpn_head, self.box_head = self.make(rpn_head), self.make(box_head)
        self.mask_head = self.make(mask_head) if mask_head else None
        self.region_strides, self.region_size, self.last_stage = tuple(region_strides), region_size, last_stage
        self.use_difficult, self.finest_scale = use_difficult, finest_scale
        self.last_norm = None
        if last_stage:
            if not hasattr(self.backbone, last_stage):
                raise ValueError(f'last_stage={last_stage!r} is no stage of {type(self.backbone).__name__}')
            if last_norm_cfg:
                self.last_norm = build_norm(last_norm_cfg, self.box_head.in_channels)

    @property
    def num_classes(self):
        """Number of classes, which the data must have, too."""
        return self.box_head.num_classes

    def tensor(self, images, data_samples=None):
        """See :meth:`feature_maps`."""
        return self.feature_maps(images)

    def feature_maps(self, images):
        """Feature maps of the neck, or of the backbone without one: a tuple of (B, C, H, W)."""
        features = self.backbone(images)
        return self.neck(features) if self.neck else features

    def regions(self, features, boxes, size):
        """Pool regions (R, C, s, s) of a list of boxes; through the last stage where there is one."""
        x = pool_regions(features[:len(self.region_strides)], to_rois(boxes), size, self.region_strides,
                         self.finest_scale)
        if self.last_stage:
            x = getattr(self.backbone, self.last_stage)(x)
            x = self.last_norm(x) if self.last_norm is not None else x
        return x

    def box_features(self, regions):
        return regions.mean((2, 3)) if self.last_stage else regions

    def loss(self, images, data_samples):
        """Losses of the proposals, of classes and boxes, and of masks.

        Args:
            images: (B, 3, H, W), padded.
            data_samples: list of samples with ``gt_boxes`` and the like in pixels of the input.
        """
        features, sizes = self.feature_maps(images), [sample.img_shape for sample in data_samples]
        objects, labels, masks = self._objects(data_samples)
        losses, proposals = self.rpn_head.loss(features, sizes, objects)
        boxes, classes, owners = self.box_head.choose(proposals, objects, labels)
        regions = self.regions(features, boxes, self.region_size)
        losses |= self.box_head.loss(*self.box_head(self.box_features(regions)), boxes, classes, owners, objects)
        if self.mask_head is not None:
            positive = [box[:len(owner)] for box, owner in zip(boxes, owners, strict=True)]
            if self.last_stage:  # the same regions serve both heads
                is_positive = torch.cat([torch.arange(len(box), device=images.device) < len(owner)
                                         for box, owner in zip(boxes, owners, strict=True)])
                of_positives = regions[is_positive]
            else:
                of_positives = self.regions(features, positive, self.mask_head.size)
            kinds = torch.cat([kind[:len(owner)] for kind, owner in zip(classes, owners, strict=True)])
            extra = dict(colors=self.data_preprocessor.pixels(images) / 255) if self.mask_head.from_boxes else {}
            losses |= self.mask_head.loss(self.mask_head(of_positives), kinds, positive,
                                          [mask[owner] for mask, owner in zip(masks, owners, strict=True)], **extra)
        return losses

    def _objects(self, data_samples):
        """Per image boxes, labels and masks of the objects that are trained on."""
        boxes, labels, masks = [], [], []
        for sample in data_samples:
            if 'gt_boxes' not in sample:
                raise ValueError("a detector needs boxes: set supervision='boxes' ('full' for masks) on training data")
            all_count = self.use_difficult or 'gt_difficult' not in sample  # sets made on the fly know none
            kept = slice(None) if all_count else (~sample.gt_difficult).nonzero()[:, 0]
            boxes.append(sample.gt_boxes[kept])
            labels.append(sample.gt_box_labels[kept])
            if self.mask_head is not None and self.mask_head.from_boxes:
                masks.append(inside_boxes(boxes[-1], *sample.img_shape, padding=0))
            elif self.mask_head is not None:
                if 'gt_instance_masks' not in sample:
                    raise ValueError("a mask head needs masks: set supervision='full' on training data that has them")
                masks.append(sample.gt_instance_masks[kept])
        return boxes, labels, masks

    def predict(self, images, samples):
        """``samples`` with ``pred_boxes``, ``pred_box_scores``, ``pred_box_labels`` and, with a mask head,
        ``pred_masks``, best first, in pixels of the original files."""
        features, sizes = self.feature_maps(images), [sample.img_shape for sample in samples]
        proposals, _ = self.rpn_head.predict(features, sizes)
        regions = self.box_features(self.regions(features, proposals, self.region_size))
        results = self.box_head.detect(*self.box_head(regions), proposals, sizes)
        for sample, result in zip(samples, results, strict=True):
            scale = torch.tensor(tuple(sample.get('scale_factor') or (1.0, 1.0)) * 2, device=images.device)
            sample.pred_boxes, sample.pred_box_scores = result['boxes'] / scale, result['scores']
            sample.pred_box_labels = result['labels']
        if self.mask_head is not None:
            found = [result['boxes'] for result in results]
            size = self.region_size if self.last_stage else self.mask_head.size
            logits = refuse_nan(self.mask_head(self.regions(features, found, size)), 'mask scores of regions')
            kinds = torch.cat([result['labels'] for result in results])
            probabilities = logits[torch.arange(len(kinds), device=kinds.device), kinds].sigmoid()
            for sample, part in zip(samples, probabilities.split([len(each) for each in found]), strict=True):
                sample.pred_masks = paste_masks(part, sample.pred_boxes, *sample.get('ori_shape', sample.img_shape))
        return samples
