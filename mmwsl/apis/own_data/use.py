"""A recipe's data replaced by a user's own photos, and its heads and metrics by what fits their labels."""

import os
from typing import Any

from mmengine.config import Config, ConfigDict
from mmengine.logging import print_log

from mmwsl.apis.own_data.views import innermost, test_pipeline, train_pipeline
from mmwsl.datasets.own import Records, check_sizes, describe, read_own_data, split_positions

TASKS = {'none': 'photos', 'image': 'classes', 'boxes': 'boxes', 'full': 'masks'}  # supervision -> what is learnt
REFUSED = ('BagClassifier', 'TemporalLocalizer')
EVALUATION = ('test_dataloader', 'test_evaluator', 'test_cfg', 'val_dataloader', 'val_evaluator', 'val_cfg')


def use_data(cfg: Config, data: os.PathLike[str] | str, format: str | None = None) -> Records:
    """Make a config train, test and benchmark on a user's own photos, in place.

    The photos keep the input size of the recipe; see :func:`mmwsl.apis.own_data.views.train_pipeline`. Class count and
    names come from the data. What was found is logged in one line.

    Args:
        cfg: any config with a training, a test or a benchmark.
        data, format: see :func:`mmwsl.datasets.own.read_own_data`.

    Returns:
        Records: what was found.

    Raises:
        FileNotFoundError, ValueError: as that function; labels of a kind that the recipe cannot learn from.
    """
    records = read_own_data(data, format)
    task = task_of(cfg)
    if task == 'masks' and records.has_class_maps:
        records = records.with_class_maps()
    split_positions(records)  # what contradicts itself ends here
    check_sizes(records)
    print_log(describe(records), logger='current')
    for remark in records.remarks:
        print_log(remark, logger='current')
    source = dict(type='OwnData', data=os.fspath(data), **({} if format is None else dict(format=format)))
    _check_labels(cfg, task, records)
    if task == 'photos':
        _use_photos(cfg, source)
    elif task == 'classes':
        _use_classes(cfg, source, records)
    elif task == 'boxes' or task == 'masks':
        _use_geometry(cfg, source, records)
    if cfg.get('benchmark') is not None or task == 'photos':
        _use_benchmark(cfg, source, records)
    cfg.setdefault('benchmark', {})['dataset'] = os.path.basename(os.path.abspath(data))
    return records


def task_of(cfg: Config) -> str | None:
    """What a recipe learns from: ``'photos'``, ``'classes'``, ``'boxes'`` or ``'masks'``; None = it trains nothing."""
    loader = cfg.get('train_dataloader') or cfg.get('test_dataloader')
    if loader is None:
        return None
    supervision = loader.dataset.get('supervision') or innermost(loader.dataset).get('supervision', 'image')
    return TASKS.get(supervision, 'classes')


def _check_labels(cfg: Config, task: str | None, records: Records) -> None:
    if cfg.get('model', {}).get('type') in REFUSED:
        raise ValueError(f'{cfg.model.type} learns from bags or sequences, which --data does not read; see '
                         'docs/weak/mil.md for their own data sets')
    needs = dict(classes=(records.tags is not None, 'classes or tags'), boxes=(records.has_boxes, 'boxes'),
                 masks=(records.has_class_maps or records.has_instance_masks, 'masks'))
    there, word = needs.get(task or '', (True, ''))
    if not there:
        kinds = ', '.join(records.kinds()) or 'no labels'
        raise ValueError(f'{cfg.filename} learns from {word}, and {records.source} ({records.form}) has {kinds}; '
                         'choose a recipe for these, or add the labels')


def _use_photos(cfg: Config, source: dict[str, Any]) -> None:
    loader = cfg.train_dataloader
    pipeline = train_pipeline(cfg)
    loader.dataset = dict(split='train', supervision='none', pipeline=pipeline, **source)
    _load_files(loader)


