"""Extraction of features and evaluation of checkpoints by protocols."""

import copy
import functools
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.registry import init_default_scope
from torch import nn
from torch.utils.data import Dataset

from mmwsl.apis.build import UNTRAINED, build_dataset, build_model, fuse_norms, get_device, inference_dtype
from mmwsl.apis.config import load_config
from mmwsl.apis.evaluate import dataset_name
from mmwsl.apis.fine_tune import FineTuneRunner
from mmwsl.checkpoints.labels import start_saw_labels
from mmwsl.checkpoints.pretrained import pretrained_name
from mmwsl.checkpoints.read import checkpoint_file, checkpoint_hash
from mmwsl.datasets import check_same_classes, evenly_spaced
from mmwsl.datasets.thumbnail import thumbnail
from mmwsl.files import append_json_lines, check_writable, check_writable_folder, write_atomically
from mmwsl.models.layers.pooling import check_pooling
from mmwsl.protocols import Features, FeatureSource, Protocol, Source, as_protocol, extract_features
from mmwsl.protocols.pooling import LayerFeatures
from mmwsl.registry import PROTOCOLS
from mmwsl.reporting.records import make_record, values_line

REPLACEABLE = ('layer', 'pooling', 'dataset')  # what a protocol may say of a metric value in place of the record


def _features(cfg: Config, model: nn.Module, dataset: Dataset, layer: int) -> Features:
    settings = cfg.benchmark
    fuse_norms(model)  # it is for these features alone, or was fused before
    return extract_features(
        model, dataset, batch_size=settings.get('batch_size', 256), layer=layer, device=get_device(),
        amp_dtype=inference_dtype(cfg, get_device()), num_workers=min(settings.get('num_workers', 0), os.cpu_count()))


def extract(cfg: Config, checkpoint: Path | str | None, out: Path | str | None = None, split: str = 'test',
            layer: int = -1, thumbnails: int = 0) -> Features:
    """Extract features of every image of a dataset of the config, in dataset order.

    Args:
        cfg: config with ``benchmark.train`` and ``benchmark.test``.
        checkpoint: file, ``'random'`` or ``'random_rescaled'`` (see :func:`build_model`).
        out: ``.npz`` file to write: ``features`` (N, D) float32, ``index`` (N,) positions in the data set, ``labels``
            (N,) if there are any, ``classes``, ``paths`` (N,) where images are files, ``source``, a JSON object of
            what they are of (``config``, ``checkpoint``, ``layer``, ``dataset``, ``split``, ...), and with
            ``thumbnails`` these as uint8 (M, 48, 48, 3) beside ``thumbnail_rows`` (M,), the rows they belong to.
        split: ``'train'`` or ``'test'``.
        layer: which of the backbone's outputs.
        thumbnails: small pictures of so many images, evenly spaced, for :func:`report`.

    Returns:
        Features.
    """
    cfg = copy.deepcopy(cfg)
    _check(cfg, split)
    out = None if out is None else check_writable(out)
    dataset = build_dataset(cfg.benchmark[split])
    model, meta = build_model(cfg, checkpoint)
    features = _features(cfg, model, dataset, layer)
    if out is not None and is_main_process():
        fields = _fields(cfg, checkpoint, type(model), meta, layer)
        source = {name: fields[name] for name in ('config', 'saw_labels', 'dataset', 'encoder', 'layer', 'pooling')}
        source |= dict(split=split, checkpoint=fields['settings']['checkpoint'])
        arrays: dict[str, Any] = dict(features=features.features.numpy(), index=features.indices.numpy(),
                                      classes=np.array(features.classes, dtype=str),
                                      source=np.array(json.dumps(source, default=str)))
        if features.labels is not None:
            arrays['labels'] = features.labels.numpy()
        if hasattr(dataset, 'paths'):
            arrays['paths'] = np.array([dataset.paths[index] for index in features.indices.tolist()])
        if thumbnails:
            rows = evenly_spaced(len(features), thumbnails)
            arrays |= dict(thumbnail_rows=rows.numpy(), thumbnails=np.stack(
                [thumbnail(dataset[index]['inputs']) for index in features.indices[rows].tolist()]))
        write_atomically(out, lambda file: np.savez(file, **arrays))
    return features


