"""ToCo (Ru et al. 2023, arXiv:2303.01267): contrasts between patches and between crops keep tokens apart."""

import torch
import torch.nn.functional as F

from mmwsl.dist import all_mean, world_size
from mmwsl.models.base import TeacherModel, single_view
from mmwsl.models.layers.teacher import Teacher
from mmwsl.models.necks.mlp import pool
from mmwsl.models.weak.segmentation.one_stage.cosa_terms import (
    VOID,
    balanced_cross_entropy,
    pseudo_labels,
    refined_labels,
)
from mmwsl.models.weak.segmentation.one_stage.single_stage import SingleStageModel, assign, resize
from mmwsl.ops.tensors import normalize, upcast
from mmwsl.registry import MODELS


def patch_contrast(features, labels):
    """PTC: half of 1 - |cosine| of positions with one label and half of |cosine| of those with others, each a mean.

    Args:
        features: (B, D, h, w); pairs are of one image.
        labels: (B, h, w) int64; 255 = in no pair.
    """
    vectors = normalize(features).flatten(2)
    with torch.autocast(vectors.device.type, enabled=False):
        similar = (vectors.transpose(1, 2) @ vectors).abs()  # (B, N, N)
    labels = labels.flatten(1)
    known = labels != VOID
    pairs = known[:, :, None] & known[:, None] & ~torch.eye(labels.shape[1], dtype=torch.bool, device=labels.device)
    same = labels[:, :, None] == labels[:, None]
    loss = 0
    for distance, chosen in ((1 - similar, pairs & same), (similar, pairs & ~same)):
        count = all_mean(chosen.sum().to(similar.dtype)).clamp(min=1 / world_size())
        loss = loss + (distance * chosen).sum() / count / 2
    return loss


def crop_contrast(crops, images, positive, temperature=0.5):
    """CTC: each positive crop is nearer to its image than that image's negative crops are.

    -log[e^{s_p} / (e^{s_p} + sum_n e^{s_n})], s the cosine with the image over the temperature; the mean over an
    image's positive crops, if it has negative ones, and over images.

    Args:
        crops: (B, R, D) vectors of crops.
        images: (B, D) of the whole images.
        positive: (B, R) bool.
    """
    crops, images = F.normalize(upcast(crops), dim=2), F.normalize(upcast(images), dim=1)
    similar = (crops * images[:, None]).sum(2) / temperature  # (B, R)
    others = similar.masked_fill(positive, -1e4).logsumexp(1, keepdim=True)
    counted = positive & ~positive.all(1, keepdim=True)
    each = (torch.logaddexp(similar, others) - similar) * counted
    return (each.sum(1) / counted.sum(1).clamp(min=1)).mean()


def random_windows(labels, size, count, side):
    """Draw windows of images, and say which lie on an object.

    Args:
        labels: (B, h, w) of the images, at whatever size.
        size: (H, W) of the images, at least ``side``.

    Returns:
        corners (B, count, 2) int64 of windows of ``side`` pixels, top and left; and (B, count) bool, whether the label
        at the window's center is a class: background and 255 are not.
    """
    room = [length - side + 1 for length in size]
    draws = torch.rand(len(labels), count, 2, device=labels.device)
    corners = torch.stack([(draws[..., axis] * room[axis]).long() for axis in range(2)], dim=2)
    rows, columns = ((corners[..., axis] + side / 2) * labels.shape[1 + axis] / size[axis] for axis in range(2))
    image = torch.arange(len(labels), device=labels.device)[:, None]
    found = labels[image, rows.long(), columns.long()]
    return corners, (found > 0) & (found != VOID)


def cut_windows(images, corners, side):
    """Windows (B count, C, side, side) of images (B, C, H, W), those of an image one behind the other."""
    steps = torch.arange(side, device=images.device)
    rows, columns = (corners[..., axis, None] + steps for axis in range(2))  # (B, R, side)
    image = torch.arange(len(images), device=images.device)[:, None, None, None]
    windows = images.permute(0, 2, 3, 1)[image, rows[..., None], columns[:, :, None]]  # (B, R, side, side, C)
    return windows.flatten(0, 1).permute(0, 3, 1, 2)


