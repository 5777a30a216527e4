"""Ensemble of localizers."""

import torch
import torch.nn as nn

from mmwsl.models.base import Model
from mmwsl.models.weak.localization.localizer import add_maps, map_labels
from mmwsl.models.weak.localization.maps import normalize_maps
from mmwsl.registry import MODELS


@MODELS.register_module()
class LocalizerEnsemble(Model):
    """Mean of several localizers' normalised CAMs and class probabilities (Singh and Lee 2017, table 2).

    For testing only. ``mmwsl test CONFIG CHECKPOINT CHECKPOINT ...`` makes one of checkpoints of one network, which may
    have been trained in different ways, with Hide-and-Seek of different patch sizes for instance.

    Args:
        members: configs of :class:`Localizer`.
        topk: number of top classes to map, besides the true ones.
    """

    def __init__(self, members, topk=5, data_preprocessor=None, init_cfg=None):
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        if not members:
            raise ValueError('LocalizerEnsemble: members is empty; give at least one config')
        self.members, self.topk = nn.ModuleList(MODELS.build(dict(member)) for member in members), topk

    def encoders(self):
        return [encoder for member in self.members for encoder in member.encoders()]

    def loss(self, views, data_samples):
        raise ValueError('an ensemble is for testing; train its members by themselves')

    def tensor(self, images, data_samples=None):
        """Features of all members side by side, (B, sum of C)."""
        return torch.cat([member.features(images) for member in self.members], dim=1)

    def predict(self, images, samples):
        """As :meth:`Localizer.predict`."""
        encoded = [(member, member.encode(images)) for member in self.members]
        scores = sum(member.probabilities(views) for member, views in encoded) / len(encoded)
        labels = map_labels(scores, samples, self.topk)
        cams = sum(member.localize(views, labels, images.shape[2:]) for member, views in encoded)
        return add_maps(samples, scores, labels, normalize_maps(cams))
