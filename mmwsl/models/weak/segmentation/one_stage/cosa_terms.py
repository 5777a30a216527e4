"""What CoSA (Yang et al. 2024) computes of maps: pseudo-labels, their reliability, and the losses that swap them."""

import torch
import torch.nn.functional as F

from mmwsl.dist import all_mean, world_size
from mmwsl.ops.tensors import normalize, upcast
from mmwsl.refine import par

VOID = 255


def normalize_by_range(maps, tags, eps=1e-5):
    """Bring each map (B, C, h, w) to [0, 1] by its smallest and largest value; absent classes (B, C) become 0."""
    low, high = maps.amin((2, 3), keepdim=True), maps.amax((2, 3), keepdim=True)
    return (maps - low) / (high - low + eps) * (tags > 0).to(maps.dtype)[:, :, None, None]


def pseudo_labels(maps, low, high):
    """Labels (B, H, W) int64 of class maps: 0 below ``low``, class + 1 above ``high``, 255 between.

    Args:
        maps: (B, C, H, W) in [0, 1].
        low, high: scalars, or tensors of one number.
    """
    largest, classes = maps.max(1)
    return torch.where(largest > high, classes + 1, torch.where(largest > low, VOID, 0))


def refined_labels(images, maps, low, high, scale=0.5):
    """:func:`pseudo_labels` of maps that :func:`par` refined, background of either threshold included.

    Args:
        images: (B, 3, H, W), of whatever range.
        maps: (B, C, H, W) in [0, 1].
        scale: at which they are refined.
    """
    small = F.interpolate(images, scale_factor=scale, mode='bilinear')
    maps, classes = seen_classes(maps)
    planes = F.interpolate(maps, size=small.shape[2:], mode='bilinear')
    # refinement is linear, so that one plane of ones stands for the background of either threshold
    planes = torch.cat([torch.ones_like(planes[:, :1]), planes], dim=1)
    refined = F.interpolate(par(small, planes), size=images.shape[2:], mode='bilinear')
    background, (largest, found) = refined[:, 0], refined[:, 1:].max(1)
    labels = classes.gather(1, found.flatten(1)).view_as(found) + 1
    return torch.where(largest > high * background, labels, torch.where(largest > low * background, VOID, 0))


def seen_classes(maps):
    """The maps (B, C, H, W) of as many classes as an image of the batch has at most, and their numbers (B, K).

    The others are 0 everywhere. Where counting would wait for the device, these are all.
    """
    seen = maps.amax((2, 3)) > 0
    most = max(int(seen.sum(1).max()), 1) if maps.device.type == 'cpu' else maps.shape[1]
    classes = seen.to(maps.dtype).topk(most, dim=1).indices
    return maps.gather(1, classes[:, :, None, None].expand(-1, -1, *maps.shape[2:])), classes


def perplexity(largest, threshold, alpha=0.8, beta=1.0):
    """How unsure a label is whose map's ``largest`` class is so near to the threshold: P, the same shape.

    P = [-log(alpha (m - t) / (1 - t))]^beta from the threshold t on, [-log(alpha (t - m) / t)]^beta below it. The
    argument of the logarithm is kept in [1e-4, 1 - 1e-4].

    Args:
        largest: values m in [0, 1].
        threshold: scalar, or a tensor of one number, in (0, 1).
    """
    distance = torch.where(largest >= threshold, (largest - threshold) / (1 - threshold),
                           (threshold - largest) / threshold)
    return (-(alpha * distance).clamp(1e-4, 1 - 1e-4).log())**beta


