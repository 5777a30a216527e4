"""The CIE Lab colour space, and colour as a class: a grid of bins over ab, soft encoding and its inverse.

Lab is of sRGB under its own white, D65: L in [0, 100], a and b about -108 to 98. A grey has a = b = 0.
"""

import math
from functools import lru_cache

import torch

from mmwsl.augment.sampling import full_precision
from mmwsl.ops.tensors import keep_format

# Linear sRGB to XYZ (IEC 61966-2-1); a row's sum is the white point, so that white has a = b = 0.
XYZ = torch.tensor([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                    [0.0193339, 0.1191920, 0.9503041]], dtype=torch.float64)
WHITE = XYZ.sum(1, keepdim=True)
EDGE = 6 / 29  # where the cube root gives way to a straight line


def _mix(matrix: torch.Tensor, images: torch.Tensor) -> list[torch.Tensor]:
    """A 3 x 3 matrix over the channels, term by term: exact in the images' own precision and free of their layout."""
    channels = images.unbind(1)
    return [sum(weight * channel for weight, channel in zip(row, channels, strict=True)) for row in matrix.tolist()]


def _check(images: torch.Tensor, name: str) -> torch.Tensor:
    if images.ndim < 2 or images.shape[1] != 3 or not images.is_floating_point():
        raise ValueError(f'{name} must be a floating-point tensor with 3 channels in dimension 1, got '
                         f'{tuple(images.shape)} {images.dtype}; divide uint8 images by 255')
    return images if images.dtype == torch.float64 else images.float()


def rgb_to_lab(images: torch.Tensor) -> torch.Tensor:
    """Lab of sRGB images.

    Args:
        images: (B, 3, ...) in [0, 1]; what lies outside is clamped. fp64 stays fp64, all else is taken as fp32.

    Returns:
        (B, 3, ...) L, a, b in the memory format of ``images``.

    Raises:
        ValueError: not 3 channels, or whole numbers.
    """
    images = _check(images, 'images')
    with full_precision(images):
        values = images.clamp(0, 1)
        linear = torch.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055)**2.4)
        x, y, z = (torch.where(t > EDGE**3, t**(1 / 3), t / (3 * EDGE**2) + 4 / 29)
                   for t in _mix(XYZ / WHITE, linear))
        return keep_format(torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1), images)


def lab_to_rgb(lab: torch.Tensor) -> torch.Tensor:
    """sRGB images of Lab, (B, 3, ...) -> (B, 3, ...) in [0, 1]; colours that sRGB lacks are clamped channel by channel.

    Raises:
        ValueError: as :func:`rgb_to_lab`.
    """
    lab = _check(lab, 'lab')
    with full_precision(lab):
        lightness, a, b = lab.unbind(1)
        y = (lightness + 16) / 116
        roots = torch.stack([y + a / 500, y, y - b / 200], 1)
        xyz = torch.where(roots > EDGE, roots**3, 3 * EDGE**2 * (roots - 4 / 29))
        linear = torch.stack(_mix(torch.linalg.inv(XYZ / WHITE), xyz), 1).clamp(0, 1)
        rgb = torch.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear.clamp(min=1e-8)**(1 / 2.4) - 0.055)
        return keep_format(rgb.clamp(0, 1), lab)


@lru_cache(maxsize=8)
def _gamut_grid(step: float) -> torch.Tensor:
    level = torch.linspace(0, 1, 65, dtype=torch.float64)
    first, second = (axis.flatten() for axis in torch.meshgrid(level, level, indexing='ij'))
    faces = [torch.stack([first, second], 1)] * 3
    faces = [torch.cat([face[:, :place], torch.full((len(face), 1), value, dtype=face.dtype), face[:, place:]], 1)
             for value in (0.0, 1.0) for place, face in enumerate(faces)]
    gamut = rgb_to_lab(torch.cat(faces))[:, 1:]  # (N, 2): the hull of the gamut is that of the cube's faces
    angle = torch.arange(1440, dtype=torch.float64) * (2 * math.pi / 1440)
    normals = torch.stack([angle.cos(), angle.sin()], 1)
    reach = (gamut @ normals.T).amax(0)  # how far the hull goes in each direction
    count = math.ceil(120 / step)
    corner = torch.arange(-count, count + 1, dtype=torch.float64) * step
    grid = torch.cartesian_prod(corner, corner)  # a slow, b fast
    offsets = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=torch.float64) * step
    nearest = (grid[:, None] + offsets) @ normals.T  # (cells, 4, directions), a cell being named by its lowest corner
    touched = (nearest.amin(1) <= reach).all(1)  # no line separates it from the hull
    touched = touched.view(len(corner), -1)
    kept = torch.zeros_like(touched)
    for rows, columns in ((0, 0), (0, 1), (1, 0), (1, 1)):
        kept |= touched.roll((rows, columns), (0, 1))
    return grid[kept.flatten()].float()


