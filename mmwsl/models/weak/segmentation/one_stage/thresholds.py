"""Thresholds between background and foreground in class maps, fixed or read from the maps of the last batches."""

import torch
import torch.nn as nn

from mmwsl.clustering.mixture import fit_mixture, outer_limits, separating_value
from mmwsl.dist import sum_over_ranks

BINS = 1000


class MapThresholds(nn.Module):
    """A low and a high threshold for each of several kinds of maps in [0, 1]: below it is background, above foreground.

    With ``num_components`` a mixture of Gaussians is fitted in every step to the values of the last batches, which are
    kept as counts of thousandths: so ranks add theirs up exactly, and a fit costs the same whatever the maps' size.
    Two components give one value for both thresholds, that which separates them; three give the largest value of the
    first and the smallest of the last, with what is uncertain between.

    Args:
        low, high: at the start, one number or one for each kind.
        num_components: None (the thresholds stay), 2 or 3.
        kinds: number of kinds of maps, M.
        length: batches that are kept.
        momentum: of the thresholds; the weight of their old value.
        smallest: values up to this are left out: nearly all of a map is 0.
        iterations: of the fit.

    Raises:
        ValueError: thresholds that are not 0 < low <= high < 1, or another number of components.
    """

    def __init__(self, low=0.25, high=0.7, num_components=None, kinds=2, length=100, momentum=0.99, smallest=0.05,
                 iterations=100):
        super().__init__()
        low, high = (torch.as_tensor(each, dtype=torch.float32).expand(kinds) for each in (low, high))
        if not ((low > 0) & (low <= high) & (high < 1)).all():
            raise ValueError(f'thresholds low={low.tolist()} and high={high.tolist()} must be 0 < low <= high < 1')
        if num_components not in (None, 2, 3):
            raise ValueError(f'num_components={num_components} of the thresholds: choose 2, 3, or None for fixed ones')
        self.num_components, self.momentum, self.iterations = num_components, momentum, iterations
        # (M, 2); fixed ones are settings, which a checkpoint does not change
        self.register_buffer('values', torch.stack([low, high], dim=1), persistent=num_components is not None)
        if num_components is not None:
            centers = (torch.arange(BINS) + 0.5) / BINS
            self.register_buffer('centers', centers, persistent=False)
            self.register_buffer('counted', (centers > smallest).float(), persistent=False)
            self.register_buffer('histograms', torch.zeros(length, kinds, BINS))

    @torch.no_grad()
    def forward(self, maxima):
        """Count values ``maxima`` (M, N) in [0, 1]; return the thresholds (M, 2), low and high, moved by them."""
        if self.num_components is not None:
            bins = (maxima * BINS).long().clamp(0, BINS - 1)
            counts = torch.zeros_like(self.histograms[0]).scatter_add_(
                1, bins, torch.ones_like(maxima, dtype=self.histograms.dtype))
            self.histograms.copy_(torch.cat([sum_over_ranks(counts)[None], self.histograms])[:-1])
            found = self.fit(self.histograms.sum(0) * self.counted).to(self.values.dtype)
            moved = self.values + (1 - self.momentum) * (found - self.values)
            known = found.isfinite().all(1, keepdim=True) & (found[:, :1] <= found[:, 1:])
            self.values.copy_(torch.where(known, moved, self.values))
        return self.values.clone()

    def fit(self, counts):
        """Thresholds (M, 2) that the counts (M, bins) of values ask for; not finite where they ask for none."""
        mixture = fit_mixture(self.centers, counts, self.num_components, self.iterations)
        if self.num_components == 3:
            return torch.stack(outer_limits(self.centers, counts, mixture), dim=1)
        some = (counts > 0).sum(-1) > 1
        separating = torch.where(some, separating_value(self.centers, counts, mixture), float('nan'))
        return torch.stack([separating] * 2, dim=1)