def _check(cfg: Config, *splits: str) -> None:
    for split in splits:
        if split not in (cfg.get('benchmark') or {}):
            raise ValueError(f'{cfg.filename} has no benchmark.{split}: a config names the labelled data it is '
                             "evaluated on, e.g. benchmark=dict(dataset='CIFAR-10', train=dict(type='CIFAR10', "
                             "split='train'), test=dict(type='CIFAR10', split='test'))")


class CheckpointSource(Source):
    """Source of protocols: a checkpoint, which trainings start from.

    Args:
        name: see :class:`Source`.
        runner: :class:`FineTuneRunner` of the checkpoint.
        features: function that returns the training and the test features; all ranks call it together.
    """

    def __init__(self, name: str, runner: FineTuneRunner, features: Callable[[], tuple[Features, Features]]) -> None:
        self.name, self.runner, self._features = name, runner, features

    def features(self) -> tuple[Features, Features]:
        return self._features()

    def train(self, config: Path | str | None, options: dict[str, Any] | None, seed: int,
              holdout: float | None) -> dict[str, float]:
        return self.runner.run(config, options, seed, holdout, self.name)

    def dataset_name(self, config: Path | str | None) -> str:
        return dataset_name(load_config(config) if config else self.runner.pretrained)


def benchmark(cfg: Config, checkpoint: Path | str | None, protocols: Sequence[str] | None = None,
              out: Path | str | None = None, suite: str | None = None, method: str | None = None, layer: int = -1,
              layers: Sequence[int] | None = None, pooling: str | None = None,
              work_dir: Path | str | None = None, floor: bool = False) -> list[dict[str, Any]]:
    """Evaluate a checkpoint, by frozen features or by what is trained from it.

    Args:
        cfg: config with ``benchmark`` (``dataset``, ``train``, ``test``, ``protocols``: name -> settings, whose
            ``type`` is the protocol if the name is not; perhaps ``default``, those that run unasked, and ``refused``:
            name -> why it cannot run; for values of single layers also ``layers``, ``pooling``). It is not changed.
        checkpoint: file, ``'pretrained:NAME'``, or ``'random'`` or ``'random_rescaled'`` for the floors of every table.
        protocols: names; default ``default``, or all that the config has settings for. A name without
            settings runs with its defaults.
        out: JSON-lines file the records are added to.
        suite, method: names for the records; ``method`` defaults to the model's class, or the name of the floor or of
            the pre-trained network.
        layer: which of the backbone's outputs, globally averaged.
        layers: values for each of these ``out_indices`` of the backbone instead, one after another, by ``pooling``;
            default ``benchmark.layers``. The backbone is built anew for each and run no further than that. Protocols
            that train run once.
        pooling: name in :data:`mmwsl.models.layers.pooling.POOLINGS`; default ``benchmark.pooling``.
        work_dir: folder of what is trained, by protocols that do; default ``work_dirs/benchmark``.
        floor: also evaluate the untrained network, as the method ``random``; not where ``checkpoint`` is one.

    Returns:
        list of records. Those of each protocol are written, and its values printed, as soon as it is done.

    Raises:
        ValueError: the config names no data to evaluate on, or layers without a pooling that knows them; KeyError:
            unknown protocol; TypeError: a protocol of an unknown form; FileNotFoundError: no such checkpoint;
            OSError: ``out``, or ``work_dir`` where something is trained, cannot be written.
    """
    cfg = copy.deepcopy(cfg)
    instances, layers, pooling = prepare_protocols(cfg, protocols, layers, pooling)
    trained = [name for name, instance in instances.items() if instance.trains]
    frozen = [name for name in instances if name not in trained]
    if checkpoint not in (None, *UNTRAINED):
        checkpoint_file(checkpoint)  # is there, which is known before the data are read
    out, records = None if out is None else check_writable(out), []
    work_dir = check_writable_folder('work_dirs/benchmark' if work_dir is None else work_dir) if trained else None
    for name, source, fields in itertools.chain(
            _from_features(cfg, checkpoint, {name: instances[name] for name in frozen}, layer, layers, pooling)
            if frozen else (),
            _from_trainings(cfg, checkpoint, trained, work_dir) if trained else ()):
        start = time.perf_counter()
        values = instances[name].run(source)
        fields = fields | dict(suite=suite, method=method or fields['method'], protocol=name,
                               seconds=round(time.perf_counter() - start, 2))
        made = [_record(each, fields) for each in values]
        if is_main_process():
            if out is not None:
                append_json_lines(out, made)
            print(values_line(made), flush=True)  # now: a later protocol may refuse
        records += made
    if floor and checkpoint not in (None, *UNTRAINED):
        records += benchmark(cfg, 'random', protocols, out, suite, None, layer, layers, pooling, work_dir)
    return records


