"""Multi-crop encoding: one pass per size of view."""

from itertools import groupby

import torch


def encode_by_size(encode, views):
    """Encode all views, consecutive ones of the same size in one pass.

    Args:
        encode: (n B, C, H, W) -> (n B, D).
        views: list of V tensors (B, C, H_v, W_v).

    Returns:
        (V B, D), view after view.
    """
    groups = [list(group) for _, group in groupby(views, key=lambda view: view.shape[2:])]
    return torch.cat([encode(torch.cat(group)) for group in groups])
