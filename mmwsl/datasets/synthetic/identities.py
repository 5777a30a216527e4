"""Features of identities on the unit sphere, long-tailed, as one model or each of a committee would see them."""

import numpy as np

ROWS = 2**16  # made together


class Identities:
    """N items of some identities, and their features by as many models as are asked for.

    Every model has directions of its own for the identities; noise, too, is drawn for each model and each item alone,
    so what the models get wrong is independent. Some items are hard: their noise is larger, for every model.

    Args:
        items: N.
        identities: at most; an identity whose share is less than an item may get none.
        dims: D of the features.
        tail: exponent of the shares, rank ** -tail; 0 = all alike.
        noise: length of an easy item's noise against the length 1 of its identity's direction.
        hard: share of the hard items.
        hard_noise: length of their noise.
        seed: of everything.

    Attributes:
        labels: (N,) int64, the identities, in random order.

    Raises:
        ValueError: a number out of range.
    """

    def __init__(self, items, identities, dims=64, tail=0.5, noise=0.6, hard=0.1, hard_noise=1.0, seed=0):
        if items < 1 or identities < 1 or dims < 2 or tail < 0 or noise < 0 or hard_noise < 0 or not 0 <= hard <= 1:
            raise ValueError(f'items={items} and identities={identities} must be 1 or more, dims={dims} 2 or more, '
                             f'tail={tail}, noise={noise} and hard_noise={hard_noise} 0 or more, hard={hard} 0 to 1')
        rng = np.random.default_rng(seed)
        shares = np.arange(1, identities + 1)**-float(tail)
        self.labels = rng.choice(identities, items, p=shares / shares.sum())
        self._noise = np.where(rng.random(items) < hard, hard_noise, noise).astype(np.float32)
        self._identities, self._dims, self._seed = identities, dims, seed

    def __len__(self):
        return len(self.labels)

    def features(self, model=0):
        """(N, D) float32 unit vectors of a model, 0 or more; the same at each call."""
        rng = np.random.default_rng([self._seed, model])
        directions = _unit(rng.standard_normal((self._identities, self._dims), np.float32))
        result = np.empty((len(self), self._dims), np.float32)
        for start in range(0, len(self), ROWS):
            part = slice(start, start + ROWS)
            noise = rng.standard_normal((len(self.labels[part]), self._dims), np.float32) / np.sqrt(self._dims)
            result[part] = _unit(directions[self.labels[part]] + self._noise[part, None] * noise.astype(np.float32))
        return result


def _unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
