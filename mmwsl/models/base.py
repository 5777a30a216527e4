"""Bases of all models: parts from configs, the modes of ``forward``, encoders, a teacher."""

import logging

import torch
import torch.nn as nn
from mmengine.logging import MMLogger
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope

from mmwsl.models.necks.mlp import pool
from mmwsl.registry import MODELS
from mmwsl.structures import add_predictions, split_samples


def single_view(inputs):
    """Return the images of a batch of one view, which is a tensor or a list of one.

    Raises:
        ValueError: several views.
    """
    if not isinstance(inputs, (list, tuple)):
        return inputs
    if len(inputs) != 1:
        raise ValueError(f'the data make {len(inputs)} views of an image where one is needed: give '
                         'data_preprocessor.views one pipeline, or the data set a pipeline that makes one view')
    return inputs[0]


class Model(BaseModel):
    """Base of all models: a backbone and the three modes of ``forward``.

    A method adds its parts and ``loss(inputs, data_samples)``. What it predicts is by default the images' features;
    what names classes, boxes or masks overrides ``predict(images, samples)``.

    ``backbone`` is always the encoder that is kept: the student where there is a teacher.

    Args:
        backbone: config or module, returns a tuple of feature maps; None for a model without one.
        data_preprocessor: config or module.
        init_cfg: mmengine's initialisation config.
    """

    sees_rgb = True  # whether the backbone takes the images as they are, so that other tasks can use it
    # beginnings of the keys of what has a row for each training image, or follows their number
    sized_by_images: tuple[str, ...] = ()

    def __init__(self, backbone=None, data_preprocessor=None, init_cfg=None):
        super().__init__(data_preprocessor, init_cfg)
        if backbone is not None:
            self.backbone = self.make(backbone)

    @staticmethod
    def make(part):
        """Build a module from its config; a module is returned as it is."""
        return part if isinstance(part, nn.Module) else MODELS.build(part)

    def init_weights(self):
        """Apply the parts' ``init_cfg`` (pretrained weights, say), if any has one; constructors did the rest."""
        if any(getattr(module, 'init_cfg', None) for module in self.modules()):
            with DefaultScope.overwrite_default_scope('mmwsl'):  # for our Pretrained, which runs no code of a file
                super().init_weights()

    def _dump_init_info(self):
        """Write to the log file where each weight came from; without a file mmengine would show hundreds of lines."""
        if any(isinstance(handler, logging.FileHandler) for handler in MMLogger.get_current_instance().handlers):
            super()._dump_init_info()

    def forward(self, inputs, data_samples=None, mode='tensor'):
        """Dispatch to :meth:`loss`, :meth:`predict` or :meth:`tensor`.

        Args:
            inputs: of the data preprocessor: images (B, C, H, W) or a list of views of them, bags, sequences.
            data_samples: batched :class:`DataSample`, list of single ones, or None.
            mode: ``'loss'``: dict of losses and of what is logged. ``'predict'``: list of one :class:`DataSample` an
                item, on the device, without gradient. ``'tensor'``: features (B, D), or what the model says instead.

        Raises:
            ValueError: unknown mode, or several views where one is needed.
        """
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            images = single_view(inputs)
            with torch.no_grad():
                return self.predict(images, split_samples(data_samples, len(images)))
        if mode == 'tensor':
            return self.tensor(single_view(inputs), data_samples)
        raise ValueError(f"mode={mode!r} is unknown; choose 'loss', 'predict' or 'tensor'")

    def predict(self, images, samples):
        """Add ``pred_features`` (D,), those of the last level, to ``samples``, one :class:`DataSample` per image."""
        features = self.features(images)
        return add_predictions(samples, pred_features=features[-1] if isinstance(features, tuple) else features)

    def tensor(self, images, data_samples=None):
        """See :meth:`features`."""
        return self.features(images)

    def features(self, images):
        """Globally averaged feature maps of the backbone, fp32: (B, C), or a tuple of them where it returns several."""
        pooled = tuple(pool(level).float() for level in self.backbone(images))
        return pooled[0] if len(pooled) == 1 else pooled

    @property
    def predicts_features(self):
        """Whether predictions are features alone, so that no head takes part in them."""
        return type(self).predict is Model.predict

    def encoders(self):
        """The modules through which images go: the backbone, if there is one, and a teacher's copy of it."""
        return [self.backbone] if hasattr(self, 'backbone') else []


class TeacherModel(Model):
    """Base of methods with an EMA teacher: ``self.teacher`` follows the modules named in ``self.students``.

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
