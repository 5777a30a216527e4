"""Proposals of photos, in one file."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.data import DataLoader, Dataset

from mmwsl.datasets.photos import common_folder, find_photos
from mmwsl.datasets.readers.proposals import Proposals, open_proposals, write_proposals
from mmwsl.datasets.transforms.decode import ImageError, limit_worker_threads, read_image
from mmwsl.files import check_writable, write_atomically
from mmwsl.ops.proposals import edge_boxes, hierarchical, selective_search
from mmwsl.progress import progress_bar

METHODS: dict[str, Callable[..., tuple[np.ndarray, np.ndarray]]] = dict(
    hierarchical=hierarchical, selective_search=selective_search, edge_boxes=edge_boxes)
PART = 50  # photos whose proposals a stop may lose


def make_proposals(photos: Sequence[Path | str], out: Path | str, method: str = 'hierarchical',
                   max_per_image: int = 2000, workers: int | None = None, **options: Any) -> Proposals:
    """Make proposals of photos and write them as one file; the same call goes on after a stop.

    Until all are made they lie in the folder ``OUT.parts``, which goes at the end. Photos that cannot be read are left
    out; ``meta['errors']`` of the result says which, and why.

    Args:
        photos: files, folders and patterns; see :func:`mmwsl.datasets.photos.find_photos`.
        out: file to write. One that the same call has written is taken as it is. Its names of images are their paths
            from the folder that holds all photos.
        method: 'hierarchical', or with OpenCV's contrib build 'selective_search' and 'edge_boxes'.
        max_per_image: at most so many boxes of each photo, the best.
        workers: processes; None = one a core, 0 = this one.
        options: of the method, see :mod:`mmwsl.ops.proposals`.

    Returns:
        Proposals, memory-mapped.

    Raises:
        FileNotFoundError: no such photo.
        ValueError: an unknown method, a number below 1, no photo that can be read, or ``out`` or its parts are of other
            photos or another method.
        ImportError: the method needs OpenCV's contrib build.
        OSError: ``out`` cannot be written.
    """
    if method not in METHODS:
        raise ValueError(f'method={method!r} is unknown; choose one of {", ".join(METHODS)}')
    if max_per_image < 1 or (workers or 0) < 0:
        raise ValueError(f'max_per_image={max_per_image} must be 1 or more, and workers={workers} 0 or more')
    out = check_writable(out)
    files = find_photos(photos)
    root = common_folder(list(photos), files)
    ids = [os.path.relpath(os.path.abspath(each), root).replace(os.sep, '/') for each in files]
    settings = dict(method=method, max_per_image=max_per_image, **{name: str(value) for name, value in options.items()})
    if out.exists():
        return finished(out, ids, settings)
    METHODS[method](np.zeros((32, 32, 3), np.uint8), **options)  # whether it is installed, before any work
    folder = out.with_name(out.name + '.parts')
    _begin(folder, dict(settings=settings, ids=ids))
    parts = [folder / f'{start:08d}' for start in range(0, len(files), PART)]
    missing = [start for start, part in zip(range(0, len(files), PART), parts, strict=True) if not part.is_file()]
    items = _Items([(ids[i], files[i]) for start in missing for i in range(start, min(start + PART, len(files)))],
                   METHODS[method], dict(options, max_boxes=max_per_image))
    workers = min(len(items), len(os.sched_getaffinity(0)) if workers is None else workers)
    found = iter(DataLoader(items, batch_size=None, num_workers=workers))
    bar = progress_bar(description='proposals', total=len(items), unit='photo')
    for start in missing:
        batch = []
        for _ in range(start, min(start + PART, len(files))):
            batch.append(next(found))
            bar.update()
        _write(folder / f'{start:08d}', batch)
    bar.close()
    joined = _joined(parts, settings)
    if len(joined):
        write_proposals(out, joined)
    for part in [*parts, folder / 'settings.json']:
        part.unlink()
    folder.rmdir()
    if not len(joined):
        raise ValueError(f'none of the {len(files)} photos can be read; the first: {joined.meta["errors"][ids[0]]}')
    return open_proposals(out)


class _Items(Dataset):
    """Items (id, boxes, scores, (width, height), error) of photos; of one that cannot be read the error alone."""

    def __init__(self, photos: list[tuple[str, str]], method: Callable[..., Any], options: dict[str, Any]):
        self.photos, self.method, self.options = photos, method, options

    def __len__(self) -> int:
        return len(self.photos)

    def __getitem__(self, index: int) -> tuple[str, Any, Any, Any, str | None]:
        limit_worker_threads()
        name, path = self.photos[index]
        try:
            image = read_image(path)
        except (ImageError, OSError) as error:
            return name, None, None, None, str(error)
        boxes, scores = self.method(image, **self.options)
        return name, boxes, scores, image.shape[1::-1], None


def finished(out: Path, ids: list[str], settings: dict[str, Any]) -> Proposals:
    """The proposals of a file that is there; ValueError if they are of other photos or other settings."""
    proposals = open_proposals(out)
    same = proposals.meta.get('settings') == settings
    if not same or {*proposals.ids, *proposals.meta.get('errors', {})} != set(ids):
        what = 'other photos' if same else f'other settings ({proposals.meta.get("settings")})'
        raise ValueError(f'{out} has proposals of {what} already; remove it, or give another --out')
    return proposals


def _begin(folder: Path, content: dict[str, Any]) -> None:
    """Make the folder of parts, or see that the one that is there is of the same call."""
    path = folder / 'settings.json'
    if path.is_file():
        if json.loads(path.read_text(encoding='utf-8')) != content:
            raise ValueError(f'{folder} has parts of another command (other photos, method or limit); remove the '
                             'folder, or give another --out')
        return
    write_atomically(path, json.dumps(content))


def _write(path: Path, batch: list[tuple[str, Any, Any, Any, str | None]]) -> None:
    good = [item[:4] for item in batch if item[4] is None]
    names, boxes, scores, sizes = ([item[k] for item in good] for k in range(4))
    errors = {item[0]: item[4] for item in batch if item[4] is not None}
    write_proposals(path, Proposals.from_lists(names, boxes, scores, np.array(sizes, np.int32).reshape(-1, 2),
                                               meta=dict(errors=errors)))


def _joined(parts: list[Path], settings: dict[str, Any]) -> Proposals:
    opened = [open_proposals(part) for part in parts]
    errors = {name: text for each in opened for name, text in each.meta['errors'].items()}
    counts = np.concatenate([np.diff(each.offsets) for each in opened])
    boxes, scores, sizes = (np.concatenate([getattr(each, name) for each in opened])
                            for name in ('boxes', 'scores', 'sizes'))
    ids = [name for each in opened for name in each.ids]
    return Proposals(ids, np.cumsum([0, *counts]), boxes, scores, sizes, meta=dict(settings=settings, errors=errors))
