"""Classification accuracy from scores."""

from collections.abc import Sequence

import numpy as np
import torch


def true_class_rank(scores: np.ndarray | torch.Tensor, labels: np.ndarray | torch.Tensor) -> torch.Tensor:
    """Rank of the true class, (N,) int64: 0 where it has the highest score.

    Equal scores rank in class order (the lower class number first), so constant scores always name class 0, and a
    result never depends on a sorting routine.

    Args:
        scores: (N, C) array or tensor, higher is better; -inf is allowed, NaN is not.
        labels: (N,) integers in [0, C).

    Raises:
        ValueError: no image, shapes that do not fit, a label outside [0, C), a NaN score.
    """
    scores, labels = torch.as_tensor(scores), torch.as_tensor(labels)
    if scores.ndim != 2 or labels.shape != scores.shape[:1] or scores.numel() == 0:
        raise ValueError(f'accuracy needs scores (N, C) and labels (N,) with N, C >= 1; got '
                         f'{tuple(scores.shape)} and {tuple(labels.shape)}')
    labels = labels.to(scores.device).long()
    classes = scores.shape[1]
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f'labels run from {labels.min()} to {labels.max()}, but the scores have {classes} classes '
                         f'(0 to {classes - 1})')
    not_a_number = scores.isnan().any(dim=1)
    if not_a_number.any():
        raise ValueError(f'{int(not_a_number.sum())} of {len(scores)} rows of scores hold NaN, first row '
                         f'{int(not_a_number.nonzero()[0])}: look for a division by zero or a diverged training')
    own = scores.gather(1, labels[:, None])
    earlier = torch.arange(classes, device=scores.device) < labels[:, None]
    return ((scores > own) | ((scores == own) & earlier)).sum(dim=1)


def mean_class_accuracy(scores: np.ndarray | torch.Tensor, labels: np.ndarray | torch.Tensor) -> float:
    """Mean over classes, those that have an image, of top-1 accuracy; a float in [0, 1].

    Args, Raises:
        as :func:`true_class_rank`, which decides ties.
    """
    right = (true_class_rank(scores, labels) == 0).double()
    labels = torch.as_tensor(labels).to(right.device)
    return torch.stack([right[labels == label].mean() for label in labels.unique()]).mean().item()


def topk_accuracy(scores: np.ndarray | torch.Tensor, labels: np.ndarray | torch.Tensor,
                  topk: Sequence[int] = (1, 5)) -> dict[int, float]:
    """Share of images whose true class is among the k highest scores.

    Args:
        scores, labels: see :func:`true_class_rank`, which decides ties.
        topk: the values of k; a k above C counts as C.

    Returns:
        dict: k as given -> float in [0, 1].

    Raises:
        ValueError: as :func:`true_class_rank`, or k < 1.
    """
    if min(topk) < 1:
        raise ValueError(f'topk={tuple(topk)}: every k must be at least 1')
    rank = true_class_rank(scores, labels)
    return {k: (rank < k).double().mean().item() for k in topk}
