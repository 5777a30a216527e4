"""A classifier that learns from few labels and many clusters: a head for each (Zhan et al. 2018, arXiv:1809.01407)."""

import torch.nn.functional as F

from mmwsl.models.base import single_view
from mmwsl.models.layers.channels import with_channels
from mmwsl.models.supervised.image_classifier import ImageClassifier
from mmwsl.ops.tensors import upcast
from mmwsl.registry import MODELS

NONE = -1


@MODELS.register_module()
class PseudoLabelClassifier(ImageClassifier):
    """Image classifier with a second head on the same backbone, whose classes are clusters of items without labels.

    Each head learns from the items that have a class of its kind. Predictions are those of the first one; the second
    is there to train the backbone.

    Args:
        backbone, head: see :class:`ImageClassifier`.
        pseudo_head: :class:`ClassificationHead`, with as many classes as there are clusters, or more.
        pseudo_weight: of its loss.
    """

    def __init__(self, backbone, head, pseudo_head, pseudo_weight=1.0, **kwargs):
        super().__init__(backbone, head, **kwargs)
        self.pseudo_head, self.pseudo_weight = self.make(with_channels(pseudo_head, self.backbone)), pseudo_weight

    def loss(self, views, data_samples):
        """``loss`` of the labels ``gt_label`` (B,), ``pseudo_loss`` of the clusters ``pseudo_label`` (B,); -1 = none.

        Each is a mean over the items that have one, 0 where none has; ``accuracy`` is of the labels.

        Raises:
            ValueError: there are no labels or no clusters.
        """
        items = single_view(views)
        labels = self.labels(data_samples, items.device)
        if 'pseudo_label' not in data_samples:
            raise ValueError('PseudoLabelClassifier needs pseudo_label, the clusters of the items: take a training '
                             'data set that has them, as FeatureRows')
        features = self.backbone(items)
        loss, accuracy = _cross_entropy(self.head(features), labels)
        pseudo_loss, _ = _cross_entropy(self.pseudo_head(features), data_samples.pseudo_label.to(items.device))
        return dict(loss=loss, pseudo_loss=self.pseudo_weight * pseudo_loss, accuracy=accuracy)


def _cross_entropy(scores, labels):
    """Mean cross-entropy of the rows that have a label, 0 where none has, and how many of a hundred are right."""
    scores, labeled = upcast(scores), labels != NONE
    count = labeled.sum().clamp_min(1)
    right = ((scores.detach().argmax(1) == labels) & labeled).sum() / count * 100
    return F.cross_entropy(scores, labels, ignore_index=NONE, reduction='sum') / count, right
