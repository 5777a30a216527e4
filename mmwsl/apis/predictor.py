"""Predictions of photos of one's own, by any model of images: as samples, and as JSON and pictures in a folder."""

import copy
import inspect
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.logging import print_log
from torch.utils.data import DataLoader

from mmwsl.apis.build import build_model
from mmwsl.apis.config import load_config
from mmwsl.apis.own_data.photos import own_photos
from mmwsl.apis.own_data.regions import make_step, photo_pipeline, takes_proposals
from mmwsl.checkpoints.read import class_names
from mmwsl.datasets import FileDataset, collate_bags
from mmwsl.datasets.photos import (
    CenterSquare,
    CollateReadable,
    PhotoBags,
    Photos,
    bags_of,
    common_folder,
    find_photos,
    in_photo,
    region_in_pixels,
)
from mmwsl.datasets.transforms.decode import ImageError, lossless_reduction, read_image
from mmwsl.files import check_writable, write_atomically
from mmwsl.progress import progress_bar
from mmwsl.registry import DATASETS, FUNCTIONS
from mmwsl.reporting.predictions import KINDS, PredictionFiles, relative_name, unique_stems, write_predictions
from mmwsl.structures import DataSample
from mmwsl.structures.summary import summarize
from mmwsl.visualization.predictions import shown_size

Photo = str | os.PathLike[str] | np.ndarray


class Predictor:
    """A trained network, and what brings photos into the form that its config's test data have.

    Photos go through the pipeline of ``test_dataloader`` (without one: ``benchmark.test``), so that predictions are
    those that ``mmwsl test`` scores. Where these data are held in memory at one size, the central square of a photo is
    resized to it. A network of bags takes the photos of each folder as one bag. Where a network scores proposals, they
    are made of each photo, about a second each.

    Args:
        config: file, ``mmwsl::NAME``, or :class:`Config`.
        checkpoint: file, or ``'random'``.
        device: where it runs; default mmengine's choice.
        options: dict of dotted keys that override a config file.
        classes: names in the order of the network's numbers, for one that does not say them itself.

    Attributes:
        classes: names of the classes that the network was trained on, or else of the config's data; may be empty.
        map_classes: names of the values of its class maps.

    Raises:
        ValueError: the config has no test data, or none of images; or ``classes`` are more or fewer than the network's.
        FileNotFoundError: no such config or checkpoint.
    """

    def __init__(self, config: Config | Path | str, checkpoint: Path | str, device: torch.device | str | None = None,
                 options: dict[str, Any] | None = None, classes: Sequence[str] | None = None) -> None:
        cfg = copy.deepcopy(config) if isinstance(config, Config) else load_config(config, options)
        dataset, collate = _test_data(cfg)
        self._collate, self.takes_bags = collate, collate is collate_bags
        self.model, meta = build_model(cfg, checkpoint, device, whole=True)
        mean = getattr(self.model.data_preprocessor, 'mean', None)
        settings = dict(pipeline=[make_step(dataset), *photo_pipeline(dataset, False)]) if takes_proposals(
            cfg) else _photo_settings(cfg, dataset)
        self._settings = dict(settings, gray=mean is not None and mean.numel() == 1)
        count = getattr(getattr(self.model, 'head', None), 'num_classes', None)
        self.classes = list(classes or class_names(meta, count) or _classes_of(_innermost(dataset)))
        if classes:
            _check_count(classes, self.model, count, checkpoint)
        self.map_classes = self.classes if count == len(self.classes) else ['background', *self.classes]
        if not self.classes:
            self.map_classes = []
        loader = cfg.get('test_dataloader') or {}
        if not loader:
            loader = cfg.benchmark
        self.batch_size = int(loader.get('batch_size', 32))
        self.num_workers = min(int(loader.get('num_workers', 0)), os.cpu_count() or 1)

    def __call__(self, photos: Photo | Iterable[Any], batch_size: int | None = None, num_workers: int | None = None,
                 left_out: dict[str, str] | None = None) -> Iterator[tuple[str | int, DataSample]]:
        """Yield each photo's name and prediction, in order.

        Args:
            photos: paths of files and folders, patterns, and arrays uint8 (H, W, 3) RGB; or one of them. For a network
                of bags every folder in which photos lie is one bag, and so is a list of paths or arrays.
            batch_size: photos, or bags, in one forward pass; default that of the config's test.
            num_workers: processes that read photos; default that of the config's test, none where there is one batch.
            left_out: takes the path and the error of each photo that cannot be read; None = such a photo is an error.

        Yields:
            tuple: path, or for an array its position among ``photos``, and the :class:`DataSample`, on the device, with
            what is in pixels in those of the photo, turned upright; ``ori_shape`` has its (height, width), and
            ``members`` the paths of a bag's photos.

        Raises:
            FileNotFoundError, ValueError: there are no such photos.
            ImageError: a photo cannot be read, without ``left_out``.
        """
        names, dataset = self._dataset(photos)
        batch_size = batch_size or self.batch_size
        if num_workers is None:
            num_workers = self.num_workers if len(dataset) > batch_size else 0
        loader = DataLoader(dataset, batch_size, num_workers=num_workers,
                            collate_fn=CollateReadable(self._collate), generator=torch.Generator())
        for errors, batches in loader:
            if errors and left_out is None:
                raise ImageError(next(iter(errors.values())))
            (left_out if left_out is not None else {}).update(errors)
            found = [(int(sample.index), done) for samples, batch in batches
                     for sample, done in zip(samples, self._predict(samples, batch), strict=True)]
            for index, sample in sorted(found, key=lambda pair: pair[0]):
                yield names[index], in_photo(sample)

    def _dataset(self, photos: Photo | Iterable[Any]) -> tuple[list[str | int], Photos | PhotoBags]:
        one = isinstance(photos, (str, os.PathLike)) or isinstance(photos, np.ndarray) and photos.ndim == 3
        entries = [photos] if one else list(photos)  # type: ignore[arg-type]
        items: list[tuple[str | int, Any]] = []
        if self.takes_bags:
            items += bags_of(find_photos([entry for entry in entries if isinstance(entry, (str, os.PathLike))])).items()
        for position, entry in enumerate(entries):
            if not isinstance(entry, (str, os.PathLike)):
                items.append((position, entry))
            elif not self.takes_bags:
                items += [(path, path) for path in find_photos([entry])]
        if not items:
            raise ValueError('there are no photos to predict')
        make = PhotoBags if self.takes_bags else Photos
        return [name for name, _ in items], make([item for _, item in items], **self._settings)

    @torch.no_grad()
    def _predict(self, samples: list[DataSample], batch: dict[str, Any]) -> list[DataSample]:
        done = self.model.test_step(batch)
        for sample, known in zip(done, samples, strict=True):
            sample.set_metainfo(known.metainfo)  # what batches of one tensor do not carry
        return done


