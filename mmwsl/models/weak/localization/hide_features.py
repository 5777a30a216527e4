"""Hide-and-Seek on a layer's features instead of the image (Singh and Lee 2017, table 5)."""

import torch
import torch.nn as nn
from mmengine.dist import all_reduce

from mmwsl.augment.hide_and_seek import hidden_cells
from mmwsl.registry import MODELS


@MODELS.register_module()
class HideFeatures(nn.Module):
    """Hide random cells of a feature map behind each channel's mean; in training only, and without parameters.

    The mean is that of the batch, over all ranks, and takes no gradient: it stands for the data set's, which the
    image-side view fills with.

    Args:
        patch_size: side of the cells in positions of the feature map; the paper has 5 and 11 on AlexNet's conv1.
        hide_prob: probability of each cell to be hidden.
    """

    def __init__(self, patch_size, hide_prob=0.5):
        super().__init__()
        if patch_size < 1 or not 0 <= hide_prob <= 1:
            raise ValueError(f'HideFeatures: patch_size={patch_size} must be at least 1 and hide_prob={hide_prob} in '
                             '[0, 1]')
        self.patch_size, self.hide_prob = patch_size, hide_prob

    def forward(self, features):
        """(B, K, h, w) -> the same shape; unchanged in eval mode."""
        if not self.training:
            return features
        sizes = torch.full((len(features),), self.patch_size, device=features.device)
        hidden = hidden_cells(features, sizes, self.patch_size, self.hide_prob)  # (B, 1, h, w)
        mean = features.detach().float().mean((0, 2, 3))
        all_reduce(mean, 'mean')
        return torch.where(hidden, mean.to(features.dtype)[:, None, None], features)
