"""Order and whole shapes of a scene's objects, told by a network that completes one mask beneath another."""

from collections.abc import Callable

import numpy as np
import torch

from .crops import cut_masks, object_squares, paste_maps
from .order import gain_order, in_contact, mask_boxes, occluders

# complete(visible, eraser, objects): bool (B, S, S) twice, and the objects' numbers (B,) -> probabilities (B, S, S)
Complete = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


def _squares(masks: np.ndarray, enlarge: float, device: torch.device) -> torch.Tensor:
    return torch.as_tensor(object_squares(mask_boxes(masks), enlarge), dtype=torch.float32, device=device)


def recover_order(masks: torch.Tensor, complete: Complete, size: int = 256, enlarge: float = 3.0,
                  threshold: float = 0.1, gap: int = 1, batch: int = 64) -> np.ndarray:
    """Order of a scene by dual completion (Zhan et al. 2020): of two objects that touch, each is completed beneath the
    other, and the one that grows more lies behind.

    Args:
        masks: bool (N, H, W), the visible parts.
        complete: the network, see :data:`Complete`.
        size: side of its crops.
        enlarge: see :func:`object_squares`.
        threshold: probability from which a pixel has been added.
        gap: see :func:`in_contact`.
        batch: pairs at a time.

    Returns:
        (N, N) int8, see :mod:`mmwsl.ops.occlusion.order`.
    """
    plain, device = masks.cpu().numpy(), masks.device
    pairs = np.argwhere(in_contact(plain, gap))  # i completed beneath j, and j beneath i
    gains = np.zeros((len(plain), len(plain)))
    squares = _squares(plain, enlarge, device)
    for start in range(0, len(pairs), batch):
        part = torch.as_tensor(pairs[start:start + batch], device=device)
        square = squares[part[:, 0]]
        visible, eraser = (cut_masks(masks, part[:, column], square, size) for column in (0, 1))
        grown = (complete(visible, eraser, part[:, 0]) > threshold) & ~visible & eraser
        pixels = grown.sum((1, 2)) * (square[:, 2] / size)**2
        gains[tuple(pairs[start:start + batch].T)] = pixels.cpu().numpy()
    return gain_order(gains)


def complete_shapes(masks: torch.Tensor, order: np.ndarray, complete: Complete, size: int = 256, enlarge: float = 3.0,
                    threshold: float = 0.2, direct: bool = False, batch: int = 16) -> torch.Tensor:
    """Whole shapes of a scene's objects: each completed beneath all that may hide some of it.

    Args:
        masks: bool (N, H, W), the visible parts.
        order: (N, N), see :mod:`mmwsl.ops.occlusion.order`.
        complete, size, enlarge, batch: see :func:`recover_order`.
        threshold: probability from which a pixel belongs to the shape.
        direct: only what lies right in front of an object hides it, instead of all its ancestors.

    Returns:
        bool (N, H, W): the visible part, and what was found beneath what may hide it.
    """
    hiding = torch.as_tensor(occluders(order, direct), device=masks.device)
    whole, squares = masks.clone(), _squares(masks.cpu().numpy(), enlarge, masks.device)
    height, width = masks.shape[1:]
    if not len(masks):
        return whole
    hidden = np.flatnonzero((hiding.any(1) & masks.any(2).any(1)).cpu().numpy())
    for start in range(0, len(hidden), batch):
        part = torch.as_tensor(hidden[start:start + batch], device=masks.device)
        above = torch.stack([masks[hiding[each]].any(0) for each in part])
        rows = torch.arange(len(part), device=masks.device)
        visible = cut_masks(masks, part, squares[part], size)
        eraser = cut_masks(above, rows, squares[part], size)
        probability = paste_maps(complete(visible, eraser, part)[:, None], squares[part], height, width)[:, 0]
        whole[part] |= (probability > threshold) & above
    return whole
