"""Wrong labels planted by a seeded generator: symmetric, asymmetric, and such as depend on the image."""

import numpy as np

KINDS_OF_NOISE = ('symmetric', 'asymmetric', 'instance')
SPREAD = 0.1  # standard deviation of the images' own rates (Xia et al. 2020)


def symmetric_noise(labels, rate, num_classes, rng):
    """Labels (N,) of which each becomes, with probability ``rate``, any other class, all alike."""
    others = (labels + rng.integers(1, max(num_classes, 2), len(labels))) % num_classes
    return np.where(rng.random(len(labels)) < rate, others, labels)


def asymmetric_noise(labels, rate, num_classes, rng, successors=None):
    """Labels (N,) of which each becomes, with probability ``rate``, the one class that its own is taken for.

    Args:
        successors: class -> that class; the others keep their labels. None: each its next one, the last the first.
    """
    table = np.arange(num_classes)
    if successors is None:
        table = (table + 1) % num_classes
    for label, other in (successors or {}).items():
        table[int(label)] = other
    return np.where(rng.random(len(labels)) < rate, table[labels], labels)


def instance_noise(labels, rate, num_classes, rng, features):
    """Labels (N,) that are wrong where the image looks so (Xia et al. 2020, algorithm 2).

    Image i has a rate q_i of its own, from a normal distribution around ``rate`` that is cut to [0, 1], and a random
    projection of its class makes the others' chances: q_i softmax(x_i W_y), without its own class.

    Args:
        features: (N, D) float, of the images.
    """
    rates = rng.normal(rate, SPREAD, len(labels))
    while ((rates < 0) | (rates > 1)).any():  # drawn again until inside
        outside = (rates < 0) | (rates > 1)
        rates[outside] = rng.normal(rate, SPREAD, outside.sum())
    projections = rng.standard_normal((num_classes, features.shape[1], num_classes))
    noisy = labels.copy()
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        scores = features[rows] @ projections[label]
        scores[:, label] = -np.inf
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances *= (rates[rows] / chances.sum(axis=1))[:, None]
        chances[:, label] = 1 - rates[rows]
        steps = chances.cumsum(axis=1)
        noisy[rows] = (rng.random(len(rows))[:, None] * steps[:, -1:] >= steps).sum(axis=1)
    return noisy


def noisy_tags(tags, rate, rng, successors=None):
    """Tags (N, C) of 1, 0 and -1, of which each 1 moves, with probability ``rate``, to a class that is not there.

    Args:
        successors: class -> the one class that it moves to; None: any that is 0 beforehand. A tag without such stays.
    """
    noisy = tags.copy()
    for row, label in np.argwhere(tags == 1):
        wrong, pick = rng.random() < rate, rng.random()
        absent = np.flatnonzero(noisy[row] == 0)
        if successors is not None:
            absent = absent[absent == successors.get(int(label), -1)]
        if wrong and len(absent):
            noisy[row, label], noisy[row, absent[int(pick * len(absent))]] = 0, 1
    return noisy
