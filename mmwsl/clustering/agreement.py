"""How far two divisions of the same items agree."""

import torch


@torch.no_grad()
def normalized_mutual_information(first: torch.Tensor, second: torch.Tensor) -> float:
    """I(A; B) / sqrt(H(A) H(B)) of two labellings (N,) of non-negative integers (Caron et al. 2018, eq. 3).

    1 where they are the same but for the names of the clusters, 0 where they are independent. A labelling with one
    cluster carries no information: 1 with another of its kind, else 0.

    Returns:
        float
    """
    def entropy(counts: torch.Tensor) -> float:
        share = counts.double() / len(first)
        return -torch.xlogy(share, share).sum().item()

    count = int(second.max()) + 1
    of_first, of_second = torch.bincount(first), torch.bincount(second)
    pairs, together = torch.unique(first * count + second, return_counts=True)
    apart = of_first[pairs // count].double() * of_second[pairs % count].double()
    information = (together.double() / len(first) * (together.double() * len(first) / apart).log()).sum().item()
    scale = (entropy(of_first) * entropy(of_second))**0.5
    if scale == 0:
        return float(entropy(of_first) == entropy(of_second))
    return min(max(information / scale, 0.0), 1.0)
