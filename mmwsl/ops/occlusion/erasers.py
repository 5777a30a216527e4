"""Erasers: objects laid over others at random, so that a network can learn to complete what it knows to be whole."""

import torch
import torch.nn.functional as F


def extents(masks: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Center (B, 2) and size (B, 2), x before y, of masks (B, 1, H, W), in sides of the image from -1 to 1.

    The center of an empty mask is 0, its size 0.
    """
    found = []
    for axis in (2, 3):  # over rows: what of x; over columns: of y
        line = masks.any(axis).flatten(1)  # (B, W) or (B, H)
        length = line.shape[1]
        positions = torch.arange(length, device=masks.device)
        low = torch.where(line, positions, length).amin(1)
        high = torch.where(line, positions + 1, 0).amax(1)
        empty = high == 0
        found.append((torch.where(empty, length / 2, (low + high) / 2) * 2 / length - 1,
                      (high - low).clamp(min=0) * 2 / length))
    (x, width), (y, height) = found
    return torch.stack([x, y], 1), torch.stack([width, height], 1)


def draw_erasers(masks: torch.Tensor, overlap: tuple[float, float] = (0.4, 1.0),
                 cover: tuple[float, float] = (0.001, 0.9), scale: tuple[float, float] = (1.0, 1.0),
                 tries: int = 8) -> torch.Tensor:
    """Lay another mask of the batch over each one.

    The boxes of the two have a random share ``overlap`` in common, told along both axes: along x they are f, along y
    ``overlap`` / f of the way to a common center. Of ``tries`` positions the first one counts where the eraser covers
    a share of the mask within ``cover``; without any the eraser is empty. Draws on the masks' device, without waiting
    for it.

    Args:
        masks: bool (B, 1, H, W); with B = 1 it is its own eraser.
        scale: smallest and largest factor of the eraser's size.

    Returns:
        bool (B, 1, H, W).
    """
    count, device = len(masks), masks.device
    if not count:
        return masks
    other = torch.randint(1, max(count, 2), (count,), device=device)
    other = (torch.arange(count, device=device) + other) % count
    center, size = extents(masks)

    def uniform(low: float | torch.Tensor, high: float | torch.Tensor) -> torch.Tensor:
        return low + (high - low) * torch.rand(count, tries, device=device)

    factor = uniform(*scale)  # (B, tries)
    common = uniform(*overlap)
    across = common + (1 - common) * torch.rand(count, tries, device=device)
    share = torch.stack([across, common / across], -1)  # (B, tries, 2), of x and of y
    sign = (torch.rand(count, tries, 2, device=device) < 0.5) * 2.0 - 1
    reach = (size[:, None] + size[other][:, None] * factor[..., None]) / 2
    wanted = center[:, None] + sign * (1 - share) * reach  # where the eraser's center goes
    # the sampled position is x_source = (x - wanted) / factor + center of the source
    inverse = 1 / factor
    offset = center[other][:, None] - wanted * inverse[..., None]
    zero = torch.zeros_like(inverse)
    theta = torch.stack([torch.stack([inverse, zero, offset[..., 0]], -1),
                         torch.stack([zero, inverse, offset[..., 1]], -1)], -2)  # (B, tries, 2, 3)
    source = masks[other].float().expand(-1, tries, -1, -1).flatten(0, 1)[:, None]
    grid = F.affine_grid(theta.flatten(0, 1), list(source.shape), align_corners=False)
    placed = F.grid_sample(source, grid, mode='nearest', align_corners=False).view(count, tries, *masks.shape[2:]) > 0.5
    covered = (placed & masks).sum((2, 3)) / masks.sum((2, 3)).clamp(min=1)  # (B, tries)
    fits = (covered >= cover[0]) & (covered < cover[1])
    first = fits.float().argmax(1)
    rows = torch.arange(count, device=device)
    return (placed[rows, first] & fits.any(1)[:, None, None])[:, None]
