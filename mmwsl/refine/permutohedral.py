"""The permutohedral lattice (Adams, Baek and Davis 2010): Gaussian filters in a few dimensions, in time linear in N."""

import torch
import torch.nn.functional as F
from torch import Tensor


class PermutohedralLattice:
    """sum_j exp(-|f_i - f_j|^2 / 2) v_j of all i, approximated on a lattice, for the points ``features`` (N, d).

    Points are splatted onto the d + 1 corners of their simplex, the corners that have any are blurred along d + 1
    axes, and points are read from their corners again. Unlike the Gaussian, sums are too small by a factor that
    depends on how densely the points lie (about .54 for the colors and positions of photos); what divides by the
    filter of ones is free of it.

    Raises:
        ValueError: features that are not (N, d) of finite floating point, or so far apart that the corners cannot
            be counted in 63 bits.
    """

    def __init__(self, features: Tensor) -> None:
        if features.ndim != 2 or not features.is_floating_point() or not features.numel():
            raise ValueError('features must be (N, d) of floating point, got '
                             f'{tuple(features.shape)} of {features.dtype}')
        if not bool(features.isfinite().all()):
            raise ValueError('features hold NaN or infinite values: look at the images and standard deviations that '
                             'they are of')
        self.num_points, self.dims = features.shape
        base, rank, weights = _simplex(features.T.contiguous())
        keys, steps = _pack(base, rank)
        sorted_keys, order = keys.flatten().sort()
        occupied, corner_of, counts = sorted_keys.unique_consecutive(return_inverse=True, return_counts=True)
        # splat: of each lattice corner its points, one behind the other, and where each corner's begin
        self.splat_points = torch.arange(self.num_points, device=order.device).repeat(self.dims + 1)[order]
        self.splat_weights = weights.flatten()[order]
        self.splat_starts = F.pad(counts.cumsum(0)[:-1], (1, 0))
        # slice: of each point its d + 1 corners
        self.slice_corners = torch.empty_like(corner_of).scatter_(0, order, corner_of).view_as(keys).T.contiguous()
        self.slice_weights = weights.T / (1 + 2.0**-self.dims)
        # blur: of each axis the corner itself and its neighbors, of weight 0 where those are not occupied
        self.neighbors, self.neighbor_weights = [], []
        itself = torch.arange(len(occupied), device=features.device)
        for step in steps.tolist():
            found = [(occupied + sign * step) for sign in (1, -1)]
            places = [torch.searchsorted(occupied, key).clamp(max=len(occupied) - 1) for key in found]
            present = [occupied[place] == key for place, key in zip(places, found, strict=True)]
            self.neighbors.append(torch.stack([itself, *places], 1))
            self.neighbor_weights.append(torch.stack([torch.ones_like(present[0]), *present], 1).to(weights.dtype)
                                         * weights.new_tensor([1, 0.5, 0.5]))

    def filter(self, values: Tensor) -> Tensor:
        """The filter of ``values`` (N, C) in the features' dtype, (N, C); differentiable in them."""
        if values.ndim != 2 or len(values) != self.num_points or values.dtype != self.slice_weights.dtype:
            raise ValueError(f'values must be ({self.num_points}, C) of {self.slice_weights.dtype}, got '
                             f'{tuple(values.shape)} of {values.dtype}')
        filtered: Tensor = _Filter.apply(values, self)
        return filtered

    def _filter(self, values: Tensor, backward: bool = False) -> Tensor:
        """Splat, blur and slice; ``backward`` the transposed of it: the axes the other way round."""
        values = F.embedding_bag(self.splat_points, values, self.splat_starts, mode='sum',
                                 per_sample_weights=self.splat_weights)
        for axis in reversed(range(self.dims + 1)) if backward else range(self.dims + 1):
            values = F.embedding_bag(self.neighbors[axis], values, mode='sum',
                                     per_sample_weights=self.neighbor_weights[axis])
        return F.embedding_bag(self.slice_corners, values, mode='sum', per_sample_weights=self.slice_weights)


