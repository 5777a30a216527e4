"""What models share that learn class maps of tags: the tags, their loss, and what is predicted."""

import torch
import torch.nn.functional as F

from mmwsl.models.base import Model
from mmwsl.models.layers.channels import with_channels
from mmwsl.models.weak.localization.localizer import add_maps, map_labels
from mmwsl.models.weak.localization.maps import normalize_maps, resize_maps
from mmwsl.ops.tensors import upcast


def soft_margin_loss(scores, tags):
    """Multi-label soft margin loss: the mean over images of the mean binary cross-entropy of their known tags.

    Args:
        scores: (B, C), before the sigmoid.
        tags: (B, C) of 1, 0 and -1 (not known: left out).
    """
    scores, known = upcast(scores), (tags >= 0).to(scores.dtype)
    each = F.binary_cross_entropy_with_logits(scores, tags.to(scores.dtype).clamp(min=0), reduction='none')
    return ((each * known).sum(1) / known.sum(1).clamp(min=1)).mean()


@torch.no_grad()
def tag_accuracy(scores, tags):
    """Share, in percent, of the known tags (B, C) whose score before the sigmoid is on the right side of 0."""
    known = tags >= 0
    right = ((scores > 0) == (tags > 0)) & known
    return 100 * right.sum() / known.sum().clamp(min=1)


class ClassMapModel(Model):
    """Base of models that learn class maps of tags; a method adds ``loss`` and ``scores_and_maps``.

    Args:
        backbone: encoder.
        head: its ``in_channels`` may be left out; has ``num_classes``, without the background.
        topk: number of top classes whose maps are predicted, besides those of the true tags.
    """

    def __init__(self, backbone, head, topk=5, **kwargs):
        super().__init__(backbone, **kwargs)
        self.head, self.topk = self.make(with_channels(head, self.backbone)), topk

    @property
    def num_classes(self):
        """Number of classes, which the data must have, too."""
        return self.head.num_classes

    def scores_and_maps(self, images):
        """Scores before the sigmoid (B, C), and class maps (B, C, h, w), rectified and not normalized, fp32."""
        raise NotImplementedError(f'{type(self).__name__} must say which scores and class maps it makes')

    def class_maps(self, images):
        """Maps (B, C, h, w) of the classes, without background, at the network's own resolution; at least 0, fp32.

        Args:
            images: (B, 3, H, W), preprocessed.
        """
        return self.scores_and_maps(images)[1]

    def predict(self, images, samples):
        """Add ``pred_scores``, ``pred_label``, and ``pred_maps`` (K, H, W) in [0, 1] of the classes
        ``pred_map_labels`` (K,), the best ones and every true tag, to ``samples``."""
        scores, maps = self.scores_and_maps(images)
        scores = scores.float().sigmoid()
        labels = map_labels(scores, samples, self.topk)
        maps = maps[torch.arange(len(maps), device=maps.device)[:, None], labels]
        return add_maps(samples, scores, labels, normalize_maps(resize_maps(maps, images.shape[2:])))

    def tags(self, data_samples, device):
        """Tags (B, C) of 1, 0 and -1 of a batch, batched or a list of samples; of class numbers those.

        Raises:
            ValueError: there are none, or they are of another number of classes.
        """
        name, samples = type(self).__name__, data_samples
        single = isinstance(samples, (list, tuple))
        if samples is None or any('gt_label' not in each for each in (samples if single else [samples])):
            raise ValueError(f"{name} learns from tags: set supervision='image' on training data that is labelled")
        labels = torch.stack([torch.as_tensor(each.gt_label) for each in samples]) if single else samples.gt_label
        labels = torch.as_tensor(labels, device=device)
        if labels.ndim == 1:  # one class each
            return (labels[:, None] == torch.arange(self.num_classes, device=device)).float()
        if labels.shape[1] != self.num_classes:
            raise ValueError(f'{name}: the images have {labels.shape[1]} tags each, the head has num_classes='
                             f'{self.num_classes}; make the two numbers equal')
        return labels.float()
