"""Gaussian kernels on pixels: exact ones for small images, and fast ones for photos."""

import torch
from torch import Tensor

from .permutohedral import PermutohedralLattice


def bilateral_features(image: Tensor, position_std: float, color_std: float) -> Tensor:
    """Position and color of every pixel of ``image`` (3, H, W), each divided by its standard deviation: (H W, 5)."""
    _, height, width = image.shape
    rows = torch.arange(height, dtype=image.dtype, device=image.device) / position_std
    columns = torch.arange(width, dtype=image.dtype, device=image.device) / position_std
    grid = torch.stack(torch.meshgrid(columns, rows, indexing='xy'))
    return torch.cat([grid, image / color_std]).flatten(1).T.contiguous()


class ExactGaussian:
    """sum_j exp(-|f_i - f_j|^2 / 2) v_j of all points ``features`` (N, d), by the matrix (N, N) of all pairs."""

    def __init__(self, features: Tensor) -> None:
        # distances one by one: their form as inner products loses digits of those that are near
        distances = torch.cdist(features, features, compute_mode='donot_use_mm_for_euclid_dist')
        self.matrix = distances.square_().mul_(-0.5).exp_()

    def filter(self, values: Tensor) -> Tensor:
        """The filter of ``values`` (N, C), (N, C); differentiable in them."""
        return self.matrix @ values


class SpatialGaussian:
    """sum_j exp(-|p_i - p_j|^2 / (2 std^2)) v_j over the pixels of an image of ``size`` (H, W), axis by axis.

    Of each axis blocks of output pixels are a small matrix times the input pixels within six standard deviations, so
    the work does not grow with the image's side.
    """

    def __init__(self, size: tuple[int, int], std: float, like: Tensor, block: int = 32) -> None:
        self.size = size
        self.bands = []
        reach = int(6 * std + 1)
        for length in size:
            position = torch.arange(length, dtype=like.dtype, device=like.device)
            band = []
            for start in range(0, length, block):
                outputs, inputs = slice(start, start + block), slice(max(0, start - reach), start + block + reach)
                distance = (position[outputs, None] - position[None, inputs]) / std
                band.append((inputs, (-0.5 * distance**2).exp()))
            self.bands.append(band)

    def filter(self, values: Tensor) -> Tensor:
        """The filter of ``values`` (H W, C), (H W, C); differentiable in them."""
        height, width = self.size
        # rows first, then columns as the first axis: each block is one product of matrices
        x = self._along_first(values.view(height, -1), self.bands[0])
        x = self._along_first(x.view(height, width, -1).transpose(0, 1).reshape(width, -1), self.bands[1])
        return x.view(width, height, -1).transpose(0, 1).reshape(height * width, -1)

    @staticmethod
    def _along_first(x: Tensor, band: list[tuple[slice, Tensor]]) -> Tensor:
        return torch.cat([weights @ x[inputs] for inputs, weights in band])


class Normalized:
    """A filter with symmetric normalization, D^-1/2 K D^-1/2 with D = K 1: the self pair included."""

    def __init__(self, kernel: 'ExactGaussian | SpatialGaussian | PermutohedralLattice', num_points: int,
                 like: Tensor) -> None:
        self.kernel = kernel
        ones = torch.ones(num_points, 1, dtype=like.dtype, device=like.device)
        self.scale = (kernel.filter(ones) + 1e-20).rsqrt()

    def filter(self, values: Tensor) -> Tensor:
        """The normalized filter of ``values`` (N, C), (N, C)."""
        return self.kernel.filter(values * self.scale).mul_(self.scale)
