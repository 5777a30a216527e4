"""Images in a folder, with a subfolder a class or without classes."""

import logging
import os
from collections import Counter
from itertools import zip_longest
from pathlib import Path

from mmengine.logging import print_log

from mmwsl.datasets.file_dataset import FileDataset
from mmwsl.datasets.transforms.decode import EXTENSIONS
from mmwsl.registry import DATASETS


def find_images(root, extensions=EXTENSIONS, on_error='raise', quiet=False):
    """Every image below ``root`` as a path relative to it, in alphabetical order; nothing hidden.

    Links to folders are followed, but each folder is read once, under its own name if that lies below ``root``; links
    that lead to a folder they lie in are passed over. What is left out is counted in the log.

    Args:
        extensions: endings that make a file an image, with the dot, in small letters; case does not matter.
        on_error: ``'skip'`` leaves out folders that cannot be read.
        quiet: log folders that cannot be read alone.

    Raises:
        OSError: a folder cannot be read.
    """
    seen, others, passed_over = set(), Counter(), []
    names, links, errors = _walk(root, '', extensions, seen, others)
    while links:
        link = links.pop(0)
        target = Path(root, link).resolve()
        above = any(folder.resolve().is_relative_to(target) for folder in (Path(root), Path(root, link).parent))
        if above or _identity(target) in seen:
            passed_over.append(link)
            continue
        more, further, wrong = _walk(target, link, extensions, seen, others)
        names, links, errors = names + more, links + further, errors + wrong
    if errors and on_error != 'skip':
        raise errors[0]
    for found, what in ((errors, 'folders cannot be read'), (passed_over, 'links lead to folders that are read anyway'),
                        (sorted(others.elements()), 'files have no ending of an image, or are hidden,')):
        if found and (found is errors or not quiet):
            which = ', '.join(map(str, dict.fromkeys(found)))[:300]
            print_log(f'{root}: {len(found)} {what} and are left out: {which}', logger='current',
                      level=logging.WARNING if found is errors else logging.INFO)
    return sorted(names, key=lambda name: name.split(os.sep))


def _identity(folder):
    stat = os.stat(folder)
    return stat.st_dev, stat.st_ino


def _walk(start, inside, extensions, seen, others):
    """Images and links to folders below ``start``, itself called ``inside``, and errors; fills ``seen``, ``others``."""
    names, links, errors = [], [], []
    for folder, folders, files in os.walk(start, onerror=errors.append):
        if _identity(folder) in seen:
            folders.clear()
            continue
        seen.add(_identity(folder))
        here = os.path.join(inside, os.path.relpath(folder, start))
        folders[:] = [name for name in folders if not name.startswith('.')]
        links += [os.path.normpath(os.path.join(here, name)) for name in sorted(folders)
                  if os.path.islink(os.path.join(folder, name))]
        for name in files:
            if name.lower().endswith(tuple(extensions)) and not name.startswith('.'):
                names.append(os.path.normpath(os.path.join(here, name)))
            elif not name.startswith('.') or name.lower().endswith(tuple(extensions)):
                others[os.path.splitext(name)[1] or name] += 1
    return names, links, errors


