"""What every floor does to tensors: precision, unit rows, accuracy, memory format."""

import torch
import torch.nn.functional as F


def upcast(x: torch.Tensor) -> torch.Tensor:
    """``x`` in fp32, or in fp64 where it was: what autocast made narrow is made wide before it is compared."""
    return x if x.dtype == torch.float64 else x.float()


def refuse_nan(values: torch.Tensor, what: str) -> torch.Tensor:
    """``values`` as they are; waits for the device.

    Raises:
        ValueError: NaN among them, naming ``what`` they are: thresholds and maxima would hide it.
    """
    count = int(values.isnan().sum())
    if count:
        raise ValueError(f'{count} of {values.numel()} {what} are NaN: look for a diverged training or broken weights')
    return values


def normalize(x: torch.Tensor) -> torch.Tensor:
    """``x`` (B, D, ...) divided by its length along dimension 1, at least in fp32."""
    return F.normalize(upcast(x), dim=1)


@torch.no_grad()
def embedding_std(embedding: torch.Tensor) -> torch.Tensor:
    """Mean over dimensions of the standard deviation of the unit rows of ``embedding`` (B, D), times sqrt(D).

    About 1 where the embeddings fill the sphere, 0 where they have collapsed to a point. Without gradient.
    """
    return normalize(embedding).std(0).mean() * embedding.shape[1]**0.5


@torch.no_grad()
def accuracy(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Percentage of rows of ``scores`` (B, C, ...) whose largest entry is that of ``labels`` (B, ...).

    A scalar tensor on their device, without gradient and without waiting for the device.
    """
    return (scores.argmax(1) == labels).float().mean() * 100


def keep_format(x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """``x`` (B, C, H, W) in the memory format of ``like``: channels_last if that is, else as plain rows.

    Indexing, turning and joining fall back to the plain layout, and convolutions are slower there.
    """
    channels_last = like.is_contiguous(memory_format=torch.channels_last)
    return x.contiguous(memory_format=torch.channels_last if channels_last else torch.contiguous_format)
