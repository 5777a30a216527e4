"""CDP's mediator: is a pair of one class, by what a committee says of it (Zhan et al. 2018, arXiv:1809.01407)."""

import torch.nn as nn
import torch.nn.functional as F

from mmwsl.models.base import Model
from mmwsl.ops.tensors import upcast
from mmwsl.registry import MODELS
from mmwsl.structures import add_predictions


@MODELS.register_module()
class Mediator(Model):
    """Perceptron d, 3 d, 3 d, 2 on relationship, affinity and structure of a pair.

    Args:
        in_channels: d, 3 N + 2 with N models beside the base model, see
            :func:`mmwsl.clustering.learned.mediator_inputs`.
    """

    def __init__(self, in_channels, **kwargs):
        super().__init__(None, **kwargs)
        width = 3 * in_channels
        self.perceptron = nn.Sequential(nn.Linear(in_channels, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(),
                                        nn.Linear(width, 2))

    def tensor(self, inputs, data_samples=None):
        """Pairs (B, d) -> logits (B, 2): other, same class."""
        return upcast(self.perceptron(inputs))

    def loss(self, inputs, data_samples):
        """Cross-entropy of ``gt_label`` (B,)."""
        logits = self.tensor(inputs)
        right = (logits.detach().argmax(1) == data_samples.gt_label).float().mean() * 100
        return dict(loss=F.cross_entropy(logits, data_samples.gt_label), accuracy=right)

    def predict(self, inputs, samples):
        """``samples`` with ``pred_scores`` (2,), probabilities."""
        return add_predictions(samples, pred_scores=self.tensor(inputs).softmax(1))
