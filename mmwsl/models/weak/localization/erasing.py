"""Adversarial erasing (Wei et al. 2017, arXiv:1703.08448): what a classifier finds is erased for the next."""

import torch
import torch.nn as nn

from mmwsl.models.base import single_view
from mmwsl.models.weak.localization.localizer import Localizer, add_maps, map_labels
from mmwsl.ops.modes import eval_mode
from mmwsl.registry import MODELS


@MODELS.register_module()
class ErasingLocalizer(Localizer):
    """Adversarial erasing: ``steps`` classifiers in sequence, each on images with the regions of those before erased.

    A step's region is where the label's normalised map of the step before reaches ``1 - share``; it is filled with 0,
    the mean colour of normalised images. Training is divided evenly among the steps, to one iteration, and each starts
    from the weights of the step before. The map shown is the largest of the steps' normalised maps, so that above
    ``1 - share`` it is the union of their regions; the scores are those of the first.

    The paper keeps the erased images; here the finished steps see each batch again instead, which costs their forward
    pass and needs no store, and fits crops and mirror images. Under data parallelism set
    ``find_unused_parameters=True`` in the config: only one step learns at a time.

    Args:
        backbone, head: of every step.
        steps: classifiers; the first is this model, the others are ``later``.
        share: of the map's range that is erased, from the top.
        settings: see :class:`Localizer`.
    """

    def __init__(self, backbone, head, steps=3, share=0.2, data_preprocessor=None, init_cfg=None, **settings):
        super().__init__(backbone, head, data_preprocessor=data_preprocessor, init_cfg=init_cfg, **settings)
        if steps < 1 or not 0 < share < 1:
            raise ValueError(f'ErasingLocalizer: steps={steps} must be at least 1 and share={share} between 0 and 1')
        self.later = nn.ModuleList(Localizer(backbone, head, **settings) for _ in range(steps - 1))
        self.share = share
        self.register_buffer('step', torch.zeros((), dtype=torch.int64))
        self._step = 0  # the same on the host, so that a training step does not wait for the device

    def encoders(self):
        return [each.backbone for each in (self, *self.later)]

    def load_state_dict(self, *args, **kwargs):
        report = super().load_state_dict(*args, **kwargs)
        self._step = int(self.step)
        return report

    def after_optimizer_step(self, progress):
        """Go on to the next step when its share of the training, ``progress`` in [0, 1], begins."""
        steps = (self, *self.later)
        while self._step < min(int(progress * len(steps) + 1e-6), len(steps) - 1):
            before, after = steps[self._step:self._step + 2]
            for part, source in zip(_parts(after), _parts(before), strict=True):
                part.load_state_dict(source.state_dict())
            self._step += 1
            self.step.fill_(self._step)

    def loss(self, views, data_samples):
        """Loss of the current step."""
        if not self._step:
            return super().loss(views, data_samples)
        images, steps = single_view(views), (self, *self.later)
        labels = self.labels(data_samples, images.device)
        for step in steps[:self._step]:
            images = self._erase(images, self._cam(step, images, labels))
        return steps[self._step].loss(images, data_samples)

    def predict(self, images, samples):
        """As :class:`Localizer`."""
        scores = self.probabilities(self.encode(images))
        labels = map_labels(scores, samples, self.topk)
        cams = torch.stack([self._union(images, column) for column in labels.unbind(1)], dim=1)
        return add_maps(samples, scores, labels, cams)

    def _union(self, images, labels):
        union = torch.zeros_like(images[:, 0])
        for step in (self, *self.later):
            cam = self._cam(step, images, labels)
            union, images = torch.maximum(union, cam), self._erase(images, cam)
        return union

    @torch.no_grad()
    def _cam(self, step, images, labels):
        """CAM (B, H, W) in [0, 1] of each image's label, by a finished step."""
        with eval_mode(*_parts(step)):
            return step.localize(step.encode(images), labels[:, None], images.shape[2:])[:, 0]

    def _erase(self, images, cam):
        return images * (cam < 1 - self.share).to(images.dtype)[:, None]


def _parts(step):
    """The modules that belong to one step: backbone, head and what stands ``after`` parts of the backbone."""
    return [part for name, part in step.named_children() if name not in ('later', 'data_preprocessor')]
