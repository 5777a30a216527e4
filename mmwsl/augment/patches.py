"""Rotations by quarter turns, the cells of a jigsaw, and grids of overlapping patches."""


import torch
import torch.nn.functional as F

from mmwsl.augment.sampling import check_images
from mmwsl.registry import VIEWS


def _check_square(images: torch.Tensor) -> None:
    check_images(images)
    if images.shape[2] != images.shape[3]:
        raise ValueError(f'quarter turns need square images, got {tuple(images.shape)}; crop to a square first')


def rotate_four(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Rotate every image by 0, 90, 180 and 270 degrees counter-clockwise, without resampling.

    Returns:
        tuple: images (4B, C, H, W), all those of k = 0 first, then k = 1, 2, 3, so ``rotated[k * B + i]`` is image i
        turned k times; and labels (4B,) int64, k.
    """
    _check_square(images)
    rotated = torch.cat([torch.rot90(images, k, (2, 3)) for k in range(4)])
    return rotated, torch.arange(4, device=images.device).repeat_interleave(len(images))


@VIEWS.register_module()
class RandomRotation90:
    """Rotate each sample by a random multiple of 90 degrees, exactly; the images must be square."""

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        _check_square(images)
        turns = torch.randint(4, (len(images), 1, 1, 1), device=images.device, generator=generator)
        views = torch.where(turns % 2 == 1, torch.rot90(images, 1, (2, 3)), images)
        return torch.where(turns >= 2, views.flip(2, 3), views)


def _cut(images: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
    """Pixels at ``rows`` (B, n, h) and ``columns`` (B, n, w) of each sample: (B, n, C, h, w)."""
    count, channels, _, width = images.shape
    pixels = (rows[:, :, :, None] * width + columns[:, :, None, :]).view(count, 1, -1).expand(-1, channels, -1)
    patches = images.reshape(count, channels, -1).gather(2, pixels)
    patches = patches.view(count, channels, rows.shape[1], rows.shape[2], columns.shape[2])
    return patches.transpose(1, 2).contiguous()


def jigsaw_patches(images: torch.Tensor, grid: int = 3, patch_size: int = 64, generator: torch.Generator | None = None,
                   jitter: bool = True, normalize: bool = False) -> torch.Tensor:
    """Cut one square patch out of each cell of a ``grid`` x ``grid`` division.

    Cells have sides H // grid and W // grid. A patch lies at an integer offset uniform in {0, ..., side - patch_size}
    for each axis, cell and sample, so that edges that run across cells do not give their places away.

    Args:
        images (Tensor): (B, C, H, W).
        patch_size (int): pixels; at most the cell's side.
        jitter (bool): False takes the centre of each cell.
        normalize (bool): give each channel of each patch mean 0 and standard deviation 1 (deviations below 1/255
            count as 1/255), so that brightness does not give places away either.

    Returns:
        (B, grid * grid, C, patch_size, patch_size), cells row by row.
    """
    check_images(images)
    count, _, height, width = images.shape
    if grid < 1 or patch_size < 1 or patch_size > min(height, width) // grid:
        raise ValueError(f'patch_size={patch_size} does not fit into the cells of a {grid} x {grid} grid on images of '
                         f'{height} x {width}: cells are {height // max(grid, 1)} x {width // max(grid, 1)}; use a '
                         'smaller patch_size or larger images')
    cells, span = grid * grid, torch.arange(patch_size, device=images.device)
    place = torch.arange(cells, device=images.device)

    def positions(side: int, number: torch.Tensor) -> torch.Tensor:
        # (B, cells, patch_size): pixels of each patch along one axis
        room = side - patch_size
        offset = torch.randint(room + 1, (count, cells), device=images.device, generator=generator) \
            if jitter else torch.full((count, cells), room // 2, device=images.device)
        return (number * side + offset)[:, :, None] + span

    rows, columns = positions(height // grid, place // grid), positions(width // grid, place % grid)
    patches = _cut(images, rows, columns)
    if normalize:
        deviation, mean = torch.std_mean(patches, dim=(3, 4), correction=0, keepdim=True)
        patches = (patches - mean) / deviation.clamp(min=1 / 255)
    return patches


def patch_grid(images: torch.Tensor, size: int, stride: int, crop: int | None = None,
               generator: torch.Generator | None = None) -> torch.Tensor:
    """Cut a patch at every multiple of ``stride``; patches overlap where ``stride`` is less than ``size``.

    Args:
        images (Tensor): (B, C, H, W). What is left over at the right and at the bottom, less than ``stride``, is not
            cut.
        size (int): side of a patch in pixels.
        stride (int): pixels from one patch to the next.
        crop (int): a part of this side is taken from a random place in each patch and put into the middle of zeros,
            so that a patch and its neighbour do not show their common pixels at places that follow from one another
            (van den Oord et al. 2018 take 60 of 64). None shows the whole patch.

    Returns:
        (B, rows, columns, C, size, size) with ``rows = (H - size) // stride + 1``, columns likewise.
    """
    check_images(images)
    count, _, height, width = images.shape
    shown = size if crop is None else crop
    if not 1 <= shown <= size <= min(height, width) or stride < 1:
        raise ValueError(f'patch_grid: size={size}, stride={stride}, crop={crop} do not fit images of {height} x '
                         f'{width}; choose 1 <= crop <= size <= the image\'s side, and a stride of at least 1')
    down, across = (torch.arange(0, side - size + 1, stride, device=images.device) for side in (height, width))
    shape = len(down), len(across)
    corners = torch.stack([down[:, None].expand(shape), across.expand(shape)], dim=-1).view(1, -1, 2)
    if shown < size:
        corners = corners + torch.randint(size - shown + 1, (count, corners.shape[1], 2), device=images.device,
                                          generator=generator)
    pixels = corners.expand(count, -1, -1)[..., None] + torch.arange(shown, device=images.device)  # B, n, 2, shown
    patches = _cut(images, pixels[:, :, 0], pixels[:, :, 1])
    if shown < size:
        before = (size - shown) // 2
        patches = F.pad(patches, (before, size - shown - before) * 2)
    return patches.unflatten(1, shape)


def shuffle_patches(patches: torch.Tensor, permutations: torch.Tensor) -> torch.Tensor:
    """Reorder (B, n, ...) patches: place i of sample b gets ``patches[b, permutations[b, i]]``.

    Raises:
        ValueError: permutations are not (B, n).
    """
    if permutations.shape != patches.shape[:2]:
        raise ValueError(f'permutations must be (B, n) = {tuple(patches.shape[:2])}, got {tuple(permutations.shape)}')
    samples = torch.arange(len(patches), device=patches.device)[:, None]
    return patches[samples, permutations.long()]
