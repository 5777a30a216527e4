"""Images in files: decoded one by one through a pipeline, or all at once into memory."""

import logging
import random
from contextlib import contextmanager

import numpy as np
import torch
from mmengine.logging import print_log

from mmwsl.datasets.base import ImageDataset, InMemoryDataset, evenly_spaced
from mmwsl.datasets.transforms.decode import (
    ImageError,
    decode_images,
    image_size,
    limit_worker_threads,
    load_image,
    resize,
    to_tensor,
)
from mmwsl.registry import TRANSFORMS

_ERROR_POLICIES = ('raise', 'skip')


def fit_center_square(size):
    """A function that cuts the central square of an image and resizes it to ``size`` x ``size``, for decode_images."""
    def fit(image, path):
        height, width = image.shape[:2]
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        return resize(image[top:top + side, left:left + side], size, size)
    return fit


@contextmanager
def own_draws(seed, epoch, index):
    """Within it the global generators of random, numpy and torch (CPU) draw what (seed, epoch, index) decide.

    So a transform that draws from them draws anew in every epoch, whatever worker runs it and after whatever resume.
    Afterwards they are where they were.
    """
    before = random.getstate(), np.random.get_state(), torch.get_rng_state()
    words = np.random.SeedSequence([seed, epoch, index]).generate_state(3)
    random.seed(int(words[0]))
    np.random.seed(words[1])
    torch.default_generator.manual_seed(int(words[2]))  # torch.manual_seed would wake the GPU
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        torch.set_rng_state(before[2])


