"""A recipe's data replaced by a user's own photos, and its heads and metrics by what fits their labels."""

import os
from typing import Any

from mmengine.config import Config, ConfigDict
from mmengine.logging import print_log

from mmwsl.apis.own_data.benchmark import use_benchmark
from mmwsl.apis.own_data.regions import takes_proposals, use_regions
from mmwsl.apis.own_data.sizes import fit_memories
from mmwsl.apis.own_data.views import innermost, is_localizer, test_pipeline, train_pipeline
from mmwsl.datasets.own import Records, check_sizes, describe, read_own_data, split_positions

TASKS = {'none': 'photos', 'image': 'classes', 'boxes': 'boxes', 'full': 'masks'}  # supervision -> what is learnt
REFUSED = ('BagClassifier', 'TemporalLocalizer')
# methods of which each follows one class of a photo
ONE_CLASS = ('ADL', 'ACoLHead', 'SPGHead', 'ErasingLocalizer', 'CoTeaching', 'GeneralizedCrossEntropyHead',
             'SymmetricCrossEntropyHead', 'BootstrappingHead')
TAG_HEADS = ('MultiLabelHead', 'SEAMHead', 'EDAMHead')  # of several tags a photo


def use_data(cfg: Config, data: os.PathLike[str] | str, format: str | None = None,
             proposals: os.PathLike[str] | str | None = None) -> Records:
    """Make a config train, test and benchmark on a user's own photos, in place.

    The photos keep the input size of the recipe; see :func:`mmwsl.apis.own_data.views.train_pipeline`. Class count and
    names come from the data. What was found is logged in one line.

    Args:
        cfg: any config with a training, a test or a benchmark.
        data, format: see :func:`mmwsl.datasets.own.read_own_data`.
        proposals: file of proposals of the photos, for detectors that learn from tags; None = they are made as each
            photo is loaded.

    Returns:
        Records: what was found.

    Raises:
        FileNotFoundError, ValueError: as that function; labels of a kind that the recipe cannot learn from; proposals
            that are not there, or that the recipe does not take.
    """
    records = read_own_data(data, format)
    task = task_of(cfg)
    if _learns_class_maps(cfg) and records.has_class_maps:
        records = records.with_class_maps()
    parts = split_positions(records)  # what contradicts itself ends here
    check_sizes(records)
    print_log(describe(records), logger='current')
    for remark in records.remarks:
        print_log(remark, logger='current')
    source = dict(type='OwnData', data=os.fspath(data), **({} if format is None else dict(format=format)))
    _check_labels(cfg, task, records)
    weak = takes_proposals(cfg)
    if proposals is not None and not weak:
        raise ValueError(f'{cfg.filename} takes no proposals; leave out --proposals {os.fspath(proposals)}, or choose '
                         'a recipe of weaksup/detection')
    if weak:
        set_classes(cfg.model, len(records.classes))
        use_regions(cfg, source, records, proposals)
    elif task == 'photos':
        _use_photos(cfg, source, len(parts['train']))
    elif task == 'classes':
        _use_classes(cfg, source, records)
    elif task == 'boxes' or task == 'masks':
        _use_geometry(cfg, source, records)
    use_benchmark(cfg, source, records, parts)
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
                 masks=(records.has_class_maps or records.has_instance_masks,
                        'class maps' if _learns_class_maps(cfg) else 'masks of objects'))
    there, word = needs.get(task or '', (True, ''))
    if not there:
        kinds = ', '.join(records.kinds()) or 'no labels'
        remarks = ''.join(f' ({remark})' for remark in records.remarks)
        raise ValueError(f'{cfg.filename} learns from {word}, and {records.source} ({records.form}) has {kinds}; '
                         f'choose a recipe for these, or add the labels{remarks}')


def _use_photos(cfg: Config, source: dict[str, Any], count: int) -> None:
    loader = cfg.train_dataloader
    loader.dataset = dict(split='train', supervision='none', pipeline=train_pipeline(cfg), **source)
    _load_files(loader)
    fit_memories(cfg, count)
    for hook in cfg.get('custom_hooks') or []:
        if hook.get('type') == 'ClusteringHook' and hook.get('pipeline') is None:
            hook['pipeline'] = test_pipeline(cfg)  # it sees the images without the data set's random crops


def _use_classes(cfg: Config, source: dict[str, Any], records: Records) -> None:
    if not records.one_class_each:
        _learn_tags(cfg, source)
    several = cfg.model.head.type in TAG_HEADS
    set_classes(cfg.model, len(records.classes))
    test = test_pipeline(cfg)
    if 'train_dataloader' in cfg:
        loader = cfg.train_dataloader
        part = {key: loader.dataset[key] for key in ('type', 'fraction', 'seed') if key in loader.dataset}
        dataset = dict(split='train', tags=several, pipeline=train_pipeline(cfg), **source)
        loader.dataset = dict(part, dataset=dataset) if 'fraction' in part else dataset  # of few labels it stays few
        _load_files(loader)
    located = is_localizer(cfg) and (records.has_boxes or records.has_class_maps)
    loader = cfg.get('test_dataloader') or dict(batch_size=32, num_workers=0, sampler=dict(
        type='EpochSampler', shuffle=False))
    seen = dict(supervision='full', background=False) if located else dict(supervision='image')
    loader['dataset'] = dict(split='test', tags=several, pipeline=test, **seen, **source)
    cfg.test_dataloader = loader
    metrics = [dict(type='MultiLabelMetric' if several else 'AccuracyMetric')]
    cfg.test_evaluator = metrics + ([dict(type='LocalizationMetric')] if located else [])
    cfg.test_cfg = dict()
    for key in ('val_dataloader', 'val_evaluator', 'val_cfg', 'train_evaluator'):
        cfg.pop(key, None)


def _learn_tags(cfg: Config, source: dict[str, Any]) -> None:
    """Replace the head by one of several tags a photo.

    Raises:
        ValueError: a method that follows one class of a photo.
    """
    head = cfg.model.get('head') or {}
    parts = [cfg.model.get('type'), head.get('type')]
    parts += [part['type'] for part in (cfg.model.get('after') or {}).values()]
    follows = next((name for name in parts if name in ONE_CLASS), 'CutMix' if cfg.model.get('cutmix') else None)
    if follows is None and head.get('type') in TAG_HEADS:
        return
    if follows is not None or head.get('type') not in ('CAMHead', 'ClassificationHead'):
        raise ValueError(f'{cfg.filename}: {follows or head.get("type")} learns one class a photo, and photos of '
                         f'{source["data"]} have several tags or none; use a recipe with CAMHead, ClassificationHead '
                         'or MultiLabelHead, such as those of cam and hide_and_seek, or give each photo one class')
    kept = {key: head[key] for key in ('in_channels', 'num_classes') if key in head}
    cfg.model.head = dict(type='MultiLabelHead', **kept)


def _learns_class_maps(cfg: Config) -> bool:
    return task_of(cfg) == 'masks' and (cfg.model.type == 'FCN' or 'IoUMetric' in str(cfg.get('test_evaluator')))


def _use_geometry(cfg: Config, source: dict[str, Any], records: Records) -> None:
    """Detectors and segmentors: their pipelines move boxes and masks, and stay as they are."""
    maps = _learns_class_maps(cfg)
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
        loader.dataset = dict(split=split, tags=True, **({} if maps else dict(background=False)), **kept, **source)
    cfg.test_evaluator = dict(type='IoUMetric', num_classes=count) if maps else dict(type='VOCMetric')
    for key in ('val_dataloader', 'val_evaluator', 'val_cfg'):
        cfg.pop(key, None)


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
