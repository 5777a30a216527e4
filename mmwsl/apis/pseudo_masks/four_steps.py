"""Masks from tags in four steps, as one config says: classifier, class maps, pseudo-masks, segmentor."""

import contextlib
import copy
import functools
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from mmwsl.apis.config import load_config
from mmwsl.apis.own_data.use import set_classes
from mmwsl.apis.own_data.views import innermost
from mmwsl.apis.pseudo_masks.chain import digest, run_step
from mmwsl.apis.pseudo_masks.figures import Figures, given
from mmwsl.apis.pseudo_masks.make_maps import make_maps, propagate_maps
from mmwsl.apis.pseudo_masks.make_masks import MaskSettings, make_masks, score_maps, write_truth
from mmwsl.apis.pseudo_masks.photos import Photo, list_photos, read_list, stamp, write_list
from mmwsl.apis.pseudo_masks.segment import read_masks, score_segmentor
from mmwsl.apis.train import train
from mmwsl.datasets import read_own_data
from mmwsl.engine.child import Children
from mmwsl.files import check_writable_folder, lock

METHODS = ('cam', 'cam_refined', 'four_step', 'supervised')
LOCK = '.steps.lock'
NEEDED = ('classifier', 'maps', 'masks', 'segmentor')


class FourSteps:
    """The steps of one config in one folder; see :func:`four_steps`."""

    def __init__(self, path: Path | str, out: Path, data: Path | str | None, data_format: str | None,
                 options: dict[str, Any] | None, device: torch.device | str | None):
        cfg = load_config(path, options)
        absent = [key for key in NEEDED if not cfg.get(key)]
        if absent:
            raise ValueError(f'{path} does not say the four steps: it has no {", ".join(absent)}; `mmwsl configs '
                             'weaksup/segmentation/four_step` lists those that do')
        self.cfg, self.out, self.device = cfg, out, device
        self.data = None if data is None else os.fspath(data)
        self.data_format = data_format
        self.seed = int((cfg.get('randomness') or {}).get('seed') or 0)
        self.learnt: Path | None = None  # the classifier's checkpoint
        self.classes: list[str] = []
        self.photos: list[Photo] = []
        self.name = (cfg.get('benchmark') or {}).get('dataset', 'own') if data is None else Path(self.data or '').name
        self.methods = {**{name: name for name in METHODS}, **(cfg.get('methods') or {})}
        self.figures = Figures(Path(path).stem, self.seed, self.name)
        self.mask_settings = MaskSettings(**cfg.masks)
        self.classifier = self._load(cfg.classifier, self._own())
        if self.data is None and cfg.classifier.get('dataset'):
            self.classifier.train_dataloader.dataset = copy.deepcopy(cfg.classifier.dataset)
        self.segmentor = self._load(cfg.segmentor, {})

    def _own(self) -> dict[str, Any]:
        own = dict(data=self.data, data_format=self.data_format)
        return {key: value for key, value in own.items() if value is not None}

    def _load(self, entry: dict[str, Any], more: dict[str, Any]) -> Config:
        """The config of a step, with this chain's seed; its own options count more than the chain's."""
        loaded = load_config(entry['config'], {'randomness.seed': self.seed, **(entry.get('options') or {}), **more})
        if 'train_cfg' not in loaded or loaded.train_cfg.get('max_epochs') is None:
            raise ValueError(f'{entry["config"]} has no train_cfg.max_epochs; a step takes the checkpoint of its last '
                             'epoch')
        return loaded

    def _train(self, name: str, cfg: Config, inputs: str) -> tuple[Path, str]:
        """Train a network in a folder of its own, or go on with it; its last checkpoint, and what decides it."""
        folder, settings = self.out / name, digest(cfg, inputs)
        final = folder / f'epoch_{cfg.train_cfg.max_epochs}.pth'

        def work() -> None:
            if not final.is_file():
                train(copy.deepcopy(cfg), work_dir=folder, resume=True)

        run_step(folder, name, settings, work, f' ({cfg.train_cfg.max_epochs} epochs)')
        return final, settings

    # -- the steps

    def prepare(self) -> str:
        """The photos, in ``OUT/photos``; returns what decides them."""
        folder = self.out / 'photos'
        if self.data is None:
            if not self.cfg.get('photos'):
                raise ValueError(f'{self.cfg.filename} says no photos that get masks; add photos=[dict(type=...)], or '
                                 'give --data PATH')
            datasets = [copy.deepcopy(each) for each in self.cfg.photos]
        else:
            datasets = [self._own_set('train')]

        def work() -> None:
            write_list(folder, *list_photos([(each, 'train') for each in datasets], folder))

        run_step(folder, 'photos', digest(datasets), work)
        self.photos, self.classes = read_list(folder)
        count = self.classifier.model.head.get('num_classes') if self.classifier.model.get('head') else None
        if count not in (None, len(self.classes)):
            raise ValueError(f'the classifier has {count} classes, the photos {len(self.classes)}; correct '
                             'classifier or photos')
        return digest(datasets, [(photo.name, photo.path, photo.tags, stamp(photo.path)) for photo in self.photos])

    def _own_set(self, split: str | None, **more: Any) -> dict[str, Any]:
        records = read_own_data(str(self.data), self.data_format)
        source = dict(type='OwnData', data=self.data, split=split)
        if self.data_format is not None:
            source['format'] = self.data_format
        full = dict(supervision='full', background=False) if records.has_class_maps else dict(supervision='image')
        return {**source, 'tags': True, **full, **more}

    def _known(self) -> bool:
        return any(photo.truth for photo in self.photos)

    def _score(self, maps: Path, method: str, refined: bool, photos: list[Photo] | None = None, **more: Any) -> None:
        """Score maps as masks, with the image's tags and without, where the truth is known; of ``photos`` of the test
        in the place of those that get masks."""
        settings, split = self.mask_settings, 'train' if photos is None else 'test'
        for with_tags in (True, False) if photos or self._known() else ():
            started = time.monotonic()
            matrix = score_maps(photos or self.photos, maps, len(self.classes), settings, with_tags, refined)
            self.figures.add(method, matrix, split, given(
                with_tags, settings.refiner if refined else None, self.cfg.maps, **more), time.monotonic() - started,
                protocol='pseudo_masks')

    def _score_tests(self, checkpoint: Path, trained: str) -> None:
        """Score the classifier's maps on the photos that test the segmentor, which it has not seen either."""
        if self.data is not None or not self.cfg.get('test_photos'):
            return
        datasets = [copy.deepcopy(each) for each in self.cfg.test_photos]
        folder, maps = self.out / 'test_photos', self.out / 'test_maps'
        run_step(folder, 'test photos', digest(datasets), lambda: write_list(
            folder, *list_photos([(each, 'test') for each in datasets], folder)))
        photos, made = read_list(folder)[0], digest(dict(self.cfg.maps), trained, datasets)
        run_step(maps, 'maps of test photos', made, lambda: make_maps(
            self.classifier, checkpoint, photos, self.classes, maps, device=self.device, **self.cfg.maps))
        for refined, method in enumerate(('cam', 'cam_refined')[:1 + bool(self.mask_settings.refiner)]):
            self._scored(f'test_{method}', made, functools.partial(
                self._score, maps, self.methods[method], bool(refined), photos))

    def run(self) -> Figures:
        """All steps, each skipped where it is done."""
        listed = self.prepare()
        checkpoint, trained = self._train('classifier', self.classifier, listed)
        self.learnt = checkpoint
        maps, made = self.out / 'maps', digest(dict(self.cfg.maps), trained)
        run_step(maps, 'maps', made, lambda: make_maps(
            self.classifier, checkpoint, self.photos, self.classes, maps, device=self.device, **self.cfg.maps))
        self._scored('maps', made, lambda: self._score(maps, self.methods['cam'], refined=False))
        if self.mask_settings.refiner:
            self._scored('refined', made, lambda: self._score(maps, self.methods['cam_refined'], refined=True))
        self._score_tests(checkpoint, trained)
        if self.cfg.get('affinity'):
            maps, made = self._propagate(maps, made, checkpoint)
        masks = self.out / 'masks'
        masked = digest(asdict(self.mask_settings), made)
        done = run_step(masks, 'masks', masked, lambda: make_masks(
            self.photos, self.classes, maps, masks, self.mask_settings))
        print(f'masks: {done["written"]} photos, {done["left_out"]} left out', flush=True)
        self._segment('segmentor', masks, masked, self.methods['four_step'])
        if self.cfg.get('ceiling') and self._known():
            truth = self.out / 'truth'
            run_step(truth, 'truth', listed, lambda: write_truth(self.photos, self.classes, truth))
            more = {} if self.cfg.ceiling is True else self.cfg.ceiling.get('options') or {}
            self._segment('ceiling', truth, digest(listed, 'truth'), self.methods['supervised'], more)
        return self.figures

    def _propagate(self, maps: Path, made: str, classifier: Path) -> tuple[Path, str]:
        """Train a model of affinities on pair labels of the maps, and walk on them."""
        entry = self.cfg.affinity
        labels, labeled = self.out / 'pair_labels', digest(dict(entry.labels), made)
        run_step(labels, 'pair labels', labeled, lambda: make_masks(
            self.photos, self.classes, maps, labels, MaskSettings(**entry.labels)))
        cfg = self._load(entry, {})
        read_masks(cfg, labels)
        set_classes(cfg.model, len(self.classes))
        if entry.get('from_classifier'):
            cfg.load_from = str(classifier)
        checkpoint, trained = self._train('affinity', cfg, labeled)
        walked, after = self.out / 'propagated_maps', digest(trained, entry.get('longest'))
        run_step(walked, 'random walk', after, lambda: propagate_maps(
            cfg, checkpoint, self.photos, maps, walked, entry.get('longest'), self.device))
        if entry.get('masks'):
            self.mask_settings = MaskSettings(**entry.masks)
        method = entry.get('method', 'affinity')
        self._scored('walked', after, lambda: self._score(walked, method, refined=False, walk=True))
        if self.mask_settings.refiner:
            self._scored('walked_refined', after, lambda: self._score(walked, method, refined=True, walk=True))
        return walked, after

    def _segment(self, name: str, folder: Path, inputs: str, method: str, more: dict[str, Any] | None = None) -> None:
        cfg = self._load(self.cfg.segmentor, more or {})
        set_classes(cfg.model, len(self.classes) + 1)
        read_masks(cfg, folder)
        if self.cfg.segmentor.get('from_classifier'):
            cfg.load_from = str(self.learnt)
        checkpoint, trained = self._train(name, cfg, inputs)
        dataset = self._test_set()
        if dataset is None:
            print(f'{name}: no photo of the test has a true mask, so there is no score of it', flush=True)
            return
        final = self.cfg.get('final') or {}
        variants = {f'{kind}{tags}': dict(settings, with_tags=bool(tags)) for kind, settings in dict(
            one={}, **(dict(several=final) if final else {})).items() for tags in ('', '_tags')}

        def work() -> None:
            started = time.monotonic()
            found = score_segmentor(cfg, checkpoint, dataset, variants, self.device)
            for key, matrix in found.items():
                variant = variants[key]
                self.figures.add(method, matrix, 'test', given(variant['with_tags'], variant.get('refiner'), variant),
                                 time.monotonic() - started)

        self._scored(name, digest(trained, variants, dataset), work)

    def _test_set(self) -> dict[str, Any] | None:
        """Photos that no step has seen, with their truth."""
        if self.data is None:
            loader = self.segmentor.get('test_dataloader')
            return None if loader is None else copy.deepcopy(loader.dataset)
        if not read_own_data(self.data, self.data_format).has_class_maps:
            return None
        loader = self.segmentor.get('test_dataloader') or {}
        pipeline = innermost(loader['dataset']).get('pipeline') if loader else None
        return self._own_set('test', background=True, **({} if pipeline is None else dict(pipeline=pipeline)))

    def _scored(self, name: str, inputs: str, work: Any) -> None:
        """Score once; figures of an earlier run are read again."""
        def measure() -> list[dict[str, Any]]:
            before = len(self.figures.rows)
            work()
            return self.figures.rows[before:]

        folder = self.out / 'scores' / name
        known = len(self.figures.rows)
        self.figures.rows[known:] = run_step(folder, f'scores of {name}', digest(inputs, asdict(self.mask_settings)),
                                            measure)
        for row in self.figures.rows[known:]:
            print(f'  {self.figures.line(row)}', flush=True)


