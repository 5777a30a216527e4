"""Views of several sizes in few passes."""

from itertools import groupby

import torch


def encode_by_size(encode, views):
    """``encode`` all views, those of one size that follow one another in one pass.

    Args:
        encode: (n B, C, H, W) -> (n B, D).
        views: list of V tensors (B, C, H_v, W_v).

    Returns:
        (V B, D), view after view.
    """
    groups = [list(group) for _, group in groupby(views, key=lambda view: view.shape[2:])]
    return torch.cat([encode(torch.cat(group)) for group in groups])
