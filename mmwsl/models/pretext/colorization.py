"""Colorful Image Colorization (Zhang et al. 2016)."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from mmwsl.augment import ab_bins, decode_ab, encode_ab, lab_to_rgb, rebalance_weights, rgb_to_lab
from mmwsl.dist import all_mean, all_reduce
from mmwsl.models.base import Model
from mmwsl.models.layers.images import check_normalization
from mmwsl.models.necks.mlp import pool
from mmwsl.ops.tensors import accuracy, embedding_std, keep_format, upcast
from mmwsl.registry import PRETEXTS


@PRETEXTS.register_module()
class Colorization(Model):
    """Predict the quantised ab colour of every position from the lightness.

    Images are plain RGB in [0, 1] (``mean=[0] * 3, std=[255] * 3`` in the preprocessor), also in :meth:`features`.

    How often each colour occurs, by which rare ones are raised, is a running average of the soft-encoded colours of the
    training batches of all ranks: the plain mean of the first ``AVERAGED`` batches, then a moving one.

    Args:
        backbone: encoder of one channel (``in_channels=1``).
        head: :class:`DenseHead` with one output per bin; its output sets the resolution of the colours.
        step: distance of the grid of bins, 10 in the paper (313 bins).
        sigma, neighbors: of the soft encoding, see :func:`encode_ab`.
        uniform: share of the uniform distribution in the rebalancing, lambda of eq. 4; 1 switches it off.
        temperature: of :meth:`colorize`.
        prior: ``.npy`` file of the bins' frequencies (Q,) in place of the running average.

    Raises:
        ValueError: other images, a head or prior of another size, ``uniform`` outside (0, 1].
    """

    sees_rgb = False
    GRAY = 5  # an image without |a| or |b| above it has no colour to learn from
    AVERAGED = 1000

    def __init__(self, backbone, head, step=10, sigma=5.0, neighbors=5, uniform=0.5, temperature=0.38, prior=None,
                 **kwargs):
        super().__init__(backbone, **kwargs)
        check_normalization(self.data_preprocessor, 0, 255, 'Colorization')
        self.head = self.make(head)
        self.step, self.sigma, self.neighbors = step, sigma, neighbors
        self.uniform, self.temperature = uniform, temperature
        bins = ab_bins(step)
        if self.head.out_channels != len(bins):
            raise ValueError(f'step={step} makes {len(bins)} bins but the head has {self.head.out_channels} outputs; '
                             f'set head.out_channels={len(bins)}')
        if not 0 < uniform <= 1:
            raise ValueError(f'uniform={uniform} must lie in (0, 1]; 1 weighs all colours alike')
        self.register_buffer('bins', bins)  # (Q, 2)
        self.register_buffer('prior', torch.full((len(bins),), 1 / len(bins)))
        self.register_buffer('batches', torch.zeros((), dtype=torch.long))
        self.learn_prior = prior is None
        if prior is not None:
            if not Path(prior).is_file():
                raise ValueError(f'prior={str(prior)!r} does not exist; give an .npy file or None')
            values = torch.from_numpy(np.load(prior)).float()
            if values.shape != self.prior.shape or values.min() < 0 or values.sum() <= 0:
                raise ValueError(f'prior={str(prior)!r} must hold {len(bins)} frequencies, found {tuple(values.shape)}')
            self.prior.copy_(values / values.sum())

    def lightness(self, lab):
        """L as the backbone gets it, (B, 3, H, W) -> (B, 1, H, W) in [-.5, .5]."""
        return keep_format((lab[:, :1] - 50) / 100, lab)

    @torch.no_grad()
    def update_prior(self, indices, weights):
        """Count the bins ``indices`` of a batch by their ``weights``, both (B, K, h, w); zeros change nothing."""
        counts = torch.zeros_like(self.prior).scatter_add_(0, indices.flatten(), weights.to(self.prior).flatten())
        counts = all_reduce(counts)
        total = counts.sum()
        rate = (total > 0) / (self.batches + 1).clamp(max=self.AVERAGED)
        self.prior.lerp_(counts / total.clamp(min=1e-12), rate.to(self.prior))
        self.batches += total > 0

    def loss(self, views, data_samples=None):
        lab = rgb_to_lab(views[0])  # (B, 3, H, W)
        features = self.backbone(self.lightness(lab))
        logits = upcast(self.head(features))  # (B, Q, h, w)
        ab = F.adaptive_avg_pool2d(lab[:, 1:], logits.shape[2:])  # (B, 2, h, w)
        indices, weights = encode_ab(ab, self.bins, self.step, self.sigma, self.neighbors)  # (B, K, h, w)
        colored = (ab.abs() > self.GRAY).flatten(1).any(1).to(logits)  # (B,)
        if self.training and self.learn_prior:
            self.update_prior(indices, weights * colored[:, None, None, None])
        balance = rebalance_weights(self.prior, self.uniform)[indices[:, 0]]  # (B, h, w)
        cross_entropy = -(weights * logits.log_softmax(1).gather(1, indices)).sum(1)  # (B, h, w)
        # The share of coloured images is that of all ranks, so that the mean of the ranks' losses is the global mean.
        share = all_mean(colored.mean()).clamp(min=1e-12)
        loss = ((balance * cross_entropy).mean((1, 2)) * colored).mean() / share
        with torch.no_grad():
            return dict(loss=loss, cross_entropy=cross_entropy.mean(), accuracy=accuracy(logits, indices[:, 0]),
                        embedding_std=embedding_std(pool(features)))

    def features(self, images):
        """Pooled features of the lightness of RGB images in [0, 1]."""
        return super().features(self.lightness(rgb_to_lab(images)))

    @torch.no_grad()
    def colorize(self, images, temperature=None):
        """RGB images (B, 3, H, W) in [0, 1] with their own lightness and the colours that the network expects."""
        lab = rgb_to_lab(images)
        logits = self.head(self.backbone(self.lightness(lab)))
        ab = decode_ab(logits, self.bins, self.temperature if temperature is None else temperature)  # (B, 2, h, w)
        ab = F.interpolate(ab, size=lab.shape[2:], mode='bilinear')
        return lab_to_rgb(torch.cat([lab[:, :1], ab.to(lab)], 1))
