"""RoIPool (Girshick 2015): the maximum of each bin of a region, with bins that are whole pixels."""

from functools import reduce

import torch
from torch.nn.modules.utils import _pair

from mmwsl.compat import compiled_ops
from mmwsl.ops.roi_align import check_rois, per_image

Table = tuple[torch.Tensor, ...]  # maxima, and the places they are at


def roi_pool(features: torch.Tensor, rois: torch.Tensor, output_size: int | tuple[int, int],
             spatial_scale: float = 1.0) -> torch.Tensor:
    """Pool every region to one size, with the arguments and results of ``mmcv.ops.roi_pool``.

    As there, a region ends at (x2 + 1) x ``spatial_scale``, a bin reaches from the floor of its start to the ceiling
    of its end, bins may overlap, and the gradient goes to the first of equal maxima, row by row.

    Args:
        features: (B, C, H, W).
        rois: (R, 5), number of the image and x1 y1 x2 y2 in the image's pixels.
        output_size: number of bins, or (height, width).
        spatial_scale: size of the map divided by that of the image.

    Returns:
        (R, C, height, width); 0 for bins outside the map.

    Raises:
        ValueError: wrong shapes, or a region of an image that is not there.
    """
    check_rois(features, rois)
    size, compiled = _pair(output_size), compiled_ops()
    if not len(rois):  # CUDA cannot launch a kernel for nothing
        return features.new_zeros(0, features.shape[1], *size)
    if compiled and features.is_cuda and features.dtype == torch.float32:  # mmcv has none for the CPU
        return compiled.roi_pool(features, rois.float(), size, spatial_scale)
    return per_image(features, rois, lambda image, regions: _pool(image, regions, size, spatial_scale))


def _pool(image: torch.Tensor, regions: torch.Tensor, size: tuple[int, int], spatial_scale: float) -> torch.Tensor:
    channels, height, width = image.shape
    if not len(regions):
        return image.new_zeros(0, channels, *size)
    left, right = _edges(regions[:, 0], regions[:, 2], size[1], spatial_scale, width)
    top, bottom = _edges(regions[:, 1], regions[:, 3], size[0], spatial_scale, height)
    shape = (len(regions), *size)
    left, right = (edge[:, None, :].expand(shape).reshape(-1) for edge in (left, right))
    top, bottom = (edge[:, :, None].expand(shape).reshape(-1) for edge in (top, bottom))
    full = (right > left) & (bottom > top)
    full &= (regions[:, 2:] + 1 > regions[:, :2]).all(1).repeat_interleave(size[0] * size[1])
    if not full.any():  # every region lies outside the map
        return image.new_zeros(len(regions), channels, *size)
    places = torch.zeros(channels, len(full), dtype=torch.long, device=image.device)
    with torch.no_grad():
        places[:, full] = _argmax_of_boxes(image, left[full], right[full], top[full], bottom[full])
    pooled = image.flatten(1).gather(1, places) * full
    return pooled.view(channels, *shape).transpose(0, 1)


def _edges(first: torch.Tensor, last: torch.Tensor, bins: int, scale: float,
           length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(r, bins) first pixel of each bin, and the one after its last."""
    start = first * scale
    step = ((last + 1) * scale - start) / bins
    numbers = torch.arange(bins + 1, device=first.device, dtype=step.dtype)
    edges = start[:, None] + numbers * step[:, None]
    return edges[:, :-1].floor().long().clamp(0, length), edges[:, 1:].ceil().long().clamp(0, length)


def _argmax_of_boxes(image: torch.Tensor, left: torch.Tensor, right: torch.Tensor, top: torch.Tensor,
                     bottom: torch.Tensor) -> torch.Tensor:
    """(C, n) place in the flat map of the maximum of each of n boxes of pixels.

    A box is covered by four rectangles, which may overlap, whose sides are powers of two. The maxima of all such
    rectangles make one table for each pair of sides, each table from the one of half its side.
    """
    height, width = image.shape[1:]
    powers = 2**torch.arange(31, device=image.device)
    tall = torch.bucketize(bottom - top, powers, right=True) - 1
    wide = torch.bucketize(right - left, powers, right=True) - 1
    places = torch.arange(height * width, device=image.device).view(height, width).expand_as(image)
    answers = torch.empty(len(image), len(left), dtype=torch.long, device=image.device)
    column = image, places
    for rows in range(int(tall.max()) + 1):
        table = column
        for columns in range(int(wide.max()) + 1):
            which = ((tall == rows) & (wide == columns)).nonzero()[:, 0]
            if len(which):
                corners = [(y, x) for y in (top[which], bottom[which] - 2**rows)
                           for x in (left[which], right[which] - 2**columns)]
                covering = (tuple(part.flatten(1)[:, y * width + x] for part in table) for y, x in corners)
                answers[:, which] = reduce(_larger, covering)[1]
            table = _doubled(table, 2, 2**columns)
        column = _doubled(column, 1, 2**rows)
    return answers


def _larger(first: Table, second: Table) -> Table:
    """The larger of two (values, places), and of equal values the one that comes first."""
    take = (second[0] > first[0]) | ((second[0] == first[0]) & (second[1] < first[1]))
    return torch.where(take, second[0], first[0]), torch.where(take, second[1], first[1])


def _doubled(table: Table, axis: int, side: int) -> Table:
    """Maxima of windows twice as long; at the border, where none fits, the old ones, which nobody asks for."""
    length = table[0].shape[axis]
    if side >= length:
        return table
    near = tuple(part.narrow(axis, 0, length - side) for part in table)
    far = tuple(part.narrow(axis, side, length - side) for part in table)
    return tuple(torch.cat([new, part.narrow(axis, length - side, side)], dim=axis)
                 for new, part in zip(_larger(near, far), table, strict=True))
