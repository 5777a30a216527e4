"""Steps 2 and 3 by themselves: class maps of photos, and masks of a folder of maps."""

import copy
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from mmwsl.apis.config import load_config
from mmwsl.apis.pseudo_masks.chain import digest, run_step
from mmwsl.apis.pseudo_masks.figures import given, words
from mmwsl.apis.pseudo_masks.make_maps import SCALES, make_maps
from mmwsl.apis.pseudo_masks.make_masks import FORMS, MaskSettings, make_masks, score_maps, write_coco
from mmwsl.apis.pseudo_masks.photos import LIST, list_photos, read_list, write_list
from mmwsl.checkpoints.read import checkpoint_file, checkpoint_hash
from mmwsl.datasets.own import read_own_data
from mmwsl.datasets.own.write import check_empty
from mmwsl.evaluation.functional import intersection_over_union
from mmwsl.files import check_writable_folder, write_atomically


def class_maps(config: Path | str, checkpoint: Path | str, out: Path | str, data: Path | str | None = None,
               data_format: str | None = None, scales: Sequence[float] = SCALES, flip: bool = True,
               longest: int | None = None, stride: int = 4, device: torch.device | str | None = None,
               options: dict[str, Any] | None = None) -> dict[str, Any]:
    """Write the class maps of photos with tags to a folder; what was stopped goes on.

    Args:
        config, checkpoint: of a network with class maps, such as a :class:`mmwsl.models.weak.Localizer`.
        out: folder of ``ID.npz`` and ``photos.jsonl``.
        data, data_format: photos with tags, see :func:`mmwsl.datasets.own.read_own_data`; None = the images that the
            config trains on, whole.
        scales, flip, longest, stride, device: see :func:`mmwsl.apis.pseudo_masks.make_maps.make_maps`.
        options: dict of dotted keys that override the config.

    Returns:
        dict: numbers of ``photos`` and of those ``with_truth``, and the settings.

    Raises:
        ValueError, FileNotFoundError: no tags, a network without class maps, or no such files.
    """
    out = check_writable_folder(out)
    own = {} if data is None else dict(data=str(data), **({} if data_format is None else dict(data_format=data_format)))
    cfg = load_config(config, {**(options or {}), **own})
    if data is None:
        if not cfg.get('train_dataloader'):
            raise ValueError(f'{config} trains on nothing; name the photos by --data PATH')
        datasets = [(_whole(copy.deepcopy(cfg.train_dataloader.dataset)), 'train')]
    else:
        full = read_own_data(data, data_format).has_class_maps
        source = dict(type='OwnData', data=str(data), tags=True, **(
            dict(supervision='full', background=False) if full else dict(supervision='image')))
        source = source if data_format is None else dict(source, format=data_format)
        datasets = [(dict(source, split=part), part) for part in ('train', 'test')]
    weights = str(checkpoint) if checkpoint == 'random' else checkpoint_hash(checkpoint_file(checkpoint))
    settings: dict[str, Any] = dict(scales=list(scales), flip=flip, longest=longest, stride=stride)

    def work() -> dict[str, Any]:
        photos, classes = list_photos(datasets, out)
        write_list(out, photos, classes)
        make_maps(cfg, checkpoint, photos, classes, out, device=device, **settings)
        return dict(settings, photos=len(photos), with_truth=sum(photo.truth is not None for photo in photos))

    done: dict[str, Any] = run_step(out, 'maps', digest(datasets, weights, cfg.model, settings), work)
    return done


def _whole(settings: Any) -> Any:
    """The config of a data set without pipelines, and with all that is known."""
    for each in settings.get('datasets') or []:
        _whole(each)
    if isinstance(settings.get('dataset'), dict):
        _whole(settings['dataset'])
    elif not settings.get('datasets'):
        settings.pop('pipeline', None)
        settings['supervision'] = 'full'
    return settings


def pseudo_masks(maps: Path | str, out: Path | str, threshold: float | tuple[float, float] | None = None,
                 power: float | tuple[float, float] | None = None, refiner: dict[str, Any] | None = None,
                 form: str = 'masks') -> dict[str, Any]:
    """Make masks of a folder of maps, with their photos, as a data set that ``--data`` reads.

    Photos to test on keep their true masks, where there are some. mIoU is taken of the photos to train on whose true
    masks are known.

    Args:
        maps: what :func:`class_maps` wrote, or the folder ``maps`` of the four steps, beside their ``photos``.
        out: new folder.
        threshold, power, refiner: see :func:`mmwsl.models.weak.segmentation.masks_from_maps`; by default a threshold of
            0.25.
        form: ``'masks'``: folders of photos and of palette PNGs. ``'coco_json'``: each region an object.

    Returns:
        dict: numbers of photos ``written`` and ``left_out``, and ``scores``, a list of (words, mIoU).

    Raises:
        ValueError, FileNotFoundError: no maps there, settings that contradict each other, no class in any mask, or
            ``out`` is not empty.
    """
    if form not in FORMS:
        raise ValueError(f'form={form!r} is unknown; choose one of {", ".join(FORMS)}')
    threshold = 0.25 if threshold is None and power is None else threshold
    settings = MaskSettings(threshold, power, refiner)
    beside = Path(maps).parent / 'photos'
    photos, classes = read_list(maps if (Path(maps) / LIST).is_file() or not (beside / LIST).is_file() else beside)
    out = check_empty(out)
    with tempfile.TemporaryDirectory() as place:
        target = out if form == 'masks' else Path(place)
        done: dict[str, Any] = make_masks(photos, classes, maps, target, settings)
        if form == 'coco_json':
            write_coco(out, target, classes)
            write_atomically(out / 'classes.txt', '\n'.join(classes) + '\n')
    views = _views(Path(maps))
    learnt, scores = [photo for photo in photos if photo.part == 'train'], []
    for refined in (False, True) if refiner else (False,):
        for with_tags in (True, False):
            matrix = score_maps(learnt, maps, len(classes), settings, with_tags, refined)
            if matrix is not None:
                scores.append((words(given(with_tags, refiner if refined else None, views)),
                               round(100 * intersection_over_union(matrix)['mIoU'], 4)))
    return dict(done, scores=scores)


def _views(maps: Path) -> dict[str, Any]:
    """Scales and mirror images that maps were made of."""
    import json

    from mmwsl.apis.pseudo_masks.chain import NOTE
    found: dict[str, Any] = json.loads((maps / NOTE).read_text(encoding='utf-8'))['result'] or {}
    return found