def reliability_weights(perplexity, labels=None):
    """The reciprocal of the perplexity (B, H, W), divided by its mean over the image.

    Printed as growing with the perplexity; its text, a normalized reciprocal, is what is done here.

    Args:
        perplexity: (B, H, W).
        labels: (B, H, W) int64; given, the mean is over the pixels labeled background for these, and over those of
            objects for those, so that neither of the two counts more because its maps are farther from the threshold.
    """
    reciprocal = 1 / perplexity
    if labels is None:
        return reciprocal / reciprocal.mean((1, 2), keepdim=True)
    weights = torch.zeros_like(reciprocal)
    for chosen in regions(labels):
        mean = (reciprocal * chosen).sum((1, 2), keepdim=True) / chosen.sum((1, 2), keepdim=True).clamp(min=1)
        weights = torch.where(chosen, reciprocal / mean, weights)
    return weights


def regions(labels):
    """Where ``labels`` say background, and where an object: two masks; void is in neither."""
    return labels == 0, (labels != 0) & (labels != VOID)


def balanced_cross_entropy(logits, labels, weights=None):
    """Half the cross-entropy of the pixels labeled background and half that of the others, each a mean.

    Args:
        logits: (B, 1 + C, H, W).
        labels: (B, H, W) int64; 255 = left out.
        weights: (B, H, W), multiply it pixel by pixel; the mean is over the pixels, of all ranks, all the same.
    """
    each = F.cross_entropy(upcast(logits), labels, ignore_index=VOID, reduction='none')
    each = each if weights is None else each * weights
    loss = 0
    for chosen in regions(labels):
        count = all_mean(chosen.sum().to(each.dtype)).clamp(min=1 / world_size())
        loss = loss + (each * chosen).sum() / count / 2
    return loss


def sharpened_probabilities(logits, tags, temperature=0.01):
    """Class probabilities (B, 1 + C, h, w) of a segmentation, near 0 or 1, and 0 of classes that the image lacks."""
    absent = (tags <= 0)[:, :, None, None]
    logits = torch.cat([logits[:, :1], logits[:, 1:].masked_fill(absent, -1e5)], dim=1)
    return (upcast(logits) / temperature).softmax(1)


def guidance_loss(maps, probabilities):
    """Multi-label soft margin of every position: maps (B, C, h, w), rectified, against probabilities of another size.

    Args:
        maps: before rectification.
        probabilities: (B, 1 + C, H, W), background first, which maps have none of.
    """
    target = F.interpolate(probabilities[:, 1:], size=maps.shape[2:], mode='bilinear', align_corners=False)
    return F.binary_cross_entropy_with_logits(maps.relu(), target)


def contrastive_separation(maps, labels, perplexity, epsilon=1.0, temperature=0.5):
    """Class vectors of reliable positions with one label shall be alike, and unlike those of other labels.

    For a position i with perplexity of at most ``epsilon`` and each other such position p of its label:
    -log[e^{s_ip} / (e^{s_ip} + sum_n e^{s_in})], n those of other labels, s the cosine over the temperature; the mean
    over p, over the i that have both kinds, and over images.

    Args:
        maps: (B, C, h, w), a vector for each position; before they are rectified, as the background's would be 0.
        labels: (B, h, w) int64 of the positions; 255 = in no pair.
        perplexity: (B, h, w).
    """
    vectors = normalize(maps).flatten(2)  # (B, C, N)
    with torch.autocast(vectors.device.type, enabled=False):
        similar = (vectors.transpose(1, 2) @ vectors - 1) / temperature  # (B, N, N); at most 0, so that exp is small
    labels = labels.flatten(1)
    reliable = (perplexity.flatten(1) <= epsilon) & (labels != VOID)
    pairs = reliable[:, :, None] & reliable[:, None]
    same = labels[:, :, None] == labels[:, None]
    itself = torch.eye(labels.shape[1], dtype=torch.bool, device=labels.device)
    positive, negative = pairs & same & ~itself, pairs & ~same
    exponentials = similar.exp()
    others = (exponentials * negative).sum(2, keepdim=True)
    each = (exponentials + others).log() - similar
    positives = positive.sum(2)
    anchors = (positives > 0) & negative.any(2)
    means = (each * positive).sum(2) / positives.clamp(min=1)
    return ((means * anchors).sum(1) / anchors.sum(1).clamp(min=1)).mean()
