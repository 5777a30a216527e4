"""Symmetric cross-entropy (Wang et al. 2019)."""

import torch
import torch.nn.functional as F

from mmwsl.models.heads import ClassificationHead
from mmwsl.ops.tensors import accuracy, upcast
from mmwsl.registry import HEADS


def reverse_cross_entropy(scores, labels):
    """Mean of -sum_k p_k log y_k, with y clamped to 1e-4 where it is 0 and p to 1e-7.

    Args:
        scores: (B, C), before the softmax.
        labels: (B,).
    """
    probabilities = upcast(scores).softmax(1).clamp(min=1e-7, max=1)
    given = torch.full_like(probabilities, 1e-4).scatter_(1, labels[:, None], 1)
    return -(probabilities * given.log()).sum(1).mean()


@HEADS.register_module()
class SymmetricCrossEntropyHead(ClassificationHead):
    """Classification head with alpha CE + beta RCE (:func:`reverse_cross_entropy`).

    Args:
        in_channels, num_classes: see :class:`ClassificationHead`.
        alpha, beta: .1 and 1 for CIFAR-10, 6 and .1 for CIFAR-100.
        kwargs: see :class:`ClassificationHead`.
    """

    def __init__(self, in_channels, num_classes, alpha=0.1, beta=1.0, **kwargs):
        super().__init__(in_channels, num_classes, **kwargs)
        self.alpha, self.beta = alpha, beta

    def loss(self, x, labels):
        """``dict(loss, accuracy)``; see :meth:`ClassificationHead.loss`."""
        scores = upcast(self(x))
        loss = self.alpha * F.cross_entropy(scores, labels) + self.beta * reverse_cross_entropy(scores, labels)
        return dict(loss=loss, accuracy=accuracy(scores, labels))
