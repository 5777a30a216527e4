"""PCNet-M of Self-Supervised Scene De-occlusion (Zhan et al. 2020): complete masks beneath others, without labels of
order or of whole shapes."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.models.base import Model
from mmwsl.ops.occlusion import complete_shapes, distant_order, draw_erasers, random_windows, recover_order
from mmwsl.ops.tensors import upcast
from mmwsl.registry import MODELS


@MODELS.register_module()
class PCNetM(Model):
    """Partial completion of masks: give back what a random eraser takes from a visible part.

    Nobody tells the network whole shapes. It sees visible parts (B, 1, M, M) as :class:`ObjectCrops` gives them, and
    another object laid over each, or under it: in the second case nothing is missing, so that it learns not to grow.
    A scene is taken apart by what it does then: of two objects that touch the one that grows beneath the other lies
    behind (:func:`recover_order`), and an object is completed beneath all that may hide it
    (:func:`complete_shapes`).

    Args:
        backbone: :class:`UNet` with 2 input channels, the mask and the eraser.
        size: side of the network's input.
        above: how often the eraser lies above the object.
        eraser_weight: weight of the loss within the eraser; elsewhere it is 1.
        categories: the mask is multiplied by its class's number + 1, as the authors do for KINS.
        shift, scale, flip: of the windows, see :func:`random_windows`.
        eraser_scale: smallest and largest factor of an eraser's size, which comes from another crop.
        enlarge: see :func:`object_squares`; as the data set's.
        gap: see :func:`in_contact`.
        order_threshold, shape_threshold: probabilities from which a pixel has been added.
        direct: in ``predict`` only what lies right in front of an object hides it, instead of all its ancestors.
        distant: in ``predict`` pairs that do not touch have an order, too, if whole shapes imply one; the authors give
            them none.

    Raises:
        ValueError: in ``predict``, samples without ``gt_instance_masks``.
    """

    sees_rgb = False

    def __init__(self, backbone, size=256, above=0.8, eraser_weight=5.0, categories=False, shift=0.2,
                 scale=(0.8, 1.2), flip=0.5, eraser_scale=(0.8, 1.2), enlarge=3.0, gap=1, order_threshold=0.1,
                 shape_threshold=0.2, direct=False, distant=False, **kwargs):
        super().__init__(backbone, **kwargs)
        self.head = nn.Conv2d(self.backbone.out_channels[-1], 2, 1)
        self.size, self.above, self.eraser_weight, self.categories = size, above, eraser_weight, categories
        self.windows, self.eraser_scale = dict(shift=shift, scale=tuple(scale), flip=flip), tuple(eraser_scale)
        self.enlarge, self.gap, self.direct, self.distant = enlarge, gap, direct, distant
        self.order_threshold, self.shape_threshold = order_threshold, shape_threshold

    def logits(self, visible, eraser, labels=None):
        """Logits (B, 2, S, S), background and object, of Boolean masks (B, S, S) and classes (B,)."""
        mask = visible.float()
        if self.categories:
            mask = mask * (labels[:, None, None] + 1)
        pair = torch.stack([mask, eraser.float()], dim=1).contiguous(memory_format=torch.channels_last)
        return upcast(self.head(self.backbone(pair)[-1]))

    def draw(self, modal):
        """What the network sees of visible parts (B, 1, S, S): what is left of them, and erasers, both (B, S, S)."""
        eraser = draw_erasers(modal, scale=self.eraser_scale)
        above = torch.rand(len(modal), 1, 1, 1, device=modal.device) < self.above
        return torch.where(above, modal & ~eraser, modal)[:, 0], torch.where(above, eraser, eraser & ~modal)[:, 0]

    def loss(self, views, data_samples=None):
        masks = data_samples.gt_instance_masks  # (B, 1, M, M)
        modal, = random_windows([masks], self.size, self.size / masks.shape[-1], **self.windows)  # (B, 1, S, S)
        visible, eraser = self.draw(modal)
        labels = data_samples.gt_box_labels[:, 0] if self.categories else None
        error = F.cross_entropy(self.logits(visible, eraser, labels), modal[:, 0].long(), reduction='none')
        return dict(loss=(error * torch.where(eraser, self.eraser_weight, 1.0)).mean())

    def predict(self, images, samples):
        """Add ``pred_order`` (N, N) int8 and ``pred_amodal_masks`` (N, H, W) bool to samples by their visible
        parts, ``gt_instance_masks``, which are given here. Where a sample has ``above``, pairs of an object
        in front and one behind, their order is taken from these."""
        for sample in samples:
            masks, complete = modal_masks(sample), self.completer(sample)
            settings = dict(size=self.size, enlarge=self.enlarge)
            order = recover_order(masks, complete, threshold=self.order_threshold, gap=self.gap, **settings)
            for front, back in sample.get('above', ()):
                order[front, back], order[back, front] = 1, -1
            whole = complete_shapes(masks, order, complete, threshold=self.shape_threshold, direct=self.direct,
                                    **settings)
            if self.distant:
                order = distant_order(order, masks.cpu().numpy(), whole.cpu().numpy(), self.gap)
            sample.pred_order, sample.pred_amodal_masks = torch.from_numpy(order).to(masks.device), whole
        return samples

    def completer(self, sample):
        """The network as a function of crops of a scene's objects, see :mod:`mmwsl.ops.occlusion.completion`."""
        labels = sample.gt_box_labels if self.categories else None

        def complete(visible, eraser, objects):
            return self.logits(visible, eraser, None if labels is None else labels[objects]).softmax(1)[:, 1]

        return complete


def modal_masks(sample):
    """The masks of visible parts (N, H, W) that a scene is taken apart by.

    Raises:
        ValueError: there are none.
    """
    if 'gt_instance_masks' not in sample:
        raise ValueError(f'{sample.get("path") or "a scene"} has no masks of visible parts (gt_instance_masks), which '
                         "methods of scenes start from; use supervision='full', or a detector's masks")
    return sample.gt_instance_masks.bool()
