"""RoIAlign (He et al. 2017): the mean of points inside each bin of a region, read between the pixels."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch.nn.modules.utils import _pair

from mmwsl.compat import compiled_ops

CHUNK = 2**25  # sampled values at a time, 128 MiB as float32
SMALL = 2048  # pixels of a map up to which one product of matrices is faster than reading between its pixels


def check_rois(features: torch.Tensor, rois: torch.Tensor) -> None:
    """Raise ValueError unless ``features`` is (B, C, H, W) and ``rois`` (R, 5)."""
    if features.ndim != 4:
        raise ValueError(f'features must be (B, C, H, W); got {tuple(features.shape)}')
    if rois.ndim != 2 or rois.shape[1] != 5:
        raise ValueError(f'rois must be (R, 5), the number of the image and x1 y1 x2 y2; got {tuple(rois.shape)}')


def per_image(features: torch.Tensor, rois: torch.Tensor,
              pool: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """Rows of ``pool(feature map (C, H, W), regions (r, 4))`` of all images, in the order of ``rois``.

    Raises:
        ValueError: a region of an image that is not there.
    """
    numbers = rois[:, 0].long()
    counts = torch.bincount(numbers.clamp(min=0), minlength=len(features)).tolist()
    if len(counts) > len(features) or (len(rois) and numbers.min() < 0):
        raise ValueError(f'rois name images {int(numbers.min())} to {int(numbers.max())}, but features hold '
                         f'{len(features)}, counted from 0')
    order = numbers.argsort(stable=True)
    pooled = [pool(image, regions) for image, regions in zip(features, rois[order, 1:].split(counts), strict=True)]
    return torch.cat(pooled)[order.argsort()]


def roi_align(features: torch.Tensor, rois: torch.Tensor, output_size: int | tuple[int, int],
              spatial_scale: float = 1.0, sampling_ratio: int = 0, pool_mode: str = 'avg',
              aligned: bool = True) -> torch.Tensor:
    """Pool every region to one size, with the arguments and results of ``mmcv.ops.roi_align``.

    Args:
        features: (B, C, H, W).
        rois: (R, 5), number of the image and x1 y1 x2 y2 in the image's pixels.
        output_size: number of bins, or (height, width).
        spatial_scale: size of the map divided by that of the image.
        sampling_ratio: points per bin and axis; 0 for as many as there are pixels of the map, rounded up.
        pool_mode: 'avg' or 'max' over the points of a bin.
        aligned: pixel centres at .5; False is what was common before 2019, at least one pixel wide.

    Returns:
        (R, C, height, width), float32 for lower precisions. Points more than a pixel outside the map count as 0.

    Raises:
        ValueError: wrong shapes, an unknown mode, or a region of an image that is not there.
    """
    check_rois(features, rois)
    if pool_mode not in ('avg', 'max'):
        raise ValueError(f'pool_mode={pool_mode!r} is unknown; choose avg or max')
    size, compiled = _pair(output_size), compiled_ops()
    features = features.float() if features.dtype in (torch.float16, torch.bfloat16) else features
    if not len(rois):  # CUDA cannot launch a kernel for nothing
        return features.new_zeros(0, features.shape[1], *size)
    if compiled and features.dtype == torch.float32:
        return compiled.roi_align(features, rois.float(), size, spatial_scale, sampling_ratio, pool_mode, aligned)
    rois = rois.to(features.dtype)
    return per_image(features, rois, lambda image, regions: _align(
        image, regions * spatial_scale - (0.5 if aligned else 0), size, sampling_ratio, pool_mode, aligned))


def _align(image: torch.Tensor, regions: torch.Tensor, size: tuple[int, int], sampling_ratio: int, pool_mode: str,
           aligned: bool) -> torch.Tensor:
    start, extent = regions[:, :2], regions[:, 2:] - regions[:, :2]
    extent = extent if aligned else extent.clamp(min=1)
    # what lies outside the map in one axis has no point there, and may be so large that its points fill the memory
    corners = torch.stack([start, start + extent])
    outside = ((corners.amax(0) < -1) | (corners.amin(0) > extent.new_tensor(image.shape[:0:-1]))).any(1)
    extent = extent.masked_fill(outside[:, None], 0)
    bins = extent / extent.new_tensor([size[1], size[0]])  # (r, 2): width, height
    if sampling_ratio > 0:
        groups = [((sampling_ratio, sampling_ratio), None)]
    else:  # regions with the same numbers of points go together
        pairs, which = bins.ceil().long().unique(dim=0, return_inverse=True)
        groups = [(tuple(pair), (which == number).nonzero()[:, 0]) for number, pair in enumerate(pairs.tolist())]
    rows, numbers = [], []
    for (across, down), chosen in groups:
        chosen = torch.arange(len(regions), device=regions.device) if chosen is None else chosen
        if across <= 0 or down <= 0:  # an empty region has no point
            rows.append(image.new_zeros(len(chosen), len(image), *size))
        else:
            pixels = image.shape[1] * image.shape[2]
            small = pool_mode == 'avg' and pixels <= SMALL
            at_once = max(1, CHUNK // (size[0] * size[1] * (pixels if small else len(image) * across * down)))
            for part in chosen.split(at_once):
                rows.append(_average(image, start[part], bins[part], size, across, down) if small else
                            _sample(image, start[part], bins[part], size, across, down, pool_mode))
        numbers.append(chosen)
    return torch.cat(rows)[torch.cat(numbers).argsort()] if len(regions) else image.new_zeros(0, len(image), *size)


def _average(image: torch.Tensor, start: torch.Tensor, bins: torch.Tensor, size: tuple[int, int], across: int,
             down: int) -> torch.Tensor:
    """As :func:`_sample` with 'avg': the share of every pixel in every bin, times the pixels."""
    channels, height, width = image.shape
    x = _shares(start[:, 0], bins[:, 0], size[1], across, width)
    y = _shares(start[:, 1], bins[:, 1], size[0], down, height)
    shares = (y[:, :, None, :, None] * x[:, None, :, None, :]).view(-1, height * width)
    return (shares @ image.reshape(channels, -1).T).view(len(start), *size, channels).permute(0, 3, 1, 2)


def _shares(start: torch.Tensor, bin_size: torch.Tensor, bins: int, points: int, length: int) -> torch.Tensor:
    """(r, bins, length), the weight of each pixel of an axis in the mean of a bin's points along it."""
    places, inside = _places(start, bin_size, bins, points, length)
    steps = torch.arange(length, device=start.device, dtype=start.dtype)
    weights = (1 - (places[:, :, None] - steps).abs()).clamp(min=0) * inside[:, :, None]
    return weights.view(len(start), bins, points, length).mean(2)


