"""DINO: Emerging Properties in Self-Supervised Vision Transformers (Caron et al. 2021)."""

import torch
import torch.nn.functional as F

from mmwsl.dist import all_mean
from mmwsl.models.base import TeacherModel
from mmwsl.models.layers.drop_path import DropPath
from mmwsl.models.layers.multicrop import encode_by_size
from mmwsl.models.layers.teacher import Teacher
from mmwsl.models.necks.mlp import pool
from mmwsl.ops.tensors import embedding_std
from mmwsl.registry import PRETEXTS


@PRETEXTS.register_module()
class DINO(TeacherModel):
    """Self-distillation: predict the EMA teacher's output for the other large views from every view.

    The teacher's scores are centred and sharpened, which together keep it from saying the same of all images.

    Args:
        backbone, head: the student, :class:`DINOHead` being its head; the teacher is a copy of both.
        teacher_views: the first so many views (the large crops) go through the teacher; all go through the student.
        temperature: of the student.
        teacher_temperature: of the teacher, or (start, end) of a linear warm-up.
        temperature_warmup: share of training in (0, 1] that the warm-up takes.
        center_momentum: weight of the old centre of the teacher's scores.
        momentum, end_momentum: of the teacher, on a cosine.

    Raises:
        ValueError: a warm-up without a length, or the reverse; fewer views than ``teacher_views``, or only one.
    """

    students = ('backbone', 'head')

    def __init__(self, backbone, head, teacher_views=2, temperature=0.1, teacher_temperature=0.04,
                 temperature_warmup=0.0, center_momentum=0.9, momentum=0.996, end_momentum=1.0, **kwargs):
        super().__init__(backbone, **kwargs)
        warm = isinstance(teacher_temperature, (tuple, list))
        if warm != (0 < temperature_warmup <= 1):
            raise ValueError(f'DINO: teacher_temperature={teacher_temperature} with temperature_warmup='
                             f'{temperature_warmup}; give (start, end) with a share of training in (0, 1], or one '
                             'number with 0')
        self.head = self.make(head)
        self.teacher = Teacher(self.backbone, self.head, momentum=momentum, end_momentum=end_momentum)
        for module in self.teacher.modules():  # stochastic depth is the student's only
            if isinstance(module, DropPath):
                module.rate = 0.0
        self.teacher_views, self.temperature, self.center_momentum = teacher_views, temperature, center_momentum
        self.temperatures = tuple(teacher_temperature) if warm else (teacher_temperature,) * 2
        self.temperature_warmup = temperature_warmup
        self.register_buffer('center', torch.zeros(self.head.out_channels))
        self.register_buffer('teacher_temperature', torch.tensor(float(self.temperatures[0])))

    @torch.no_grad()
    def after_optimizer_step(self, progress):
        """Move the teacher and its temperature; ``progress`` in [0, 1] is the share of optimiser steps done."""
        super().after_optimizer_step(progress)
        if self.temperature_warmup:
            start, end = self.temperatures
            self.teacher_temperature.fill_(start + (end - start) * min(progress / self.temperature_warmup, 1))

    def loss(self, views, data_samples=None):
        count, batch = len(views), len(views[0])
        if count < max(2, self.teacher_views):
            raise ValueError(f'DINO shows {self.teacher_views} views to the teacher and others to the student, but '
                             f'got {count}; see data_preprocessor.views')
        s = self.head(encode_by_size(lambda images: pool(self.backbone(images)), views))  # (V B, K)
        t = self.teacher(torch.cat(views[:self.teacher_views]))  # (G B, K), no gradient
        p_t = F.softmax((t - self.center) / self.teacher_temperature, dim=1).split(batch)
        log_p = F.log_softmax(s / self.temperature, dim=1).view(count, batch, -1)
        every = log_p.sum(0)
        pairs = [(p_t[view] * (every - log_p[view])).sum(1).mean() for view in range(self.teacher_views)]  # v' != v
        loss = -sum(pairs) / (self.teacher_views * (count - 1))
        with torch.no_grad():  # after the loss: this batch met the old centre
            mean = all_mean(t.mean(0))
            self.center.lerp_(mean.to(self.center.dtype), 1 - self.center_momentum)
        return dict(loss=loss, embedding_std=embedding_std(s[:batch]))
