"""First-in, first-out queue of embeddings."""

import torch
from mmengine.model import BaseModule

from mmwsl.ops.tensors import normalize
from mmwsl.registry import MEMORIES


@MEMORIES.register_module()
class FeatureQueue(BaseModule):
    """MoCo's queue: the last ``length`` keys, random unit vectors at the start.

    Contents and position are persistent buffers: a checkpoint carries them, and the Runner makes them equal on all
    ranks when training starts.

    Args:
        length: number of rows K; a multiple of the global batch in the paper, any length works here.
        channels: width D of a row.
    """

    def __init__(self, length, channels):
        super().__init__()
        if length < 1 or channels < 1:
            raise ValueError(f'FeatureQueue needs a positive length and width, got {length} and {channels}')
        self.register_buffer('features', normalize(torch.randn(length, channels)))
        self.register_buffer('position', torch.zeros(1, dtype=torch.long))

    @torch.no_grad()
    def enqueue(self, keys):
        """Replace the oldest rows by ``keys`` (B, D), those of all ranks in rank order.

        Raises:
            ValueError: more keys than the queue has rows.
        """
        if len(keys) > len(self.features):
            raise ValueError(f'{len(keys)} keys do not fit a queue of {len(self.features)} rows; make the queue longer '
                             'than the global batch')
        rows = (self.position + torch.arange(len(keys), device=keys.device)) % len(self.features)
        self.features[rows] = keys.to(self.features.dtype)
        self.position.copy_((self.position + len(keys)) % len(self.features))
