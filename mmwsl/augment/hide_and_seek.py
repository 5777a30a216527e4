"""Hide-and-Seek (Singh and Lee, arXiv:1704.04232): hide random cells of a grid; a network must look elsewhere."""

from collections.abc import Sequence

import torch

from mmwsl.augment.sampling import check_images, check_probability, constant
from mmwsl.registry import VIEWS


def hidden_cells(images: torch.Tensor, sizes: torch.Tensor, smallest: int, hide_prob: float,
                 generator: torch.Generator | None = None) -> torch.Tensor:
    """Boolean (B, 1, H, W), true in the cells hidden: cells of ``sizes`` (B,) pixels from the top left corner.

    A size of 0 hides nothing; ``smallest`` is the smallest other size. Cells at the right and bottom may be partial.
    """
    count, _, height, width = images.shape
    side = sizes.clamp(min=smallest)[:, None]
    rows = torch.arange(height, device=images.device) // side  # (B, H): the row of cells of each pixel
    columns = torch.arange(width, device=images.device) // side
    grid = -(-height // smallest), -(-width // smallest)
    hidden = torch.rand(count, *grid, device=images.device, generator=generator) < hide_prob
    samples = torch.arange(count, device=images.device)[:, None, None]
    hidden = hidden[samples, rows[:, :, None], columns[:, None, :]]
    return (hidden & (sizes > 0)[:, None, None])[:, None]


@VIEWS.register_module()
class HideAndSeek:
    """Divide each image into square cells and fill each with the mean colour with probability ``hide_prob``.

    Filling with the mean of the data set keeps the expected activations those of whole images; black or noise do not.
    For training only. Call it before the images are normalised; after, ``fill`` has to be 0.

    Args:
        patch_sizes (int | tuple): side of the cells in pixels; of several, each sample draws one. 0 = hide nothing:
            (0, 16, 32, 44, 56) is the paper's mixed setting.
        hide_prob (float): probability of each cell to be hidden.
        fill (float | sequence | Tensor): the mean, one number or one per channel; ImageNet's by default.
    """

    def __init__(self, patch_sizes: int | Sequence[int] = (16, 32, 44, 56), hide_prob: float = 0.5,
                 fill: float | Sequence[float] | torch.Tensor = (0.485, 0.456, 0.406)) -> None:
        sizes = (patch_sizes,) if isinstance(patch_sizes, int) else tuple(patch_sizes)
        if not all(isinstance(size, int) and size >= 0 for size in sizes) or not any(sizes):
            raise ValueError(f'patch_sizes={patch_sizes!r} must be integers >= 0 (pixels; 0 = hide nothing) with at '
                             'least one above 0')
        check_probability(hide_prob=hide_prob)
        self.patch_sizes = sizes
        self.hide_prob = hide_prob
        self.fill = tuple(torch.as_tensor(fill, dtype=torch.float32).flatten().tolist())

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        check_images(images)
        if len(self.fill) not in (1, images.shape[1]):
            raise ValueError(f'fill has {len(self.fill)} values for images of {images.shape[1]} channels; give one '
                             'number, or one per channel')
        draw = torch.randint(len(self.patch_sizes), (len(images),), device=images.device, generator=generator)
        sizes = constant(self.patch_sizes, images.device, torch.int64)[draw]
        smallest = min(size for size in self.patch_sizes if size)
        hidden = hidden_cells(images, sizes, smallest, self.hide_prob, generator)
        return torch.where(hidden, constant(self.fill, images.device).view(-1, 1, 1), images)