class FileDataset(ImageDataset):
    """Images in files, of any size: decoded image by image through a pipeline, or all at once into memory if small.

    Items carry their ``path`` as meta information in the first mode, and come from ``__getitems__`` as one batch in the
    second (see :class:`InMemoryDataset`).

    Args:
        paths: the files.
        labels, classes, supervision: see :class:`ImageDataset`.
        pipeline: transforms, configs or callables, from dict(path, index, epoch, seed) to ``inputs``; None = the
            whole image as it is. What they draw from the global generators of random, numpy and torch depends on
            (seed, epoch, index) alone.
        in_memory: decode every image now, cut its central square and keep it at ``size`` x ``size``, which takes
            N x 3 x size x size bytes.
        size: side in pixels of the images in memory.
        on_error: what to do with a missing or unreadable image: ``'raise'`` an error, or ``'skip'`` it. Skipped images
            are counted in the log. Those found when the dataset is built (``verify``, ``in_memory``) are left out;
            those met later are replaced by the next readable image, whose index and label the item then carries.
        verify: read the header of every file now. Finds missing files and files that are no images, but not every
            truncated one.
        seed: of the random crops; None = what the sampler hands over, else 0.
        max_images: keep only so many, evenly spaced.
        value_range: (black, white) of files of more than 8 bits, of signed ones and of floats; see :func:`read_image`.

    Raises:
        ValueError: a contradictory or unknown setting, or no images.
        ImageError, FileNotFoundError: an image cannot be read, if ``on_error='raise'``.
    """

    proposals = None  # of the images by their paths, see WithProposals

    def __init__(self, paths, labels=None, classes=None, supervision='image', pipeline=None, in_memory=False, size=32,
                 on_error='raise', verify=False, seed=None, max_images=None, value_range=None):
        super().__init__(labels, classes, supervision)
        if on_error not in _ERROR_POLICIES:
            raise ValueError(f'on_error={on_error!r} is unknown; choose one of {", ".join(_ERROR_POLICIES)}')
        if in_memory and pipeline is not None:
            raise ValueError('in_memory=True keeps finished images of one size, a pipeline would not run; leave out '
                             'one of the two')
        if in_memory and size < 1:
            raise ValueError(f'size={size} is impossible; it must be 1 or more')
        if self._labels is not None and len(self._labels) != len(paths):
            raise ValueError(f'{len(paths)} paths but {len(self._labels)} labels; there must be one an image')
        if value_range is not None and not (len(value_range) == 2 and value_range[0] < value_range[1]):
            raise ValueError(f'value_range={value_range} is impossible; it is (black, white), two numbers that rise')
        self.on_error, self.value_range = on_error, value_range
        self._unreadable, self._memory = set(), None
        self.paths = [str(path) for path in paths]
        self.keep(evenly_spaced(len(self.paths), max_images).tolist())
        if not self.paths:
            raise ValueError(f'{type(self).__name__}: no images')
        self.pipeline = [TRANSFORMS.build(step) if isinstance(step, dict) else step for step in pipeline or []]
        # In shared memory, because workers that outlive the epoch hold a copy of the dataset.
        self._clock = torch.tensor([0, 0 if seed is None else seed]).share_memory_()
        self._seed_is_fixed = seed is not None
        if verify and not in_memory:
            self._verify()
        if in_memory:
            images, kept = decode_images(self.paths, fit_center_square(size), on_error, value_range)
            self._leave_out(kept)
            self._memory = InMemoryDataset(images, self._labels, self.classes, supervision)

    @property
    def holds_images(self):
        """Whether the images are in memory, decoded."""
        return self._memory is not None

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        index = self.position(index)
        if self._memory is not None:
            return self._memory[index]
        limit_worker_threads()
        index, results = self._load_readable(index)
        return dict(inputs=results['inputs'], data_samples=self.loaded_sample(index, results))

    def __getitems__(self, indices):
        """The batch ``indices``: one dict if the images are in memory, else a list of items."""
        if self._memory is not None:
            return self._memory.__getitems__(indices)
        return [self[index] for index in indices]

    def set_epoch(self, epoch):
        """Draw the crops of another epoch from now on, in living workers too."""
        self._clock[0] = epoch

    def set_seed(self, seed):
        """Take the sampler's seed, unless the dataset was given one."""
        if not self._seed_is_fixed:
            self._clock[1] = seed

    def describe(self, index):
        """What the pipeline starts from."""
        epoch, seed = self._clock.tolist()
        results = dict(path=self.paths[index], index=index, epoch=epoch, seed=seed)
        if self.proposals is not None:
            results['proposals'], results['proposal_scores'] = self.proposals.of(self.paths[index])
        return results if self.value_range is None else dict(results, value_range=self.value_range)

    def load(self, index):
        """What the pipeline makes of one image, with ``inputs`` among it; without a pipeline the whole image."""
        results = self.describe(index)
        with own_draws(results['seed'], results['epoch'], index):
            for transform in self.pipeline:
                results = transform(results)
        if 'inputs' not in results:
            if 'image' not in results:
                if self.pipeline:
                    raise ValueError(f'the pipeline {[type(step).__name__ for step in self.pipeline]} leaves neither '
                                     'inputs nor an image; it must end in a transform that does (RandomCrops, '
                                     'ResizeCenterCrop, ResizeShortEdge, ...)')
                results['image'] = load_image(results)
            results['inputs'] = to_tensor(results['image'])
        return results

    def loaded_sample(self, index, results):
        """The :class:`DataSample` of an image after ``load``."""
        sample = self.data_sample(index)
        sample.set_metainfo(dict(path=self.paths[index]))
        if 'proposals' in results:
            sample.proposals = torch.from_numpy(results['proposals'])
            if results['proposal_scores'] is not None:
                sample.proposal_scores = torch.from_numpy(results['proposal_scores'])
            sample.set_metainfo(dict(ori_shape=tuple(results.get('ori_shape', results['inputs'].shape[-2:])),
                                     scale_factor=tuple(results.get('scale_factor', (1.0, 1.0)))))
        return sample

    def _load_readable(self, index):
        """The position of the first readable image from ``index`` on, and what ``load`` gives for it."""
        for step in range(len(self)):
            candidate = (index + step) % len(self)
            if candidate in self._unreadable:
                continue
            try:
                return candidate, self.load(candidate)
            except (ImageError, OSError) as error:
                if self.on_error == 'raise':
                    raise
                self._unreadable.add(candidate)
                print_log(f'{error}. Skipped: the next readable image takes its place ({len(self._unreadable)} so far '
                          'in this process)', logger='current', level=logging.WARNING)
        raise ImageError(f'none of the {len(self)} images can be read; the first is {self.paths[0]}')

    def check(self, index):
        """Read the header of an image, and what is annotated on it; returns the latter, as the pipeline gets it.

        Raises:
            ImageError, FileNotFoundError: it cannot be used.
        """
        if self._memory is None:  # otherwise it is decoded already
            image_size(self.paths[index])
        return {}

    def _verify(self):
        kept, first_error = [], None
        for position in range(len(self.paths)):
            try:
                self.check(position)
                kept.append(position)
            except (ImageError, OSError) as error:
                first_error = first_error or error
        broken = len(self.paths) - len(kept)
        if broken and (self.on_error == 'raise' or not kept):
            raise ImageError(f'{broken} of {len(self.paths)} images cannot be read; the first: {first_error}')
        self._leave_out(kept)

    def _leave_out(self, kept):
        if len(kept) < len(self.paths):
            lost = [self.paths[position] for position in sorted(set(range(len(self.paths))) - set(kept))]
            print_log(f'{type(self).__name__}: {len(lost)} of {len(self.paths)} images cannot be read and are left '
                      f'out, among them {", ".join(lost[:5])}', logger='current', level=logging.WARNING)
            self.keep(kept)

    def keep(self, positions):
        """Leave out every image but those at ``positions`` (ascending), which are numbered anew from 0."""
        if len(positions) < len(self.paths):
            positions = torch.as_tensor(positions).tolist()
            self.paths = [self.paths[position] for position in positions]
            self._labels = None if self._labels is None else self._labels[positions]
            self._unreadable = set()
            if self._memory is not None:
                self._memory.keep(positions)