def _test_data(cfg: Config) -> tuple[dict[str, Any], Any]:
    """Config of the test data, and the function that makes batches of them."""
    loader = cfg.get('test_dataloader') or {}
    dataset = loader.get('dataset') or (cfg.get('benchmark') or {}).get('test')
    if not dataset:
        raise ValueError(f'{cfg.filename} has neither test_dataloader nor benchmark.test, whose pipeline photos would '
                         'go through; add one of them')
    collate = loader.get('collate_fn', dict(type='collate_batch'))
    collate = FUNCTIONS.get(collate['type']) if isinstance(collate['type'], str) else collate['type']
    if collate.__name__ == 'collate_sequences':
        raise ValueError(f'{cfg.filename} is of sequences of features, not of photos; mmwsl test scores it')
    return dataset, collate


def _innermost(dataset: dict[str, Any]) -> dict[str, Any]:
    return _innermost(dataset['dataset']) if isinstance(dataset.get('dataset'), dict) else dataset


def _classes_of(dataset: dict[str, Any]) -> list[str]:
    """Names of the classes of a config's data, as far as they are known without reading the data."""
    kind = DATASETS.get(dataset['type'])
    default = getattr(inspect.signature(kind).parameters.get('classes'), 'default', None)
    names = dataset.get('classes') or default or getattr(kind, 'class_names', None) or ()
    return [str(name) for name in names] if isinstance(names, (list, tuple)) else []


def _check_count(classes: Sequence[str], model: torch.nn.Module, count: int | None, checkpoint: Path | str) -> None:
    """Raise if the names are more or fewer than the network's classes; of class maps the background may lack one."""
    known = getattr(model, 'num_classes', None)
    fits = (known,) if known is not None else () if count is None else (count, count - 1)
    if fits and len(classes) not in fits:
        raise ValueError(f'{len(classes)} names of classes are given, but the network of {checkpoint} has {fits[0]}; '
                         'give one for each, in their order')


