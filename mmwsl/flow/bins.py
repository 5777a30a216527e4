"""Flow as classes: bins of equal width for each axis, and back by the expectation over them."""

import torch


def flow_to_bins(flow: torch.Tensor, bins: int = 99, limit: float = 50.0) -> torch.Tensor:
    """The bin of each value, int64 like ``flow``: ``floor((clamp(f) + limit) / (2 limit / bins))``.

    Args:
        flow: float, dx or dy in pixels; what is longer than ``limit`` falls into the last bin.
        bins: N.
        limit: largest value, in pixels.
    """
    width = 2 * limit / bins
    return ((flow.clamp(-limit, limit) + limit) / width).floor().long().clamp_(max=bins - 1)


def bin_centers(bins: int = 99, limit: float = 50.0, like: torch.Tensor | None = None) -> torch.Tensor:
    """The middle of each bin (N,), in pixels; on the device of ``like``."""
    device = None if like is None else like.device
    return (torch.arange(bins, device=device, dtype=torch.float32) + 0.5) * (2 * limit / bins) - limit


def bins_to_flow(logits: torch.Tensor, limit: float = 50.0) -> torch.Tensor:
    """Expected flow (B, 2, H, W) of logits (B, 2 N, H, W), N for dx and then N for dy."""
    split = logits.float().unflatten(1, (2, -1))  # (B, 2, N, H, W)
    centers = bin_centers(split.shape[2], limit, logits)
    return torch.einsum('banhw,n->bahw', split.softmax(2), centers)
