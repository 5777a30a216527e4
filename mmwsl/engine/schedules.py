"""The lengths in the configs of parameter schedulers, in epochs or in iterations."""

import copy
import math

LENGTHS = ('begin', 'end', 'T_max', 'total_steps', 'step_size', 'milestones', 'periods')


def change_lengths(scheduler, change):
    """A copy of a scheduler's config in which each of its lengths, in lists too, is ``change`` of what it was."""
    changed = copy.copy(scheduler)
    for name in LENGTHS:
        value = scheduler.get(name)
        if value is not None:
            changed[name] = [change(each) for each in value] if isinstance(value, (list, tuple)) else change(value)
    return changed


def has_fractions(scheduler):
    """Whether a length in a scheduler's config is not a whole number."""
    found = []
    change_lengths(scheduler, lambda value: found.append(value % 1 != 0))
    return any(found)


def nearest(value):
    """The nearest whole number, halves up; but 1 for what is above 0 and smaller."""
    return max(math.floor(value + 0.5), 1 if value > 0 else 0)


def whole_iterations(scheduler, factor=1):
    """The config of a scheduler by iterations, with every length times ``factor`` and rounded.

    ``factor`` is the iterations of an epoch for one that goes by epochs. It lasts at least two iterations: a warm-up of
    one would leave the learning rate at its beginning.
    """
    scheduler = change_lengths(scheduler, lambda value: nearest(value * factor))
    scheduler.pop('convert_to_iter_based', None)
    if 'end' in scheduler:
        scheduler['end'] = max(scheduler['end'], scheduler.get('begin', 0) + 2)
    scheduler['by_epoch'] = False
    return scheduler
