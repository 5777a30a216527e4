"""Generalized cross-entropy (Zhang and Sabuncu 2018)."""

from mmwsl.models.heads import ClassificationHead
from mmwsl.ops.tensors import accuracy, upcast
from mmwsl.registry import HEADS


def generalized_cross_entropy(scores, labels, q=0.7, truncation=None):
    """Mean of (1 - p_y^q) / q: cross-entropy as q goes to 0, absolute error at q = 1.

    Args:
        scores: (B, C), before the softmax.
        labels: (B,).
        q: above 0, at most 1.
        truncation: k in (0, 1): where p_y <= k the loss is the constant (1 - k^q) / q, so that the label teaches
            nothing. None = nowhere.
    """
    probability = upcast(scores).softmax(1).gather(1, labels[:, None])[:, 0]
    if truncation is not None:
        probability = probability.clamp(min=truncation)  # no gradient below
    return ((1 - probability**q) / q).mean()


@HEADS.register_module()
class GeneralizedCrossEntropyHead(ClassificationHead):
    """Classification head with :func:`generalized_cross_entropy`.

    Args:
        in_channels, num_classes: see :class:`ClassificationHead`.
        q: of the loss.
        truncation: of the loss; for networks that have learnt with None first, as the paper prunes from epoch 40 on:
            a new one gives every class less than .5, and would learn nothing.
        kwargs: see :class:`ClassificationHead`.

    Raises:
        ValueError: a setting out of range.
    """

    def __init__(self, in_channels, num_classes, q=0.7, truncation=None, **kwargs):
        super().__init__(in_channels, num_classes, **kwargs)
        if not 0 < q <= 1:
            raise ValueError(f'GeneralizedCrossEntropyHead: q={q} must be above 0 and at most 1')
        if truncation is not None and not 0 < truncation < 1:
            raise ValueError(f'GeneralizedCrossEntropyHead: truncation={truncation} must be a probability, or None')
        self.q, self.truncation = q, truncation

    def loss(self, x, labels):
        """``dict(loss, accuracy)``; see :meth:`ClassificationHead.loss`."""
        scores = upcast(self(x))
        return dict(loss=generalized_cross_entropy(scores, labels, self.q, self.truncation),
                    accuracy=accuracy(scores, labels))
