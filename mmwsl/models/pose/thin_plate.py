"""Thin-plate-spline warps: smooth deformations that bend as little as they can."""

from functools import lru_cache

import torch
import torch.nn.functional as F


def _radial(squared: torch.Tensor) -> torch.Tensor:
    """The spline of squared distances, ``r^2 log r^2``, 0 at 0."""
    return squared * squared.clamp(min=1e-12).log()


@lru_cache(maxsize=16)
def thin_plate_basis(height: int, width: int, points: int, device: torch.device) -> torch.Tensor:
    """What displacements of a grid of control points do to each pixel, fp32 (height x width, points^2).

    Args:
        height, width: of the image.
        points: control points a side, evenly from border to border, 2 or more.
        device: where the result is.
    """
    def grid(rows: int, columns: int, low: tuple[float, float]) -> torch.Tensor:
        ys, xs = torch.meshgrid(torch.linspace(-low[0], low[0], rows, dtype=torch.float64),
                                torch.linspace(-low[1], low[1], columns, dtype=torch.float64), indexing='ij')
        return torch.stack([xs, ys], dim=-1).flatten(0, 1)

    control, pixels = grid(points, points, (1, 1)), grid(height, width, (1 - 1 / height, 1 - 1 / width))
    affine = torch.cat([torch.ones(len(control), 1, dtype=torch.float64), control], dim=1)
    system = torch.zeros(len(control) + 3, len(control) + 3, dtype=torch.float64)
    system[:-3, :-3] = _radial(torch.cdist(control, control)**2)
    system[:-3, -3:], system[-3:, :-3] = affine, affine.T
    one = torch.ones(len(pixels), 1, dtype=torch.float64)
    rows = torch.cat([_radial(torch.cdist(pixels, control)**2), one, pixels], dim=1)
    return (rows @ torch.linalg.inv(system)[:, :len(control)]).float().to(device)


def draw_thin_plates(batch: int, height: int, width: int, device: torch.device | str, points: int = 10,
                     rotation: float = 0.0, scale: float = 0.0, translation: float = 0.0,
                     warp: tuple[float, float] = (0.001, 0.005)) -> torch.Tensor:
    """Where each pixel of a randomly warped image comes from: (B, H, W, 2), x and y in [-1, 1] for ``grid_sample``.

    An affine map and a spline: all control points are moved by N(0, warp[0]) and a random half of them also by
    N(0, warp[1]).

    Args:
        batch, height, width, device: of the images.
        points: control points a side.
        rotation: largest, in degrees either way.
        scale, translation: largest change either way: 0.1 = by a factor of 0.9 to 1.1; by a tenth of half a side.
        warp: standard deviations, in half sides.
    """
    angle, size, shift_x, shift_y = (2 * torch.rand(batch, 4, device=device) - 1).unbind(1)
    angle, size = angle * (rotation * torch.pi / 180), 1 + size * scale
    cosine, sine = size * angle.cos(), size * angle.sin()
    affine = torch.stack([torch.stack([cosine, -sine, translation * shift_x], dim=1),
                          torch.stack([sine, cosine, translation * shift_y], dim=1)], dim=1)
    moved = torch.randn(batch, points**2, 2, device=device) * warp[0]
    some = torch.rand(batch, points**2, 1, device=device) < 0.5
    moved = moved + torch.randn(batch, points**2, 2, device=device) * warp[1] * some
    bent = thin_plate_basis(height, width, points, torch.device(device)) @ moved
    return F.affine_grid(affine, [batch, 1, height, width], align_corners=False) + bent.unflatten(1, (height, width))


def sample_images(images: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    """Images (B, C, H, W) at the places of :func:`draw_thin_plates`; what is beyond the border repeats it."""
    return F.grid_sample(images, grid.to(images.dtype), padding_mode='border', align_corners=False)