def ab_bins(step: float = 10) -> torch.Tensor:
    """Centres of the colour classes: the points of a grid over ab that surround the colours of sRGB.

    They are the corners of all grid cells that the convex hull of the sRGB gamut touches, sorted by a and then b. A
    step of 10 gives the 313 bins of Zhang et al. (2016), in their order. Every colour has its nearest grid point among
    them, so that rounding to a bin moves a and b by half a step at most.

    Args:
        step: distance of the grid, > 0 and at most 60: 20 gives 101 bins and 40 gives 40.

    Returns:
        (Q, 2) float32.
    """
    if not 0 < step <= 60:
        raise ValueError(f'step={step} of the ab grid must lie in (0, 60]')
    return _gamut_grid(step).clone()


def encode_ab(ab: torch.Tensor, bins: torch.Tensor, step: float = 10, sigma: float = 5.0,
              neighbors: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    """Colours as weights of their nearest bins: exp(-d^2 / (2 sigma^2)), normalised (Zhang et al. 2016, section 2.1).

    The nearest are sought among the 25 grid points around a colour.

    Args:
        ab: (B, 2, H, W).
        bins: (Q, 2) of :func:`ab_bins`, on the same device.
        step: of that grid.
        sigma: of the Gaussian, in units of ab.
        neighbors: K in 1..25, how many bins share a colour; 1 is the nearest alone.

    Returns:
        tuple: bins (B, K, H, W) int64, the nearest first, and their weights (B, K, H, W), which sum to 1. Where fewer
        than K bins are around, as may be at the rim of a coarse grid, the rest have weight 0.
    """
    reach = math.ceil(120 / step) + 3  # the table has a margin, where there are no bins
    table = torch.full((2 * reach + 1, 2 * reach + 1), -1, device=ab.device)
    rows, columns = ((bins / step).round().long() + reach).unbind(1)
    table[rows, columns] = torch.arange(len(bins), device=ab.device)

    shift = torch.arange(-2, 3, device=ab.device)
    shift = torch.cartesian_prod(shift, shift)  # (25, 2)
    place = (ab / step).round().clamp(3 - reach, reach - 3).movedim(1, -1)  # (B, H, W, 2) in steps
    around = place[..., None, :] + shift  # (B, H, W, 25, 2)
    a, b = (around * step - ab.movedim(1, -1)[..., None, :]).unbind(-1)
    rows, columns = (around.long() + reach).unbind(-1)
    candidates = table[rows, columns]
    distance = (a.square() + b.square()).masked_fill(candidates < 0, float('inf'))
    nearest, order = distance.topk(neighbors, largest=False)
    indices = candidates.gather(-1, order).clamp(min=0)
    return indices.movedim(-1, 1), (nearest / (-2 * sigma**2)).softmax(-1).movedim(-1, 1)


def decode_ab(logits: torch.Tensor, bins: torch.Tensor, temperature: float = 0.38) -> torch.Tensor:
    """Annealed mean of a distribution over bins (Zhang et al. 2016, eq. 5).

    Args:
        logits: (B, Q, H, W), up to a constant the log of the probabilities.
        bins: (Q, 2).
        temperature: 1 is the mean, and towards 0 it becomes the mode.

    Returns:
        (B, 2, H, W), at least fp32.
    """
    with full_precision(logits):
        logits = logits if logits.dtype == torch.float64 else logits.float()
        return torch.einsum('bqhw,qc->bchw', (logits / temperature).softmax(1), bins.to(logits.dtype))


def rebalance_weights(prior: torch.Tensor, uniform: float = 0.5) -> torch.Tensor:
    """Weights that raise rare colours (Zhang et al. 2016, eq. 4): 1 / ((1 - uniform) prior + uniform / Q').

    Q' is the number of bins that occur. A bin that never does has the weight of an infinitely rare one.

    Args:
        prior: (Q,) how often each bin occurs, sum 1.
        uniform: share of the uniform distribution in the mixture, within (0, 1]; 1 weighs all alike.

    Returns:
        (Q,) with mean 1 under the prior.
    """
    occurring = (prior > 0).sum().clamp(min=1)
    weights = 1 / ((1 - uniform) * prior + uniform / occurring)
    return weights / (prior * weights).sum()
