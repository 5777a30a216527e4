"""PSA: pixel-level semantic affinity (Ahn and Kwak 2018), which spreads class maps to what looks alike."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.dist import all_mean
from mmwsl.models.base import Model, single_view
from mmwsl.models.weak.segmentation.maps import with_background
from mmwsl.models.weak.segmentation.pairs import affinity_losses, compare_pairs, grid_labels
from mmwsl.ops.tensors import upcast
from mmwsl.refine.random_walk import feature_affinity, half_disk, propagate
from mmwsl.registry import MODELS


def psa_loss(affinity, labels, radius, mean=lambda x: x):
    """Losses of affinities (B, K, h, w) on labels (B, h, w).

    A quarter is for pairs of background, a quarter for pairs of one class, a half for different ones.

    Args:
        mean: mean over ranks, see :func:`mmwsl.models.weak.segmentation.pairs.pair_mean`.
    """
    background, foreground, different = affinity_losses(affinity, compare_pairs(labels, half_disk(radius)), mean)
    return dict(loss_background=background / 4, loss_foreground=foreground / 4, loss_different=different / 2)


def against_background(scores):
    """Share (B, C, h, w) of each class against the background: above 0.5 where the class has more.

    Args:
        scores: (B, 1 + C, h, w), at least 0, the background's first.
    """
    background, classes = scores[:, :1], scores[:, 1:]
    total = background + classes
    return classes / (total + (total == 0))


@MODELS.register_module()
class AffinityNet(Model):
    """Features that are alike where neighbors belong to one class, learnt from confident pixels of class maps.

    Args:
        backbone: returns three feature maps, those of ResNet-38's conv4, conv5 and conv6 in the paper.
        channels: that each of them is reduced to; their sum is the width of the affinity features, 448 in the paper.
        radius: pairs are nearer than this, in pixels of the features.
        grid: which of the maps says how large the features are; the others are resized to it.
        beta, log2_steps: the walk: the affinities' power, and its steps, 2 to this power.
        power: background of the maps before the walk, (1 - largest) to this power.

    Raises:
        ValueError: another number of maps than of ``channels``.
    """

    #: where the background begins in what :meth:`propagate_maps` returns
    background_threshold = 0.5

    def __init__(self, backbone, channels=(64, 128, 256), radius=5, grid=0, beta=8, log2_steps=8, power=16, **kwargs):
        super().__init__(backbone, **kwargs)
        inputs = list(self.backbone.out_channels)
        if len(inputs) != len(channels):
            raise ValueError(f'AffinityNet: channels={tuple(channels)} are of {len(channels)} feature maps, but the '
                             f'backbone returns {len(inputs)}; set its out_indices')
        self.reductions = nn.ModuleList(
            nn.Conv2d(width, reduced, 1, bias=False) for width, reduced in zip(inputs, channels, strict=True))
        self.joined = nn.Conv2d(sum(channels), sum(channels), 1, bias=False)
        for reduction in self.reductions:
            nn.init.kaiming_normal_(reduction.weight)
        nn.init.xavier_uniform_(self.joined.weight, gain=4)
        self.radius, self.grid, self.beta, self.log2_steps, self.power = radius, grid, beta, log2_steps, power

    def affinity_features(self, images):
        """Features (B, D, h, w) whose distances are those of the pixels."""
        levels = self.backbone(images)
        size = levels[self.grid].shape[2:]
        reduced = [F.elu(reduction(level)) for reduction, level in zip(self.reductions, levels, strict=True)]
        resized = [level if level.shape[2:] == size else
                   F.interpolate(level, size=size, mode='bilinear', align_corners=False) for level in reduced]
        return F.elu(self.joined(torch.cat(resized, dim=1)))

    def loss(self, images, data_samples):
        """See :func:`psa_loss`.

        Args:
            images: (B, 3, H, W), padded.
            data_samples: list of samples with ``gt_mask``, pair labels.
        """
        images = single_view(images)
        features = self.affinity_features(images)
        labels = grid_labels(data_samples, images.shape[2:], features.shape[2:], features.device)
        return psa_loss(feature_affinity(upcast(features), self.radius), labels, self.radius, all_mean)

    @torch.no_grad()
    def propagate_maps(self, images, maps):
        """Class maps after the random walk, as shares of each class against the background, which walks along.

        A class is where its share is above 0.5.

        Args:
            images: (B, 3, H, W), preprocessed; or one, (3, H, W).
            maps: (B, k, h, w) in [0, 1] of any size, of the classes that the image has; or (k, h, w).

        Returns:
            (B, k, h', w') in [0, 1]; or (k, h', w').
        """
        if images.ndim == 3:
            return self.propagate_maps(images[None], maps[None])[0]
        features = self.affinity_features(images)
        if not maps.shape[1]:
            return maps.new_zeros(len(maps), 0, *features.shape[2:])
        maps = F.interpolate(maps.float(), size=features.shape[2:], mode='bilinear', align_corners=False)
        scores = with_background(maps, power=self.power)
        affinity = feature_affinity(upcast(features), self.radius)
        walked = propagate(scores, affinity, half_disk(self.radius), self.beta, self.log2_steps)
        return against_background(walked.clamp(min=0))  # its polynomial may be below 0 by rounding
