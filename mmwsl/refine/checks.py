"""What every refiner asks of its images and maps."""

import torch


def check_maps(images: torch.Tensor, maps: torch.Tensor) -> None:
    """Raise unless ``images`` (B, 3, H, W) and ``maps`` (B, C, H, W) are of the same pictures.

    Raises:
        ValueError: other shapes than these, or maps that are not floating point.
    """
    if images.ndim != 4 or images.shape[1] != 3:
        raise ValueError(f'images must be (B, 3, H, W), got {tuple(images.shape)}')
    if maps.ndim != 4 or not maps.is_floating_point():
        raise ValueError(f'maps must be (B, C, H, W) of floating point, got {tuple(maps.shape)} of {maps.dtype}')
    if images.shape[0] != maps.shape[0] or images.shape[2:] != maps.shape[2:]:
        raise ValueError(f'{len(images)} images of {images.shape[2]} x {images.shape[3]} pixels, but {len(maps)} maps '
                         f'of {maps.shape[2]} x {maps.shape[3]}; resize one of them (torch.nn.functional.interpolate)')
    if images.device != maps.device:
        raise ValueError(f'images are on {images.device}, maps on {maps.device}; move one of them')