@MODELS.register_module()
class ToCo(TeacherModel, SingleStageModel):
    """ToCo: the auxiliary map's pseudo-labels say which patches shall be alike, and which crops show an object.

    The vector of an image or crop is the mean of its final feature map, which every backbone has; published is the
    class token of a ViT. A crop is positive if its center is labeled as a class.

    Args:
        backbone, head: see :class:`SingleStageModel`.
        projector: config of what vectors are compared after, e.g. an ``MLPNeck``; its ``in_channels`` are filled in.
            Whole images go through an averaged copy of it.
        momentum: of the copy.
        low, high: thresholds of pseudo-labels.
        refine: refine the labels of the segmentation by :func:`par`.
        patch_weight, crop_weight: of the contrasts.
        crops, crop_size: number and side of the crops of an image, in pixels.
        temperature: of the crops' contrast.
        kwargs: see :class:`SingleStageModel`.

    Raises:
        ValueError: thresholds that are not 0 < low <= high < 1.
    """

    students = ('projector',)

    def __init__(self, backbone, head, projector, momentum=0.9, low=0.25, high=0.7, refine=False, patch_weight=0.2,
                 crop_weight=0.5, crops=10, crop_size=64, temperature=0.5, warmup=0.1, **kwargs):
        super().__init__(backbone, head, warmup=warmup, **kwargs)
        if not 0 < low <= high < 1:
            raise ValueError(f'ToCo: thresholds low={low} and high={high} must be 0 < low <= high < 1')
        self.projector = self.make(dict(projector, in_channels=self.backbone.out_channels[-1]))
        self.teacher = Teacher(self.projector, momentum=momentum)
        self.low, self.high, self.refine, self.temperature = low, high, refine, temperature
        self.patch_weight, self.crop_weight, self.crops, self.crop_size = patch_weight, crop_weight, crops, crop_size

    def encoders(self):
        return [self.backbone]

    def after_optimizer_step(self, progress):
        """Move the copy, and begin with the segmentation when ``progress`` in [0, 1] has come to ``warmup``."""
        TeacherModel.after_optimizer_step(self, progress)
        SingleStageModel.after_optimizer_step(self, progress)

    def loss(self, views, data_samples):
        """``loss_cls``, ``loss_aux``, ``loss_ptc``, ``loss_ctc``; after the warm-up ``loss_seg``, ``loss_reg`` if on.

        Args:
            views: images (B, 3, H, W), or a list of one such view.
            data_samples: with tags.
        """
        images = single_view(views)
        tags = self.tags(data_samples, images.device)
        features = self.backbone(images)
        found = self.head(features)
        maps, auxiliary_maps, _ = assign(self.network, images, tags, self.assignment_scales)
        labels = pseudo_labels(resize(auxiliary_maps, features[-1].shape[2:]), self.low, self.high)
        losses = self.classification_losses(found, tags)
        losses['loss_ptc'] = self.patch_weight * patch_contrast(features[-1], labels)
        losses['loss_ctc'] = self.crop_weight * self.crop_loss(images, features, labels)
        if self.warming_up:
            return dict(losses, loss_seg=0 * found.logits.sum())  # data-parallel ranks want a gradient of the decoder
        predicted, maps = resize(found.logits, images.shape[2:]), resize(maps, images.shape[2:])
        labels = refined_labels(images, maps, self.low, self.high) if self.refine else \
            pseudo_labels(maps, self.low, self.high)
        losses['loss_seg'] = self.segmentation_weight * balanced_cross_entropy(predicted, labels)
        return losses | self.regularization_losses(images, predicted)

    def crop_loss(self, images, features, labels):
        """:func:`crop_contrast` of random crops with their images."""
        corners, positive = random_windows(labels, images.shape[2:], self.crops, self.crop_size)
        crops = self.projector(pool(self.backbone(cut_windows(images, corners, self.crop_size))))
        whole = self.teacher(pool(features).detach())
        return crop_contrast(crops.unflatten(0, (-1, self.crops)), whole, positive, self.temperature)
