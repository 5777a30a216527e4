"""Several localisers as one."""

import torch
import torch.nn as nn
from mmengine.model import BaseModel

from mmwsl.models.weak.localizer import map_labels
from mmwsl.models.weak.maps import normalize_maps
from mmwsl.registry import MODELS


@MODELS.register_module()
class LocalizerEnsemble(BaseModel):
    """The mean of several localisers' normalised maps and of their class probabilities (Singh and Lee 2017, table 2).

    For testing only. ``mmwsl test CONFIG CHECKPOINT CHECKPOINT ...`` makes one of checkpoints of one network, which may
    have been trained in different ways, with Hide-and-Seek of different patch sizes for instance.

    Args:
        members: configs of :class:`Localizer`.
        topk: maps of so many of the best classes, beside the true one.
    """

    def __init__(self, members, topk=5, data_preprocessor=None, init_cfg=None):
        super().__init__(data_preprocessor, init_cfg)
        if not members:
            raise ValueError('LocalizerEnsemble: members is empty; give at least one config')
        self.members, self.topk = nn.ModuleList(MODELS.build(dict(member)) for member in members), topk

    @torch.no_grad()
    def forward(self, inputs, data_samples=None, mode='predict'):
        """As :meth:`Localizer.forward` with ``mode='predict'``."""
        if mode != 'predict':
            raise ValueError(f"mode={mode!r}: an ensemble is for testing; train its members by themselves")
        images = inputs[0] if isinstance(inputs, (list, tuple)) else inputs
        encoded = [(member, member.encode(images)) for member in self.members]
        scores = sum(member.probabilities(views) for member, views in encoded) / len(encoded)
        labels = map_labels(scores, data_samples, self.topk)
        data_samples.pred_scores, data_samples.pred_map_labels = {'': scores}, labels
        maps = sum(member.localize(views, labels, images.shape[2:]) for member, views in encoded)
        data_samples.pred_maps = normalize_maps(maps)
        return [data_samples]
