"""What a suite has to do, and whether each of its configs can be built: known before anything is trained."""

import copy
import inspect
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope

from mmwsl.apis.benchmark import prepare_protocols
from mmwsl.apis.build import UNTRAINED, build_dataset
from mmwsl.apis.config import load_config
from mmwsl.apis.fine_tune import fine_tune_config, innermost
from mmwsl.apis.train import prepare_training
from mmwsl.checkpoints.pretrained import pretrained_name
from mmwsl.checkpoints.read import checkpoint_file, checkpoint_hash
from mmwsl.datasets import synthetic
from mmwsl.datasets.checks import check_quickly
from mmwsl.protocols import FineTuneProtocol
from mmwsl.registry import HOOKS, LOOPS, METRICS, MODELS, PARAM_SCHEDULERS
from mmwsl.reporting.records import is_of

NOTE = 'suite_run.json'  # in a run's folder: how it was trained
SCORING = ('benchmark.', 'test_')  # what options of the scoring begin with
# Sets that are made on the fly are checked with a few items, because making all takes time.
COUNTS, FEW = ('num_scenes', 'num_images', 'num_clips', 'num_bags', 'num_sequences'), 32


@dataclass
class SuiteRun:
    """One training of a suite, or a checkpoint that is there, and what is scored on it.

    Attributes:
        name: ``'METHOD-seedN'``, also its folder in the work dir.
        method, seed: of its records.
        path, cfg: its config's file, and the config.
        settings: overrides of the config.
        folder: its work dir.
        checkpoint: a file or the name of an untrained network; None = it is trained.
        start: the run from whose weights it starts, or None.
        ensemble: runs that are scored as one in its place.
    """

    name: str
    method: str
    seed: int
    path: str
    cfg: Config
    settings: dict[str, Any]
    folder: Path
    checkpoint: str | None = None
    start: 'SuiteRun | None' = None
    ensemble: list['SuiteRun'] = field(default_factory=list)

    @property
    def has_own_metric(self) -> bool:
        """Whether it is scored by its own metric, not by what can be made of its backbone."""
        return 'test_evaluator' in self.cfg

    @property
    def layers(self) -> Sequence[int] | None:
        """Layers of the backbone that are scored each; None = the last alone."""
        return None if self.has_own_metric else (self.cfg.get('benchmark') or {}).get('layers')

    @property
    def is_trained(self) -> bool:
        """Whether there is a training of its own."""
        return not self.checkpoint and not self.ensemble

    @property
    def final(self) -> Path:
        """Checkpoint of the finished training."""
        return self.folder / f'epoch_{(self.cfg.get("train_cfg") or {}).get("max_epochs")}.pth'

    @property
    def files(self) -> list[Path]:
        """The checkpoint files that are scored; none of an untrained network."""
        if self.ensemble:
            return [each.final for each in self.ensemble]
        if not self.checkpoint or self.checkpoint in UNTRAINED:
            return [] if self.checkpoint else [self.final]
        return [checkpoint_file(self.checkpoint) if pretrained_name(self.checkpoint) else Path(self.checkpoint)]

    @property
    def note(self) -> dict[str, Any]:
        """How it is trained. Of the weights it starts from the folder may move; how it is scored is no part of it."""
        options = {key: value for key, value in self.settings.items() if not key.startswith(SCORING)}
        if self.start:
            options['load_from'] = '/'.join(self.start.final.parts[-2:])
        return json.loads(json.dumps(dict(config=self.path, options=options), default=str))

    def missing(self, records: Sequence[dict[str, Any]], suite: str, protocols: Sequence[str]) -> dict[int, list[str]]:
        """For every layer that lacks any, the protocols without a record of this checkpoint; -1 is the last layer."""
        mine = [record for record in records
                if (record.get('suite'), record['method'], record.get('seed')) == (suite, self.method, self.seed)]
        if mine and self.files and all(path.is_file() for path in self.files):  # otherwise they say nothing else
            hashes = [checkpoint_hash(path) for path in self.files]
            mine = [record for record in mine if is_of(record, hashes)]
        if self.has_own_metric:  # all of its values come at once, whatever their names are
            return {} if mine else {-1: list(protocols)}
        have = {(-1 if record.get('layer') is None else record['layer'], record['protocol']) for record in mine}
        todo = {layer: [name for name in protocols if (layer, name) not in have] for layer in self.layers or [-1]}
        return {layer: names for layer, names in todo.items() if names}


