"""Boxes of a user's own photos, found by a detector that learnt their tags, as a data set with boxes."""

import copy
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from torch.utils.data import DataLoader

from mmwsl.apis.build import build_dataset, build_model
from mmwsl.apis.config import load_config
from mmwsl.apis.own_data.views import innermost
from mmwsl.apis.pseudo_boxes.hints import read_counts, read_points, read_scribbles
from mmwsl.apis.pseudo_boxes.select import Found, select_boxes
from mmwsl.checkpoints.read import class_names
from mmwsl.datasets import check_trained_classes
from mmwsl.datasets.own import Records, read_own_data, split_positions
from mmwsl.datasets.own.write import BoxedPhoto, check_empty, write_boxes
from mmwsl.progress import progress_bar
from mmwsl.registry import FUNCTIONS
from mmwsl.structures import DataSample


def pseudo_boxes(config: Path | str, checkpoint: Path | str, data: Path | str, out: Path | str,
                 form: str = 'coco_json', top: int | None = None, score_threshold: float | None = None,
                 data_format: str | None = None, proposals: Path | str | None = None,
                 points: Path | str | None = None, counts: Path | str | None = None,
                 device: torch.device | str | None = None, options: dict[str, Any] | None = None,
                 scribbles: Path | str | None = None) -> dict[str, int]:
    """Write the boxes that a detector finds of the photos' known tags, and the photos, as a data set with boxes.

    The split is that of the data. Photos of the test keep their own boxes where the data has some, so that a second
    detector is scored by these; no box of the data decides anything else. Photos to train on of which a tag is known
    but no box is found, or of which no tag is known, are left out, because they would teach that nothing is there.

    Args:
        config: file of a detector's recipe, such as those of ``weaksup/detection``.
        checkpoint: file, trained on the classes of ``data``.
        data, data_format: photos with tags, see :func:`mmwsl.datasets.own.read_own_data`.
        out: new folder.
        form: ``'coco_json'``, ``'voc_xml'`` or ``'yolo'``.
        top: at most so many boxes of each tag. Default 1, or all with a ``score_threshold``.
        score_threshold: boxes below it are left out.
        proposals: file of proposals of the photos; None = made of each photo.
        points, counts: tables of what else is known, see :mod:`mmwsl.apis.pseudo_boxes.hints`.
        device: where the network runs.
        options: dict of dotted keys that override the config.
        scribbles: folder of masks or a table, see :func:`mmwsl.apis.pseudo_boxes.hints.read_scribbles`.

    Returns:
        dict: numbers of ``photos`` and ``boxes`` to train on, of photos ``left_out``, and of photos to ``test``.

    Raises:
        FileNotFoundError, ValueError: no such files; no tags; a network without boxes, or of other classes; ``top``
            below 1; ``out`` is not empty; no box is found at all.
        OSError: ``out`` cannot be written.
    """
    if top is not None and top < 1:
        raise ValueError(f'top={top} must be 1 or more boxes of each tag')
    top = 1 if top is None and score_threshold is None else top
    check_empty(out)
    cfg, dataset = _photos(config, data, data_format, proposals, options)
    records = read_own_data(data, data_format)
    model, meta = build_model(cfg, checkpoint, device)
    count = getattr(getattr(model, 'head', None), 'num_classes', None)
    check_trained_classes(class_names(meta or {}, count), records.classes, f'{data}, {checkpoint}')
    known_points = {} if points is None else read_points(points, records.paths, records.classes)
    known_counts = {} if counts is None else read_counts(counts, records.paths, records.classes)
    strokes = {} if scribbles is None else read_scribbles(scribbles, records.paths, records.classes)
    assert records.tags is not None  # else the recipe had refused the data
    parts = split_positions(records)
    own = set(parts['test']) if records.has_boxes else set()
    written, left_out = [], 0
    for sample in _predicted(cfg, model, dataset):
        row = int(sample.index)
        part = 'test' if row in parts['test'] else 'train'
        if row in own:
            written.append(_own_boxes(records, row, sample))
            continue
        tags = records.tags[row].numpy()
        found = select_boxes(_found(sample), tags, top, score_threshold or 0.0, known_points.get(row),
                             known_counts.get(row), strokes.get(row, ()))
        if not len(found.boxes) and (tags != 0).any() and part == 'train':
            left_out += 1
            continue
        written.append(BoxedPhoto(records.paths[row], part, sample.ori_shape[::-1], found.boxes, found.labels,
                                  np.zeros(len(found.boxes), bool), found.scores))
    learnt = [photo for photo in written if photo.part == 'train']
    boxes = sum(len(photo.boxes) for photo in learnt)
    if not boxes:
        raise ValueError(f'{checkpoint} finds no box of a tag in {len(parts["train"])} photos to train on; lower '
                         'score_threshold, or train it for longer')
    write_boxes(out, written, records.classes, form)
    return dict(photos=len(learnt), boxes=boxes, left_out=left_out, test=len(written) - len(learnt))


