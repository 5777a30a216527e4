"""What every self-supervised method does outside its loss."""

import torch
import torch.nn as nn
from mmengine.model import BaseModel

from mmwsl.models.necks.mlp import pool
from mmwsl.registry import MODELS


class PretextModel(BaseModel):
    """A backbone and the three modes of ``forward``; a method adds its parts and ``loss(views, data_samples)``.

    ``backbone`` is always the encoder that is kept: the student where there is a teacher.

    Args:
        backbone: config or module; returns a tuple of feature maps.
        data_preprocessor: config or module.
        init_cfg: mmengine's initialisation config.
    """

    sees_rgb = True  # whether the backbone takes the images as they are, so that other tasks can use it

    def __init__(self, backbone, data_preprocessor=None, init_cfg=None):
        super().__init__(data_preprocessor, init_cfg)
        self.backbone = self.make(backbone)

    @staticmethod
    def make(part):
        """A module as it is, or built from its config."""
        return part if isinstance(part, nn.Module) else MODELS.build(part)

    def init_weights(self):
        """Apply the parts' ``init_cfg`` (pretrained weights, say), if any has one; constructors did the rest."""
        if any(getattr(module, 'init_cfg', None) for module in self.modules()):
            super().init_weights()

    def forward(self, inputs, data_samples=None, mode='tensor'):
        """``loss``: dict of losses of the list of views; ``predict`` and ``tensor``: pooled features (B, C)."""
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode in ('tensor', 'predict'):
            return self.features(inputs)
        raise ValueError(f"mode={mode!r} is unknown; choose 'loss', 'predict' or 'tensor'")

    def encoders(self):
        """The modules through which images go: the backbone, and a teacher's copy of it."""
        return [self.backbone]

    def features(self, images):
        """Global averages of the backbone's maps, fp32: (B, C), or a tuple of them where it returns several."""
        pooled = tuple(pool(level).float() for level in self.backbone(images))
        return pooled[0] if len(pooled) == 1 else pooled


class TeacherModel(PretextModel):
    """A method with a :class:`Teacher` in ``self.teacher`` that follows ``self.students``.

    The engine calls :meth:`after_optimizer_step` once per optimiser step (gradient accumulation included).
    """

    students = ('backbone', 'neck')

    def encoders(self):
        return [self.backbone, self.teacher.chain[0]]

    def _chain(self):
        return [getattr(self, name) for name in self.students]

    def init_weights(self):
        super().init_weights()
        self.reset_teacher()

    def reset_teacher(self):
        """Make the teacher equal to the student."""
        self.teacher.copy_from(*self._chain())

    @torch.no_grad()
    def after_optimizer_step(self, progress):
        """Move the teacher; ``progress`` in [0, 1] is the share of optimiser steps done."""
        self.teacher.update(*self._chain(), progress=progress)
