"""Bootstrapping (Reed et al. 2015): labels mixed with what the network says itself."""

from mmwsl.models.heads import ClassificationHead
from mmwsl.ops.tensors import accuracy, upcast
from mmwsl.registry import HEADS


def bootstrapped_cross_entropy(scores, labels, beta=0.8, hard=True):
    """Mean cross-entropy against beta y + (1 - beta) z: z the network's best class (hard), or its probabilities (soft).

    Args:
        scores: (B, C), before the softmax.
        labels: (B,).
        beta: weight of the labels.
        hard: which form. As in the paper the gradient of the soft one goes through z, too.
    """
    logs = upcast(scores).log_softmax(1)
    own = logs.amax(1) if hard else (logs.exp() * logs).sum(1)  # log-likelihood of z
    return -(beta * logs.gather(1, labels[:, None])[:, 0] + (1 - beta) * own).mean()


@HEADS.register_module()
class BootstrappingHead(ClassificationHead):
    """Classification head with :func:`bootstrapped_cross_entropy`.

    Args:
        in_channels, num_classes: see :class:`ClassificationHead`.
        hard: which form.
        beta: None = the paper's, .8 for the hard form and .95 for the soft one.
        kwargs: see :class:`ClassificationHead`.

    Raises:
        ValueError: ``beta`` is not in [0, 1].
    """

    def __init__(self, in_channels, num_classes, hard=True, beta=None, **kwargs):
        super().__init__(in_channels, num_classes, **kwargs)
        self.hard, self.beta = hard, (0.8 if hard else 0.95) if beta is None else beta
        if not 0 <= self.beta <= 1:
            raise ValueError(f'BootstrappingHead: beta={beta} must be a weight in [0, 1], or None')

    def loss(self, x, labels):
        """``dict(loss, accuracy)``; see :meth:`ClassificationHead.loss`."""
        scores = upcast(self(x))
        return dict(loss=bootstrapped_cross_entropy(scores, labels, self.beta, self.hard),
                    accuracy=accuracy(scores, labels))
