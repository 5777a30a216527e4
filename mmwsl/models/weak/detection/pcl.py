"""PCL (Tang et al. 2018): classifiers of regions, taught by clusters of proposals, several of a class if need be."""

import torch

from mmwsl.models.weak.detection.oicr import OICRHead, assign_regions
from mmwsl.ops import box_iou
from mmwsl.registry import HEADS

BLOCK = 2**20  # pairs of splits at a time


@torch.no_grad()
def top_cluster(scores):
    """Which scores are in the highest of three clusters: k-means in one dimension, solved exactly.

    The paper runs k-means from random starts; of numbers on a line the best three clusters are intervals, and there are
    few enough to try all, so nothing is drawn. Equal scores stay together.

    Args:
        scores: (R,).

    Returns:
        (R,) bool; where there are no three different scores, the largest ones.
    """
    values = scores.double().sort().values
    count = len(values)
    if int((values[1:] != values[:-1]).sum()) < 2:
        return scores == scores.max()
    total = torch.cat([values.new_zeros(1), values.cumsum(0)])
    starts = torch.arange(1, count, device=values.device)  # of the second and the third cluster
    best, threshold = None, None
    for second in starts[:-1].split(max(1, BLOCK // count)):
        i, j = second[:, None], starts[None]
        # the spread within clusters is smallest where the sum of (sum of a cluster)^2 / (its size) is largest
        gain = total[i]**2 / i + (total[j] - total[i])**2 / (j - i).clamp(min=1)
        gain = gain + (total[-1] - total[j])**2 / (count - j)
        gain, where = gain.masked_fill(j <= i, -torch.inf).flatten().max(0)
        if best is None or gain > best:
            best, threshold = gain, values[starts[where % len(starts)]]
    return scores.double() >= threshold


@torch.no_grad()
def graph_centers(boxes, scores, iou=0.4, remaining=5, max_centers=5):
    """Centers of clusters of regions that overlap, by the number of neighbors.

    Regions with an IoU above ``iou`` are neighbors. The one with the most, itself included, becomes a center, and goes
    with its neighbors, until at most ``remaining`` are left. A center's score is the largest among its neighbors'.

    Args:
        boxes: (N, 4), N > 0; of equal numbers of neighbors the first counts.
        scores: (N,).

    Returns:
        tuple: centers (K,) int64 and their scores (K,), best first, K <= ``max_centers``.
    """
    graph = box_iou(boxes, boxes) > iou
    graph.fill_diagonal_(True)
    left = torch.ones(len(boxes), dtype=torch.bool, device=boxes.device)
    centers, values = [], []
    while not centers or int(left.sum()) > remaining:
        degree = (graph & left).sum(1).masked_fill(~left, -1)
        center = degree.argmax(0, keepdim=True)
        neighbors = graph.index_select(0, center)[0] & left
        centers.append(center)
        values.append(scores.masked_fill(~neighbors, -torch.inf).max())
        left = left & ~neighbors
    values, order = torch.stack(values).sort(descending=True, stable=True)
    return torch.cat(centers)[order[:max_centers]], values[:max_centers]


def cluster_centers(boxes, scores, classes, iou=0.4, remaining=5, max_centers=5):
    """Centers of all classes of an image: of each the graph of the regions in its :func:`top_cluster`.

    A region that is a center of one class is none of a later one.

    Args:
        boxes: (R, 4).
        scores: (R, C).
        classes: numbers of the classes that are in the image.

    Returns:
        tuple: centers (K,), scores (K,), labels (K,).
    """
    free = torch.ones(len(boxes), dtype=torch.bool, device=boxes.device)
    none = torch.zeros(0, dtype=torch.long, device=boxes.device)
    centers, values, labels = [none], [scores.new_zeros(0)], [none]
    for label in classes:
        candidates = free.nonzero()[:, 0]
        if not len(candidates):
            break
        candidates = candidates[top_cluster(scores[candidates, label])]
        found, best = graph_centers(boxes[candidates], scores[candidates, label], iou, remaining, max_centers)
        centers.append(candidates[found])
        values.append(best)
        labels.append(torch.full_like(found, label))
        free = free.index_fill(0, centers[-1], False)
    return torch.cat(centers), torch.cat(values), torch.cat(labels)


def pcl_loss(logits, labels, weights, owners, count):
    """Loss of clusters: of each the log of its regions' mean probability, by their weights; background by region.

    -1/R (sum over clusters n of (sum of w_r) log(mean of p_r,c) + sum over background of w_r log p_r,0).

    Args:
        logits: (R, C + 1), background first.
        labels, weights, owners: (R,) of :func:`assign_regions`; owners number the clusters.
        count: of the clusters.
    """
    probabilities = logits.float().softmax(1).gather(1, labels[:, None])[:, 0]
    weights = weights.to(probabilities.dtype)
    background = -(weights * probabilities.clamp(min=1e-9).log() * (labels == 0)).sum()
    if not count:
        return background / len(logits)
    member = (labels > 0).to(probabilities.dtype)

    def per_cluster(values):
        return torch.zeros(count, dtype=values.dtype, device=values.device).index_add(0, owners, values * member)

    size, mean = per_cluster(torch.ones_like(member)), per_cluster(probabilities)
    mean = torch.where(size > 0, mean / size.clamp(min=1), 1)  # of a cluster whose regions another owns
    return (background - (per_cluster(weights) * mean.clamp(min=1e-9).log()).sum()) / len(logits)


@HEADS.register_module()
class PCLHead(OICRHead):
    """WSDDN's streams and K classifiers that learn from clusters of proposals.

    Args:
        graph_iou: regions that overlap more are neighbors.
        max_centers: of clusters of a class.
        kwargs: of :class:`OICRHead`.
    """

    def __init__(self, in_channels, num_classes, graph_iou=0.4, max_centers=5, **kwargs):
        super().__init__(in_channels, num_classes, **kwargs)
        self.graph_iou, self.max_centers = graph_iou, max_centers

    def refinement_loss(self, logits, boxes, scores, classes):
        centers, values, labels = cluster_centers(boxes, scores, classes, self.graph_iou, max_centers=self.max_centers)
        targets = assign_regions(boxes, boxes[centers], values, labels, self.positive_iou, self.ignore_iou)
        return pcl_loss(logits, *targets, len(centers))
