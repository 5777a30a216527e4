"""Own photos for detectors that learn from tags: where their proposals come from."""

import os
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log

from mmwsl.apis.own_data.views import innermost, memory_size
from mmwsl.datasets.own import Records

LONGEST = 2  # side of photos for a recipe of squares, times the short one


def takes_proposals(cfg: Config) -> bool:
    """Whether a recipe's network scores proposals that come with the photos."""
    return (cfg.get('model') or {}).get('type') == 'WeakDetector'


def use_regions(cfg: Config, source: dict[str, Any], records: Records,
                proposals: os.PathLike[str] | str | None = None) -> None:
    """Make such a recipe train on the photos' tags and test on their boxes, where there are some, in place.

    Args:
        cfg: config with a training or a test.
        source: arguments of :class:`mmwsl.datasets.OwnData`.
        records: the photos.
        proposals: file of all their proposals; None = by :class:`MakeProposals`, which is
            logged.
    """
    if proposals is None:
        print_log(f'proposals of regions are made each time that a photo is loaded, about a second each; to make them '
                  f'once: mmwsl proposals --data {source["data"]} --out FILE, and give --proposals FILE',
                  logger='current')
    seen = dict(train='image', test='boxes' if records.has_boxes else 'image')
    for split, loader in (('train', cfg.get('train_dataloader')), ('test', cfg.get('test_dataloader'))):
        if loader is not None:
            own = dict(split=split, tags=True, supervision=seen[split], background=False,
                       pipeline=photo_pipeline(loader.dataset, split == 'train'), **source)
            loader.dataset = with_regions(loader.dataset, own, proposals)
    cfg.test_evaluator = [dict(type='CorLocMetric'), dict(type='VOCMetric')] if records.has_boxes else dict(
        type='MultiLabelMetric')
    for key in ('val_dataloader', 'val_evaluator', 'val_cfg'):
        cfg.pop(key, None)


def with_regions(old: dict[str, Any], dataset: dict[str, Any],
                 proposals: os.PathLike[str] | str | None) -> dict[str, Any]:
    """A data set of photos with proposals of a file, or with those that are made of each photo.

    Args:
        old: the recipe's data set, whose limits of proposals stay.
        dataset: the photos, without proposals.
        proposals: the file, or None.
    """
    if proposals is None:
        return dict(dataset, pipeline=[make_step(old), *dataset['pipeline']])
    limits: dict[str, Any] = {key: old[key] for key in ('min_side', 'max_proposals') if key in old}
    if old.get('type') == 'WithWindows':  # whose number is of small pictures
        limits = {}
    return dict(type='WithProposals', proposals=os.fspath(proposals), key='path', dataset=dataset, **limits)


def make_step(old: dict[str, Any]) -> dict[str, Any]:
    """The transform that makes proposals, with the limits of a recipe's data set."""
    if old.get('type') != 'WithProposals':
        return dict(type='MakeProposals')
    limits = dict(max_boxes=old.get('max_proposals'), min_side=old.get('min_side'))
    return dict(type='MakeProposals', **{key: value for key, value in limits.items() if value is not None})


def photo_pipeline(dataset: dict[str, Any], augment: bool) -> list[dict[str, Any]]:
    """Pipeline of a recipe's data set without the making of proposals; of pictures in memory, one of whole photos."""
    own = [step for step in innermost(dataset).get('pipeline') or () if step['type'] != 'MakeProposals']
    size = memory_size(dataset)
    if own or size is None:
        return own
    return [dict(type='ResizeShortEdge', short=size, longest=LONGEST * size),
            *([dict(type='RandomFlip', prob=0.5)] if augment else [])]
