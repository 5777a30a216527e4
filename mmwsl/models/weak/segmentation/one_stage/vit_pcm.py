"""ViT-PCM (Rossetti et al. 2022, arXiv:2210.17400): classes of patches, the largest of which is the image's."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.base import single_view
from mmwsl.models.weak.segmentation.base import tag_accuracy
from mmwsl.models.weak.segmentation.one_stage.base import OneStageModel
from mmwsl.models.weak.segmentation.one_stage.single_stage import resize
from mmwsl.ops.tensors import upcast
from mmwsl.registry import MODELS, WEAK_HEADS


def max_pooled_loss(probabilities, tags, eps=1e-6):
    """Binary cross-entropy of each class's largest probability; the background, the first, is in every image.

    Args:
        probabilities: (B, 1 + C, h, w), after the softmax.
        tags: (B, C) of 1, 0 and -1 (not known: left out).

    Returns:
        scalar: the mean over classes, then over images.
    """
    largest = upcast(probabilities).amax((2, 3)).clamp(eps, 1 - eps)
    tags = torch.cat([torch.ones_like(tags[:, :1]), tags], dim=1).to(largest.dtype)
    known = (tags >= 0).to(largest.dtype)
    each = -(tags.clamp(min=0) * largest.log() + (1 - tags.clamp(min=0)) * (1 - largest).log())
    return ((each * known).sum(1) / known.sum(1)).mean()


def with_tags(probabilities, tags, eps=1e-6):
    """Probabilities (B, 1 + C, h, w) with what tags (B, C) say: absent classes 0, each present one's largest value 1
    before the classes of a patch are brought to sum to 1 again."""
    present = torch.cat([torch.ones_like(tags[:, :1]), (tags > 0).to(tags.dtype)], dim=1)[:, :, None, None]
    scaled = probabilities * present / probabilities.amax((2, 3), keepdim=True).clamp(min=eps)
    return scaled / scaled.sum(1, keepdim=True).clamp(min=eps)


def draw_turns(images):
    """Draw of each image (B, C, H, W) whether it is mirrored, turned upside down, and transposed: (3, B) bool.

    The eight together are the turns by right angles and their mirror images. None is transposed if not all are squares.
    """
    draws = torch.rand(len(images), 3, device=images.device).T < 0.5
    return draws if images.shape[2] == images.shape[3] else torch.stack([*draws[:2], torch.zeros_like(draws[2])])


def turn(maps, turns):
    """Maps (B, C, h, w) after :func:`draw_turns`."""
    mirrored, upturned, transposed = (each[:, None, None, None] for each in turns)
    maps = torch.where(mirrored, maps.flip(3), maps)
    maps = torch.where(upturned, maps.flip(2), maps)
    return torch.where(transposed, maps.transpose(2, 3), maps) if maps.shape[2] == maps.shape[3] else maps


def equivariance_loss(logits, target):
    """Cross-entropy of the logits (B, K, h, w) of turned images against turned probabilities of another size."""
    target = F.adaptive_avg_pool2d(target, logits.shape[2:])
    return -(target * upcast(logits).log_softmax(1)).sum(1).mean()


@WEAK_HEADS.register_module()
class PatchClassifier(BaseModule):
    """Class scores of every position of the last feature map, background first, by one linear layer without bias.

    Args:
        in_channels: of the feature map, or of all of a backbone.
        num_classes: C, without the background.
        dropout: of the features.
    """

    several_tags = True

    def __init__(self, in_channels, num_classes, dropout=0.2, init_cfg=None):
        super().__init__(init_cfg)
        in_channels = in_channels if isinstance(in_channels, int) else in_channels[-1]
        self.num_classes, self.dropout = num_classes, nn.Dropout(dropout)
        self.classifier = nn.Conv2d(in_channels, 1 + num_classes, 1, bias=False)
        nn.init.normal_(self.classifier.weight, std=0.05)

    def forward(self, features):
        """Logits (B, 1 + C, h, w), at least fp32, of a tuple of feature maps."""
        return upcast(self.classifier(self.dropout(features[-1])))


@MODELS.register_module()
class ViTPCM(OneStageModel):
    """ViT-PCM without its recurrent layers: patch probabilities, global max pooling, and equivariance to turns.

    Any backbone with a map serves, a CNN too.

    Args:
        backbone: encoder; its last feature map is used.
        head: :class:`PatchClassifier`; its ``in_channels`` may be left out.
        equivariance_weight: of the loss of a second, smaller and turned view of each image; 0 leaves it out.
        equivariance_scale: of that view's side.
        tag_threshold: predicted masks have the classes whose largest probability is above it, each scaled to 1 there as
            :func:`with_tags` does; with ``true_tags`` 0, so that no true class is left out.
        kwargs: see :class:`OneStageModel`.

    Raises:
        ValueError: a scale that is not in (0, 1].
    """

    def __init__(self, backbone, head, equivariance_weight=1.0, equivariance_scale=0.5, tag_threshold=0.1,
                 **kwargs):
        super().__init__(backbone, head, **kwargs)
        if not 0 < equivariance_scale <= 1:
            raise ValueError(f'ViTPCM: equivariance_scale={equivariance_scale} must be in (0, 1]')
        self.equivariance_weight, self.equivariance_scale = equivariance_weight, equivariance_scale
        self.tag_threshold = tag_threshold

    def network(self, images):
        """Logits (B, 1 + C, h, w) of the patches of images (B, 3, H, W)."""
        return self.head(self.backbone(images))

    def tensor(self, images, data_samples=None):
        """Logarithms (B, 1 + C, h, w) of the predicted patch probabilities."""
        probabilities = self.network(images).softmax(1)
        seen = (probabilities[:, 1:].amax((2, 3)) > self.tag_threshold).to(probabilities.dtype)
        return with_tags(probabilities, seen).clamp(min=1e-6).log()

    def loss(self, views, data_samples):
        """``loss_cls`` of the tags by the largest patch of each class, and ``loss_eer`` if it is on.

        Args:
            views: images (B, 3, H, W), or a list of one such view.
            data_samples: with tags.
        """
        images = single_view(views)
        tags = self.tags(data_samples, images.device)
        probabilities = self.network(images).softmax(1)
        losses = dict(loss_cls=max_pooled_loss(probabilities, tags),
                      accuracy=tag_accuracy(scores_of(probabilities), tags))
        if self.equivariance_weight:
            turns = draw_turns(images)
            small = resize(images, [max(1, round(side * self.equivariance_scale)) for side in images.shape[2:]])
            target = turn(with_tags(probabilities.detach(), tags), turns)
            losses['loss_eer'] = self.equivariance_weight * equivariance_loss(self.network(turn(small, turns)), target)
        return losses

    def scores_and_maps(self, images):
        probabilities = self.network(images).softmax(1)
        return scores_of(probabilities), probabilities[:, 1:]


def scores_of(probabilities, eps=1e-6):
    """Scores (B, C) before the sigmoid: the classes' largest probabilities (B, 1 + C, h, w), without the background."""
    return probabilities[:, 1:].amax((2, 3)).logit(eps)