def _use_classes(cfg: Config, source: dict[str, Any], records: Records) -> None:
    several = not records.one_class_each
    head = cfg.model.get('head') or {}
    if several and head.get('type') in ('CAMHead', 'ClassificationHead'):
        in_channels = {key: head[key] for key in ('in_channels',) if key in head}
        cfg.model.head = dict(type='MultiLabelHead', **in_channels)
    elif several and head.get('type') != 'MultiLabelHead':
        raise ValueError(f'{cfg.filename}: {head.get("type")} learns one class a photo, and photos of {source["data"]} '
                         'have several tags or none; use a recipe with CAMHead, ClassificationHead or MultiLabelHead')
    several = cfg.model.head.type == 'MultiLabelHead'
    set_classes(cfg.model, len(records.classes))
    test = test_pipeline(cfg)
    if 'train_dataloader' in cfg:
        cfg.train_dataloader.dataset = dict(split='train', tags=several, pipeline=train_pipeline(cfg), **source)
        _load_files(cfg.train_dataloader)
    located = records.has_boxes and cfg.model.get('type', '').endswith('Localizer')
    loader = cfg.get('test_dataloader') or dict(batch_size=32, num_workers=0, sampler=dict(
        type='EpochSampler', shuffle=False))
    loader['dataset'] = dict(split='test', tags=several, pipeline=test,
                             supervision='boxes' if located else 'image', **source)
    cfg.test_dataloader = loader
    metrics = [dict(type='MultiLabelMetric' if several else 'AccuracyMetric')]
    cfg.test_evaluator = metrics + ([dict(type='LocalizationMetric')] if located else [])
    cfg.test_cfg = dict()
    for key in ('val_dataloader', 'val_evaluator', 'val_cfg'):
        cfg.pop(key, None)


def _use_geometry(cfg: Config, source: dict[str, Any], records: Records) -> None:
    """Detectors and segmentors: their pipelines move boxes and masks, and stay as they are."""
    maps = cfg.model.type == 'FCN' or 'IoUMetric' in str(cfg.get('test_evaluator'))
    if maps and not records.has_class_maps:
        raise ValueError(f'{cfg.filename} learns from class maps, and {source["data"]} ({records.form}) has '
                         f'{", ".join(records.kinds())}; choose a detector for these')
    if not maps and not records.has_boxes:
        raise ValueError(f'{cfg.filename} learns from boxes, and {source["data"]} ({records.form}) has class maps; '
                         'choose a segmentor (FCN) for these')
    if not maps and task_of(cfg) == 'masks' and not records.has_instance_masks:
        raise ValueError(f'{cfg.filename} learns from masks of objects, and {source["data"]} ({records.form}) has '
                         f'{", ".join(records.kinds())}; choose a detector of boxes for these')
    count = len(records.classes) + maps
    set_classes(cfg.model, count)
    for split, loader in (('train', cfg.get('train_dataloader')), ('test', cfg.get('test_dataloader'))):
        if loader is None:
            continue
        old = innermost(loader.dataset)
        kept = {key: old[key] for key in ('pipeline', 'supervision', 'drop_empty') if key in old}
        loader.dataset = dict(split=split, tags=True, **kept, **source)
    cfg.test_evaluator = dict(type='IoUMetric', num_classes=count) if maps else dict(type='VOCMetric')
    for key in ('val_dataloader', 'val_evaluator', 'val_cfg'):
        cfg.pop(key, None)


def _use_benchmark(cfg: Config, source: dict[str, Any], records: Records) -> None:
    old = cfg.get('benchmark') or {}
    pipeline = test_pipeline(cfg)
    protocols = old.get('protocols') or dict(knn=dict(), linear=dict(), svm=dict(costs='quick'))
    if records.tags is not None and not records.one_class_each:
        protocols = dict(svm=dict(costs='quick'))
    cfg.benchmark = dict(
        batch_size=old.get('batch_size', 64), num_workers=old.get('num_workers', 0), protocols=protocols,
        train=dict(split='train', pipeline=pipeline, **source), test=dict(split='test', pipeline=pipeline, **source))


def set_classes(part: Any, count: int) -> None:
    """Set ``num_classes`` wherever it stands in a model's config; a head without one gets it."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key == 'num_classes':
                part[key] = count
            else:
                set_classes(value, count)
        if isinstance(part.get('head'), dict):
            part['head'].setdefault('num_classes', count)
    elif isinstance(part, (list, tuple)):
        for each in part:
            set_classes(each, count)


def _load_files(loader: ConfigDict) -> None:
    """Set a loader to read files, where the recipe's data set was one tensor in memory."""
    if not loader.get('num_workers'):
        loader.num_workers = min(4, os.cpu_count() or 1)
        loader.persistent_workers = True
