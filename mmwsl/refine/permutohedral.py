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
            raise ValueError(f'features must be (N, d) of floating point, got {tuple(features.shape)} of {features.dtype}')
        if not bool(features.isfinite().all()):
            raise ValueError('features hold NaN or infinite values: look at the images and standard deviations they are of')
        self.num_points, self.dims = features.shape
        corners, weights = _simplex(features)
        keys, steps = _pack(corners)
        del corners
        keys, order = keys.flatten().sort()
        occupied, corner_of, counts = keys.unique_consecutive(return_inverse=True, return_counts=True)
        del keys
        # splat: of each lattice corner its points, one behind the other, and where each corner's begin
        self.splat_points = order // (self.dims + 1)
        self.splat_weights = weights.flatten()[order]
        self.splat_starts = F.pad(counts.cumsum(0)[:-1], (1, 0))
        # slice: of each point its d + 1 corners
        self.slice_corners = torch.empty_like(corner_of).scatter_(0, order, corner_of).view(self.num_points, -1)
        self.slice_weights = weights / (1 + 2.0**-self.dims)
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


def _simplex(features: Tensor) -> tuple[Tensor, Tensor]:
    """Of each point (N, d) the corners of its simplex, their first d coordinates (N, d + 1, d) int64, and their
    barycentric weights (N, d + 1)."""
    dims = features.shape[1]
    # onto the hyperplane of d + 1 coordinates that sum to 0; the Gaussian's deviation becomes that of the blur
    index = torch.arange(1, dims + 1, dtype=features.dtype, device=features.device)
    scaled = features * ((2 / 3)**0.5 * (dims + 1) / (index * (index + 1)).sqrt())
    tail = F.pad(scaled.flip(1).cumsum(1).flip(1), (0, 1))  # sum of the scaled features from i on
    elevated = tail - F.pad(scaled * index, (1, 0))
    # nearest point whose coordinates are multiples of d + 1, which may leave the hyperplane
    base = (elevated / (dims + 1)).round()
    excess = base.sum(1, keepdim=True).long()
    base *= dims + 1
    offset = elevated - base
    # rank of each coordinate's offset, the largest first, ties in order
    rank = torch.zeros_like(offset, dtype=torch.long)
    for i in range(dims + 1):
        for j in range(i + 1, dims + 1):
            less = offset[:, i] < offset[:, j]
            rank[:, i] += less
            rank[:, j] += ~less
    rank += excess  # back into the hyperplane: the coordinates at the end of the order go a whole step
    wrapped = (rank < 0).long() - (rank > dims).long()
    rank += wrapped * (dims + 1)
    base += wrapped * (dims + 1)
    ordered = torch.empty_like(offset).scatter_(1, rank, (elevated - base) / (dims + 1))
    weights = torch.empty_like(ordered)
    weights[:, 1:] = ordered[:, :-1].flip(1) - ordered[:, 1:].flip(1)
    weights[:, 0] = 1 + ordered[:, dims] - ordered[:, 0]
    # corner k: k more everywhere, and d + 1 less in the k coordinates that are last in the order
    k = torch.arange(dims + 1, device=features.device)[:, None]
    corners = base[:, None, :dims].long() + k - (dims + 1) * (rank[:, None, :dims] > dims - k)
    return corners, weights


def _pack(corners: Tensor) -> tuple[Tensor, Tensor]:
    """Corners (..., d) as one int64 each, and what is to be added to go one step along each of the d + 1 axes."""
    dims = corners.shape[-1]
    flat = corners.view(-1, dims)
    low = flat.amin(0) - dims - 1  # room for the neighbors of the outermost
    extent = (flat.amax(0) + dims + 2 - low).tolist()
    radix, size = [], 1
    for each in reversed(extent):
        radix.insert(0, size)
        size *= each
    if size >= 2**63:
        raise ValueError(f'the features reach over {" x ".join(map(str, extent))} corners of the lattice, too many for 63 '
                         'bits: the standard deviations are too small for the images')
    place = torch.tensor(radix, device=corners.device)
    # axis j: one less in every coordinate, and d more in the j-th; the last coordinate is implied
    steps = torch.tensor([(dims + 1) * each for each in radix] + [0], device=corners.device) - sum(radix)
    return ((corners - low) * place).sum(-1), steps
