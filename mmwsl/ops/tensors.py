"""What many models do with tensors."""

import torch


def accuracy(scores, labels):
    """Percent of ``scores`` (B, C, ...) that are highest at the class of ``labels`` (B, ...).

    Returns:
        Tensor () float32 on the device of ``scores``, without gradient.
    """
    return (scores.detach().argmax(1) == labels).float().mean() * 100


def keep_format(tensor, like):
    """``tensor`` laid out in memory as the images ``like`` are: channels_last, or else contiguous.

    Indexing, turning and stacking fall back to the plain layout, in which convolutions are slower on many devices. The
    values stay as they are; a tensor that is laid out so already is returned itself.

    Args:
        tensor: (N, C, H, W); of any shape where ``like`` is not channels_last.
        like: of any shape.
    """
    channels_last = like.is_contiguous(memory_format=torch.channels_last)
    return tensor.contiguous(memory_format=torch.channels_last if channels_last else torch.contiguous_format)
