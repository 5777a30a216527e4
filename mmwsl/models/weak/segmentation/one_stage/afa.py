"""AFA (Ru et al. 2022, arXiv:2203.02664): affinity of patches, learnt from attention, spreads the class maps."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.dist import all_mean, world_size
from mmwsl.models.base import single_view
from mmwsl.models.weak.segmentation.base import soft_margin_loss, tag_accuracy
from mmwsl.models.weak.segmentation.one_stage.base import WarmupModel, check_scales
from mmwsl.models.weak.segmentation.one_stage.cosa_terms import VOID, balanced_cross_entropy, normalize_by_range
from mmwsl.models.weak.segmentation.one_stage.single_stage import pooled, resize
from mmwsl.ops.tensors import upcast
from mmwsl.refine import par
from mmwsl.registry import HEADS, MODELS, WEAK_HEADS


def near_pairs(size, radius, device=None):
    """Which positions of a grid (h, w) lie within ``radius`` rows and columns of each other: (h w, h w) bool."""
    rows, columns = (axis.flatten() for axis in torch.meshgrid(
        *(torch.arange(side, device=device) for side in size), indexing='ij'))
    apart = torch.maximum((rows[:, None] - rows).abs(), (columns[:, None] - columns).abs())
    return apart <= radius


def affinity_loss(affinity, labels, near):
    """Half of 1 - affinity of near pairs with one label and half of the affinity of those with two, each a mean.

    Args:
        affinity: (B, N, N) in [0, 1].
        labels: (B, N) int64; 255 = in no pair.
        near: (N, N) bool.
    """
    affinity, known = upcast(affinity), labels != VOID
    pairs = known[:, :, None] & known[:, None] & near
    same = labels[:, :, None] == labels[:, None]
    loss = 0
    for distance, chosen in ((1 - affinity, pairs & same), (affinity, pairs & ~same)):
        count = all_mean(chosen.sum().to(affinity.dtype)).clamp(min=1 / world_size())
        loss = loss + (distance * chosen).sum() / count / 2
    return loss


def spread(scores, affinity, near, power=2):
    """One step of a random walk: scores (B, K, h, w) times A^power, whose columns are divided by their sums.

    Args:
        affinity: (B, N, N) in [0, 1], N = h w.
        near: (N, N) bool; other pairs have no affinity.
    """
    steps = affinity**power * near
    steps = steps / steps.sum(1, keepdim=True).clamp(min=1e-6)
    with torch.autocast(scores.device.type, enabled=False):  # close scores decide about labels
        return (scores.flatten(2) @ steps.to(scores.dtype)).view_as(scores)


def present_scores(maps, tags, background):
    """Softmax (B, 1 + C, h, w) over the background's constant and the maps (B, C, h, w) of the tags (B, C)."""
    scores = torch.cat([torch.full_like(maps[:, :1], background),
                        maps.masked_fill((tags <= 0)[:, :, None, None], -1e4)], dim=1)
    return scores.softmax(1)


@WEAK_HEADS.register_module()
class AFAHead(BaseModule):
    """Class maps of the last feature map by a 1 x 1 convolution, and a decoder of masks.

    Args:
        in_channels: of all feature maps of a backbone.
        num_classes: C, without the background.
        decoder: of the maps, e.g. ``dict(type='SegFormerHead', channels=256)``; its ``in_channels`` and
            ``num_classes`` are filled in.
    """

    several_tags = True

    def __init__(self, in_channels, num_classes, decoder, init_cfg=None):
        super().__init__(init_cfg)
        self.num_classes = num_classes
        # of the shape that a classifier of pooled features has, so that a training can start from one
        self.classifier = nn.Linear(in_channels[-1], num_classes, bias=False)
        nn.init.normal_(self.classifier.weight, std=0.01)
        self.decoder = HEADS.build(dict(decoder, in_channels=in_channels, num_classes=1 + num_classes))


