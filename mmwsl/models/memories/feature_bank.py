"""Memory bank with one embedding per image of the data set."""

import torch
from mmengine.model import BaseModule

from mmwsl.ops.tensors import normalize
from mmwsl.registry import MEMORIES


@MEMORIES.register_module()
class FeatureBank(BaseModule):
    """Memory bank: row i is the moving average of image i's embeddings; random unit vectors at the start.

    The rows are a persistent buffer: a checkpoint carries them, and the Runner makes them equal on all ranks when
    training starts.

    Args:
        length: number of rows N, that of the images in the data set.
        channels: width D of a row.

    Raises:
        ValueError: no rows or no width.
    """

    def __init__(self, length, channels):
        super().__init__()
        if length < 1 or channels < 1:
            raise ValueError(f'FeatureBank needs a positive length and width, got {length} and {channels}')
        features = torch.randn(length, channels)  # divided in place: it may be large
        self.register_buffer('features', features.div_(features.norm(dim=1, keepdim=True)))

    def check(self, index):
        """Raise ValueError unless ``index`` (B,) lies within the bank; waits for the device, so not for every step.

        Raises:
            ValueError: they are not.
        """
        if int(index.max()) >= len(self.features):
            raise ValueError(f'an image has position {int(index.max())} in the data set, but the feature bank has '
                             f'{len(self.features)} rows; set its length to the number of images')

    @torch.no_grad()
    def update(self, index, features, momentum=0.5):
        """Update rows ``index`` (B,) to nrm(momentum old + (1 - momentum) new), new = nrm(``features``) (B, D).

        ``index`` and ``features`` are those of all ranks, so that the banks stay equal. An index that occurs twice
        leaves one of its two rows, unspecified which.
        """
        mean = torch.lerp(normalize(features).to(self.features.dtype), self.features[index], momentum)
        self.features[index] = normalize(mean)
