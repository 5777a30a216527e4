"""Frames drawn from clips: what methods that learn from time have in common."""

import itertools

import torch

MOST_CHOICES = 2_000_000


def frame_choices(length, count, least=1, span=None):
    """All increasing choices of ``count`` frame numbers of a clip, int64 (M, count).

    Args:
        length: number of frames T.
        count: frames in a choice.
        least: smallest distance of neighbors: one number, or one for each of the ``count - 1`` pairs.
        span: (i, j, d): the frames at places i and j of a choice are d or more apart; None = no such rule.

    Raises:
        ValueError: the clip is too short for any choice, or so long that there are millions.
    """
    gaps = torch.tensor([least] * (count - 1) if isinstance(least, int) else list(least))
    total = 1
    for number in range(count):
        total = total * (length - number) // (number + 1)
    if total > MOST_CHOICES:
        raise ValueError(f'clips of {length} frames have {total} choices of {count}; take windows of fewer frames')
    chosen = torch.tensor(list(itertools.combinations(range(length), count)), dtype=torch.int64).reshape(-1, count)
    kept = (chosen.diff(dim=1) >= gaps).all(1)
    if span is not None:
        first, last, distance = span
        kept &= chosen[:, last] - chosen[:, first] >= distance
    if not kept.any():
        raise ValueError(f'clips of {length} frames are too short for {count} frames that are {gaps.tolist()} or more '
                         'apart' + (f' with a span of {span[2]}' if span else '') + '; give longer clips or smaller '
                         'gaps')
    return chosen[kept]


def take_frames(clips, numbers):
    """Frames (B, ..., 3, H, W) of clips (B, T, 3, H, W) with the numbers (B, ...)."""
    rows = torch.arange(len(clips), device=clips.device).view(-1, *[1] * (numbers.ndim - 1))
    return clips[rows, numbers]


def check_clips(clips, length):
    """Refuse what are no clips (B, T, 3, H, W) of ``length`` frames.

    Raises:
        ValueError: of another shape.
    """
    if clips.ndim != 5 or clips.shape[1] != length:
        raise ValueError(f'inputs are of shape {tuple(clips.shape)}; this method takes clips (B, {length}, 3, H, W): '
                         f'set clip_length={length} of the data set, or length of the model')
