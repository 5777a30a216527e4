"""BoxInst (Tian et al. 2021): masks from boxes alone, by their projections and by pairs of pixels of one color.

The two terms on the prototypes of YOLACT and on the mask head of Mask R-CNN.
"""

import torch
import torch.nn.functional as F

from mmwsl.augment.lab import rgb_to_lab
from mmwsl.models.supervised import MaskHead, PrototypeMasks
from mmwsl.models.supervised.region_heads import to_rois
from mmwsl.models.supervised.yolact import inside_boxes
from mmwsl.ops import roi_align
from mmwsl.ops.tensors import upcast
from mmwsl.registry import HEADS

DILATION = 2


def _neighbors(x):
    """The eight neighbors (8, ..., h, w) of every pixel of ``x`` (..., h, w), two apart; beyond the edge NaN."""
    height, width = x.shape[-2:]
    padded = F.pad(x, (DILATION,) * 4, value=float('nan'))
    steps = (0, DILATION, 2 * DILATION)
    return torch.stack([padded[..., top:top + height, left:left + width] for top in steps for left in steps
                        if (top, left) != (DILATION, DILATION)])


def color_similarity(lab):
    """exp(-|difference| / 2) of every pixel to its eight neighbors: (..., 8, h, w) of Lab colors (..., 3, h, w).

    0 where the neighbor lies beyond the edge.
    """
    difference = (_neighbors(lab) - lab).norm(dim=-3)  # (8, ..., h, w)
    return (-0.5 * difference).exp().nan_to_num(0).movedim(0, -3)


def projection_loss(logits, boxes):
    """Dice loss of the projections of masks and of their boxes onto both axes, one value a mask.

    Args:
        logits: (N, h, w).
        boxes: (N, h, w) of 0 and 1, 1 inside the box.
    """
    def dice(pred, target):
        return 1 - 2 * (pred * target).sum(1) / (pred.square().sum(1) + target.square().sum(1)).clamp(min=1e-5)

    probabilities, boxes = logits.sigmoid(), boxes.to(logits.dtype)
    return sum(dice(probabilities.amax(axis), boxes.amax(axis)) for axis in (1, 2))


def pairwise_loss(logits, similarity, boxes, threshold=0.3):
    """-log of the probability that two neighbors of one color have one label, the mean over such pairs in the boxes.

    Args:
        logits: (N, h, w).
        similarity: (N, 8, h, w), or (1, 8, h, w) of one image for all.
        boxes: (N, h, w) of 0 and 1.
        threshold: least similarity of a pair that counts.
    """
    inside, outside = F.logsigmoid(logits), F.logsigmoid(-logits)
    neighbor_in, neighbor_out = _neighbors(inside).movedim(0, 1), _neighbors(outside).movedim(0, 1)
    counts = (similarity >= threshold) & (boxes > 0)[:, None]
    # of pairs that do not count NaN would reach the gradient
    neighbor_in, neighbor_out = neighbor_in.nan_to_num(0), neighbor_out.nan_to_num(0)
    same = torch.logaddexp(inside[:, None] + neighbor_in, outside[:, None] + neighbor_out)
    return -(same * counts).sum() / counts.sum().clamp(min=1)


class BoxTerms:
    """What both branches share: the weight of the pairwise term, which grows over the first steps.

    A model calls :meth:`terms` once an image, or once a batch; a step is a call in training.
    """

    from_boxes = True

    def set_terms(self, threshold, warmup):
        """Set the least similarity of a pair, and over how many steps the pairwise term grows to its full weight."""
        self.threshold, self.warmup = threshold, warmup
        self.register_buffer('steps', torch.zeros(()))

    def terms(self, logits, boxes, similarity):
        """Both terms: one value a mask."""
        weight = (self.steps / self.warmup).clamp(max=1) if self.warmup else 1.0
        if self.training:
            self.steps += 1
        return projection_loss(logits, boxes) + weight * pairwise_loss(logits, similarity, boxes, self.threshold)


@HEADS.register_module()
class BoxInstPrototypes(BoxTerms, PrototypeMasks):
    """:class:`PrototypeMasks` whose masks are learnt from boxes.

    Args:
        threshold: least similarity of colors of a pair.
        warmup: images over which the pairwise term grows to its full weight.
        kwargs: see :class:`PrototypeMasks`.
    """

    def __init__(self, in_channels, threshold=0.3, warmup=80000, **kwargs):
        super().__init__(in_channels, **kwargs)
        self.set_terms(threshold, warmup)

    def loss(self, values, prototypes, boxes, masks, owners, image_size, colors):
        """Both terms, summed over the positive anchors.

        Args:
            values, prototypes, boxes, masks, owners, image_size: see :meth:`PrototypeMasks.loss`; ``masks`` are not
                looked at.
            colors: (3, H, W) RGB in [0, 1], the input without its normalization.
        """
        if not len(owners):
            return values.sum() * 0 + prototypes.sum() * 0
        height, width = prototypes.shape[1:]
        scale = boxes.new_tensor([width / image_size[1], height / image_size[0]] * 2)
        logits = torch.einsum('pk,khw->phw', values, prototypes)
        inside = inside_boxes(boxes * scale, height, width, padding=0)[owners]
        lab = rgb_to_lab(F.adaptive_avg_pool2d(colors[None], (height, width)).clamp(0, 1))
        return self.terms(logits, inside, color_similarity(lab)).sum()


@HEADS.register_module()
class BoxInstMaskHead(BoxTerms, MaskHead):
    """:class:`MaskHead` whose masks are learnt from boxes, within each region.

    Args:
        threshold: least similarity of colors of a pair.
        warmup: steps over which the pairwise term grows to its full weight.
        kwargs: see :class:`MaskHead`.
    """

    def __init__(self, in_channels, num_classes, threshold=0.3, warmup=10000, **kwargs):
        super().__init__(in_channels, num_classes, **kwargs)
        self.set_terms(threshold, warmup)

    def loss(self, logits, classes, boxes, masks, colors):
        """Both terms of the mask of the true class.

        Args:
            logits, classes, boxes: see :meth:`MaskHead.loss`.
            masks: per image (n, H, W), the filled boxes of the objects that the regions answer for.
            colors: (B, 3, H, W) RGB in [0, 1].
        """
        if not len(classes):
            return dict(loss_mask=logits.sum() * 0)
        side = logits.shape[-1]
        inside = torch.cat([roi_align(mask[:, None].float(), to_rois(box.split(1)), side)[:, 0]
                            for box, mask in zip(boxes, masks, strict=True) if len(box)]) >= 0.5
        lab = rgb_to_lab(roi_align(upcast(colors), to_rois(boxes), side).clamp(0, 1))
        pred = logits[torch.arange(len(classes), device=classes.device), classes]
        return dict(loss_mask=self.terms(pred, inside, color_similarity(lab)).mean())
