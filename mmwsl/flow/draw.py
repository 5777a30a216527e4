"""Flow as colors: hue is direction, saturation is length (the wheel of Baker et al. 2011)."""

import numpy as np

# steps between the wheel's corners: red, yellow, green, cyan, blue, magenta, and back
STEPS = (15, 6, 4, 11, 13, 6)


def _wheel() -> np.ndarray:
    """float64 (55, 3) RGB in [0, 1]."""
    corners = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1], [1, 0, 1], [1, 0, 0]], float)
    parts = [start + (stop - start) * np.arange(count)[:, None] / count
             for start, stop, count in zip(corners, corners[1:], STEPS, strict=False)]
    return np.concatenate(parts)


def draw_flow(flow: np.ndarray, longest: float | None = None) -> np.ndarray:
    """A picture of a flow: white where nothing moves, full color where it moves most, darker where longer still.

    Args:
        flow: float (H, W, 2), dx and dy; what is not finite is black.
        longest: length in pixels of full color; None = the longest of this flow.

    Returns:
        uint8 (H, W, 3) RGB.
    """
    known = np.isfinite(flow).all(-1)
    dx, dy = np.moveaxis(np.where(known[..., None], flow, 0).astype(np.float64), -1, 0)
    length = np.hypot(dx, dy)
    length = length / (longest or max(length.max(initial=0), 1e-6))
    wheel = _wheel()
    # angle 0 points to the left, as in the published wheel
    position = (np.arctan2(-dy, -dx) / np.pi + 1) / 2 * (len(wheel) - 1)
    low = position.astype(int)
    share = (position - low)[..., None]
    color = (1 - share) * wheel[low] + share * wheel[(low + 1) % len(wheel)]
    inside = length[..., None] <= 1
    color = np.where(inside, 1 - length[..., None] * (1 - color), 0.75 * color)
    return (255 * color * known[..., None]).round().astype(np.uint8)