def _photo_settings(cfg: Config, dataset: dict[str, Any]) -> dict[str, Any]:
    """``pipeline`` and ``value_range`` for :class:`Photos`, as the data of a config are loaded."""
    level: dict[str, Any] | None = dataset
    while level is not None:
        kind = DATASETS.get(level['type'])
        arguments = inspect.signature(kind).parameters
        files = inspect.isclass(kind) and issubclass(kind, FileDataset)
        if files and not level.get('in_memory'):
            return dict(pipeline=copy.deepcopy(level.get('pipeline')), value_range=level.get('value_range'))
        size = level.get('size', 32 if files else arguments['size'].default if 'size' in arguments else
                         getattr(kind, 'side', None))
        if size is not None:
            grid = level.get('grid', arguments['grid'].default) if 'grid' in arguments else 1
            return dict(pipeline=[CenterSquare(size // grid)], value_range=level.get('value_range'))
        level = level.get('dataset')
    raise ValueError(f'{cfg.filename}: nothing says at what size the images of {_innermost(dataset)["type"]} are; give '
                     'a test_dataloader of ImageFolder with a pipeline')


def predict(config: Config | Path | str, checkpoint: Path | str, photos: Sequence[Path | str], out: Path | str,
            device: torch.device | str | None = None, batch_size: int | None = None, num_workers: int | None = None,
            score_threshold: float = 0.3, top_k: int = 5, map_threshold: float = 0.2, pictures: bool = True,
            options: dict[str, Any] | None = None, classes: Sequence[str] | None = None,
            data: Path | str | None = None, data_format: str | None = None) -> dict[str, Any]:
    """Predict photos and write ``predictions.json``, and where there are some ``pictures/``, ``maps/``, ``class_maps/``
    and ``features.npz``, to a folder.

    Args:
        config, checkpoint, device, options, classes, batch_size, num_workers: see :class:`Predictor`.
        photos: files, folders (every photo below) and patterns; what an earlier call wrote to ``out`` is passed over.
        out: the folder.
        score_threshold: classes, but for the best one, and objects below it are left out.
        top_k: most classes of a photo.
        map_threshold: of the boxes of maps, as a share of the largest value.
        pictures: also draw.
        data, data_format: photos with labels in any form, beside ``photos``; see
            :func:`mmwsl.datasets.own.read_own_data`.

    Returns:
        dict: what ``predictions.json`` holds; photos that cannot be read are in ``left_out`` with their errors. After a
        stop (KeyboardInterrupt, SystemExit) the file holds what is done, and in ``not_predicted`` the other names.

    Raises:
        FileNotFoundError, ValueError, OSError: no such photos, config or checkpoint, a setting out of range, or ``out``
            cannot be written.
        ImageError: none of the photos can be read.
    """
    if not 0 <= map_threshold < 1 or top_k < 1:
        raise ValueError(f'top_k={top_k} must be 1 or more, and map_threshold={map_threshold} from 0 to below 1')
    out = check_writable(Path(out) / 'predictions.json').parent
    given = [os.fspath(photo) for photo in photos]
    if data is not None:
        own = own_photos(data, data_format)
        given += [os.fspath(own.root / name) for name in own.names]
    written = tuple(str((out / kind).resolve()) + os.sep for kind in KINDS)
    files = [file for file in find_photos(given) if not os.path.realpath(file).startswith(written)]
    if not files:
        raise ValueError(f'{", ".join(given)}: there are no photos but those that an earlier call wrote to {out}')
    folder = common_folder(given, files)
    predictor = Predictor(config, checkpoint, device, options, classes)
    names = {path: relative_name(path, folder) for path in (bags_of(files) if predictor.takes_bags else files)}
    stems = unique_stems(names, predictor.takes_bags)
    records: list[dict[str, Any]] = []
    features: list[np.ndarray] = []
    left_out: dict[str, str] = {}

    def save(**more: Any) -> dict[str, Any]:
        if features:
            paths = np.array([record['file'] for record in records])
            write_atomically(out / 'features.npz', lambda file: np.savez(
                file, features=np.stack(features)[:len(paths)], paths=paths))
        about = dict(folder=folder, checkpoint=str(checkpoint), classes=predictor.classes, left_out={
            relative_name(path, folder): error for path, error in left_out.items()}, **more)
        write_predictions(out / 'predictions.json', about, records)
        return dict(about, predictions=records)

    try:
        with progress_bar(total=len(names), description='predict',
                          unit='bag' if predictor.takes_bags else 'photo') as bar:
            for path, sample in predictor(files, batch_size, num_workers, left_out):
                summary = summarize(sample, predictor.classes, predictor.map_classes, score_threshold, top_k,
                                    map_threshold)
                if not predictor.takes_bags:
                    summary['size'] = list(sample.ori_shape[::-1])
                    seen = region_in_pixels(sample)
                    if seen != [0, 0, *summary['size']]:
                        summary['seen'] = seen
                feature = summary.pop('features', None)
                written = PredictionFiles(out, stems[str(path)])
                if pictures and set(summary) - {'size', 'seen'}:
                    written.draw(summary, *_photos_of(str(path), summary))
                for member in summary.get('members', ()):
                    member['file'] = relative_name(member['file'], folder)
                record = dict(file=names[str(path)], **written.plain(summary))
                features += [] if feature is None else [feature]
                records.append(record)
                bar.update()
    except (KeyboardInterrupt, SystemExit):
        done = {record['file'] for record in records} | {relative_name(path, folder) for path in left_out}
        rest = [name for name in names.values() if name not in done]
        save(not_predicted=rest)
        print_log(f'stopped: {out / "predictions.json"} has {len(records)} predictions, and the names of the other '
                  f'{len(rest)} in not_predicted', logger='current', level=logging.WARNING)
        raise
    if not records:
        raise ImageError(f'none of the {len(files)} photos can be read; the first: {next(iter(left_out.values()))}')
    return save()


def _photos_of(path: str, summary: dict[str, Any]) -> tuple[np.ndarray | None, list[np.ndarray]]:
    """The photo to draw on, no larger than needed, and a bag's members."""
    if 'members' in summary:
        return None, [read_image(member['file']) for member in summary['members']]
    return read_image(path, lossless_reduction(max(summary['size']) / max(shown_size(summary['size'])))), []