@DATASETS.register_module()
class ImageFolder(FileDataset):
    """The images below a folder.

    With class folders, ``data_root/<class>/.../image.jpg``, the subfolders' names in alphabetical order are the
    classes; images are in the order of class and path. Where images lie in ``data_root`` itself, or with
    ``labelled=False``, all images at any depth are taken in the order of their paths, without labels.

    Args:
        data_root: the folder.
        classes: the classes in the order of their numbers, for instance those of the training set. A subfolder that
            is not among them, and a class without images, is an error; with ``on_error='skip'`` such subfolders are
            left out with a count, and such classes stay empty.
        labelled: True demands class folders, False ignores them, None looks what is there.
        extensions: endings of image files, small letters; other files are ignored.
        settings: supervision, pipeline, in_memory, size, on_error, verify, seed, max_images: see :class:`FileDataset`.

    Raises:
        FileNotFoundError: ``data_root`` does not exist.
        ValueError: no images, an empty class folder, or folders that do not fit ``classes``.
        ImageError: an image cannot be read (``verify``, ``in_memory``), if ``on_error='raise'``.
    """

    def __init__(self, data_root, classes=None, labelled=None, extensions=EXTENSIONS, on_error='raise', **settings):
        root = Path(data_root)
        if not root.is_dir():
            problem = 'is a file, not a folder' if root.exists() else 'does not exist'
            raise FileNotFoundError(f'ImageFolder: {root} {problem} (looked for from {Path.cwd()}); correct data_root')
        names = find_images(root, extensions, on_error)
        if not names:
            raise ValueError(f'ImageFolder: there are no images in {root} (looked for {" ".join(extensions)} at any '
                             'depth); correct data_root or extensions')
        loose = [name for name in names if os.sep not in name]
        if labelled is None:
            labelled = not loose
            if loose and len(loose) < len(names):
                print_log(f'ImageFolder: {root} has images of its own beside subfolders with images: all are taken '
                          'without labels', logger='current')
        elif labelled and loose:
            raise ValueError(f'ImageFolder: {len(loose)} images lie in {root} itself, in no class folder, for instance '
                             f'{loose[0]}; move them, or set labelled=False')
        twice = [name for name, count in Counter(classes or ()).items() if count > 1]
        if twice:
            raise ValueError(f'ImageFolder: {", ".join(map(str, twice))} stands in classes more than once; its images '
                             'would come again under another number')
        if not labelled and classes is not None:
            raise ValueError(f'ImageFolder: classes are given, but the images in {root} have none, as they are not in '
                             'class folders; leave out classes, or correct data_root')
        labels = None
        if labelled:
            names, labels, classes = self._label(root, names, classes, on_error)
        super().__init__([root / name for name in names], labels, classes, on_error=on_error, **settings)

    @staticmethod
    def _label(root, names, classes, on_error):
        """Names, class numbers and classes of what is left, in class order."""
        by_class = {entry.name: [] for entry in sorted(root.iterdir(), key=lambda entry: entry.name)
                    if entry.is_dir() and not entry.name.startswith('.')}
        for name in names:
            by_class[name.split(os.sep, 1)[0]].append(name)
        empty = [name for name, images in by_class.items() if not images]
        unknown = [] if classes is None else [name for name in by_class if name not in classes]
        absent = [] if classes is None else [name for name in classes if name not in by_class]
        problems = [f'{what}: {", ".join(map(str, found))}' for what, found in (
            ('class folders without images', empty), ('folders that are not in classes', unknown),
            ('classes without a folder', absent)) if found]
        if problems and on_error != 'skip':
            raise ValueError(f'ImageFolder: {root} has {"; ".join(problems)}. Correct the folders or `classes`, or set '
                             "on_error='skip' to go on without them")
        if problems:
            lost = sum(len(by_class[name]) for name in unknown)
            print_log(f'ImageFolder: {root} has {"; ".join(problems)}; {lost} images are left out', logger='current',
                      level=logging.WARNING)
        if classes is None:
            classes = [name for name in by_class if name not in empty]
        kept = [(name, number) for number, label in enumerate(classes) for name in by_class.get(label, [])]
        if not kept:
            raise ValueError(f'ImageFolder: no image in {root} belongs to one of the classes {", ".join(classes)}')
        return [name for name, _ in kept], [number for _, number in kept], classes


def check_same_classes(train, test, where=''):
    """Make sure that class numbers mean the same in two datasets.

    Args:
        train, test: datasets, or lists of class names.
        where: begins the message: whose classes they are.

    Raises:
        ValueError: the classes differ, or their order does; the message names them.
    """
    train, test = ([str(name) for name in getattr(dataset, 'classes', dataset)] for dataset in (train, test))
    if train == test:
        return
    where = where and f'{where}: '
    only_train = [name for name in train if name not in test]
    only_test = [name for name in test if name not in train]
    if only_train or only_test:
        raise ValueError(f'{where}the classes of train and test differ: only in train: '
                         f'{", ".join(only_train) or "none"}; only in test: {", ".join(only_test) or "none"}. Class '
                         'numbers would not mean the same: correct the folders, or give both datasets the same '
                         '`classes`')
    first, (one, other) = next((number, pair) for number, pair in enumerate(zip_longest(train, test))
                               if pair[0] != pair[1])
    raise ValueError(f'{where}train and test have the same classes in another order: number {first} is {one} in train '
                     f'and {other} in test; give both datasets the same `classes`')


def check_trained_classes(trained, tested, where):
    """:func:`check_same_classes` of the names that a network learnt and those it is tested on, where both are known.

    Args:
        trained, tested: lists of names; None or empty = not known.
        where: whose names are tested, for the message.

    Raises:
        ValueError: they differ; the scores would be of the wrong pairs of classes.
    """
    if trained and tested:
        check_same_classes(list(trained), list(tested), f'{where} against what the network was trained on')
