"""Figures that tell a healthy embedding from a collapsed one."""

import torch
import torch.nn.functional as F


@torch.no_grad()
def embedding_std(embeddings):
    """Mean over dimensions of the standard deviation, over images, of the L2-normalised embeddings.

    About 1/sqrt(D) when the directions fill the sphere, 0 when all images share one direction (collapse): the alarm of
    "Exploring Simple Siamese Representation Learning", section 4.1.

    Args:
        embeddings: (N, D) tensor, N >= 2.

    Returns:
        Tensor: scalar on the device of the input, so that a training loop need not wait for it.

    Raises:
        ValueError: another shape, or fewer than two images.
    """
    if embeddings.ndim != 2 or len(embeddings) < 2:
        raise ValueError(f'embedding_std needs embeddings (N, D) of at least two images; got {tuple(embeddings.shape)}')
    return F.normalize(embeddings.float(), dim=1).std(dim=0).mean()
