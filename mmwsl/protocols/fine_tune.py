"""Protocol that trains: fine-tuning or probing from the checkpoint's backbone."""

import itertools
import logging
import math
import os
import re
import statistics

from mmengine.logging import print_log

from mmwsl.protocols.base import Protocol
from mmwsl.registry import PROTOCOLS

LAYER = re.compile(r'layer(\d+)_(.+)')
NAMES = ('linear_online', 'multi_layer', 'semi_supervised', 'finetune', 'detection', 'segmentation')


@PROTOCOLS.register_module(name=list(NAMES))
class FineTuneProtocol(Protocol):
    """Train a config from the checkpoint's backbone and score it by its own ``test_evaluator``.

    One class under the names of the protocols that work so: ``linear_online`` (a linear classifier that sees new crops
    in every epoch), ``multi_layer`` (one on each layer), ``semi_supervised`` (fine-tuning with few labels),
    ``finetune``, ``detection``, ``segmentation``. What is trained, on what and for how long stands in ``config``.

    Args:
        config: training config with ``test_dataloader`` and ``test_evaluator``. Its backbone is replaced by
            the checkpoint's, but for what the task asks of it (``out_indices``, strides, norms, frozen stages). None =
            the checkpoint's own config, where it is such a one.
        options: dict of dotted keys that override it.
        grid: dict of dotted key -> values; a key may be several, separated by spaces, that get the same value. Every
            combination is trained on a part of the training images and scored on the rest, and the best is trained
            again on all of them. One that diverges is out.
        holdout: which fraction of the training images, of every class, the combinations are scored on.
        choose_by: name of the metric that chooses, the highest value; default the evaluator's first.
        trials: trainings with the seeds 0, 1, ...; the value is their mean.
        test_selected: also train every combination on all images and report the best by the test set, marked so, as
            published values often are.

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

    def run(self, source):
        """Do the trainings; see :meth:`Protocol.run`.

        The evaluator's ``accuracy/top1`` becomes the metric ``NAME_top1``, after the protocol's name in the benchmark;
        ``accuracy/layer3_top1`` is the same of layer 3.

        Raises:
            KeyError: ``choose_by`` is no metric of the config's evaluator.
            FloatingPointError: every combination diverged.
        """
        combinations, chosen, settings = self.combinations(), {}, {}
        if len(combinations) > 1:
            held = [self._try(source, each, self.holdout) for each in combinations]
            chosen = combinations[self._best(held)]
            settings = dict(grid=self.grid, chosen=chosen, holdout=self.holdout,
                            holdout_figures=[values and self._quality(values) for values in held])
        elif combinations:
            chosen = combinations[0]
        trials = [self._train(source, chosen, seed, None) for seed in range(self.trials)]
        settings = dict(training=str(self.config), options=self.options, trials=self.trials, **settings)
        metrics = [(name, [trial[name] for trial in trials], settings) for name in trials[0]]
        if self.test_selected and len(combinations) > 1:
            tried = [trials[0] if each == chosen else self._try(source, each, None) for each in combinations]
            best = self._best(tried)
            settings = dict(settings, chosen=combinations[best], trials=1, test_selected=True)
            metrics += [(f'{name}_test_selected', [value], settings) for name, value in tried[best].items()]
        data = self.options.get('data')  # a user's own, in the place of the config's
        dataset = os.path.basename(os.path.abspath(data)) if data else source.dataset_name(self.config)
        shared = dict(pooling=None, dataset=dataset)
        return [dict(_metric(source.name, *each), **shared) for each in metrics]

    def _train(self, source, combination, seed, holdout):
        return source.train(self.config, {**self.options, **combination}, seed, holdout)

    def _try(self, source, combination, holdout):
        """The values of a combination, None if its training diverged."""
        try:
            return self._train(source, combination, 0, holdout)
        except FloatingPointError as error:
            print_log(f'{combination} diverged and is out: {error}', logger='current', level=logging.WARNING)
            return None

    def _best(self, tried):
        """Index of the best of the values that were tried; the first among equals."""
        quality = [-math.inf if values is None else self._quality(values) for values in tried]
        if max(quality) == -math.inf:
            raise FloatingPointError(f'all {len(tried)} combinations of grid={self.grid} diverged; give lower learning '
                                     'rates')
        return quality.index(max(quality))

    def _quality(self, values):
        """The value that chooses."""
        if self.choose_by is None:
            return next(iter(values.values()))
        if self.choose_by not in values:
            raise KeyError(f'choose_by={self.choose_by!r} is no metric; there are {", ".join(values)}')
        return values[self.choose_by]


def _metric(protocol, name, values, settings):
    """The mean of the trials' values under the record's name and layer for an evaluator's ``accuracy/layer3_top1``."""
    metric = name.split('/')[-1]
    match = LAYER.fullmatch(metric)
    spread = dict(values=values, std=statistics.stdev(values)) if len(values) > 1 else {}
    return dict(metric=f'{protocol}_{match[2] if match else metric}', value=statistics.mean(values),
                settings=dict(settings, **spread), layer=int(match[1]) if match else -1)
