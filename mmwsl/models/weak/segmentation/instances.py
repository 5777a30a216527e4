"""Objects told apart by where their pixels point: class maps and displacements in, masks out."""

import cv2
import numpy as np
import torch


def refine_centroids(displacement, iterations=300):
    """Where each pixel ends that follows the displacements, step by step: int64 (2, h, w), down and right.

    Args:
        displacement: (2, h, w), down and right, in pixels of this map.
        iterations: so many steps; a position is rounded before the displacement there is looked up.
    """
    height, width = displacement.shape[1:]
    limit = displacement.new_tensor([height - 1, width - 1])[:, None, None]
    start = torch.stack(torch.meshgrid(torch.arange(height, device=displacement.device),
                                       torch.arange(width, device=displacement.device), indexing='ij'))
    centroids = start
    for _ in range(iterations):
        following = (centroids + displacement[:, centroids[0], centroids[1]]).clamp(min=0).minimum(limit)
        following = following.round().long()
        if torch.equal(following, centroids):
            break
        centroids = following
    return centroids


def cluster_centroids(centroids, displacement, threshold=2.5):
    """Number of the object of each pixel, from 0: int64 (h, w).

    Pixels belong together if they end in one region where displacements are short; those that end in none are one more.

    Args:
        centroids: of :func:`refine_centroids`.
        displacement: (2, h, w).
        threshold: shorter ones are in the middle of an object.
    """
    middle = (displacement.norm(dim=0) < threshold).cpu().numpy().astype(np.uint8)
    _, regions = cv2.connectedComponents(middle, connectivity=8)
    regions = torch.from_numpy(regions).to(centroids.device)[centroids[0], centroids[1]]
    return torch.unique(regions, return_inverse=True)[1]


def split_maps(maps, instances):
    """A map for each class and object, without those that are 0 everywhere.

    Args:
        maps: (k, h, w).
        instances: int64 (h, w), from 0.

    Returns:
        tuple: (P, h, w) and the rows int64 (P,) of ``maps`` that they are of.
    """
    members = instances == torch.arange(int(instances.max()) + 1, device=maps.device)[:, None, None]
    parts = maps[:, None] * members
    kept = parts.amax((2, 3)) > 0
    return parts[kept], kept.nonzero()[:, 0]


def find_instances(parts, labels, threshold, min_share=0.01):
    """Masks of what wins against the background and the other objects.

    Args:
        parts: (P, H, W) in [0, 1].
        labels: (P,).
        threshold: score of the background.
        min_share: connected fragments of a smaller share of the image are left out.

    Returns:
        tuple: masks bool (N, H, W), their ``labels`` (N,) and scores (N,), the largest value within.
    """
    best = torch.cat([torch.full_like(parts[:1], threshold) if len(parts) else parts.new_zeros(1, *parts.shape[1:]),
                      parts]).argmax(0)
    masks, rows, scores = [], [], []
    for row in range(len(parts)):
        mask = _without_fragments(best == row + 1, min_share)
        if mask.any():
            masks.append(mask)
            rows.append(row)
            scores.append(parts[row][mask].max())
    if not masks:
        return parts.new_zeros(0, *parts.shape[1:], dtype=torch.bool), labels[:0], parts.new_zeros(0)
    return torch.stack(masks), labels[rows], torch.stack(scores)


def _without_fragments(mask, min_share):
    mask_array = mask.cpu().numpy().astype(np.uint8)
    count, numbers, statistics, _ = cv2.connectedComponentsWithStats(mask_array, connectivity=8)
    large = np.zeros(count, bool)
    large[1:] = statistics[1:, cv2.CC_STAT_AREA] >= min_share * mask.numel()
    return torch.from_numpy(large[numbers]).to(mask.device)


def coco_instances(image_id, masks, categories, scores):
    """What :func:`find_instances` found as a list of COCO results, with run lengths as text, ready for JSON.

    Args:
        image_id: of the photo.
        masks: bool (N, H, W).
        categories: N category ids.
        scores: (N,).
    """
    from pycocotools import mask as coco_mask
    found = []
    for mask, category, score in zip(masks, categories, scores, strict=True):
        encoded = coco_mask.encode(np.asfortranarray(mask.cpu().numpy().astype(np.uint8)))
        found.append(dict(image_id=image_id, category_id=int(category), score=float(score),
                          segmentation=dict(size=[int(side) for side in encoded['size']],
                                            counts=encoded['counts'].decode('ascii'))))
    return found
