"""Adversarial erasing (Wei et al. 2017, arXiv:1703.08448): what a classifier looks at is erased for the next one."""

import torch
import torch.nn as nn
from mmengine.model import BaseModel

from mmwsl.models.weak.localizer import map_labels
from mmwsl.registry import MODELS


@MODELS.register_module()
class ErasingLocalizer(BaseModel):
    """``steps`` classifiers, trained one after the other; each sees images without what those before it look at.

    A step's region is where the label's normalised map of the step before reaches ``1 - share``; it is filled with 0,
    the mean colour of normalised images. Training is divided evenly among the steps, and each starts from the weights
    of the step before. The map shown is the largest of the steps' normalised maps, so that above ``1 - share`` it is
    the union of their regions; the scores are those of the first.

    The paper keeps the erased images; here the finished steps see each batch again instead, which costs their forward
    pass and needs no store, and fits crops and mirror images. Under data parallelism set
    ``find_unused_parameters=True`` in the config: only one step learns at a time.

    Args:
        localizer: config of :class:`Localizer`, of every step.
        steps: classifiers.
        share: of the map's range that is erased, from the top.
        topk: maps of so many of the best classes, beside the true one.
    """

    def __init__(self, localizer, steps=3, share=0.2, topk=5, data_preprocessor=None, init_cfg=None):
        super().__init__(data_preprocessor, init_cfg)
        if steps < 1 or not 0 < share < 1:
            raise ValueError(f'ErasingLocalizer: steps={steps} must be at least 1 and share={share} between 0 and 1')
        self.steps = nn.ModuleList(MODELS.build(dict(localizer)) for _ in range(steps))
        self.share, self.topk = share, topk
        self.register_buffer('step', torch.zeros((), dtype=torch.int64))
        self._step = 0  # the same on the host, so that a training step does not wait for the device

    @property
    def num_classes(self):
        return self.steps[0].num_classes

    def encoders(self):
        """The modules through which images go."""
        return [step.backbone for step in self.steps]

    def load_state_dict(self, *args, **kwargs):
        report = super().load_state_dict(*args, **kwargs)
        self._step = int(self.step)
        return report

    def after_optimizer_step(self, progress):
        """Go on to the next step when its share of the training, ``progress`` in [0, 1], begins."""
        step = min(int(progress * len(self.steps) + 1e-6), len(self.steps) - 1)
        while self._step < step:
            self.steps[self._step + 1].load_state_dict(self.steps[self._step].state_dict())
            self._step += 1
            self.step.fill_(self._step)

    def forward(self, inputs, data_samples=None, mode='tensor'):
        """As :class:`Localizer`; ``tensor`` is what the first step's backbone returns."""
        images = inputs[0] if isinstance(inputs, (list, tuple)) else inputs
        if mode == 'loss':
            return self.loss(images, data_samples)
        if mode == 'predict':
            return self.predict(images, data_samples)
        return self.steps[0](images, data_samples, mode)

    def loss(self, images, data_samples):
        """Cross-entropy of the step that learns."""
        labels = self.steps[0].labels(data_samples, images.device)
        for step in self.steps[:self._step]:
            images = self._erase(images, self._look(step, images, labels))
        return self.steps[self._step](images, data_samples, 'loss')

    @torch.no_grad()
    def predict(self, images, data_samples):
        scores = self.steps[0].probabilities(images)
        labels = map_labels(scores, data_samples, self.topk)
        data_samples.pred_scores, data_samples.pred_map_labels = {'': scores}, labels
        data_samples.pred_maps = torch.stack([self._union(images, column) for column in labels.unbind(1)], dim=1)
        return [data_samples]

    def _union(self, images, labels):
        shown = torch.zeros_like(images[:, 0])
        for step in self.steps:
            values = self._look(step, images, labels)
            shown, images = torch.maximum(shown, values), self._erase(images, values)
        return shown

    @torch.no_grad()
    def _look(self, step, images, labels):
        """A finished step's map (B, H, W) in [0, 1] of each image's label."""
        training = step.training
        step.eval()
        values = step.localize(images, labels[:, None])[:, 0]
        step.train(training)
        return values

    def _erase(self, images, values):
        return images * (values < 1 - self.share).to(images.dtype)[:, None]
