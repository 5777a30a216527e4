"""Segmentation from points and scribbles: cross-entropy of the labelled pixels, and what else is known (Tang et al.
2018; Bearman et al. 2016)."""

import torch
import torch.nn.functional as F

from mmwsl.dist import sum_over_ranks, world_size
from mmwsl.models.base import single_view
from mmwsl.models.supervised.fcn import FCN
from mmwsl.ops.tensors import upcast
from mmwsl.refine import dense_energy
from mmwsl.registry import MODELS
from mmwsl.structures import split_samples


def best_pixel_loss(logits, tags):
    """Image-level loss of Bearman et al. 2016: each class that is there is sure of one pixel, each other of none.

    With S the softmax and t_c = argmax_i S_ic: -mean_{c there} log S_{t_c c} - mean_{c not} log(1 - S_{t_c c}), and of
    that the mean over the images.

    Args:
        logits: (B, 1 + C, H, W), the background first.
        tags: (B, C) of 1, 0, and -1 = not known, which counts for nothing.
    """
    best = upcast(logits).log_softmax(1)[:, 1:].amax((2, 3))  # log S_{t_c c}, (B, C)
    there, absent = (tags == 1).to(best.dtype), (tags == 0).to(best.dtype)
    others = torch.log((1 - best.exp()).clamp(min=1e-6))
    return -((best * there).sum(1) / there.sum(1).clamp(min=1)
             + (others * absent).sum(1) / absent.sum(1).clamp(min=1)).mean()


@MODELS.register_module()
class PartialFCN(FCN):
    """FCN on images of which few pixels have a class, as points and scribbles give it; the others are 255.

    Loss: cross-entropy of the labelled pixels of the batch; after ``warmup`` plus ``energy_weight`` E / N^2, where
    E = sum_k S_k^T K (1 - S_k) is the dense energy of an image of N pixels (:func:`dense_energy`, at half of its size),
    so that the weight holds for images of any size. The published one, 2e-9 E, is for N = 256 x 256: 8.6 here.

    Args:
        backbone, head: see :class:`FCN`.
        energy_weight: of the dense energy, which waits for the device; 0 leaves it out.
        warmup: share of training with the cross-entropy alone.
        position_std: of the energy's kernel, in widths of the image; the published 100 pixels of 513.
        color_std: of the energy's kernel, of colors in 0..255.
        tag_weight: of :func:`best_pixel_loss`, which points come with; needs ``gt_label``.
        kwargs: see :class:`FCN`.

    Raises:
        ValueError: a share out of range, or an auxiliary head.
    """

    def __init__(self, backbone, head, energy_weight=8.6, warmup=0.5, position_std=100 / 513, color_std=15.0,
                 tag_weight=0.0, **kwargs):
        super().__init__(backbone, head, count_void=False, **kwargs)
        if self.auxiliary_head is not None:
            raise ValueError(f'{type(self).__name__} trains one head; leave auxiliary_head out')
        if not 0 <= warmup <= 1:
            raise ValueError(f'{type(self).__name__}: warmup={warmup} must be a share of training in [0, 1]')
        self.energy_weight, self.warmup, self.tag_weight = energy_weight, warmup, tag_weight
        self.position_std, self.color_std = position_std, color_std
        self.register_buffer('regularized', torch.tensor(warmup == 0))
        self.is_regularized = warmup == 0  # on the host, so that a step does not wait for the device

    def _load_from_state_dict(self, *args, **kwargs):
        super()._load_from_state_dict(*args, **kwargs)
        self.is_regularized = bool(self.regularized)

    @torch.no_grad()
    def after_optimizer_step(self, progress):
        """Turn the energy on when ``progress`` in [0, 1] has come to its share."""
        if not self.is_regularized and progress >= self.warmup - 1e-6:
            self.is_regularized = True
            self.regularized.fill_(True)

    def loss(self, images, data_samples):
        """``loss_seg``, and what is on of ``loss_energy`` and ``loss_tags``.

        Args:
            images: (B, 3, H, W), padded.
            data_samples: of images with ``gt_mask``, and ``gt_label`` (C,) if tags count.
        """
        images, data_samples = single_view(images), split_samples(data_samples, len(single_view(images)))
        logits, target = self.predicted_and_target(images, data_samples)
        losses = dict(loss_seg=self.labelled_loss(logits, target))
        if self.tag_weight:
            tags = torch.stack([torch.as_tensor(sample.gt_label, device=logits.device) for sample in data_samples])
            losses['loss_tags'] = self.tag_weight * best_pixel_loss(logits, tags)
        if self.energy_weight and self.is_regularized:
            losses['loss_energy'] = self.energy(images, logits.softmax(1), data_samples)
        return losses

    def predicted_and_target(self, images, data_samples):
        """Logits (B, 1 + C, H, W), and the class maps (B, H, W) they are to be, 255 where that is not known."""
        features, size = self.backbone(images), images.shape[2:]
        target = self.targets(data_samples, size, features[-1].device)
        return F.interpolate(self.head(features), size=size, mode='bilinear', align_corners=False), target

    def labelled_loss(self, logits, target):
        """Mean cross-entropy of the pixels of all ranks that have a class."""
        total = F.cross_entropy(upcast(logits), target, ignore_index=255, reduction='sum')
        count = sum_over_ranks((target != 255).sum()).clamp(min=1)
        return total * world_size() / count

    def energy(self, images, probabilities, data_samples):
        """``energy_weight`` E / N^2, N = pixels of the (padded) image at half of its size; padding is in no pair."""
        height, width = images.shape[2:]
        valid = torch.zeros(len(images), height, width, dtype=torch.bool, device=images.device)
        for row, sample in zip(valid, data_samples, strict=True):
            rows, columns = sample.get('img_shape', (height, width))
            row[:rows, :columns] = True
        weight = self.energy_weight / ((height // 2) * (width // 2))**2
        return dense_energy(self.data_preprocessor.pixels(images), probabilities, valid, weight=weight,
                            color_std=self.color_std, position_std=self.position_std * width)
