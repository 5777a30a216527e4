"""Scaling and conversion of the lengths in configs of parameter schedulers."""

import copy
import math

LENGTHS = ('begin', 'end', 'T_max', 'total_steps', 'step_size', 'milestones', 'periods')


def change_lengths(scheduler, change):
    """Copy a scheduler's config with ``change`` applied to each of its lengths, in lists too."""
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
    """Round to the nearest whole number, halves up, but to 1 at least for what is above 0."""
    return max(math.floor(value + 0.5), 1 if value > 0 else 0)


def whole_iterations(scheduler, factor=1):
    """Convert a scheduler's config to iterations: every length times ``factor``, rounded.

    ``factor`` is the iterations of an epoch for one that goes by epochs. It lasts at least two iterations: a warm-up of
    one would leave the learning rate at its beginning.
    """
    scheduler = change_lengths(scheduler, lambda value: nearest(value * factor))
    scheduler.pop('convert_to_iter_based', None)
    if 'end' in scheduler:
        scheduler['end'] = max(scheduler['end'], scheduler.get('begin', 0) + 2)
    scheduler['by_epoch'] = False
    return scheduler
