"""How YOLACT's anchors say masks: as weights of prototypes of the image, or as pixels of their own ("fc-mask")."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.supervised.region_heads import inside_boxes, paste_masks, to_rois
from mmwsl.ops import roi_align
from mmwsl.ops.tensors import upcast
from mmwsl.registry import HEADS


def shrink_masks(masks, size):
    """Masks (N, H, W) bool at a smaller ``size`` (h, w): 1 where more than half of a pixel is covered, fp32."""
    if not len(masks):
        return torch.zeros(0, *size, device=masks.device)
    parts = masks.split(64)  # as numbers masks take four times the memory
    return torch.cat([(F.interpolate(part[None].float(), size, mode='bilinear', align_corners=False)[0] > 0.5).float()
                      for part in parts])


def cropped_mask_loss(logits, targets, boxes):
    """Binary cross-entropy of masks within their boxes, each divided by the area of its box, summed.

    Args:
        logits: (P, h, w).
        targets: (P, h, w) of 0 and 1.
        boxes: (P, 4) true boxes in pixels of the masks.
    """
    each = F.binary_cross_entropy_with_logits(logits, targets.to(logits.dtype), reduction='none')
    each = (each * inside_boxes(boxes, *logits.shape[1:])).sum(dim=(1, 2))
    area = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1)
    return (each / area.clamp(min=1e-4)).sum()


@HEADS.register_module()
class PrototypeMasks(BaseModule):
    """Masks as linear combinations of prototypes that a small network makes of the finest feature map.

    The network is ``layers`` 3 x 3 convolutions, twice the size (bilinear), one more, and 1 x 1; ReLU after each, after
    the last if ``relu``.

    Args:
        in_channels: of the finest map.
        num_prototypes: k.
        channels: of the 3 x 3 convolutions.
        layers: how many before the enlargement.
        padding_mode: of the convolutions: with ``'zeros'`` they know where the image ends, with ``'reflect'`` hardly.
        from_boxes: take filled boxes for the true masks, of data that have no others: what weak methods must beat.
        relu: prototypes are never negative, as in the published weights; without it, the paper's other choice, short
            trainings of few prototypes do not end in empty masks.
    """

    from_boxes = False

    def __init__(self, in_channels, num_prototypes=32, channels=256, layers=3, padding_mode='zeros', from_boxes=False,
                 relu=True, init_cfg=None):
        super().__init__(init_cfg)
        self.from_boxes = self.from_boxes or from_boxes
        if num_prototypes < 1:
            raise ValueError(f'PrototypeMasks: num_prototypes={num_prototypes} leaves no mask; give 1 or more')

        def convolution(inputs):
            return [nn.Conv2d(inputs, channels, 3, padding=1, padding_mode=padding_mode), nn.ReLU(inplace=True)]

        parts = [part for number in range(layers) for part in convolution(channels if number else in_channels)]
        self.layers = nn.Sequential(
            *parts, nn.Upsample(scale_factor=2, mode='bilinear', align_corners=False),
            *convolution(channels if layers else in_channels), nn.Conv2d(channels, num_prototypes, 1),
            nn.ReLU(inplace=True) if relu else nn.Identity())
        self.num_values = num_prototypes

    def forward(self, finest):
        """Prototypes (B, k, h, w) of the finest map (B, C, h / 2, w / 2), fp32."""
        return upcast(self.layers(finest))

    @staticmethod
    def activate(values):
        """Weights of the prototypes, from what the head says of each anchor."""
        return values.tanh()

    def loss(self, values, prototypes, boxes, masks, owners, image_size, colors=None):
        """Cross-entropy within the true boxes, summed over the positive anchors.

        Args:
            values: (P, k) weights.
            prototypes: (k, h, w) of the image.
            boxes: (G, 4) of the objects, in pixels of the input.
            masks: (G, H, W) of the objects.
            owners: (P,) which object each anchor answers for.
            image_size: (H, W) of the input.
            colors: (3, H, W) RGB in [0, 1]; for methods that look at them.
        """
        size = prototypes.shape[1:]
        scale = boxes.new_tensor([size[1] / image_size[1], size[0] / image_size[0]] * 2)
        logits = torch.einsum('pk,khw->phw', values, prototypes)
        return cropped_mask_loss(logits, shrink_masks(masks, size)[owners], (boxes * scale)[owners])

    def masks(self, values, prototypes, boxes, image_size):
        """Probabilities (D, h, w) of detections in pixels of the prototypes, 0 outside of their boxes.

        Args:
            values: (D, k) weights.
            prototypes: (k, h, w).
            boxes: (D, 4) in pixels of the input.
            image_size: (H, W) of the input.
        """
        height, width = prototypes.shape[1:]
        scale = boxes.new_tensor([width / image_size[1], height / image_size[0]] * 2)
        probabilities = torch.einsum('dk,khw->dhw', values, prototypes).sigmoid()
        return probabilities * inside_boxes(boxes * scale, height, width)

    def paste(self, values, prototypes, boxes, image_size, content, size):
        """Masks (D, H', W') bool of detections in pixels of the file.

        Args:
            values, prototypes, boxes, image_size: see :meth:`masks`.
            content: (H, W) of the part of the input that is image.
            size: (H', W') of the file.
        """
        probabilities = self.masks(values, prototypes, boxes, image_size)
        pasted = torch.zeros(len(values), *size, dtype=torch.bool, device=values.device)
        for start in range(0, len(values), 16):  # a part of the file's size each
            part = probabilities[start:start + 16, None]
            if tuple(content) != tuple(image_size):
                part = F.interpolate(part, tuple(image_size), mode='bilinear', align_corners=False)
                part = part[:, :, :content[0], :content[1]]
            part = F.interpolate(part, tuple(size), mode='bilinear', align_corners=False)
            pasted[start:start + 16] = part[:, 0] > 0.5
        return pasted


@HEADS.register_module()
class DirectMasks(BaseModule):
    """Masks of ``size`` x ``size`` pixels that each anchor says itself, over its box: "fc-mask", without prototypes.

    Args:
        size: of a mask.
        in_channels: as for :class:`PrototypeMasks`; not needed.
    """

    from_boxes = False

    def __init__(self, size=16, in_channels=None, init_cfg=None):
        super().__init__(init_cfg)
        self.size, self.num_values = size, size**2

    def forward(self, finest):
        """Nothing of the image is shared: one empty tensor an image."""
        return finest.new_zeros(len(finest), 0)

    @staticmethod
    def activate(values):
        return values

    def loss(self, values, prototypes, boxes, masks, owners, image_size, colors=None):
        """Cross-entropy of each mask, the mean of its pixels, summed over the positive anchors; arguments as there."""
        if not len(owners):
            return values.sum() * 0
        targets = roi_align(masks[:, None].float(), to_rois(boxes.split(1)), self.size)[owners, 0]
        logits = values.unflatten(1, (self.size, self.size))
        targets = (targets > 0.5).to(logits.dtype)
        return F.binary_cross_entropy_with_logits(logits, targets, reduction='none').mean((1, 2)).sum()

    def masks(self, values, prototypes, boxes, image_size):
        """Probabilities (D, size, size) over the boxes."""
        return values.unflatten(1, (self.size, self.size)).sigmoid()

    def paste(self, values, prototypes, boxes, image_size, content, size):
        """As :meth:`PrototypeMasks.paste`."""
        scale = boxes.new_tensor([size[1] / content[1], size[0] / content[0]] * 2)
        return paste_masks(self.masks(values, prototypes, boxes, image_size), boxes * scale, *size)
