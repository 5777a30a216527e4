"""What is wrong with the data sets of a config, found before anything is computed on them."""

import copy
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.config import Config

from mmwsl.apis.build import build_dataset
from mmwsl.datasets import check_same_classes
from mmwsl.datasets.checks import absent_classes, inspect, shows_one_class, text_of_values
from mmwsl.progress import progress_bar

SHOWN = 10  # faults of a kind that are written out
PLACES = ('train_dataloader.dataset', 'val_dataloader.dataset', 'test_dataloader.dataset', 'benchmark.train',
          'benchmark.test')
COMPARED = (  # places whose class numbers must mean the same
    ('train_dataloader.dataset', 'val_dataloader.dataset'), ('train_dataloader.dataset', 'test_dataloader.dataset'),
    ('benchmark.train', 'benchmark.test'))


class DataReport(NamedTuple):
    """What was found in a data set.

    ``place`` in the config, ``kind`` of data set, ``items`` in it (0 if it cannot be built), ``faults``: kind ->
    messages, ``notes``: what may be meant so, and ``classes``, their names.
    """

    place: str
    kind: str
    items: int
    faults: dict[str, list[str]]
    notes: list[str]
    classes: list[str]

    def __str__(self) -> str:
        lines = [f'{self.place}: {self.kind}, {self.items} items' + ('' if self.faults else ', no faults')]
        for kind, messages in self.faults.items():
            lines.append(f'  {kind}: {len(messages)}' + (f', the first {SHOWN}:' if len(messages) > SHOWN else ''))
            lines += [f'    {message}' for message in messages[:SHOWN]]
        return '\n'.join(lines + [f'  {note}' for note in self.notes])


def check_data(cfg: Config, decode: bool = False) -> list[DataReport]:
    """Check every item of every data set of a config: files, sizes, boxes, class maps, classes.

    Args:
        cfg: config with ``train_dataloader``, ``val_dataloader``, ``test_dataloader`` or ``benchmark``.
        decode: also decode every image, which finds those that end too early.

    Raises:
        ValueError: the config has no data set.
    """
    configs = {place: dataset for place in PLACES if (dataset := _config_at(cfg, place)) is not None}
    if not configs:
        raise ValueError(f'{cfg.filename} has no data set: none of {", ".join(PLACES)}')
    reports: dict[str, DataReport] = {}
    for place, dataset in configs.items():  # each once
        same = next((other for other in reports if configs[other] == dataset), None)
        reports[place] = _report(place, dataset, decode) if same is None else reports[same]
    for first, second in COMPARED:
        if first in reports and second in reports:
            _compare_classes(reports[first], reports[second])
    return [report for place, report in reports.items() if report.place == place]


def _config_at(cfg: Config, place: str) -> dict[str, Any] | None:
    first, last = place.split('.')
    return (cfg.get(first) or {}).get(last)


def _compare_classes(train: DataReport, test: DataReport) -> None:
    """Add to the faults of ``test`` that its classes are not those of ``train``, where both have names."""
    if not train.classes or not test.classes:
        return
    try:
        check_same_classes(train.classes, test.classes, f'{train.place} and {test.place}')
    except ValueError as error:
        faults = test.faults.setdefault('classes', [])
        if str(error) not in faults:  # a data set may stand in two places
            faults.append(str(error))


def _innermost(dataset: dict[str, Any]) -> dict[str, Any]:
    return _innermost(dataset['dataset']) if isinstance(dataset.get('dataset'), dict) else dataset


def _report(place: str, dataset_cfg: dict[str, Any], decode: bool) -> DataReport:
    cfg, faults = copy.deepcopy(dataset_cfg), {}
    _innermost(cfg).pop('verify', None)  # what it would leave out is what is looked for
    kind = _innermost(cfg)['type']
    try:
        dataset = build_dataset(cfg)
    except (ValueError, OSError) as error:
        faults['not built'] = [str(error)]
        try:
            _innermost(cfg)['on_error'] = 'skip'
            dataset = build_dataset(cfg)
        except (ValueError, OSError, TypeError):
            return DataReport(place, kind, 0, faults, [], [])
    notes = _classes_without_images(dataset)
    if hasattr(dataset, 'check'):
        count = getattr(dataset, 'num_map_values', None)
        errors, _, counts = inspect(dataset, progress_bar(range(len(dataset)), f'checking {place}'), decode=decode)
        for error in errors:
            faults.setdefault(getattr(error, 'kind', 'files'), []).append(str(error))
        if shows_one_class(counts, count) and place.startswith('train'):
            faults.setdefault('class maps', []).append(
                f'one class at most has pixels; they hold the values {text_of_values(counts, count)}')
        absent = absent_classes(counts, count) if counts.any() else []
        if absent:
            notes.append(f'classes without a pixel: {", ".join(map(str, absent))}')
    return DataReport(place, kind, len(dataset), faults, notes, getattr(dataset, 'metainfo', {}).get('classes') or [])


def _classes_without_images(dataset: Any) -> list[str]:
    labels, classes = getattr(dataset, 'labels', None), getattr(dataset, 'classes', None)
    if labels is None or not classes:
        return []
    labels = torch.as_tensor(labels)
    present = (labels == 1).any(0) if labels.ndim == 2 else torch.bincount(labels, minlength=len(classes)) > 0
    absent = [classes[number] for number in np.flatnonzero(~present.numpy())]
    return [f'classes without an image: {", ".join(absent)}'] if absent else []