def four_steps(config: Path | str, out: Path | str, data: Path | str | None = None, data_format: str | None = None,
               options: dict[str, Any] | None = None, records: Path | str | None = None,
               device: torch.device | str | None = None) -> str:
    """Learn masks from tags: train a classifier, map its classes, make masks of the maps, train a segmentor on them.

    A config has ``classifier``, ``segmentor`` (dicts of ``config``, ``options`` of it, and, of the classifier, perhaps
    ``dataset``, what it trains on), ``photos`` (a list of data sets whose images get masks), ``maps`` (see
    :func:`make_maps`), ``masks`` (:class:`MaskSettings`); and may have ``affinity`` (``config``, ``options``,
    ``method``, its name in the table, ``labels``, and ``masks``, how what it propagates becomes masks: a model that is
    trained on ``labels``, masks of two backgrounds, and moves the maps; ``longest``, the photos' side there;
    ``from_classifier=True`` to start from the classifier's backbone, as ``segmentor`` may), ``test_photos`` (a list of
    data sets with true masks on which the classifier's maps are scored as well: those of the segmentor's test, so that
    figures compare), ``final`` (``scales``, ``flip``, ``refiner`` of a second test of the segmentor), ``ceiling``
    (train the segmentor on true masks as well: True, or a dict of other ``options``), and ``methods``, other names for
    ``cam``, ``cam_refined``, ``four_step`` and ``supervised``. Each step has a folder in ``out``. One that is whole and
    whose settings and inputs are the same is skipped, and one that was stopped goes on.

    Wherever true masks are known, mIoU is printed; nothing else is done with them, but for the ceiling.

    Args:
        config: file, or ``mmwsl::NAME``.
        out: folder.
        data, data_format: a user's own photos with tags in the place of the config's, see
            :func:`mmwsl.datasets.own.read_own_data`.
        options: dict of dotted keys that override the config.
        records: JSON-lines file that the figures are added to; they are also in ``out/records.jsonl``.
        device: where maps are made.

    Returns:
        A table of all figures, Markdown, also in ``out/table.md``.

    Raises:
        ValueError, FileNotFoundError: the config does not say the steps, or one of them cannot be done.
        FileExistsError, BlockingIOError: ``out`` holds something else, or another process is at it.
        SystemExit: a SIGTERM or SIGINT came; the training that ran has written a checkpoint.
    """
    out = check_writable_folder(out)
    out.mkdir(parents=True, exist_ok=True)
    steps = FourSteps(config, out, data, data_format, options, device)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(lock(out / LOCK, wait=False))
        except BlockingIOError as error:
            raise BlockingIOError(f'another process does these steps in {out}; wait for its end, or choose another '
                                  '--out') from error
        stack.enter_context(Children('the steps are stopped. They go on where they were with: the same command'))
        return steps.run().write(out, records)

