"""In which order, and on which rank, images are seen."""

import numpy as np
from mmengine.dist import get_rank, get_world_size, sync_random_seed
from torch.utils.data import Sampler

from mmwsl.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class EpochSampler(Sampler):
    """Every image once an epoch, shared out over the ranks, in an order that only (seed, epoch) decides.

    Rank r of W takes the images r, r + W, r + 2W ... of the order, so the union over the ranks of their t-th batches of
    b images is the t-th batch of W b images of a single process: as a set, the training batches do not depend on the
    number of ranks.

    Seed and epoch are handed on to the dataset (``set_seed``, ``set_epoch``) if it draws random crops of its own.

    Args:
        dataset: anything with a length.
        shuffle: a new random order every epoch; False = the dataset's order.
        seed: the order's; the same on all ranks. None = one drawn now and shared by the ranks.
        round_up: make the ranks' shares equal by repeating the first images of the order; otherwise some ranks have one
            image more. None = as ``shuffle``: training needs equal shares, an evaluation must not see images twice.
        drop: make the shares equal by leaving out the last images of the order instead.

    Raises:
        ValueError: empty dataset, negative seed, ``round_up`` together with ``drop``, or nothing left by ``drop``.
    """

    def __init__(self, dataset, shuffle=True, seed=None, round_up=None, drop=False):
        if len(dataset) == 0:
            raise ValueError(f'EpochSampler: the {type(dataset).__name__} is empty, there is nothing to sample')
        if round_up and drop:
            raise ValueError('EpochSampler: round_up repeats images and drop leaves them out; choose one')
        if seed is not None and seed < 0:
            raise ValueError(f'EpochSampler: seed={seed} is negative; give 0 or more')
        self.dataset = dataset
        self.rank = get_rank()
        self.world_size = get_world_size()
        self.shuffle = shuffle
        self.seed = sync_random_seed() if seed is None else int(seed)
        self.round_up = not drop and (shuffle if round_up is None else round_up)
        self.drop = drop
        self.epoch = 0
        self._skip = 0
        if len(self) == 0 and drop:
            raise ValueError(f'EpochSampler: drop leaves nothing of {len(dataset)} images on {self.world_size} ranks')
        if hasattr(dataset, 'set_seed'):
            dataset.set_seed(self.seed)

    def __len__(self):
        """Number of this rank's images an epoch; :meth:`skip` does not change it."""
        total = len(self.dataset)
        if self.round_up:
            return -(-total // self.world_size)
        if self.drop:
            return total // self.world_size
        return len(range(self.rank, total, self.world_size))

    def __iter__(self):
        # A generator on purpose: the skip is spent when the first index is asked for, not by an iterator that a
        # DataLoader makes and throws away.
        skipped, self._skip = self._skip, 0
        yield from self.order()[skipped:]

    def order(self):
        """This rank's indices of the present epoch, as a list."""
        total = len(self.dataset)
        order = np.arange(total)
        if self.shuffle:
            order = np.random.default_rng([self.seed, self.epoch]).permutation(total)
        if self.round_up:
            order = np.resize(order, len(self) * self.world_size)  # repeats from the start
        elif self.drop:
            order = order[:len(self) * self.world_size]
        return order[self.rank::self.world_size].tolist()

    def set_epoch(self, epoch):
        """Choose the epoch of the next iteration, here and in the dataset."""
        self.epoch = int(epoch)
        if hasattr(self.dataset, 'set_epoch'):
            self.dataset.set_epoch(self.epoch)

    def skip(self, num_samples):
        """Let the next iteration, and only that, start after ``num_samples`` of this rank's images: to resume an epoch.

        Raises:
            ValueError: there are not so many.
        """
        if not 0 <= num_samples <= len(self):
            raise ValueError(f'EpochSampler: cannot skip {num_samples} samples, an epoch of this rank has {len(self)}')
        self._skip = int(num_samples)
