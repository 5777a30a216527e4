"""A part of a dataset: few labels to fine-tune with, and a held-out rest to choose settings on."""

import logging
from pathlib import Path

import torch
from mmengine.logging import print_log

from mmwsl.datasets.readers.list_file import split_line
from mmwsl.files import read_lines
from mmwsl.registry import DATASETS


def stratified_split(labels, fraction, seed=0):
    """Split positions into two parts, the second with about ``fraction`` of every class.

    Args:
        labels: (N,) class numbers; what has no one class per image (N, C) is split without regard to it.
        fraction: between 0 and 1.
        seed: of the choice.

    Returns:
        tuple: (kept, held out), two sorted int64 tensors without overlap; neither is empty.

    Raises:
        ValueError: a fraction outside (0, 1), or fewer than two images.
    """
    count = len(labels)
    if not 0 < fraction < 1 or count < 2:
        raise ValueError(f'cannot hold out the fraction {fraction} of {count} images: '
                         'it must lie between 0 and 1, and at least two images are needed')
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    if labels.ndim == 1:
        order = order[labels[order].argsort(stable=True)]  # classes in turn, random within a class
    held = min(max(1, round(count * fraction)), count - 1)
    is_held_out = torch.zeros(count, dtype=torch.bool)
    is_held_out[((torch.arange(held) + 0.5) * count / held).long()] = True  # evenly spaced: each class by its size
    return order[~is_held_out].sort().values, order[is_held_out].sort().values


def _named(dataset, names_file):
    """Positions of the images whose file name is in a list, one a line, with or without a folder before it.

    Behind a name a label may stand, as in the lists of :class:`ImageList`.
    """
    if not Path(names_file).is_file():
        raise FileNotFoundError(f'Subset: the list of names {names_file} does not exist')
    if not hasattr(dataset, 'paths'):
        raise ValueError(f'Subset: {type(dataset).__name__} has no files whose names could be listed; use fraction')
    there = [Path(path).name for path in dataset.paths]
    known, names = set(there), set()
    for line in read_lines(names_file):
        if line.strip():
            name = Path(line.strip()).name  # all of the line, as names may have spaces, or what stands before a label
            names.add(name if name in known else Path(split_line(line.strip())[0]).name)
    positions = [position for position, name in enumerate(there) if name in names]
    if len(positions) != len(names):
        raise ValueError(f'Subset: {names_file} names {len(names)} images, {len(positions)} images of '
                         f'{type(dataset).__name__} have such a name; are list and data of the same set?')
    return torch.tensor(positions)


def _fraction(labels, fraction, seed):
    """Positions of about ``fraction`` of every class, but at least one image of each class or tag that has one."""
    chosen = stratified_split(labels, fraction, seed)[1]
    wanted = max(1, round(len(labels) * fraction))
    if labels.ndim == 1:
        absent = (labels == number for number in sorted(set(labels.tolist()) - set(labels[chosen].tolist())))
    else:
        tags = labels == 1
        absent = tags[:, tags.any(0) & ~tags[chosen].any(0)].T
    generator = torch.Generator().manual_seed(seed)
    for has in absent:
        if not has[chosen].any():  # an image that was added for another tag may have this one too
            candidates = has.nonzero().flatten()
            chosen = torch.cat([chosen, candidates[torch.randint(len(candidates), (1,), generator=generator)]])
    if len(chosen) > wanted:
        print_log(f'Subset: fraction={fraction} of {len(labels)} images are {wanted}; these are {len(chosen)}, so that '
                  'no class is left out', logger='current', level=logging.WARNING)
    return chosen.sort().values


@DATASETS.register_module(name='Subset')
def subset(dataset, fraction=None, names=None, holdout=None, held_out=False, seed=0):
    """A dataset with a part of its images: those of a fraction or a list, and of these all but, or only, the held-out.

    ``Subset(CIFAR10, fraction=0.01)`` are the images of the "1 % of the labels" of semi-supervised evaluation;
    ``holdout=0.2`` splits a fifth off them to choose settings on, and ``held_out=True`` gives that fifth.

    Args:
        dataset: config or instance of an image dataset; an instance is changed.
        fraction: of every class, between 0 and 1, but at least one image of each (then the log says how many there are
            in all); None = all.
        names: instead, a text file with the names of the images (SimCLR's ``1percent.txt``).
        holdout: fraction of these that is held out, of every class; None = nothing.
        held_out: give what is held out, and not the rest.
        seed: of both choices.

    Raises:
        ValueError: fraction and names at once, a fraction outside (0, 1), ``held_out`` without ``holdout``, or names of
            other images.
        FileNotFoundError: the list of names is missing.
    """
    dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
    if fraction is not None and names is not None:
        raise ValueError('Subset: fraction and names are two ways to choose; give one')
    if held_out and holdout is None:
        raise ValueError('Subset: held_out=True needs holdout, the fraction that is held out')
    if not hasattr(dataset, 'keep'):
        raise ValueError(f'Subset: {type(dataset).__name__} cannot leave out images')
    if names is not None:
        dataset.keep(_named(dataset, names))
    elif fraction is not None:
        dataset.keep(_fraction(_labels(dataset), fraction, seed))
    if holdout is not None:
        dataset.keep(stratified_split(_labels(dataset), holdout, seed)[int(held_out)])
    return dataset


def _labels(dataset):
    return torch.zeros(len(dataset), 0) if dataset.labels is None else dataset.labels
