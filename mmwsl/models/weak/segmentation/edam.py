"""EDAM (Wu et al. 2021): class maps mask the features, and attention over images of one class judges what is left.

The published code takes the background from saliency maps, which a network learnt from masks: more supervision than
tags. Here a threshold makes the background; :func:`with_saliency` is the published way.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.base import single_view
from mmwsl.models.weak.segmentation.base import ClassMapModel, soft_margin_loss, tag_accuracy
from mmwsl.ops.tensors import normalize, upcast
from mmwsl.registry import MODELS, WEAK_HEADS


def discriminative_maps(logits):
    """Maps (B, 1 + C, h, w) in [0, 1], background first: absolute values, of length 1 over a position's classes.

    Args:
        logits: (B, 1 + C, h, w).
    """
    return normalize(logits).abs()


def class_features(features, maps):
    """The features (B, D, h, w) as each class's map of (B, C, h, w) lets them through: (B, C, D, h, w)."""
    return features[:, None] * maps[:, :, None]


def to_slots(features, images):
    """Join the positions of ``images`` consecutive images, class by class, as tokens of one sequence.

    Args:
        features: (B, C, D, h, w).
        images: of a slot; B is a multiple of it.

    Returns:
        (B / images, C, images h w, D); an image's tokens are consecutive.
    """
    slots = features.unflatten(0, (-1, images)).flatten(4)  # (S, images, C, D, h w)
    return slots.permute(0, 2, 1, 4, 3).flatten(2, 3)


def pooled_by_image(tokens, images):
    """Mean of every image's tokens: (S, C, images n, D) -> (S images, C, D)."""
    return tokens.unflatten(2, (images, -1)).mean(3).transpose(1, 2).flatten(0, 1)


def with_saliency(maps, saliency, threshold=0.2):
    """Put the background in front of class maps where a saliency map says so: 1 below the threshold, else 0.

    Saliency is more supervision than tags: the networks that make such maps learnt from masks. Name it with each value.

    Args:
        maps: (..., C, H, W) in [0, 1].
        saliency: (..., H, W) in [0, 1].
        threshold: above 0.

    Returns:
        (..., 1 + C, H, W).

    Raises:
        ValueError: maps of another size.
    """
    if saliency.shape != maps.shape[:-3] + maps.shape[-2:]:
        raise ValueError(f'saliency of shape {tuple(saliency.shape)} does not fit class maps of shape '
                         f'{tuple(maps.shape)}; resize it to (..., H, W) of the maps')
    return torch.cat([(saliency < threshold).to(maps.dtype).unsqueeze(-3), maps], dim=-3)


@WEAK_HEADS.register_module()
class EDAMHead(BaseModule):
    """Discriminative maps, and for every class a transformer layer over the masked features of all images of a slot.

    Args:
        in_channels: of the feature map, or of all of a backbone, of which the last is read.
        num_classes: C, without the background.
        embed_channels: D of the tokens.
        num_heads, feedforward_channels, dropout: of the transformer layers.
        images: of a slot: so many consecutive images of the batch.
        position_size: (height, width) of the learnt embedding of positions, which is resized to that of the features.
    """

    several_tags = True

    def __init__(self, in_channels, num_classes, embed_channels=128, num_heads=2, feedforward_channels=512, dropout=0.1,
                 images=2, position_size=(46, 46), init_cfg=None):
        super().__init__(init_cfg)
        inputs = in_channels if isinstance(in_channels, int) else in_channels[-1]
        self.num_classes, self.images = num_classes, images
        self.maps = nn.Conv2d(inputs, 1 + num_classes, 3, padding=1)
        nn.init.xavier_uniform_(self.maps.weight)
        nn.init.zeros_(self.maps.bias)
        self.reduce = nn.Conv2d(inputs, embed_channels, 1)
        self.segment = nn.Parameter(0.02 * torch.randn(images, embed_channels, 1, 1))
        self.position = nn.Parameter(0.02 * torch.randn(1, embed_channels, *position_size))
        self.attention = nn.ModuleList(
            nn.TransformerEncoderLayer(embed_channels, num_heads, feedforward_channels, dropout, batch_first=True)
            for _ in range(num_classes))
        self.classifier = nn.Parameter(0.01 * torch.randn(num_classes, embed_channels))
        self.bias = nn.Parameter(torch.zeros(num_classes))

    def discriminative_maps(self, features):
        """See :func:`discriminative_maps`."""
        return discriminative_maps(self.maps(features[-1]))

    def forward(self, features, maps=None):
        """Scores (B, C), before the sigmoid; each depends on the images of the same slot.

        Args:
            features: tuple of feature maps.
            maps: (B, 1 + C, h, w) of :meth:`discriminative_maps`, where they are known.

        Raises:
            ValueError: the images do not fill slots.
        """
        maps = self.discriminative_maps(features) if maps is None else maps
        if len(maps) % self.images:
            raise ValueError(f'EDAMHead: a batch of {len(maps)} images does not fill slots of {self.images}; make the '
                             'batch size a multiple of it, and set drop_last=True')
        slots = len(maps) // self.images
        reduced = self.reduce(features[-1])
        position = F.interpolate(self.position, size=reduced.shape[2:], mode='bilinear', align_corners=False)
        where = (self.segment + position).repeat(slots, 1, 1, 1)
        tokens = to_slots(class_features(reduced, maps[:, 1:].to(reduced.dtype)) + where[:, None], self.images)
        seen = torch.stack([layer(each) for layer, each in zip(self.attention, tokens.unbind(1), strict=True)], dim=1)
        pooled = pooled_by_image(upcast(seen), self.images)
        return torch.einsum('bcd,cd->bc', pooled, self.classifier.to(pooled.dtype)) + self.bias


@MODELS.register_module()
class EDAM(ClassMapModel):
    """EDAM; its ``class_maps`` are the discriminative ones, without the background.

    Training batches hold, one behind the other, the images of a slot, which share a class: see
    :class:`SharedTagSampler`. In ``predict`` an image stands alone, a slot is filled with it.

    Args:
        backbone: its last feature map is used.
        head: :class:`EDAMHead`; its ``in_channels`` may be left out.
        kwargs: see :class:`ClassMapModel`.
    """

    def loss(self, views, data_samples):
        """``loss_cls``, the mean over images and classes, and ``accuracy`` of the tags in percent.

        Args:
            views: images (B, 3, H, W), or a list of one such view.
            data_samples: with tags.
        """
        images = single_view(views)
        tags = self.tags(data_samples, images.device)
        scores = self.head(self.backbone(images))
        return dict(loss_cls=soft_margin_loss(scores, tags), accuracy=tag_accuracy(scores, tags))

    def class_maps(self, images):
        return self.head.discriminative_maps(self.backbone(images))[:, 1:]

    def scores_and_maps(self, images):
        features = self.backbone(images)
        maps, slot = self.head.discriminative_maps(features), self.head.images
        filled = [level.repeat_interleave(slot, 0) for level in features[-1:]]
        scores = self.head(filled, maps.repeat_interleave(slot, 0))
        return scores.unflatten(0, (-1, slot)).mean(1), maps[:, 1:]