@MODELS.register_module()
class AFA(WarmupModel):
    """AFA: pseudo-labels say which patches are alike, affinity learns it from attention, and spreads the class maps.

    Args:
        backbone: returns maps and, with ``attention=True``, the products of queries and keys of its last stage: a
            :class:`MixTransformer`.
        head: :class:`AFAHead`; its ``in_channels`` may be left out.
        assignment_scales: at which images are seen to label them; the largest gives the affinity.
        low, high: background of pseudo-labels: what is above the higher is a class, what is below the lower background.
        radius: of pairs, in rows and columns.
        power: of the affinity in the walk.
        refiner: settings of :func:`par`.
        spread_from: share of training from which the segmentation learns from spread maps.
        segmentation_weight, affinity_weight: of their losses, after the ``warmup``.
        kwargs: see :class:`WarmupModel`.

    Raises:
        ValueError: thresholds that are not 0 < low <= high < 1, or a backbone without attention.
    """

    def __init__(self, backbone, head, assignment_scales=(1.0, 0.5, 1.5), low=0.35, high=0.55, radius=8, power=2,
                 refiner=dict(), spread_from=0.3, segmentation_weight=0.1, affinity_weight=0.1, warmup=0.1,  # noqa: B006
                 **kwargs):
        super().__init__(backbone, head, warmup=warmup, **kwargs)
        check_scales(self, assignment_scales)
        if not 0 < low <= high < 1:
            raise ValueError(f'AFA: thresholds low={low} and high={high} must be 0 < low <= high < 1')
        if not hasattr(self.backbone, 'attention_channels'):
            raise ValueError(f'AFA reads affinity from attention, which {type(self.backbone).__name__} does not '
                             'return; take a MixTransformer')
        self.add_switch('spreading', spread_from, 'spread_from')
        self.attention_projection = nn.Conv2d(self.backbone.attention_channels, 1, 1)
        nn.init.kaiming_normal_(self.attention_projection.weight, a=5**0.5, mode='fan_out')
        nn.init.zeros_(self.attention_projection.bias)
        self.assignment_scales, self.low, self.high = tuple(assignment_scales), low, high
        self.radius, self.power, self.refiner = radius, power, refiner
        self.segmentation_weight, self.affinity_weight = segmentation_weight, affinity_weight

    def affinity(self, products):
        """Affinity (B, N, N) in [0, 1], symmetric, of the products (B, K, N, N) of queries and keys."""
        return upcast(self.attention_projection(products + products.transpose(2, 3))[:, 0]).sigmoid()

    def maps(self, features):
        """Class maps (B, C, h, w) before they are rectified, of a tuple of feature maps."""
        return upcast(F.conv2d(features[-1], self.head.classifier.weight[..., None, None]))

    def loss(self, views, data_samples):
        """``loss_cls`` of the tags; after the warm-up ``loss_seg`` and ``loss_aff``.

        Args:
            views: images (B, 3, H, W), or a list of one such view.
            data_samples: with tags.
        """
        images = single_view(views)
        tags = self.tags(data_samples, images.device)
        features, products = self.backbone(images, attention=True)
        scores, logits = pooled(self.maps(features)), self.head.decoder(features)
        affinity = self.affinity(products)
        losses = dict(loss_cls=soft_margin_loss(scores, tags), accuracy=tag_accuracy(scores, tags))
        if self.warming_up:  # data-parallel ranks want a gradient of all
            return dict(losses, loss_seg=0 * logits.sum(), loss_aff=0 * affinity.sum())
        maps, wide_affinity = self.assign(images, tags)
        labels = self.pseudo_labels(images, maps, tags)
        grid = features[-1].shape[2:]
        small = F.interpolate(labels[:, None].to(maps.dtype), size=grid, mode='nearest-exact')[:, 0].long()
        losses['loss_aff'] = self.affinity_weight * affinity_loss(
            affinity, small.flatten(1), near_pairs(grid, self.radius, maps.device))
        if self.begun['spreading']:
            labels = self.pseudo_labels(images, maps, tags, wide_affinity)
        losses['loss_seg'] = self.segmentation_weight * balanced_cross_entropy(resize(logits, images.shape[2:]), labels)
        return losses

    @torch.no_grad()
    def assign(self, images, tags):
        """Class maps (B, C, h, w) in [0, 1], 0 of classes that the tags (B, C) lack, and the affinity (B, N, N).

        Of an image and its mirror image the maps' larger value is taken, rectified and summed over scales; maps and
        affinity, N = h w, have the size of the largest scale's.
        """
        found = {}
        for scale in self.assignment_scales:
            sides = [max(1, round(side * scale)) for side in images.shape[2:]]
            view = images if scale == 1 else resize(images, sides)
            features, products = self.backbone(torch.cat([view, view.flip(3)]), attention=True)
            straight, mirrored = self.maps(features).chunk(2)
            found[scale] = torch.maximum(straight, mirrored.flip(3)).relu(), products[:len(images)]
        largest, products = found[max(found)]
        total = sum(resize(maps, largest.shape[2:]) for maps, _ in found.values())
        return normalize_by_range(total, tags), self.affinity(products)

    @torch.no_grad()
    def pseudo_labels(self, images, maps, tags, affinity=None):
        """Labels (B, H, W) of maps (B, C, h, w) in [0, 1], refined by :func:`par` at half of the images' size.

        A class where it is the best also against the higher background, the background where it is the best even as
        the lower one, and 255 else.

        Args:
            affinity: (B, N, N) that the maps are spread by before, or None.
        """
        small, best = resize(images, [max(1, side // 2) for side in images.shape[2:]]), []
        for background in (self.low, self.high):
            scores = present_scores(maps, tags, background)
            if affinity is not None:
                scores = spread(scores, affinity, near_pairs(maps.shape[2:], self.radius, maps.device), self.power)
            best.append(resize(par(small, resize(scores, small.shape[2:]), **self.refiner), images.shape[2:]).argmax(1))
        possible, certain = best
        return torch.where(certain > 0, certain, torch.where(possible > 0, VOID, 0))

    def tensor(self, images, data_samples=None):
        """Logits (B, 1 + C, h, w) of the segmentation."""
        return self.head.decoder(self.backbone(images))

    def scores_and_maps(self, images):
        maps = self.maps(self.backbone(images))
        return pooled(maps), maps.relu()
