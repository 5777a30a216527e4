"""IRN: relations between pixels (Ahn et al. 2019): edges of classes, and where the middle of an object is."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.dist import all_mean
from mmwsl.models.base import Model, single_view
from mmwsl.models.weak.segmentation.instances import cluster_centroids, find_instances, refine_centroids, split_maps
from mmwsl.models.weak.segmentation.pairs import affinity_losses, compare_pairs, grid_labels, pair_mean, shift
from mmwsl.ops.tensors import upcast
from mmwsl.refine.random_walk import half_disk, path_affinity, propagate
from mmwsl.registry import MODELS


def displacement_losses(displacement, pairs, offsets, mean=lambda x: x):
    """Mean absolute errors of differences of displacements (B, 2, h, w), down and right.

    Two pixels of one class point to one middle if their displacements differ by where they lie; what background points
    to is the same anywhere, so that its displacements should not differ.

    Args:
        pairs: the first two masks of :func:`compare_pairs`: both background, both one class.
        offsets: K pairs (down, right).
        mean: mean over ranks, see :func:`pair_mean`.

    Returns:
        tuple: of pairs of background, of pairs of one class.
    """
    background, foreground = pairs[:2]
    still, pointing = [], []
    for down, right in offsets:
        change = displacement - shift(displacement, (down, right))
        still.append(change.abs().mean(1))
        pointing.append(((change[:, 0] - down).abs() + (change[:, 1] - right).abs()) / 2)
    return pair_mean(torch.stack(still, 1), background, mean), pair_mean(torch.stack(pointing, 1), foreground, mean)


def irn_loss(edges, displacement, labels, radius, mean=lambda x: x):
    """Losses of edges (B, h, w) and displacements (B, 2, h, w) on labels (B, h, w).

    Args:
        mean: mean over ranks, see :func:`pair_mean`.
    """
    offsets = half_disk(radius)
    pairs = compare_pairs(labels, offsets)
    background, foreground, different = affinity_losses(path_affinity(edges[:, None], radius), pairs, mean)
    still, pointing = displacement_losses(upcast(displacement), pairs, offsets, mean)
    return dict(loss_alike=(background + foreground) / 4, loss_different=different / 2,
                loss_displacement_background=still / 2, loss_displacement_foreground=pointing / 2)


def _reduction(inputs, outputs, groups):
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.GroupNorm(groups, outputs),
                         nn.ReLU(inplace=True))


def _resized(maps, size):
    return maps if maps.shape[2:] == size else F.interpolate(maps, size=size, mode='bilinear', align_corners=False)


class EdgeBranch(nn.Module):
    """Edges of classes: every level reduced to ``channels``, resized and joined into one map of logits (B, 1, h, w)."""

    def __init__(self, in_channels, channels=32):
        super().__init__()
        self.reductions = nn.ModuleList(_reduction(inputs, channels, 4) for inputs in in_channels)
        self.scores = nn.Conv2d(channels * len(in_channels), 1, 1)

    def forward(self, levels, size):
        reduced = [_resized(reduction(level), size) for reduction, level in zip(self.reductions, levels, strict=True)]
        return self.scores(torch.cat(reduced, dim=1))


class DisplacementBranch(nn.Module):
    """Displacements (B, 2, h, w) from each pixel to the middle of its object, down and right.

    The deep levels, from the third on, are joined first, then these with the two shallow ones.
    """

    def __init__(self, in_channels, channels=(64, 128, 256, 256, 256)):
        super().__init__()
        self.reductions = nn.ModuleList(
            _reduction(inputs, width, min(width // 8, 16)) for inputs, width in zip(in_channels, channels, strict=True))
        last = channels[-1]
        self.deep = _reduction(sum(channels[2:]), last, min(last // 8, 16))
        self.joined = _reduction(sum(channels[:2]) + last, last, min(last // 8, 16))
        self.scores = nn.Conv2d(last, 2, 1, bias=False)

    def forward(self, levels, size):
        first, second, *deep = (reduction(level) for reduction, level in zip(self.reductions, levels, strict=True))
        deep = self.deep(torch.cat([_resized(level, deep[0].shape[2:]) for level in deep], dim=1))
        joined = torch.cat([_resized(level, size) for level in (first, second, deep)], dim=1)
        return self.scores(self.joined(joined))


@MODELS.register_module()
class IRN(Model):
    """Inter-pixel relation network: an edge and a displacement branch on a frozen backbone.

    Args:
        backbone: returns three or more feature maps, the stem's and the four stages' in the paper; learns nothing.
        edge_channels: of each level in the edge branch.
        displacement_channels: of each level in the displacement branch.
        radius: training pairs are nearer than this, in pixels of the maps.
        grid: which of the feature maps says how large edges and displacements are; 1 is a stride of 4 in a ResNet.
        beta, log2_steps, walk_radius: the walk: the affinities' power, its steps, 2 to this power, and its neighbors.
        momentum: of the mean displacement, which is taken from what is predicted.

    Raises:
        ValueError: another number of maps than of ``displacement_channels``, or fewer than three.
    """

    #: where the background begins in what :meth:`propagate_maps` returns
    background_threshold = 0.25

    def __init__(self, backbone, edge_channels=32, displacement_channels=(64, 128, 256, 256, 256), radius=10, grid=1,
                 beta=10, log2_steps=8, walk_radius=5, momentum=0.1, **kwargs):
        super().__init__(backbone, **kwargs)
        inputs = list(self.backbone.out_channels)
        if len(inputs) != len(displacement_channels) or len(inputs) < 3:
            raise ValueError(f'IRN: displacement_channels={tuple(displacement_channels)} are of '
                             f'{len(displacement_channels)} feature maps, the backbone returns {len(inputs)}; there '
                             'must be as many, and three or more: set its out_indices')
        self.backbone.requires_grad_(False)
        self.edge_branch = EdgeBranch(inputs, edge_channels)
        self.displacement_branch = DisplacementBranch(inputs, tuple(displacement_channels))
        self.register_buffer('mean_displacement', torch.zeros(2))
        self.radius, self.grid, self.momentum = radius, grid, momentum
        self.beta, self.log2_steps, self.walk_radius = beta, log2_steps, walk_radius

    def train(self, mode=True):
        super().train(mode)
        self.backbone.eval()
        return self

    def relations(self, images):
        """Edges (B, h, w) in [0, 1] and displacements (B, 2, h, w) as they are learnt, both at least fp32."""
        with torch.no_grad():
            levels = self.backbone(images)
        size = levels[self.grid].shape[2:]
        edges = upcast(self.edge_branch(levels, size))[:, 0].sigmoid()
        return edges, upcast(self.displacement_branch(levels, size))

    def displacement(self, displacement):
        """Displacements without their mean over the training images: only their differences are learnt."""
        return displacement - self.mean_displacement[:, None, None]

    def loss(self, images, data_samples):
        """See :func:`irn_loss`.

        Args:
            images: (B, 3, H, W), padded.
            data_samples: list of samples with ``gt_mask``, pair labels.
        """
        images = single_view(images)
        edges, displacement = self.relations(images)
        labels = grid_labels(data_samples, images.shape[2:], edges.shape[1:], edges.device)
        with torch.no_grad():
            mean = all_mean(displacement.detach().mean((0, 2, 3)))
            self.mean_displacement.lerp_(mean.to(self.mean_displacement), self.momentum)
        return irn_loss(edges, displacement, labels, self.radius, all_mean)

    @torch.no_grad()
    def propagate_maps(self, images, maps):
        """Class maps after the random walk within edges, divided by the largest value of the image.

        Args:
            images: (B, 3, H, W), preprocessed; or one, (3, H, W).
            maps: (B, k, h, w) in [0, 1] of any size, of the classes that the image has; or (k, h, w).

        Returns:
            (B, k, h', w') in [0, 1]; or (k, h', w').
        """
        if images.ndim == 3:
            return self.propagate_maps(images[None], maps[None])[0]
        return self._walk(self._edges(images), maps)

    def _edges(self, images):
        """Edges (B, h, w), the mean of those of the images and of their mirror images."""
        return (self.relations(images)[0] + self.relations(images.flip(3))[0].flip(2)) / 2

    def _walk(self, edges, maps):
        if not maps.shape[1]:
            return maps.new_zeros(len(maps), 0, *edges.shape[1:])
        maps = F.interpolate(maps.float(), size=edges.shape[1:], mode='bilinear', align_corners=False)
        affinity = path_affinity(edges[:, None], self.walk_radius)
        maps = propagate(maps * (1 - edges[:, None]), affinity, half_disk(self.walk_radius), self.beta, self.log2_steps)
        maps = maps.clamp(min=0)  # the walk's polynomial may be below 0 by rounding
        largest = maps.amax((1, 2, 3), keepdim=True)
        return maps / (largest + (largest == 0))

    @torch.no_grad()
    def propagate_instances(self, image, maps, size, threshold=None, cluster_threshold=2.5, min_share=0.01):
        """Masks of the objects of one image.

        Args:
            image: (3, H, W), preprocessed.
            maps: (k, h, w) in [0, 1].
            size: (height, width) of the masks.
            threshold: of the background, from 0 to 1; None is ``background_threshold``.
            cluster_threshold: shorter displacements are the middle of an object.
            min_share: fragments of a smaller share of the image are left out.

        Returns:
            tuple: masks bool (N, *size), row numbers int64 (N,) of the ``maps``, scores (N,) in [0, 1].
        """
        edges, (_, displacement) = self._edges(image[None]), self.relations(image[None])
        displacement = self.displacement(displacement)[0]
        maps = F.interpolate(maps[None].float(), size=edges.shape[1:], mode='bilinear', align_corners=False)[0]
        instances = cluster_centroids(refine_centroids(displacement), displacement, cluster_threshold)
        parts, labels = split_maps(maps, instances)
        parts = _resized(self._walk(edges, parts[None]), tuple(size))[0]
        threshold = self.background_threshold if threshold is None else threshold
        return find_instances(parts, labels, threshold, min_share)