def _photos(config: Path | str, data: Path | str, data_format: str | None, proposals: Path | str | None,
            options: dict[str, Any] | None) -> tuple[Config, Any]:
    """The config on these photos, and its test data set of all of them."""
    own = dict(data=os.fspath(data), data_format=data_format, data_proposals=proposals)
    own = {key: value for key, value in own.items() if value is not None}
    cfg = load_config(config, {**(options or {}), **own})
    if cfg.get('test_dataloader') is None:
        raise ValueError(f'{config} has no test_dataloader; take the recipe of a detector (weaksup/detection)')
    settings = copy.deepcopy(cfg.test_dataloader.dataset)
    innermost(settings).update(split=None, supervision='image')
    return cfg, build_dataset(settings)


@torch.no_grad()
def _predicted(cfg: Config, model: Any, dataset: Any) -> Any:
    """Yield the sample of every photo, with what is predicted."""
    loader = cfg.test_dataloader
    collate = FUNCTIONS.get(loader.get('collate_fn', dict(type='collate_batch'))['type'])
    batches = DataLoader(dataset, int(loader.get('batch_size', 1)), collate_fn=collate,
                         num_workers=min(int(loader.get('num_workers', 0)), os.cpu_count() or 1),
                         generator=torch.Generator())
    with progress_bar(total=len(dataset), description='pseudo-boxes', unit='photo') as bar:
        for batch in batches:
            for sample in model.test_step(batch):
                if 'pred_boxes' not in sample:
                    raise ValueError(f'{cfg.filename}: {type(model).__name__} finds no boxes; take the recipe of a '
                                     'detector (weaksup/detection)')
                yield sample
                bar.update()


def _found(sample: DataSample) -> Found:
    """What was found, with the best box of every class whatever its score."""
    boxes, labels, scores = (sample.get(name).cpu().numpy() for name in ('pred_boxes', 'pred_box_labels',
                                                                    'pred_box_scores'))
    if 'pred_top_boxes' in sample:
        best, best_scores = sample.pred_top_boxes.cpu().numpy(), sample.pred_scores.cpu().numpy()
        missing = np.flatnonzero(~np.isin(np.arange(len(best)), labels))
        boxes, labels = np.concatenate([boxes, best[missing]]), np.concatenate([labels, missing])
        scores = np.concatenate([scores, best_scores[missing]])
    return Found(boxes, labels, scores)


def _own_boxes(records: Records, row: int, sample: DataSample) -> BoxedPhoto:
    annotation = (records.annotations or [])[row]
    boxes = annotation.get('boxes', np.zeros((0, 4), np.float32))
    return BoxedPhoto(records.paths[row], 'test', sample.ori_shape[::-1], boxes,
                      annotation.get('box_labels', np.zeros(0, np.int64)),
                      annotation.get('difficult', np.zeros(len(boxes), bool)))
