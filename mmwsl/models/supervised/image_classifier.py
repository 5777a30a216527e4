"""A classifier of whole images on a backbone: training with labels, linear probes on new crops, fine-tuning."""

import torch

from mmwsl.models.base import Model, single_view
from mmwsl.models.layers.channels import with_channels
from mmwsl.models.necks.mlp import pool
from mmwsl.ops.tensors import embedding_std
from mmwsl.registry import MODELS, PRETEXTS
from mmwsl.structures import add_predictions


@MODELS.register_module()
class ImageClassifier(Model):
    """Image classifier: a backbone with one head, or with several trained at once.

    Under the name ``Supervised`` it is the ceiling beside which methods without labels stand.

    Args:
        backbone: encoder.
        head: :class:`ClassificationHead`, :class:`MultiLabelHead` for images with several tags, or
            :class:`MultiLayerHead` on several layers; ``in_channels`` may be absent.
        frozen: the backbone learns nothing: no gradients, and batch norm by its running statistics.
    """

    def __init__(self, backbone, head, frozen=False, **kwargs):
        super().__init__(backbone, **kwargs)
        self.frozen = frozen
        self.head = self.make(with_channels(head, self.backbone))
        if frozen:
            self.backbone.requires_grad_(False)

    @property
    def num_classes(self):
        """Number of classes, which the data must have, too."""
        return self.head.num_classes

    def train(self, mode=True):
        super().train(mode)
        if self.frozen:
            self.backbone.eval()
        return self

    def loss(self, views, data_samples):
        """Losses of the head, of images (B, 3, H, W) or a list of one such view."""
        images = single_view(views)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            features = self.backbone(images)
        losses = self.head.loss(features, self.labels(data_samples, images.device))
        return dict(losses, embedding_std=embedding_std(pool(features)))

    def predict(self, images, samples):
        """Add ``pred_scores`` (C,), ``pred_label`` and, with several heads, ``pred_layer_scores`` to ``samples``."""
        scores = self.head(self.backbone(images))
        if not isinstance(scores, dict):
            scores = self.scores_to_probabilities(scores)
        else:
            layers = {name: each.float().softmax(1) for name, each in scores.items()}
            rows = zip(*layers.values(), strict=True)
            add_predictions(samples, pred_layer_scores=[dict(zip(layers, row, strict=True)) for row in rows])
            scores = list(layers.values())[-1]
        return add_predictions(samples, pred_scores=scores, pred_label=scores.argmax(1))

    def scores_to_probabilities(self, scores):
        """Probabilities (B, C), fp32, of the head's scores: classes exclude each other, or each stands for itself."""
        return scores.float().sigmoid() if getattr(self.head, 'several_tags', False) else scores.float().softmax(1)

    def labels(self, data_samples, device):
        """The class numbers (B,) of a batch; with a head for several tags the tags (B, C).

        Raises:
            ValueError: there are none, or they are of the other kind.
        """
        if data_samples is None or 'gt_label' not in data_samples:
            raise ValueError(f"{type(self).__name__} needs labels: set supervision='image' on the training data set")
        labels = torch.as_tensor(data_samples.gt_label, device=device)
        if getattr(self.head, 'several_tags', False):
            if labels.ndim != 2 or labels.shape[1] != self.num_classes:
                raise ValueError(f'{type(self.head).__name__} needs tags (B, {self.num_classes}) of 0, 1 and -1; got '
                                 f'labels of shape {tuple(labels.shape)}: use ClassificationHead for one class '
                                 'per image')
        elif labels.ndim != 1:
            raise ValueError(f'{type(self).__name__} with {type(self.head).__name__} needs one class per image; these '
                             'have several tags each, which MultiLabelHead and the svm protocol take')
        return labels


PRETEXTS.register_module('Supervised', module=ImageClassifier)
