"""The photos that get masks, as a list of files with tags and, where it is known, the truth: what every step reads."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmwsl.apis.build import build_dataset
from mmwsl.datasets import read_class_map, read_image
from mmwsl.datasets.own.write import unique_names
from mmwsl.datasets.readers.map_files import write_mask
from mmwsl.files import read_json_lines, write_atomically
from mmwsl.progress import progress_bar

LIST = 'photos.jsonl'


@dataclass
class Photo:
    """A photo that gets a mask.

    Attributes:
        name: its id, which its maps and its mask are called by.
        path: its file.
        part: ``'train'`` or ``'test'``.
        upright: whether its pixels are turned as EXIF says.
        tags: for each class 1 = in the photo, 0 = not, -1 = not known.
        truth: file of its true class map, None = not known.
        values: pairs of what values in that file become; None = they stay.
    """

    name: str
    path: str
    part: str
    upright: bool
    tags: list[int]
    truth: str | None = None
    values: list[list[Any]] | None = None

    def image(self) -> torch.Tensor:
        """uint8 (3, H, W)."""
        pixels = read_image(self.path, upright=self.upright)
        return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))

    def true_mask(self) -> np.ndarray | None:
        """uint8 (H, W), 0 = background, class + 1, 255 = void; None = not known."""
        if self.truth is None:
            return None
        values = None if self.values is None else {
            tuple(value) if isinstance(value, list) else value: becomes for value, becomes in self.values}
        return read_class_map(self.truth, values)


def list_photos(datasets: Sequence[tuple[dict[str, Any], str]], out: Path | str) -> tuple[list[Photo], list[str]]:
    """The photos of data sets of images with tags, and the names of their classes.

    Images of sets that are made on the fly are written to ``out``, with their true masks.

    Args:
        datasets: pairs of the config of a data set, and its part, ``'train'`` or ``'test'``. They have the same classes
            and tags, and no pipeline; and ``supervision='full'`` where the truth is there, for scores alone.
        out: folder.

    Raises:
        ValueError: other classes, or no tags.
    """
    photos: list[Photo] = []
    classes: list[str] = []
    for number, (config, part) in enumerate(datasets):
        dataset = build_dataset(config)
        if classes and list(dataset.classes) != classes:
            raise ValueError(f'the data sets of the photos have other classes: {", ".join(classes[:5])} ... and '
                             f'{", ".join(dataset.classes[:5])} ...')
        classes = list(dataset.classes)
        labels = dataset.labels
        if labels is None or not classes:
            raise ValueError(f'{config.get("type")}: the photos have no tags; masks are made from tags. Take a data '
                             "set with labels and supervision='image' or 'full'")
        tags = labels if labels.ndim == 2 else torch.nn.functional.one_hot(labels, len(classes))
        made = None if getattr(dataset, 'paths', None) else Path(out) / f'images{number or ""}'
        for row in range(len(dataset)):
            known = [int(each) for each in tags[row].tolist()]
            photos.append(_file_of(dataset, row, part, known) if made is None else
                          _written(dataset, row, part, known, made))
    names = unique_names([photo.path for photo in photos])
    for photo, name in zip(photos, names, strict=True):
        photo.name = os.path.splitext(name)[0]
    return photos, classes


def _file_of(dataset: Any, row: int, part: str, tags: list[int]) -> Photo:
    annotations = getattr(dataset, 'annotations', None)
    truth = annotations[row].get('class_map') if annotations and dataset.supervision == 'full' else None
    values = getattr(dataset, 'map_values', None)
    described = dataset.describe(row) if annotations else {}
    return Photo('', os.path.abspath(dataset.paths[row]), part, bool(described.get('upright', True)), tags,
                 None if truth is None else os.path.abspath(truth), [
                     [list(value) if isinstance(value, tuple) else value, becomes]
                     for value, becomes in values.items()] if truth is not None and values else None)


def _written(dataset: Any, row: int, part: str, tags: list[int], folder: Path) -> Photo:
    from PIL import Image
    name = f'{part}_{row:06d}'
    path, truth = folder / f'{name}.png', folder.with_name(folder.name.replace('images', 'truth')) / f'{name}.png'
    item = dataset[row]
    mask = item['data_samples'].get('gt_mask')
    if not path.is_file():
        picture = Image.fromarray(item['inputs'].permute(1, 2, 0).numpy())
        write_atomically(path, lambda file: picture.save(file, format='PNG'))
    if mask is not None and not truth.is_file():
        write_mask(truth, mask.numpy())
    return Photo(name, os.path.abspath(path), part, True, tags, None if mask is None else os.path.abspath(truth))


def write_list(folder: Path | str, photos: Sequence[Photo], classes: Sequence[str]) -> None:
    """Write the list to ``photos.jsonl`` in a folder, the classes in its first line."""
    lines = [json.dumps(dict(classes=list(classes)), ensure_ascii=False)]
    lines += [json.dumps(asdict(photo), ensure_ascii=False) for photo in photos]
    write_atomically(Path(folder) / LIST, '\n'.join(lines) + '\n')


def read_list(folder: Path | str) -> tuple[list[Photo], list[str]]:
    """What :func:`write_list` wrote.

    Raises:
        FileNotFoundError: no such file.
        ValueError: another file of that name.
    """
    path = Path(folder) / LIST
    lines = [line for _, line in read_json_lines(path, 'mmwsl maps writes it with the maps of photos')]
    try:
        return [Photo(**line) for line in lines[1:]], list(lines[0]['classes'])
    except (TypeError, KeyError, IndexError) as error:
        raise ValueError(f'{path} is no list of photos: {error}; make it anew with mmwsl maps') from error


def shown(photos: Sequence[Photo], description: str) -> Iterator[Photo]:
    """The photos, with a progress bar."""
    with progress_bar(total=len(photos), description=description, unit='photo') as bar:
        for photo in photos:
            yield photo
            bar.update()


def stamp(path: str) -> list[int]:
    """Size and time of change of a file: what says that it is the same."""
    status = os.stat(path)
    return [status.st_size, status.st_mtime_ns]
