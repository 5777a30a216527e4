"""Features of any checkpoint, and figures from them."""

import time
from pathlib import Path

import numpy as np
from mmengine.dist import is_main_process
from mmengine.registry import init_default_scope

from mmwsl.apis.build import build_dataset, build_model, get_device, inference_dtype
from mmwsl.apis.records import append_records, make_record
from mmwsl.registry import PROTOCOLS


def _features(cfg, model, dataset_cfg, layer):
    from mmwsl.protocols.features import extract_features
    settings = cfg.benchmark
    return extract_features(
        model, build_dataset(dataset_cfg), batch_size=settings.get('batch_size', 256), layer=layer, device=get_device(),
        amp_dtype=inference_dtype(cfg, get_device()), num_workers=settings.get('num_workers', 0))


def extract(cfg, checkpoint, out=None, split='test', layer=-1):
    """Features of every image of a dataset of the config, in dataset order.

    Args:
        cfg: config with ``benchmark.train`` and ``benchmark.test``.
        checkpoint: file, or ``'random'``.
        out: ``.npz`` file to write: ``features`` (N, D) float32, ``labels`` (N,) if there are any, ``classes``.
        split: ``'train'`` or ``'test'``.
        layer: which of the backbone's outputs.

    Returns:
        Features.
    """
    _check(cfg, split)
    model, _ = build_model(cfg, checkpoint)
    features = _features(cfg, model, cfg.benchmark[split], layer)
    if out is not None and is_main_process():
        out = Path(out)
        out.parent.mkdir(parents=True, exist_ok=True)
        arrays = dict(features=features.features.numpy(), classes=np.array(features.classes))
        if features.labels is not None:
            arrays['labels'] = features.labels.numpy()
        temporary = out.with_name(f'.{out.name}.tmp.npz')
        np.savez(temporary, **arrays)
        temporary.replace(out)
    return features


def _check(cfg, *splits):
    for split in splits:
        if split not in (cfg.get('benchmark') or {}):
            raise ValueError(f'{cfg.filename} has no benchmark.{split}: a config names the labelled data it is judged '
                             "on, e.g. benchmark=dict(dataset='CIFAR-10', train=dict(type='CIFAR10', split='train'), "
                             "test=dict(type='CIFAR10', split='test'))")


def benchmark(cfg, checkpoint, protocols=None, out=None, suite=None, method=None, layer=-1):
    """Judge a checkpoint by frozen features.

    Args:
        cfg: config with ``benchmark`` (``dataset``, ``train``, ``test``, ``protocols``: name -> settings).
        checkpoint: file, or ``'random'`` for the floor of every table.
        protocols: names; default all that the config has settings for. A name without settings runs with its defaults.
        out: JSON-lines file the records are added to.
        suite, method: names for the records; ``method`` defaults to the model's class, or ``random``.
        layer: which of the backbone's outputs.

    Returns:
        list of records.

    Raises:
        ValueError: the config names no data to judge on; KeyError: unknown protocol.
    """
    _check(cfg, 'train', 'test')
    init_default_scope('mmwsl')
    known = cfg.benchmark.get('protocols') or {}
    instances = {name: PROTOCOLS.build(dict(known.get(name) or {}, type=name)) for name in protocols or known}
    if not instances:
        raise ValueError('no protocol was named, and the config has no benchmark.protocols; pass e.g. --protocols knn')
    model, _ = build_model(cfg, checkpoint)
    train = _features(cfg, model, cfg.benchmark.train, layer)
    test = _features(cfg, model, cfg.benchmark.test, layer)
    name = method or ('random' if checkpoint == 'random' else type(model).__name__.lower())
    records = []
    if not is_main_process():
        return records
    for protocol, instance in instances.items():
        start = time.perf_counter()
        figures = instance.run(train, test)
        seconds = time.perf_counter() - start
        records += [make_record(
            suite=suite, method=name, config=_relative(cfg.filename), seed=cfg.get('randomness', {}).get('seed'),
            dataset=cfg.benchmark.get('dataset', cfg.benchmark.test.type), split='test', protocol=protocol,
            metric=figure['metric'], value=round(float(figure['value']), 4), settings=figure['settings'],
            encoder='backbone', layer=layer, pooling='global average', seconds=round(seconds, 2)) for figure in figures]
    if out is not None:
        append_records(out, records)
    return records


def _relative(filename):
    """A config's name without the machine's folders."""
    if not filename:  # a config that was never a file
        return None
    parts = Path(filename).parts
    return '/'.join(parts[parts.index('configs'):]) if 'configs' in parts else Path(filename).name