def plan_runs(suite: Config, options: dict[str, Any] | None, work_dir: Path) -> list[SuiteRun]:
    """The runs of a suite config, in its order.

    Raises:
        ValueError: a config cannot be read, with the reasons for all of them; a ``start`` or an ``ensemble`` names no
            run of the suite.
    """
    runs: dict[str, SuiteRun] = {}
    faults, settings_of = [], {}
    for entry in suite.runs:
        for seed in entry.get('seeds', [0]):
            name = f'{entry["method"]}-seed{seed}'
            settings = {**(options or {}), **entry.get('options', {}), 'randomness.seed': seed}
            try:
                cfg = load_config(entry['config'], settings)
            except Exception as error:  # a config is code: it fails in any way
                faults.append(f'{name} ({entry["config"]}): {_text(error)}')
                continue
            runs[name] = SuiteRun(name, entry['method'], seed, str(entry['config']), cfg, settings, work_dir / name,
                                  entry.get('checkpoint'))
            settings_of[name] = entry
    _raise(suite.filename, faults)
    for name, entry in settings_of.items():
        absent = [each for each in [*entry.get('ensemble', ()), entry.get('start')] if each and each not in runs]
        if absent:
            raise ValueError(f'{suite.filename}: {", ".join(absent)} is no run of the suite, METHOD-seedN; a start or '
                             'an ensemble names some')
        runs[name].start = runs[entry['start']] if entry.get('start') else None
        runs[name].ensemble = [runs[each] for each in entry.get('ensemble', ())]
    return list(runs.values())


def check_runs(suite: Config, runs: Sequence[SuiteRun]) -> None:
    """Build what the runs that have something to do are made of: data sets, networks, metrics, protocols.

    Equal data sets are built once, those that are made on the fly with a few items, and nothing is kept. The training
    sets get the quick check of their files.

    Raises:
        ValueError: with all faults of all runs, each with the run's and the config's name.
    """
    init_default_scope('mmwsl')
    faults: dict[str, list[SuiteRun]] = {}  # an equal one of several runs is said once
    datasets = _Datasets()
    with torch.random.fork_rng():  # networks draw their weights
        for position, run in enumerate(runs):
            for place, build in _parts(run, suite.protocols, runs[:position], datasets):
                try:
                    build()
                except Exception as error:  # whatever a class raises that gets wrong settings
                    faults.setdefault(f'{place}: {_text(error)}', []).append(run)
    _raise(suite.filename, [
        f'{found[0].name} ({found[0].path})' + f' and {len(found) - 1} more runs' * (len(found) > 1) + f': {text}'
        for text, found in faults.items()])


class _Datasets:
    """Builds each data set once, and raises its error for every run that has it."""

    def __init__(self) -> None:
        self._errors: dict[str, Exception | None] = {}

    def build(self, cfg: Config, *place: str, training: bool = False) -> None:
        part = cfg
        for name in place:
            part = part.get(name) or {}
        if not part:
            raise ValueError(f'the config has none, and this run needs it: add {".".join(place)}')
        part = copy.deepcopy(part)
        made = innermost(part)
        made = made.get('clips', made)  # of which frames are taken
        if str(made.get('type')) in synthetic.__all__:
            made.update({name: min(made.get(name, FEW), FEW) for name in COUNTS
                         if name in inspect.signature(getattr(synthetic, made['type'])).parameters})
        key = json.dumps([part, training], sort_keys=True, default=str)
        if key not in self._errors:
            try:
                dataset = build_dataset(part)
                if training:
                    check_quickly(dataset, training)
                self._errors[key] = None
            except Exception as error:  # as above
                self._errors[key] = error
        error = self._errors[key]
        if error is not None:
            raise error


