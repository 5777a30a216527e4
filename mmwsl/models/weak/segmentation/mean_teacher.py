"""Segmentation where few images have labels: mean teacher (Tarvainen and Valpola 2017), or confident pseudo-labels."""

import math

import torch
import torch.nn.functional as F

from mmwsl.models.base import TeacherModel, single_view
from mmwsl.models.layers.teacher import Teacher
from mmwsl.models.weak.segmentation.partial_labels import PartialFCN
from mmwsl.ops.tensors import upcast
from mmwsl.registry import MODELS
from mmwsl.structures import split_samples


def consistency_loss(student, teacher, confidence=None):
    """How far a student's pixels are from what their teacher says.

    Args:
        student, teacher: logits (B, C, H, W); no gradient goes into the teacher's.
        confidence: None: squared error of the class probabilities, summed over classes, mean over pixels. A number:
            cross-entropy against the teacher's best class where its probability is at least that, 0 elsewhere, mean
            over all pixels.
    """
    student, teacher = upcast(student), upcast(teacher.detach()).softmax(1)
    if confidence is None:
        return (student.softmax(1) - teacher).square().sum(1).mean()
    best, label = teacher.max(1)
    return (F.cross_entropy(student, label, reduction='none') * (best >= confidence)).mean()


def ramp_up(progress, share):
    """Weight exp(-5 (1 - t)^2), t = ``progress`` / ``share`` up to 1, of a term that begins small."""
    return math.exp(-5 * (1 - min(progress / share, 1))**2) if share else 1.0


@MODELS.register_module()
class MeanTeacherFCN(TeacherModel, PartialFCN):
    """FCN on images of which some have class maps: the others are labelled by its own moving average.

    The teacher sees the images, the student the same images with noise. Loss: cross-entropy of the pixels with a class,
    and from ``ramp`` on ``consistency_weight`` times :func:`consistency_loss` of all pixels. As in the paper, the
    teacher predicts.

    Args:
        backbone, head: see :class:`PartialFCN`.
        momentum: of the teacher.
        confidence: None for mean teacher; .95 for pseudo-labels.
        consistency_weight: of the second term.
        ramp: share of training in which its weight grows.
        noise: standard deviation of what is added to normalized images for the student.
        kwargs: see :class:`PartialFCN`; ``energy_weight`` is 0 unless it is given.

    Raises:
        ValueError: a confidence or share out of range.
    """

    students = ('backbone', 'head')

    def __init__(self, backbone, head, momentum=0.99, confidence=None, consistency_weight=1.0, ramp=0.4, noise=0.15,
                 energy_weight=0.0, **kwargs):
        super().__init__(backbone, head, energy_weight=energy_weight, **kwargs)
        if confidence is not None and not 0 < confidence <= 1:
            raise ValueError(f'MeanTeacherFCN: confidence={confidence} must be a probability above 0, or None')
        if not 0 <= ramp <= 1:
            raise ValueError(f'MeanTeacherFCN: ramp={ramp} must be a share of training in [0, 1]')
        self.teacher = Teacher(self.backbone, self.head, momentum=momentum)
        self.confidence, self.consistency_weight, self.ramp, self.noise = confidence, consistency_weight, ramp, noise
        self.register_buffer('consistency_ramp', torch.tensor(ramp_up(0, ramp)))

    def tensor(self, images, data_samples=None):
        """Logits (B, C, h, w) of the teacher."""
        return self.teacher(images)

    def loss(self, images, data_samples):
        """``loss_seg`` of the labelled pixels, ``loss_consistency`` of all."""
        images, data_samples = single_view(images), split_samples(data_samples, len(single_view(images)))
        noisy = images + self.noise * torch.randn_like(images) if self.noise else images
        logits, target = self.predicted_and_target(noisy, data_samples)
        taught = F.interpolate(self.teacher(images), size=logits.shape[2:], mode='bilinear', align_corners=False)
        losses = dict(loss_seg=self.labelled_loss(logits, target))
        consistency = consistency_loss(logits, taught, self.confidence)
        losses['loss_consistency'] = self.consistency_weight * self.consistency_ramp * consistency
        if self.energy_weight and self.is_regularized:
            losses['loss_energy'] = self.energy(images, logits.softmax(1), data_samples)
        return losses

    @torch.no_grad()
    def after_optimizer_step(self, progress):
        """Move the teacher, and let the consistency's weight grow; ``progress`` in [0, 1]."""
        TeacherModel.after_optimizer_step(self, progress)
        PartialFCN.after_optimizer_step(self, progress)
        self.consistency_ramp.fill_(ramp_up(progress, self.ramp))