def prepare_protocols(cfg: Config, protocols: Sequence[str] | None = None, layers: Sequence[int] | None = None,
                      pooling: str | None = None) -> tuple[dict[str, Protocol], Sequence[int] | None, str | None]:
    """The protocols by their names, the layers, and how these are pooled: what :func:`benchmark` begins with.

    Raises:
        ValueError, KeyError, TypeError: as there.
    """
    init_default_scope('mmwsl')
    settings = cfg.get('benchmark') or {}
    known, refused = settings.get('protocols') or {}, settings.get('refused') or {}
    for name in protocols or (refused if settings.get('default') == [] else ()):
        if name in refused:
            raise ValueError(refused[name])
    instances = {name: as_protocol(PROTOCOLS.build({'type': name, **copy.deepcopy(known.get(name) or {})}))
                 for name in protocols or settings.get('default') or known}
    if not instances or not all(instance.trains for instance in instances.values()):
        _check(cfg, 'train', 'test')
    if not instances:
        raise ValueError('no protocol was named, and the config has no benchmark.protocols; pass e.g. --protocols knn')
    layers, pooling = layers or settings.get('layers'), pooling or settings.get('pooling')
    if layers:
        check_pooling(pooling, layers)
    elif pooling:
        raise ValueError(f'pooling={pooling!r} is of single layers; name them in benchmark.layers, or --layers')
    return instances, layers, pooling


def features_of(cfg: Config, checkpoint: Path | str | None, layer: int | None = None,
                pooling: str | None = None) -> tuple[Features, Features]:
    """Extract the training and test features that protocols get (:class:`mmwsl.protocols.Features`).

    Args:
        cfg, checkpoint: see :func:`benchmark`.
        layer, pooling: an ``out_indices`` of the backbone and how it is pooled; None = the average of the last map.
    """
    _check(cfg, 'train', 'test')
    model, _ = build_model(cfg, checkpoint) if layer is None else _layer_model(cfg, checkpoint, pooling, layer)
    train, test = (_features(cfg, model, build_dataset(cfg.benchmark[split]), -1) for split in ('train', 'test'))
    return train, test


def _from_features(cfg: Config, checkpoint: Path | str | None, protocols: dict[str, Protocol], layer: int,
                   layers: Sequence[int] | None, pooling: str | None) -> Iterator[tuple[str, Source, dict[str, Any]]]:
    """Yield (name, source, shared fields) per layer and frozen-feature protocol, on the first rank alone."""
    datasets = [build_dataset(cfg.benchmark[split]) for split in ('train', 'test')]
    _check_labels(datasets[0], datasets[1], open_classes=all(each.open_classes for each in protocols.values()))
    for each in layers or [layer]:
        model, meta = _layer_model(cfg, checkpoint, pooling, each) if layers else build_model(cfg, checkpoint)
        train, test = (_features(cfg, model, dataset, -1 if layers else layer) for dataset in datasets)
        fields = _fields(cfg, checkpoint, type(model.model if layers else model), meta, each, pooling)
        for name in protocols if is_main_process() else ():
            yield name, FeatureSource(train, test, name), fields


