"""Unsupervised learning of visual representations using videos (Wang & Gupta 2015): triplets of tracked patches."""

import torch

from mmwsl.dist import all_gather
from mmwsl.models.base import Model
from mmwsl.models.layers.pooling import cell_means
from mmwsl.ops.tensors import embedding_std, normalize, upcast
from mmwsl.registry import PRETEXTS
from mmwsl.structures import add_predictions


def triplet_losses(query, tracked, negatives, margin):
    """Both hinge losses of every pair with every negative, (B, N): ``max(0, d(q, t) - d(q, n) + m) + max(0, d(q, t) -
    d(t, n) + m)`` with the distance d = 1 - cosine.

    Args:
        query, tracked: (B, D) unit vectors.
        negatives: (N, D) unit vectors.
        margin: m.
    """
    own = 1 - (query * tracked).sum(1, keepdim=True)
    return sum((own - (1 - side @ negatives.T) + margin).clamp(min=0) for side in (query, tracked))


@PRETEXTS.register_module()
class SiameseTriplets(Model):
    """A patch and what became of it in the last frame shall be nearer to one another than to patches of other videos.

    Each pair has K negatives of the global batch: random ones at first; after the share ``hard_after`` of the training
    half of them are those with the largest losses.

    Args:
        backbone: encoder of a patch.
        neck: to the compared features, e.g. :class:`MLPNeck`, of ``grid^2`` times the backbone's channels.
        grid: the neck sees the means of so many by so many cells of the last map, side by side.
        margin: m.
        negatives: K, even.
        hard_after: share of the training, 0 to 1; 1 = random ones always.

    Raises:
        ValueError: an odd number of negatives, or a share out of range.
    """

    def __init__(self, backbone, neck, grid=1, margin=0.5, negatives=4, hard_after=0.5, **kwargs):
        super().__init__(backbone, **kwargs)
        if negatives < 2 or negatives % 2:
            raise ValueError(f'negatives={negatives} must be even, 2 or more: half of them are to become hard ones')
        if not 0 <= hard_after <= 1:
            raise ValueError(f'hard_after={hard_after} must be a share of the training, 0 to 1')
        self.neck = self.make(neck)
        self.grid, self.margin, self.negatives, self.hard_after = grid, margin, negatives, hard_after
        self.register_buffer('hard', torch.tensor(hard_after == 0))

    def embed(self, images):
        """Unit features (B, D), at least fp32, of patches."""
        return normalize(upcast(self.neck(cell_means(self.backbone(images)[-1], self.grid))))

    def choose(self, losses, allowed):
        """Weights (B, N), 1 for each chosen negative: K random ones of those allowed, or K/2 and the K/2 hardest."""
        half = self.negatives // 2
        draws = torch.rand(losses.shape, device=losses.device).masked_fill(~allowed, -1)
        ranks = draws.argsort(1, descending=True).argsort(1)
        hardest = losses.detach().masked_fill(~allowed, -1).argsort(1, descending=True).argsort(1) < half
        mixed = hardest.to(losses.dtype) + (ranks < half).to(losses.dtype)  # one that is both counts twice
        return torch.where(self.hard, mixed, (ranks < self.negatives).to(losses.dtype)) * allowed

    def loss(self, views, data_samples):
        """The mean ``loss`` of pairs, K negatives and both distances; and ``retrieval``: percent of the pairs whose
        tracked patch is nearer to the query than all others of the batch.

        Args:
            views: [query, tracked], patches (B, 3, h, w).
            data_samples: with ``clip`` (B,), the number of the video that a pair is of.
        """
        if len(views) != 2 or data_samples is None or 'clip' not in data_samples:
            raise ValueError('SiameseTriplets takes pairs of patches and the numbers of their clips: train on '
                             'TrackedPatches, with two views')
        query, tracked = self.embed(torch.cat(list(views))).chunk(2)
        others, clips = all_gather(tracked), all_gather(data_samples.clip)
        allowed = data_samples.clip[:, None] != clips
        with torch.autocast(query.device.type, enabled=False):
            losses = triplet_losses(query, tracked, others, self.margin)
            weights = self.choose(losses, allowed)
            with torch.no_grad():
                cosines = (query @ others.T).masked_fill(~allowed, -2).amax(1)
                found = (query * tracked).sum(1) > cosines
        return dict(loss=(losses * weights).sum() / (2 * self.negatives * len(query)),
                    retrieval=100 * found.float().mean(), embedding_std=embedding_std(query))

    @torch.no_grad()
    def after_optimizer_step(self, progress):
        """Take hard negatives from ``hard_after`` on; ``progress`` in [0, 1] is the share of steps done."""
        self.hard.fill_(progress >= self.hard_after and self.hard_after < 1)

    def predict(self, images, samples):
        """Add ``pred_features``, the compared ones."""
        return add_predictions(samples, pred_features=self.embed(images))
