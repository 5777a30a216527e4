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
        replacement: draw each of the N images of an epoch from all of them, so that some come twice and others not.

    Raises:
        ValueError: empty dataset, negative seed, ``round_up`` together with ``drop``, ``replacement`` without
            ``shuffle``, or nothing left by ``drop``.
    """

    def __init__(self, dataset, shuffle=True, seed=None, round_up=None, drop=False, replacement=False):
        if len(dataset) == 0:
            raise ValueError(f'EpochSampler: the {type(dataset).__name__} is empty, there is nothing to sample')
        if round_up and drop:
            raise ValueError('EpochSampler: round_up repeats images and drop leaves them out; choose one')
        if replacement and not shuffle:
            raise ValueError('EpochSampler: replacement draws at random, which shuffle=False forbids; choose one')
        if seed is not None and seed < 0:
            raise ValueError(f'EpochSampler: seed={seed} is negative; give 0 or more')
        self.dataset = dataset
        self.rank = get_rank()
        self.world_size = get_world_size()
        self.shuffle = shuffle
        self.seed = sync_random_seed() if seed is None else int(seed)
        self.round_up = not drop and (shuffle if round_up is None else round_up)
        self.drop = drop
        self.replacement = replacement
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
        order = self.global_order()
        if self.round_up:
            order = np.resize(order, len(self) * self.world_size)  # repeats from the start
        elif self.drop:
            order = order[:len(self) * self.world_size]
        return order[self.rank::self.world_size].tolist()

    def global_order(self):
        """The indices of all ranks in the present epoch, (N,) int64."""
        total = len(self.dataset)
        if not self.shuffle:
            return np.arange(total)
        generator = np.random.default_rng([self.seed, self.epoch])
        return generator.integers(total, size=total) if self.replacement else generator.permutation(total)

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


@DATA_SAMPLERS.register_module()
class PseudoLabelSampler(EpochSampler):
    """Every cluster equally often, however many images it has, in an order that (seed, epoch, labels) decides.

    An epoch of N images takes floor(N / m) + 1 from each of the m clusters that have any, with repetition where the
    cluster is not larger than that; the draws are shuffled and cut to N (DeepCluster, Caron et al. 2018, section 3.2).
    Ranks share them out, and an epoch is resumed, as in :class:`EpochSampler`.

    Args:
        settings: of :class:`EpochSampler`.
    """

    def __init__(self, dataset, **settings):
        super().__init__(dataset, **settings)
        if not self.shuffle or self.replacement:
            raise ValueError('PseudoLabelSampler draws by cluster; leave out shuffle and replacement')
        self.labels = None

    def set_labels(self, labels):
        """Take the clusters of the images: (N,) integers, tensor or array; the same on all ranks.

        Raises:
            ValueError: another number of labels than images.
        """
        self.labels = np.asarray(labels.cpu() if hasattr(labels, 'cpu') else labels)
        if self.labels.shape != (len(self.dataset),):
            raise ValueError(f'PseudoLabelSampler: labels of shape {self.labels.shape} for {len(self.dataset)} images')

    def global_order(self):
        if self.labels is None:
            raise RuntimeError("PseudoLabelSampler has no labels yet: add dict(type='ClusteringHook') to custom_hooks, "
                               'or call set_labels')
        generator = np.random.default_rng([self.seed, self.epoch])
        by_cluster = np.argsort(self.labels, kind='stable')
        clusters = np.split(by_cluster, np.unique(self.labels[by_cluster], return_index=True)[1][1:])
        share = len(self.labels) // len(clusters) + 1
        drawn = [generator.choice(members, share, replace=len(members) <= share) for members in clusters]
        return generator.permutation(np.concatenate(drawn))[:len(self.labels)]


@DATA_SAMPLERS.register_module()
class SharedTagSampler(EpochSampler):
    """Images in pairs that share a class, one behind the other, in an order that only (seed, epoch) decides.

    The first of a pair is each of half the images once, without repetition; the second is drawn from the other images
    with one of its tags, which is drawn first. What has no tag, or one that no other image has, goes with an image of
    all. Ranks share the pairs out, and an epoch is resumed, as in :class:`EpochSampler`; batch sizes must be even.

    Args:
        dataset: with labels, class numbers or tags.
        seed: see :class:`EpochSampler`.

    Raises:
        ValueError: a dataset without labels.
    """

    def __init__(self, dataset, seed=None):
        super().__init__(dataset, seed=seed)
        labels = getattr(dataset, 'labels', None)
        if labels is None:
            raise ValueError(f"SharedTagSampler: {type(dataset).__name__} shows no labels, so no pairs can share one; "
                             "set supervision='image' on data that is labelled")
        labels = np.asarray(labels)
        self.tags = labels > 0 if labels.ndim == 2 else labels[:, None] == np.arange(labels.max() + 1)

    def __len__(self):
        return 2 * -(-self._num_pairs // self.world_size)

    @property
    def _num_pairs(self):
        return -(-len(self.dataset) // 2)

    def order(self):
        pairs = self.global_order().reshape(-1, 2)
        pairs = np.resize(pairs, (len(self) // 2 * self.world_size, 2))  # repeats from the start
        return pairs[self.rank::self.world_size].flatten().tolist()

    def global_order(self):
        generator = np.random.default_rng([self.seed, self.epoch])
        members = [np.flatnonzero(column) for column in self.tags.T]
        firsts = generator.permutation(len(self.tags))[:self._num_pairs]
        return np.array([(first, self._partner(first, members, generator)) for first in firsts]).flatten()

    def _partner(self, first, members, generator):
        """An image that shares a tag with ``first``; ``members`` are the images of each."""
        own = np.flatnonzero(self.tags[first])
        candidates = members[generator.choice(own)] if len(own) else np.empty(0, dtype=np.int64)
        others = candidates[candidates != first]
        return generator.choice(others) if len(others) else generator.integers(len(self.tags))