class _Filter(torch.autograd.Function):
    """The filter is linear and nearly symmetric: its gradient is its transposed."""

    @staticmethod
    def forward(ctx, values: Tensor, lattice: PermutohedralLattice) -> Tensor:  # type: ignore[no-untyped-def]
        ctx.lattice = lattice
        return lattice._filter(values.contiguous())

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None]:  # type: ignore[no-untyped-def]
        return ctx.lattice._filter(grad.contiguous(), backward=True), None


def _simplex(features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Of each point of ``features`` (d, N): the corner of its simplex whose coordinates are multiples of d + 1, the
    ranks of its coordinates' distances from there, the largest first, and its barycentric weights: all (d + 1, N)."""
    dims = len(features)
    # onto the hyperplane of d + 1 coordinates that sum to 0; the Gaussian's deviation becomes that of the blur
    index = torch.arange(1, dims + 1, dtype=features.dtype, device=features.device)[:, None]
    scaled = features * ((2 / 3)**0.5 * (dims + 1) / (index * (index + 1)).sqrt())
    elevated = torch.zeros(dims + 1, features.shape[1], dtype=features.dtype, device=features.device)
    elevated[:dims] = scaled.flip(0).cumsum(0).flip(0)
    elevated[1:] -= scaled * index
    # nearest point whose coordinates are multiples of d + 1, which may leave the hyperplane
    base = (elevated / (dims + 1)).round()
    excess = base.sum(0).long()
    base *= dims + 1
    offset = elevated - base
    order = torch.arange(dims + 1, dtype=torch.int8, device=features.device)[:, None].repeat(1, features.shape[1])
    for i in range(dims + 1):
        for j in range(i + 1, dims + 1):  # ties in order
            less = (offset[i] < offset[j]).view(torch.int8)
            order[i] += less
            order[j] -= less
    rank = order.long() + excess  # with the excess the coordinates at an end of the order go a whole step
    wrapped = ((rank < 0).long() - (rank > dims).long()) * (dims + 1)
    rank += wrapped
    base += wrapped
    ordered = torch.empty_like(offset).scatter_(0, rank, (elevated - base) / (dims + 1))
    weights = torch.empty_like(ordered)
    weights[1:] = ordered[:-1].flip(0) - ordered[1:].flip(0)
    weights[0] = 1 + ordered[dims] - ordered[0]
    return base, rank, weights


def _pack(base: Tensor, rank: Tensor) -> tuple[Tensor, Tensor]:
    """The corners of every point's simplex (d + 1, N) as one int64 each, and what is to be added to such a number to go
    one step along each of the d + 1 axes. Numbers are mixed-radix: the last coordinate is implied by the others."""
    dims = len(base) - 1
    base = base[:dims].long()
    low = base.amin(1, keepdim=True) - 2 * dims - 1  # the other corners are up to d away, their neighbors d more
    extent = (base.amax(1, keepdim=True) + 2 * dims + 2 - low).flatten().tolist()
    radix: list[int] = []
    size = 1
    for each in reversed(extent):
        radix.insert(0, size)
        size *= each
    if size >= 2**63:
        raise ValueError(f'the features reach over {" x ".join(map(str, extent))} corners of the lattice, too many for '
                         '63 bits: the standard deviations are too small for the images')
    place = torch.tensor([*radix, 0], device=base.device)[:, None]
    # corner k + 1 is one more than corner k in every coordinate, and d + 1 less in the one of rank d - k
    down = torch.empty_like(rank).scatter_(0, rank, place.expand_as(rank))
    keys = torch.empty_like(rank)
    keys[0] = ((base - low) * place[:dims]).sum(0)
    for k in range(dims):
        keys[k + 1] = keys[k] + sum(radix) - (dims + 1) * down[dims - k]
    # along axis j: one less in every coordinate, and d more in the j-th
    return keys, (dims + 1) * place.flatten() - sum(radix)