def _from_trainings(cfg: Config, checkpoint: Path | str | None, names: Sequence[str],
                    work_dir: Path | str | None) -> Iterator[tuple[str, Source, dict[str, Any]]]:
    """Yield the same per protocol that trains, on all ranks."""
    runner = FineTuneRunner(cfg, checkpoint, work_dir)
    features = functools.cache(lambda: features_of(cfg, checkpoint))
    fields = _fields(cfg, checkpoint, runner.model_class, runner.meta)
    for name in names:
        yield name, CheckpointSource(name, runner, features), fields


def _fields(cfg: Config, checkpoint: Path | str | None, model_class: type, meta: dict[str, Any] | None, layer: int = -1,
            pooling: str | None = None) -> dict[str, Any]:
    """What the records of a checkpoint share; ``meta`` is the checkpoint's, None without one."""
    settings = cfg.get('benchmark') or {}
    return dict(
        method=checkpoint if checkpoint in UNTRAINED else pretrained_name(checkpoint) or model_class.__name__.lower(),
        saw_labels=start_saw_labels(cfg.model) if meta is None else meta.get('saw_labels'),
        config=_relative(cfg.filename),
        seed=(meta or {}).get('seed', cfg.get('randomness', {}).get('seed')),
        dataset=settings.get('dataset') or (settings.get('test') or {}).get('type'), split='test', encoder='backbone',
        layer=layer, pooling=pooling or 'global average', settings=dict(checkpoint=_describe(checkpoint, meta)))


def _record(value: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """A record of a protocol's metric value."""
    fields = fields | {key: value[key] for key in REPLACEABLE if key in value}
    return make_record(**fields | dict(metric=value['metric'], value=round(float(value['value']), 4),
                                       settings=value['settings'] | fields['settings']))


def _layer_model(cfg: Config, checkpoint: Path | str | None, pooling: str | None,
                 layer: int) -> tuple[LayerFeatures, dict[str, Any] | None]:
    """The model reduced to one backbone stage, before any final pooling."""
    cfg = copy.deepcopy(cfg)
    cfg.model.backbone.out_indices = (layer,)
    if cfg.model.backbone.get('final_pool'):
        cfg.model.backbone.final_pool = False
    model, meta = build_model(cfg, checkpoint)
    return LayerFeatures(model, pooling, layer), meta


def _check_labels(train: Dataset, test: Dataset, open_classes: bool) -> None:
    """Raise ValueError, before features are extracted, where no protocol could use them."""
    for split, dataset in (('train', train), ('test', test)):
        if getattr(dataset, 'labels', None) is None:
            raise ValueError(f'benchmark.{split} ({type(dataset).__name__}) has no labels; protocols need them. Are '
                             "there class folders, and is supervision 'image' or stronger?")
    if not open_classes:
        check_same_classes(train, test)


def _describe(checkpoint: Path | str | None, meta: dict[str, Any] | None) -> dict[str, Any] | str | Path:
    """Describe the weights of a record: file name, hash, and progress of training."""
    if checkpoint is None or meta is None:
        return checkpoint or 'random'
    path = checkpoint_file(checkpoint)
    return dict(file=path.name, sha256=checkpoint_hash(path), epoch=meta.get('epoch'), iter=meta.get('iter'),
                pixels=meta.get('pixels'))


def _relative(filename: Path | str | None) -> str | None:
    """Config name without the machine's folders."""
    if not filename:  # a config that was never a file
        return None
    parts = Path(filename).parts
    return '/'.join(parts[parts.index('configs'):]) if 'configs' in parts else Path(filename).name
