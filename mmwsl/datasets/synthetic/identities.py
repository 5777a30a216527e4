"""Features of identities on the unit sphere, long-tailed, as one model or each of a committee would see them."""

import numpy as np

ROWS = 2**16  # made together
APPEARANCES = 3  # dimensions in which the items of an identity differ, for every model


class Identities:
    """N items of some identities, and their features by as many models as are asked for.

    An item's feature is the direction of its identity, plus how the item differs from others of its identity, plus
    noise. Identities come in groups whose directions resemble each other. How an item differs is known to every model,
    so models agree on which items of an identity are near; directions and noise are drawn for each model alone, so what
    the models get wrong is independent. Some items are hard: their noise is larger, for every model.

    Args:
        items: N.
        identities: at most; an identity whose share is less than an item may get none.
        dims: D of the features.
        tail: exponent of the shares, rank ** -tail; 0 = all alike.
        group: identities that resemble each other.
        resemblance: mean cosine of their directions, 0 to below 1.
        spread: length of an item's own part against the length 1 of its identity's direction.
        noise: length of an easy item's noise.
        hard: share of the hard items.
        hard_noise: length of their noise.
        seed: of everything.

    Attributes:
        labels: (N,) int64, the identities, in random order.

    Raises:
        ValueError: a number out of range.
    """

    def __init__(self, items, identities, dims=64, tail=0.25, group=8, resemblance=0.6, spread=0.8, noise=0.4, hard=0.1,
                 hard_noise=1.2, seed=0):
        low = dict(items=(items, 1), identities=(identities, 1), dims=(dims, 2), tail=(tail, 0), group=(group, 1),
                   resemblance=(resemblance, 0), spread=(spread, 0), noise=(noise, 0), hard=(hard, 0),
                   hard_noise=(hard_noise, 0))
        for name, (value, least) in low.items():
            if value < least:
                raise ValueError(f'{name}={value} must be {least} or more')
        if hard > 1 or resemblance >= 1:
            raise ValueError(f'hard={hard} must be 1 or less, resemblance={resemblance} below 1')
        rng = np.random.default_rng(seed)
        shares = np.arange(1, identities + 1)**-float(tail)
        self.labels = rng.choice(identities, items, p=shares / shares.sum())
        self._noise = np.where(rng.random(items) < hard, hard_noise, noise).astype(np.float32)
        self._appearance = rng.standard_normal((items, APPEARANCES), np.float32) / np.float32(APPEARANCES**0.5)
        self._groups = rng.permutation(identities) // group
        self._identities, self._dims, self._seed = identities, dims, seed
        self._resemblance, self._spread = resemblance, np.float32(spread)

    def __len__(self):
        return len(self.labels)

    def features(self, model=0):
        """(N, D) float32 unit vectors of a model, 0 or more; the same at each call."""
        rng = np.random.default_rng([self._seed, model])

        def draw(*shape):  # of length about 1
            return rng.standard_normal((*shape, self._dims), np.float32) / np.float32(self._dims**0.5)
        shared, own = draw(self._groups.max() + 1), draw(self._identities)
        directions = _unit(self._resemblance**0.5 * shared[self._groups] + (1 - self._resemblance)**0.5 * own)
        ways = draw(self._identities, APPEARANCES) * self._spread
        result = np.empty((len(self), self._dims), np.float32)
        for start in range(0, len(self), ROWS):
            part = slice(start, start + ROWS)
            labels = self.labels[part]
            rows = directions[labels] + self._noise[part, None] * draw(len(labels))
            for number in range(APPEARANCES):
                rows += self._appearance[part, number, None] * ways[labels, number]
            result[part] = _unit(rows)
        return result


def _unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
