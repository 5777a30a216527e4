"""Small pictures from which a network of base width 4 learns within 80 steps, and the loop that makes it."""

import torch
import torch.nn.functional as F


def noisy_views(seed, count=32):
    """Two noisy views of smooth random pictures, each (count, 3, 16, 16)."""
    generator = torch.Generator().manual_seed(seed)
    images = F.interpolate(torch.randn(count, 3, 4, 4, generator=generator), size=16, mode='bilinear')
    return [images + 0.2 * torch.randn(count, 3, 16, 16, generator=generator) for _ in range(2)]


def ramps(count, seed):
    """Images (count, 3, 16, 16) of a colour that changes evenly in some direction: a part tells of the others."""
    generator = torch.Generator().manual_seed(seed)
    colour, down, right = torch.randn(3, count, 3, 1, 1, generator=generator)
    ramp = torch.linspace(-1, 1, 16)
    return colour + down * ramp[:, None] + right * ramp


def total(result):
    """The sum that is trained: all entries named after a loss."""
    return sum(value for name, value in result.items() if 'loss' in name)


def fit(model, optimizer, batches):
    """One step for each list of views.

    Returns:
        tuple: the total loss of each step as numbers, and what the last step returned.
    """
    losses = []
    for views in batches:
        result = model(views, mode='loss')
        optimizer.zero_grad()
        total(result).backward()
        optimizer.step()
        losses.append(total(result).item())
    return losses, result
