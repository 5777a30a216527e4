"""Parameter schedulers: the lengths in their configs scaled and converted, and how the Runner builds them."""

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


class BuiltSchedules:
    """Part of the Runner that builds its schedulers."""

    def _build_param_scheduler(self, scheduler, optim_wrapper):
        """As mmengine's, but lengths in epochs may be fractions where they are converted to iterations, and one that
        begins after the training ends is no error: its time does not come."""
        schedulers = scheduler if isinstance(scheduler, (list, tuple)) else [scheduler]
        return super()._build_param_scheduler(
            [self._with_end(each) if isinstance(each, dict) else each for each in schedulers], optim_wrapper)

    def build_param_scheduler(self, scheduler):
        """As mmengine's; those of several optimizers are one list, which is stepped, saved and loaded as any other."""
        built = super().build_param_scheduler(scheduler)
        return [each for part in built.values() for each in part] if isinstance(built, dict) else built

    def _with_end(self, scheduler):
        last = self.max_epochs if scheduler.get('by_epoch', True) else self.max_iters
        scheduler = {'end': max(last, scheduler.get('begin', 0) + 1), **scheduler}
        if scheduler.get('convert_to_iter_based') and has_fractions(scheduler):
            return whole_iterations(scheduler, len(self.train_dataloader))
        return scheduler
