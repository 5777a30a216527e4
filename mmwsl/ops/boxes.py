"""Boxes are (..., 4) of x1 y1 x2 y2 in pixels, x2 and y2 exclusive."""

import torch

MODES = ('iou', 'iof', 'giou')


def check_boxes(boxes: torch.Tensor, name: str = 'boxes') -> None:
    """Raise ValueError unless ``boxes`` is an (N, 4) floating-point tensor."""
    if boxes.ndim != 2 or boxes.shape[1] != 4 or not boxes.is_floating_point():
        raise ValueError(f'{name} must be a floating-point tensor (N, 4) of x1 y1 x2 y2; got {tuple(boxes.shape)} of '
                         f'{boxes.dtype}')


def box_area(boxes: torch.Tensor, offset: int = 0) -> torch.Tensor:
    """Areas (...) of boxes (..., 4); ``offset=1`` counts x2 and y2 as inside, as VOC's own tools do."""
    return (boxes[..., 2] - boxes[..., 0] + offset) * (boxes[..., 3] - boxes[..., 1] + offset)


def box_iou(first: torch.Tensor, second: torch.Tensor, mode: str = 'iou', offset: int = 0) -> torch.Tensor:
    """Overlap of every box of ``first`` with every box of ``second``.

    Args:
        first: (N, 4).
        second: (M, 4).
        mode: 'iou', intersection over union; 'iof', intersection over the area of ``first``; 'giou', IoU less the
            share of the enclosing box that neither covers (Rezatofighi et al. 2019), in (-1, 1].
        offset: 0, or 1 where x2 and y2 count as inside.

    Returns:
        (N, M) tensor; 0 where the divisor is 0 because boxes are empty.

    Raises:
        ValueError: not (N, 4) and (M, 4), or an unknown mode.
    """
    check_boxes(first, 'first')
    check_boxes(second, 'second')
    if mode not in MODES:
        raise ValueError(f'mode={mode!r} is unknown; choose one of {", ".join(MODES)}')
    first, second = first[:, None], second[None]
    shared = (torch.minimum(first[..., 2:], second[..., 2:]) - torch.maximum(first[..., :2], second[..., :2])
              + offset).clamp(min=0).prod(-1)
    area = box_area(first, offset)
    union = area.expand_as(shared) if mode == 'iof' else area + box_area(second, offset) - shared
    overlap = _ratio(shared, union)
    if mode != 'giou':
        return overlap
    around = (torch.maximum(first[..., 2:], second[..., 2:]) - torch.minimum(first[..., :2], second[..., :2])
              + offset).clamp(min=0).prod(-1)
    return overlap - _ratio(around - union, around)


def _ratio(part: torch.Tensor, whole: torch.Tensor) -> torch.Tensor:
    return torch.where(whole > 0, part / torch.where(whole > 0, whole, 1), 0)


def clip_boxes(boxes: torch.Tensor, height: float, width: float) -> torch.Tensor:
    """Boxes (..., 4) moved into an image of ``height`` x ``width`` pixels."""
    limits = boxes.new_tensor([width, height, width, height])
    return torch.minimum(boxes.clamp(min=0), limits)
