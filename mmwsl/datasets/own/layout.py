"""Where photos and files of labels lie, as labelling tools and people leave them."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from mmwsl.datasets.readers.folder import find_images
from mmwsl.datasets.transforms.decode import EXTENSIONS

TRAIN_NAMES, TEST_NAMES = ('train', 'training', 'trainval'), ('test', 'testing', 'val', 'valid', 'validation', 'dev')
PHOTO_FOLDERS = ('images', 'photos', 'JPEGImages', 'imgs', 'img', 'data')
SHOWN = 5  # names in a message


def part_of(name: str) -> str | None:
    """``'train'`` or ``'test'``, if that is what a folder or a cell is called."""
    name = name.strip().lower()
    return 'train' if name in TRAIN_NAMES else 'test' if name in TEST_NAMES else None


def part_in_name(stem: str) -> str | None:
    """``'train'`` or ``'test'``, if a word of a file's name is that: ``instances_train2017``."""
    parts = {part_of(word) for word in re.split(r'[^a-z]+', stem.lower())} - {None}
    return parts.pop() if len(parts) == 1 else None


def part_files(path: Path, accepts: Callable[[Path], bool]) -> list[tuple[Path, str | None]]:
    """Files of labels with the part that each is of: the file that is named, or those of a folder.

    In a folder they lie at its top or in ``annotations``: one, or one for each part; or one in each of the folders
    ``train``, ``valid``, ``test``.

    Args:
        path: file or folder.
        accepts: whether a file is one.

    Raises:
        ValueError: several files, of which not each names another part.
    """
    if path.is_file():
        return [(path, None)] if accepts(path) else []
    for folder in (path, *_folders_called(path, 'annotations')):
        files = [file for file in sorted(folder.iterdir()) if file.is_file() and accepts(file)]
        if len(files) == 1:
            return [(files[0], None)]
        if files:
            parts = [part_in_name(file.stem) for file in files]
            if None in parts or 'train' not in parts:
                raise ValueError(f'{folder} has {len(files)} files of labels ({shown([file.name for file in files])}), '
                                 'and their names do not say which is train and which is test; name one of them as '
                                 'the data')
            return list(zip(files, parts, strict=True))
    return [(file, part_of(folder.name)) for folder in sorted(path.iterdir()) if folder.is_dir() and
            part_of(folder.name) for file in sorted(folder.iterdir()) if file.is_file() and accepts(file)]


def _folders_called(path: Path, name: str) -> list[Path]:
    return [folder for folder in sorted(path.iterdir()) if folder.is_dir() and folder.name.lower() == name]


class PhotoFinder:
    """Photos by the names that labels call them: ``finder('a/b.jpg')`` is a path as a string, or None.

    A name is looked for below each folder as it is, then without the folders before it (which may be those of another
    machine), then with any ending of an image. Two names that differ in folders never become one photo.
    """

    def __init__(self, folders: Iterable[Path]):
        self.folders = [folder for folder in dict.fromkeys(folders) if folder.is_dir()]
        self._stems: dict[Path, dict[str, str]] = {}
        self._named: dict[str, str] = {}

    def __call__(self, name: str) -> str | None:
        name = name.strip().replace('\\', '/')
        last = PurePosixPath(name).name
        if not last:
            return None
        found = self._file(name) or self._file(last) or self._stem(name, last)
        if found and self._named.setdefault(found, os.path.normpath(name)) != os.path.normpath(name):
            return None
        return found

    def _file(self, name: str) -> str | None:
        paths = (os.path.normpath(folder / name) for folder in self.folders)
        return next((path for path in paths if path.lower().endswith(EXTENSIONS) and os.path.isfile(path)), None)

    def _stem(self, name: str, last: str) -> str | None:
        stem = last.rpartition('.')[0] if last.lower().endswith(EXTENSIONS) else last
        for folder in self.folders:
            for parent in dict.fromkeys([(folder / name).parent, folder]):
                if parent not in self._stems:
                    self._stems[parent] = photos_by_stem(parent) if parent.is_dir() else {}
                if stem in self._stems[parent]:
                    return self._stems[parent][stem]
        return None


def photos_by_stem(folder: Path) -> dict[str, str]:
    """Paths of the photos in a folder, not below it, by their names without the ending."""
    return {file.name.rpartition('.')[0]: os.path.normpath(file) for file in sorted(folder.iterdir(), reverse=True)
            if file.name.lower().endswith(EXTENSIONS) and not file.name.startswith('.') and file.is_file()}


def photos_below(folder: Path) -> list[str]:
    """Every photo below a folder as a path from there, in alphabetical order, see :func:`find_images`."""
    return find_images(folder, on_error='skip', quiet=True)


def other_files(folder: Path) -> str:
    """Number of the files below a folder that are no photos, by their endings, in words; empty where there is none."""
    endings: Counter[str] = Counter()
    for _, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if not each.startswith('.')]
        endings.update(os.path.splitext(name)[1].lower() or name for name in names
                       if not name.startswith('.') and not name.lower().endswith(EXTENSIONS))
    return shown(f'{count} {ending}' for ending, count in endings.most_common())


def shown(names: Iterable[object]) -> str:
    """The first names of many, for a message."""
    names = list(names)
    more = f', ... ({len(names) - SHOWN} more)' if len(names) > SHOWN else ''
    return ', '.join(map(str, names[:SHOWN])) + more


def photos_absent(source: object, names: list[str], total: int, folders: Iterable[object]) -> FileNotFoundError:
    """The error that labels name photos that are not there."""
    return FileNotFoundError(f'{source}: {len(names)} of {total} photos that it names do not exist: {shown(names)}; '
                             f'looked for in {", ".join(map(str, folders)) or "no folder"}. Put them there, or correct '
                             'the names')
