"""Windows of several sizes as proposals, and how much of what they hold ends inside them."""

from collections.abc import Sequence

import torch


def sliding_windows(height: int, width: int, sides: Sequence[float], aspects: Sequence[float] = (1.0,),
                    step: float = 0.25) -> torch.Tensor:
    """Windows (R, 4) that lie evenly over an image of ``height`` x ``width`` pixels, wholly inside it.

    Args:
        sides: square roots of areas, in pixels.
        aspects: widths divided by heights.
        step: at most this share of a window's side lies between neighbors.

    Raises:
        ValueError: no window fits into the image.
    """
    found = []
    for side in sides:
        for aspect in aspects:
            across, down = side * aspect**0.5, side / aspect**0.5
            if across > width or down > height:
                continue
            x, y = (torch.linspace(0, total - own, int(-(-(total - own) // (step * own))) + 1)
                    for total, own in ((width, across), (height, down)))
            corner = torch.cartesian_prod(x, y)
            found.append(torch.cat([corner, corner + torch.tensor([across, down])], dim=1))
    if not found:
        raise ValueError(f'no window of sides={tuple(sides)} and aspects={tuple(aspects)} fits into {height} x {width} '
                         'pixels; give smaller ones')
    return torch.cat(found)


def edge_contrast(image: torch.Tensor, windows: torch.Tensor, margin: float = 0.15) -> torch.Tensor:
    """How much stronger the edges are inside each window than in the frame around it: an objectness without labels.

    Args:
        image: (C, H, W), of any range.
        windows: (R, 4) in it.
        margin: width of the frame, as a share of the window's sides, cut at the image's border.

    Returns:
        (R,): mean strength inside less the mean of the frame, where it has pixels, divided by the image's mean.
    """
    gray = image.float().mean(0)
    strength = torch.zeros_like(gray)
    strength[:, :-1] += (gray[:, 1:] - gray[:, :-1]).abs()
    strength[:-1] += (gray[1:] - gray[:-1]).abs()
    height, width = gray.shape
    table = torch.zeros(height + 1, width + 1, device=gray.device)
    table[1:, 1:] = strength.cumsum(0).cumsum(1)

    def total(boxes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        left, top, right, bottom = boxes.round().long().unbind(1)
        left, right = left.clamp(0, width), right.clamp(0, width)
        top, bottom = top.clamp(0, height), bottom.clamp(0, height)
        sums = table[bottom, right] - table[top, right] - table[bottom, left] + table[top, left]
        return sums, (right - left) * (bottom - top)

    inside, area = total(windows)
    frame = margin * (windows[:, 2:] - windows[:, :2])
    outside, whole = total(torch.cat([windows[:, :2] - frame, windows[:, 2:] + frame], dim=1))
    around = (outside - inside) / (whole - area).clamp(min=1)
    return (inside / area.clamp(min=1) - around) / strength.mean().clamp(min=1e-6)
