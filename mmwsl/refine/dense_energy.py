"""Dense energy (Tang et al. 2018): a loss that asks pixels which lie near and look alike for the same class."""

import torch
import torch.nn.functional as F
from torch import Tensor

from mmwsl.ops.tensors import refuse_nan, upcast

from .checks import check_maps
from .dense_crf import check_method
from .kernels import ExactGaussian, bilateral_features
from .permutohedral import PermutohedralLattice

LATTICE_SUM = 0.54  # sums of the lattice filter, as a share of the Gaussian's, at the settings below on photos


def dense_energy(images: Tensor, probabilities: Tensor, valid: Tensor | None = None, *, weight: float = 1e-7,
                 color_std: float = 15, position_std: float = 100, scale: float = 0.5,
                 method: str = 'lattice') -> Tensor:
    """weight / B sum_k S_k^T K (1 - S_k), of B images: K a Gaussian of positions and colors, S_k the map of a class.

    The published weights (1e-7 of single-stage methods, 2e-9 of the loss's own paper) are those of a lattice filter,
    whose sums are about .54 of the Gaussian's. So that they hold for both methods, the exact sum is multiplied by
    :data:`LATTICE_SUM`.

    Args:
        images: (B, 3, H, W) RGB in 0..255, before any normalization, uint8 or floating point.
        probabilities: (B, C, H, W), after the softmax.
        valid: (B, H, W) bool, or None = all: other pixels, such as the padding of crops, are in no pair.
        position_std: in pixels of the images as they are given.
        scale: images (nearest) and maps (bilinear) are resized by it before.
        method: 'lattice', linear in the pixels; 'exact', over all pairs, for small images only.

    Returns:
        scalar in fp32, or fp64 where the maps were; differentiable in ``probabilities``, by one more filter. Waits for
        the device.

    Raises:
        ValueError: sizes that differ, NaN, an unknown method, too large an image for the exact form.
    """
    check_maps(images, probabilities)
    if valid is not None and valid.shape != (len(images), *images.shape[2:]):
        raise ValueError(f'valid must be {(len(images), *images.shape[2:])} as the images, got {tuple(valid.shape)}')
    maps = upcast(probabilities)
    refuse_nan(maps.detach(), 'probabilities')
    images = refuse_nan(images.to(maps.dtype), 'values of images')
    inside = torch.ones_like(maps[:, :1]) if valid is None else valid[:, None].to(maps.dtype)
    if scale != 1:
        images, inside = (F.interpolate(x, scale_factor=scale, recompute_scale_factor=True) for x in (images, inside))
        maps = F.interpolate(maps, scale_factor=scale, recompute_scale_factor=True, mode='bilinear')
    check_method(method, inside[0].numel())
    kernel = PermutohedralLattice if method == 'lattice' else ExactGaussian
    total = maps.new_zeros(())
    for image, each, counted in zip(images, maps, inside, strict=True):
        same, other = (x.flatten(1).T for x in (each * counted, (1 - each) * counted))  # (N, C)
        features = bilateral_features(image, position_std * scale, color_std)
        total = total + (same * kernel(features).filter(other)).sum()
    return total * (weight / len(images) * (1 if method == 'lattice' else LATTICE_SUM))