def _sample(image: torch.Tensor, start: torch.Tensor, bins: torch.Tensor, size: tuple[int, int], across: int, down: int,
            pool_mode: str) -> torch.Tensor:
    """(r, C, height, width) of regions that all have ``down`` x ``across`` points per bin."""
    channels, height, width = image.shape
    x, x_inside = _points(start[:, 0], bins[:, 0], size[1], across, width)
    y, y_inside = _points(start[:, 1], bins[:, 1], size[0], down, height)
    grid = torch.stack([x[:, None].expand(-1, y.shape[1], -1), y[:, :, None].expand(-1, -1, x.shape[1])], dim=-1)
    values = F.grid_sample(image[None], grid.flatten(0, 1)[None], padding_mode='border', align_corners=True)[0]
    values = values.view(channels, len(start), y.shape[1], x.shape[1]) * (y_inside[:, :, None] & x_inside[:, None])
    values = values.view(channels, len(start), size[0], down, size[1], across)
    values = values.mean((3, 5)) if pool_mode == 'avg' else values.amax((3, 5))
    return values.transpose(0, 1)


def _points(start: torch.Tensor, bin_size: torch.Tensor, bins: int, points: int,
            length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(r, bins x points) places along one axis in the range -1..1 of ``grid_sample``, and which of them count."""
    places, inside = _places(start, bin_size, bins, points, length)
    return places * (2 / max(length - 1, 1)) - 1, inside


def _places(start: torch.Tensor, bin_size: torch.Tensor, bins: int, points: int,
            length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(r, bins x points) places along one axis, moved onto its pixels, and which of them count."""
    steps = torch.arange(bins * points, device=start.device, dtype=start.dtype).add(0.5) / points
    places = start[:, None] + steps * bin_size[:, None]
    return places.clamp(0, length - 1), (places >= -1) & (places <= length)
