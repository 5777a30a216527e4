"""Fully connected CRF (Kraehenbuehl and Koltun 2011): maps sharpened by what lies near and looks alike."""

from typing import Any

import torch
from torch import Tensor

from mmwsl.ops.tensors import refuse_nan, upcast

from .checks import check_maps
from .kernels import ExactGaussian, Normalized, SpatialGaussian, bilateral_features
from .permutohedral import PermutohedralLattice

PRESETS: dict[str, dict[str, Any]] = {
    # auxiliary use in SEAM, AFA and ToCo
    'seam': dict(spatial_std=3, spatial_weight=3, position_std=80, color_std=13, bilateral_weight=10,
                 num_iterations=10),
    # the last step of ToCo and of CoSA
    'toco': dict(spatial_std=1, spatial_weight=1, position_std=121, color_std=5, bilateral_weight=4, num_iterations=10),
    'cosa': dict(spatial_std=1, spatial_weight=1, position_std=121, color_std=5, bilateral_weight=4, num_iterations=1),
    # hard labels of IRN and PSA, with label_probabilities(confidence=0.7)
    'irn': dict(spatial_std=3, spatial_weight=3, position_std=50, color_std=5, bilateral_weight=10, num_iterations=10),
}
MOST_EXACT = 10_000  # pixels whose pairs fit into memory: 400 MB in fp32
METHODS = ('lattice', 'exact')


@torch.no_grad()
def dense_crf(images: Tensor, probabilities: Tensor, *, spatial_std: float = 3, spatial_weight: float = 3,
              position_std: float = 80, color_std: float = 13, bilateral_weight: float = 10, num_iterations: int = 10,
              method: str = 'lattice') -> Tensor:
    """Mean field of a fully connected CRF with Potts compatibility.

    Q = softmax(log p) at the start, then ``num_iterations`` times softmax(log p + sum_m w_m D^-1/2 K_m D^-1/2 Q), K_1
    a Gaussian of positions, K_2 one of positions and colors. ``dense_crf(images, probabilities, **PRESETS['toco'])``
    takes published settings.

    Args:
        images: (B, 3, H, W), or one (3, H, W) or (H, W, 3); RGB in 0..255, uint8 or floating point.
        probabilities: (B, C, H, W), or of one image (C, H, W); below 1e-5 they are taken as 1e-5. They need not sum
            to 1.
        spatial_std, spatial_weight: of K_1, in pixels.
        position_std, color_std, bilateral_weight: of K_2, in pixels and in steps of 255.
        method: 'lattice', linear in the pixels; 'exact', over all pairs, for small images only.

    Returns:
        the shape of ``probabilities``, in fp32, or fp64 where they were; they sum to 1 over C. Without gradient.

    Raises:
        ValueError: sizes that differ, NaN, an unknown method, too large an image for the exact form.
    """
    images, maps = _batched(images, probabilities)
    height, width = maps.shape[2:]
    check_method(method, height * width)
    refuse_nan(maps, 'probabilities')
    maps = upcast(maps)
    images = refuse_nan(images.to(maps.dtype), 'values of images')
    positions = torch.zeros_like(images[0])
    spatial = Normalized(SpatialGaussian((height, width), spatial_std, maps) if method == 'lattice' else
                         ExactGaussian(bilateral_features(positions, spatial_std, 1)), height * width, maps)
    refined = [_mean_field(image, each, spatial, spatial_weight, position_std, color_std, bilateral_weight,
                           num_iterations, method) for image, each in zip(images, maps, strict=True)]
    return torch.stack(refined).view(probabilities.shape)


def _mean_field(image: Tensor, maps: Tensor, spatial: Normalized, spatial_weight: float, position_std: float,
                color_std: float, bilateral_weight: float, num_iterations: int, method: str) -> Tensor:
    """:func:`dense_crf` of one image (3, H, W) and its maps (C, H, W)."""
    kernel = PermutohedralLattice if method == 'lattice' else ExactGaussian
    bilateral = Normalized(kernel(bilateral_features(image, position_std, color_std)), image[0].numel(), image)
    unary = maps.flatten(1).T.clamp(min=1e-5).log()  # (H W, C)
    beliefs = unary.softmax(1)
    for _ in range(num_iterations):
        message = bilateral.filter(beliefs).mul_(bilateral_weight)
        message.add_(spatial.filter(beliefs), alpha=spatial_weight).add_(unary)
        beliefs = message.softmax(1)
    return beliefs.T.reshape(maps.shape)


def label_probabilities(labels: Tensor, num_classes: int, confidence: float = 0.7, ignore_index: int = 255) -> Tensor:
    """Probabilities of hard labels: ``confidence`` for the label, the rest in equal parts for the other classes.

    Args:
        labels: (B, H, W) or (H, W) int64; ``ignore_index`` has no opinion, 1 / num_classes for each.

    Returns:
        (B, num_classes, H, W) or (num_classes, H, W).

    Raises:
        ValueError: labels that are neither classes nor ``ignore_index``, or fewer than two classes.
    """
    ignored = labels == ignore_index
    wrong = ~ignored & ((labels < 0) | (labels >= num_classes))
    if num_classes < 2 or bool(wrong.any()):
        raise ValueError(f'labels must be 0..{num_classes - 1}, of two classes at least, or {ignore_index} where there '
                         f'is none; got {sorted(set(labels[wrong].tolist()))[:5]}')
    classes = torch.arange(num_classes, device=labels.device).view(-1, 1, 1)
    chosen = labels.unsqueeze(-3) == classes
    probabilities = torch.where(chosen, confidence, (1 - confidence) / (num_classes - 1))
    return torch.where(ignored.unsqueeze(-3), 1 / num_classes, probabilities)


def check_method(method: str, num_pixels: int) -> None:
    """Raise ValueError unless ``method`` is known and fits the image's number of pixels."""
    if method not in METHODS:
        raise ValueError(f'method={method!r} is unknown; there are {", ".join(METHODS)}')
    if method == 'exact' and num_pixels > MOST_EXACT:
        raise ValueError(f"method='exact' compares all pairs of {num_pixels} pixels, {4e-9 * num_pixels**2:.1f} GB; "
                         f"take method='lattice' above {MOST_EXACT} pixels")


def _batched(images: Tensor, probabilities: Tensor) -> tuple[Tensor, Tensor]:
    """Both as batches (B, 3, H, W) and (B, C, H, W)."""
    if images.ndim == 3 and probabilities.ndim == 3:
        if images.shape[0] != 3 and images.shape[2] == 3:
            images = images.permute(2, 0, 1)
        images, probabilities = images[None], probabilities[None]
    check_maps(images, probabilities)
    return images, probabilities
