"""CoSA (Yang et al. 2024, arXiv:2402.17891): class maps and segmentation of one network teach each other.

The public code is not the paper: it has neither the reliability weights nor the contrastive separation, and fixed
thresholds unless asked. Here each is a switch.
"""

import torch

from mmwsl.models.base import TeacherModel, single_view
from mmwsl.models.layers.norm import kept_statistics
from mmwsl.models.layers.teacher import Teacher
from mmwsl.models.weak.segmentation.one_stage.cosa_terms import (
    balanced_cross_entropy,
    contrastive_separation,
    guidance_loss,
    perplexity,
    pseudo_labels,
    refined_labels,
    reliability_weights,
    sharpened_probabilities,
)
from mmwsl.models.weak.segmentation.one_stage.single_stage import SingleStageModel, assign, resize
from mmwsl.models.weak.segmentation.one_stage.thresholds import MapThresholds
from mmwsl.registry import MODELS

GUIDES = ('own', 'truth', 'noise', None)


@MODELS.register_module()
class CoSA(TeacherModel, SingleStageModel):
    """CoSA: an averaged copy of the network, the assignment network, labels what the network learns.

    The copy sees the weak view at several scales and mirrored. Its class maps become pseudo-labels of the segmentation,
    its segmentation guides the class maps. Batches have two views of the same crop, a weak and a strong one: set
    ``chained=True`` of the data preprocessor. With one view both see the same.

    Args:
        backbone, head: see :class:`SingleStageModel`.
        swap: the averaged copy labels; else the network labels for itself.
        momentum: of the copy.
        thresholds: of :class:`MapThresholds`, of the final and the auxiliary map.
        refine: refine the pseudo-labels by :func:`par`.
        reliability: ``dict(alpha=, beta=)`` of :func:`perplexity`, to weight the pixels of pseudo-labels; or None.
        reliability_over: what the weights have mean 1 over: ``'image'``, as printed, or ``'label'``, the background
            and the objects of an image each (:func:`reliability_weights`).
        guidance_weight: of the loss from segmentation to class maps.
        guidance: what guides the class maps: ``'own'``, the segmentation; as controls ``'truth'``, the true masks,
            which needs ``supervision='full'`` and views that move nothing, and ``'noise'``, a random class of the tags
            or the background at each position; None: nothing.
        separation_weight: of :func:`contrastive_separation`; 0 leaves it out.
        epsilon, temperature: of the separation.
        kwargs: see :class:`SingleStageModel`; ``segmentation_weight`` is of the loss from maps to segmentation.

    Raises:
        ValueError: another ``guidance`` or ``reliability_over``; from a step, guidance by the truth without true masks.
    """

    students = ('backbone', 'head')

    def __init__(self, backbone, head, swap=True, momentum=0.9994, thresholds=None, refine=False, reliability=None,
                 reliability_over='image', guidance_weight=0.05, guidance='own', separation_weight=0.0, epsilon=1.0,
                 temperature=0.5, **kwargs):
        super().__init__(backbone, head, **kwargs)
        if guidance not in GUIDES:
            raise ValueError(f'CoSA: guidance={guidance!r} is unknown; choose one of {GUIDES}')
        if reliability_over not in ('image', 'label'):
            raise ValueError(f"CoSA: reliability_over={reliability_over!r} is unknown; choose 'image' or 'label'")
        self.reliability_over = reliability_over
        self.teacher = Teacher(self.backbone, self.head, momentum=momentum)
        self.thresholds = MapThresholds(**(thresholds or {}))
        self.swap, self.refine, self.reliability = swap, refine, reliability
        self.guidance = guidance if guidance_weight else None
        self.guidance_weight, self.separation_weight = guidance_weight, separation_weight
        self.epsilon, self.temperature = epsilon, temperature

    def after_optimizer_step(self, progress):
        """Move the copy, and begin with labels when ``progress`` in [0, 1] has come to ``warmup``."""
        TeacherModel.after_optimizer_step(self, progress)
        SingleStageModel.after_optimizer_step(self, progress)

    def loss(self, views, data_samples):
        """``loss_cls`` and ``loss_aux`` of the tags; after the warm-up ``loss_c2s``, ``loss_s2c`` and what is on.

        Args:
            views: weak and strong images (B, 3, H, W) of the same crops, or one view.
            data_samples: with tags.
        """
        weak, strong = views if isinstance(views, (list, tuple)) and len(views) == 2 else [single_view(views)] * 2
        tags = self.tags(data_samples, strong.device)
        found = self.network(strong)
        losses = self.classification_losses(found, tags)
        if self.warming_up:
            return dict(losses, loss_c2s=0 * found.logits.sum())  # data-parallel ranks want a gradient of the decoder
        return losses | self.assigned_losses(found, weak, strong, tags, data_samples)

    def assigned_losses(self, found, weak, strong, tags, data_samples):
        """Losses of :class:`TwoMaps` ``found`` in the strong view against what is assigned in the weak one."""
        # the network's running statistics are for predictions, which do not see the scales of this
        with kept_statistics(self.backbone), kept_statistics(self.head):
            maps, auxiliary_maps, logits = assign(self.teacher if self.swap else self.network, weak, tags,
                                                  self.assignment_scales)
        maxima = torch.stack([each.amax(1).flatten() for each in (maps, auxiliary_maps)])
        thresholds = self.thresholds(maxima)  # (2, 2): low and high of both kinds
        size, losses = strong.shape[2:], {}
        predicted = resize(found.logits, size)
        segmentation = [self.segmentation_loss(predicted, resize(each, size), weak, *pair)
                        for each, pair in zip((maps, auxiliary_maps), thresholds, strict=True)]
        losses['loss_c2s'] = self.segmentation_weight * sum(segmentation) / 2
        if self.guidance is not None:
            losses['loss_s2c'] = self.guidance_weight * guidance_loss(
                found.maps, self.guide(logits, tags, data_samples))
        if self.separation_weight:
            low, high = thresholds[1]
            auxiliary_maps = resize(auxiliary_maps, found.maps.shape[2:])
            unsure = perplexity(auxiliary_maps.amax(1), (low + high) / 2, **(self.reliability or {}))
            losses['loss_separation'] = self.separation_weight * contrastive_separation(
                found.maps, pseudo_labels(auxiliary_maps, low, high), unsure, self.epsilon, self.temperature)
        low, high = thresholds[0]
        losses.update(self.regularization_losses(weak, predicted))
        return dict(losses, threshold_low=low, threshold_high=high)

    def guide(self, logits, tags, data_samples):
        """Class probabilities (B, 1 + C, h, w) that the class maps shall follow, of assigned logits or a control."""
        if self.guidance == 'truth':
            samples = data_samples if isinstance(data_samples, (list, tuple)) else [data_samples]
            if any('gt_mask' not in each for each in samples):
                raise ValueError("CoSA: guidance='truth' needs the true masks: set supervision='full' on training data "
                                 'that has them')
            batched = samples[0] is data_samples
            masks = data_samples.gt_mask if batched else torch.stack([each.gt_mask for each in samples])
            numbers = torch.arange(logits.shape[1], device=logits.device)[:, None, None]
            return (torch.as_tensor(masks, device=logits.device)[:, None] == numbers).to(logits.dtype)
        return sharpened_probabilities(torch.rand_like(logits) if self.guidance == 'noise' else logits, tags)

    def segmentation_loss(self, predicted, maps, images, low, high):
        """Cross-entropy of logits (B, 1 + C, H, W) against the labels that maps (B, C, H, W) in [0, 1] make."""
        with torch.no_grad():
            labels = refined_labels(images, maps, low, high) if self.refine else pseudo_labels(maps, low, high)
            weights = None
            if self.reliability is not None:
                weights = reliability_weights(perplexity(maps.amax(1), (low + high) / 2, **self.reliability),
                                              labels if self.reliability_over == 'label' else None)
        return balanced_cross_entropy(predicted, labels, weights)