def _parts(run: SuiteRun, protocols: Sequence[str], before: Sequence[SuiteRun],
           datasets: _Datasets) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield places in the config, and for each a function that builds what stands there."""
    cfg = run.cfg
    to_train = run.is_trained and not run.final.is_file()
    yield 'runs', lambda: _check_needs(run, before)
    if to_train:
        yield 'training', lambda: _check_training(run)
        yield 'hooks', lambda: _build_hooks(cfg)
        yield 'train_dataloader', lambda: datasets.build(cfg, 'train_dataloader', 'dataset', training=True)
        if cfg.get('val_dataloader'):
            yield 'val_dataloader', lambda: datasets.build(cfg, 'val_dataloader', 'dataset')
            yield 'val_evaluator', lambda: _build_metrics(cfg.get('val_evaluator'))
    yield 'model and optim_wrapper', lambda: _build_network(cfg, to_train)
    if run.has_own_metric:
        yield 'test_dataloader', lambda: datasets.build(cfg, 'test_dataloader', 'dataset')
        yield 'test_evaluator', lambda: _build_metrics(cfg.test_evaluator)
    else:
        yield 'benchmark', lambda: _build_protocols(cfg, protocols, datasets)


def _check_needs(run: SuiteRun, before: Sequence[SuiteRun]) -> None:
    for other in [*run.ensemble, *([run.start] if run.start else [])]:
        if not other.final.is_file() and other.name not in [each.name for each in before]:
            raise ValueError(f'{run.name} needs the run {other.name}, which is not finished: {other.final} is missing; '
                             'run that method first')
    if run.ensemble and not run.has_own_metric:
        raise ValueError(f'the runs of the ensemble {run.name} are scored as one by a test_evaluator, and {run.path} '
                         'has none; give it one, or judge them apart')
    if run.checkpoint and run.checkpoint not in UNTRAINED:
        checkpoint_file(run.checkpoint)


def _check_training(run: SuiteRun) -> None:
    prepare_training(run.cfg, work_dir=run.folder)
    loop = run.cfg.get('train_cfg') or {}
    if loop.get('max_epochs') is None:
        raise ValueError('train_cfg has no max_epochs, and a suite takes the checkpoint of the last epoch')
    if loop.get('type') is not None and LOOPS.get(loop['type']) is None:
        raise KeyError(f'{loop["type"]} is no loop of the LOOPS; is its name right?')
    note = run.folder / NOTE
    if note.is_file() and json.loads(note.read_text(encoding='utf-8')) != run.note:
        raise ValueError(f'{run.folder} was trained with other settings (see {NOTE} there); use another --out or '
                         '--work-dir, or remove it')


def _build_network(cfg: Config, with_optimizer: bool) -> None:
    settings = copy.deepcopy(dict(cfg.model))
    if cfg.get('data_preprocessor'):
        settings.setdefault('data_preprocessor', copy.deepcopy(cfg.data_preprocessor))
    model = MODELS.build(settings)
    if not with_optimizer:
        return
    build_optim_wrapper(model, copy.deepcopy(cfg.optim_wrapper))
    schedulers = cfg.get('param_scheduler') or []
    for scheduler in schedulers if isinstance(schedulers, list) else [schedulers]:
        if 'type' in scheduler and PARAM_SCHEDULERS.get(scheduler['type']) is None:
            raise KeyError(f'{scheduler["type"]} is no scheduler of the PARAM_SCHEDULERS; is its name right?')


def _build_hooks(cfg: Config) -> None:
    for hook in [*(cfg.get('default_hooks') or {}).values(), *(cfg.get('custom_hooks') or [])]:
        if isinstance(hook, dict) and 'type' in hook:
            HOOKS.build({key: copy.deepcopy(value) for key, value in hook.items() if key != 'priority'})


def _build_metrics(evaluator: Any) -> None:
    for metric in evaluator if isinstance(evaluator, (list, tuple)) else [evaluator]:
        METRICS.build(copy.deepcopy(dict(metric)))


def _build_protocols(cfg: Config, names: Sequence[str], datasets: _Datasets) -> None:
    instances, _, _ = prepare_protocols(cfg, names)
    for instance in instances.values():
        if isinstance(instance, FineTuneProtocol):
            trained = fine_tune_config(cfg, instance.config, {**instance.options, **instance.combinations()[0]})
            for part in ('train_dataloader', 'test_dataloader'):
                datasets.build(trained, part, 'dataset')
    if not all(instance.trains for instance in instances.values()):
        for split in ('train', 'test'):
            datasets.build(cfg, 'benchmark', split)


def _text(error: Exception) -> str:
    first = str(error.args[0] if isinstance(error, KeyError) and error.args else error).strip()
    return f'{type(error).__name__}: {first}'


def _raise(suite: str, faults: Sequence[str]) -> None:
    if faults:
        raise ValueError(f'{suite}: {len(faults)} faults, and nothing was trained:\n  ' + '\n  '.join(faults))
