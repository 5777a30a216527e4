"""Protocols that train: what a network learns on other data when it starts from the weights that are judged."""

import itertools
import logging
import math
import statistics

from mmengine.logging import print_log

from mmwsl.registry import PROTOCOLS

NAMES = ('linear_online', 'multi_layer', 'semi_supervised', 'finetune', 'detection', 'segmentation')


@PROTOCOLS.register_module(name=list(NAMES))
class Training:
    """Figures of a training config that starts from the judged backbone, scored by its own ``test_evaluator``.

    One class under the names of the protocols that work so: ``linear_online`` (a linear classifier that sees new crops
    in every epoch), ``multi_layer`` (one on each layer), ``semi_supervised`` (fine-tuning with few labels),
    ``finetune``, ``detection``, ``segmentation``. What is trained, on what and for how long stands in ``config``.

    Args:
        config: training config with ``test_dataloader`` and ``test_evaluator``. Its backbone is replaced by the judged
            one, but for what the task asks of it (``out_indices``, strides, norms, frozen stages). None = the judged
            config itself, where it is such a one.
        options: dict of dotted keys that override it.
        grid: dict of dotted key -> values; a key may be several, separated by spaces, that get the same value. Every
            combination is trained on a part of the training images and scored on the rest, and the best is trained
            again on all of them. One that diverges is out.
        holdout: which fraction of the training images, of every class, the combinations are scored on.
        choose_by: name of the figure the best has most of; default the first.
        trials: trainings with the seeds 0, 1, ...; the figure is their mean.
        test_selected: also train every combination on all images and report the best by the test set, marked so, as
            published figures often are.

    Raises:
        ValueError: a key of the grid without a list of values, a grid without a holdout, or fewer than one trial.
    """

    trains = True

    def __init__(self, config=None, options=None, grid=None, holdout=0.2, choose_by=None, trials=1,
                 test_selected=False):
        wrong = [key for key, values in (grid or {}).items() if not isinstance(values, (list, tuple)) or not values]
        if trials < 1 or wrong:
            raise ValueError(f'trials={trials} must be 1 or more, and every key of grid={grid} needs a list of values')
        if grid and not (isinstance(holdout, (int, float)) and 0 < holdout < 1):
            raise ValueError(f'holdout={holdout} must lie between 0 and 1: a grid is chosen on held-out training '
                             'images')
        self.config, self.options, self.grid = config, dict(options or {}), dict(grid or {})
        self.holdout, self.choose_by, self.trials, self.test_selected = holdout, choose_by, trials, test_selected

    def combinations(self):
        """The points of the grid as lists of overrides."""
        return [{key: value for keys, value in zip(self.grid, values, strict=True) for key in keys.split()}
                for values in itertools.product(*self.grid.values())]

    def run(self, train):
        """Do the trainings and return the figures.

        Args:
            train: ``train(options, seed, holdout)`` trains ``config`` with the overrides and scores it on the test set,
                or, with a holdout, trains on the rest and scores on that part; a dict of figures.

        Returns:
            list of dict(metric, value, settings).

        Raises:
            KeyError: ``choose_by`` is no figure of the config's evaluator.
            FloatingPointError: every combination diverged.
        """
        combinations, chosen, settings = self.combinations(), {}, {}
        if len(combinations) > 1:
            held = [self._tried(train, each, self.holdout) for each in combinations]
            chosen = combinations[self._best(held)]
            settings = dict(grid=self.grid, chosen=chosen, holdout=self.holdout,
                            holdout_figures=[figures and self._judged(figures) for figures in held])
        elif combinations:
            chosen = combinations[0]
        trials = [train({**self.options, **chosen}, seed, None) for seed in range(self.trials)]
        settings = dict(training=str(self.config), options=self.options, trials=self.trials, **settings)
        figures = [self._figure(name, [trial[name] for trial in trials], settings) for name in trials[0]]
        if self.test_selected and len(combinations) > 1:
            tried = [trials[0] if each == chosen else self._tried(train, each, None) for each in combinations]
            best = self._best(tried)
            settings = dict(settings, chosen=combinations[best], trials=1, test_selected=True)
            figures += [self._figure(f'{name}_test_selected', [value], settings) for name, value in tried[best].items()]
        return figures

    def _tried(self, train, combination, holdout):
        """The figures of a combination, None if its training diverged."""
        try:
            return train({**self.options, **combination}, 0, holdout)
        except FloatingPointError as error:
            print_log(f'{combination} diverged and is out: {error}', logger='current', level=logging.WARNING)
            return None

    def _best(self, tried):
        """Which combination has most of what is judged by; the first among equals."""
        quality = [-math.inf if figures is None else self._judged(figures) for figures in tried]
        if max(quality) == -math.inf:
            raise FloatingPointError(f'all {len(tried)} combinations of grid={self.grid} diverged; give lower learning '
                                     'rates')
        return quality.index(max(quality))

    def _judged(self, figures):
        if self.choose_by is None:
            return next(iter(figures.values()))
        if self.choose_by not in figures:
            raise KeyError(f'choose_by={self.choose_by!r} is no figure; there are {", ".join(figures)}')
        return figures[self.choose_by]

    @staticmethod
    def _figure(name, values, settings):
        spread = dict(values=values, std=statistics.stdev(values)) if len(values) > 1 else {}
        return dict(metric=name, value=statistics.mean(values), settings=dict(settings, **spread))
