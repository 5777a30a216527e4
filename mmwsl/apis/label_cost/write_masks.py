"""Class maps as weaker labels leave them, written as files: any segmentor learns from the folder by ``--data``."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from mmwsl.apis.pseudo_boxes.hints import BACKGROUND, read_points, read_scribbles
from mmwsl.datasets import OwnData, read_image
from mmwsl.datasets.own.write import check_empty, unique_names
from mmwsl.datasets.readers.map_files import write_mask
from mmwsl.datasets.scribbles import UNLABELLED
from mmwsl.datasets.weak_labels import KINDS, annotation_seconds, boxes_map, objects_of, points_map, weak_map
from mmwsl.files import write_atomically
from mmwsl.progress import progress_bar

Made = tuple[np.ndarray, float]  # a class map, and the seconds of an annotator


def weak_masks(data: Path | str, out: Path | str, labels: str, points: Path | str | None = None,
               scribbles: Path | str | None = None, format: str | None = None, votes: int = 1,
               seed: int = 0) -> dict[str, Any]:
    """Write a folder of photos and class maps that ``--data`` reads: weak ones to train on, whole ones to test on.

    Labels are a user's own where there are some (``points``, ``scribbles``, the boxes of ``data``); else they are drawn
    from the class maps of ``data``, seeded. ``out`` has ``train`` and ``test``, each with ``images`` (the photos, hard
    links where the file system has them) and ``masks``; ``classes.txt``; and ``weak_masks.json``, which says what the
    labels cost. Photos of the test without a class map are left out.

    Args:
        data, format: photos, see :func:`mmwsl.datasets.own.read_own_data`.
        out: a new or empty folder.
        labels: ``'points'``, ``'scribbles'``, ``'boxes'`` (GrabCut in each), ``'rectangles'`` or ``'full'``.
        points, scribbles: a user's own, see :func:`read_points` and :func:`read_scribbles`; the class ``background`` is
            one of points, too, if ``data`` has no class of that name.
        votes: of GrabCut, see :func:`mmwsl.datasets.weak_labels.vote_foreground`.
        seed: of what is drawn.

    Returns:
        dict: ``photos``, ``seconds`` of annotation, ``labels``.

    Raises:
        FileNotFoundError: no such file.
        ValueError: labels that are unknown or that ``data`` does not have, a point outside of its photo or on a void
            pixel, two classes at a pixel, ``out`` that is not empty, or no photo that could be tested on.
        OSError: ``out`` cannot be written.
    """
    if labels not in KINDS:
        raise ValueError(f'labels={labels!r} are unknown; choose one of {", ".join(KINDS)}')
    for name, given in (('points', points), ('scribbles', scribbles)):
        if given is not None and labels != name:
            raise ValueError(f'--{name} are given and --labels {labels}; leave one of them out')
    out = check_empty(out)
    parts = {part: OwnData(data, part, format, tags=True, supervision='full', background=False)
             for part in ('train', 'test')}
    train, test = parts['train'], parts['test']
    own: dict[int, Any] | None = None
    if points is not None:
        own = read_points(points, train.paths, [*train.classes, BACKGROUND])
    elif scribbles is not None:
        own = read_scribbles(scribbles, train.paths, train.classes)
    maker = _Maker(labels, train, own, votes, seed)
    written, tested, seconds = 0, 0, 0.0
    with progress_bar(total=len(train) + len(test), description='weak masks', unit='photo') as bar:
        for index, name in enumerate(unique_names(train.paths)):
            made = maker(index)
            if made is not None:
                _write(out / 'train', name, train.paths[index], made[0])
                written, seconds = written + 1, seconds + made[1]
            bar.update(1)
        for index, name in enumerate(unique_names(test.paths)):
            whole = test.describe(index).get('class_map')
            if whole is not None:
                _write(out / 'test', name, test.paths[index], whole)
                tested += 1
            bar.update(1)
    if not written or not tested:
        raise ValueError(f'{data}: {written} photos have {labels} to train on, and {tested} have a class map to test '
                         'on; there must be one at least of each')
    write_atomically(out / 'classes.txt', '\n'.join(['background', *train.classes]) + '\n')
    result = dict(labels=labels, photos=written, seconds=round(seconds, 1), drawn=not maker.has_own, seed=seed)
    write_atomically(out / 'weak_masks.json', json.dumps(result, indent=1) + '\n')
    return result


class _Maker:
    """The class map of a photo, and what its labels cost; None of a photo without labels."""

    def __init__(self, kind: str, dataset: OwnData, own: dict[int, Any] | None, votes: int, seed: int):
        self.kind, self.dataset, self.own, self.votes, self.seed = kind, dataset, own, votes, seed
        self.of_boxes = kind in ('boxes', 'rectangles')
        self.has_own = own is not None or self.of_boxes and any('boxes' in each for each in dataset.annotations)

    def __call__(self, index: int) -> Made | None:
        found = self.dataset.describe(index)
        make = self._drawn if not self.has_own else self._boxes if self.of_boxes else self._set
        try:
            return make(index, found)
        except ValueError as error:
            raise ValueError(f'{self.dataset.paths[index]}: {error}') from None

    def _image(self, found: dict[str, Any]) -> np.ndarray:
        image: np.ndarray = read_image(found['path'], upright=found['upright'])
        return image

    def _seconds(self, labels: list[int], drawn: int, background: bool = False) -> float:
        kind = 'boxes' if self.of_boxes else self.kind
        seconds: float = annotation_seconds(kind, len(self.dataset.classes), len(set(labels)), drawn, background)
        return seconds

    def _boxes(self, index: int, found: dict[str, Any]) -> Made | None:
        if 'boxes' not in found:
            return None
        labels = self.dataset.annotations[index]['box_labels'].tolist()
        made = boxes_map(self._image(found), found['boxes'], labels, self.kind == 'boxes', self.votes, self.seed)
        return made, self._seconds(labels, len(labels))

    def _set(self, index: int, found: dict[str, Any]) -> Made | None:
        """Of a user's own points or scribbles."""
        if self.own is None or index not in self.own:
            return None
        shape, classes = self._image(found).shape[:2], len(self.dataset.classes)
        void = None if found.get('class_map') is None else found['class_map'] == UNLABELLED
        if self.kind == 'points':
            points = np.array(self.own[index], dtype=np.float64)
            points[points[:, 2] == classes, 2] = -1  # the background
            made, drawn = points_map(points, shape, classes, void), points[:, 2]
        else:
            corners = [np.column_stack([np.floor(stroke.points), np.full(len(stroke.points), stroke.label)])
                       for stroke in self.own[index]]
            made = points_map(np.unique(np.concatenate(corners), axis=0), shape, classes, void)
            drawn = np.array([stroke.label for stroke in self.own[index]])
        return made, self._seconds(drawn[drawn >= 0].tolist(), len(drawn))

    def _drawn(self, index: int, found: dict[str, Any]) -> Made | None:
        """Of the class map, as an annotator might set them."""
        if found.get('class_map') is None:
            return None
        masks, labels = objects_of(found['class_map'])
        rng = np.random.default_rng([self.seed, index])
        made = weak_map(self.kind, self._image(found), found['class_map'], masks, labels, rng, self.votes)
        return made, self._seconds(labels.tolist(), len(labels), bool((found['class_map'] == 0).any()))


def _write(folder: Path, name: str, photo: str, class_map: np.ndarray) -> None:
    target = folder / 'images' / name
    target.parent.mkdir(parents=True, exist_ok=True)
    source = os.path.realpath(photo)
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)
    write_mask(folder / 'masks' / f'{os.path.splitext(name)[0]}.png', class_map)
