"""The three layouts of CIFAR: the official pickles and binary files, and folders of images with their cache."""

import hashlib
import os
import pickle
import warnings
from pathlib import Path

import numpy as np

from mmwsl.datasets.readers.folder import find_images
from mmwsl.datasets.transforms.decode import decode_images
from mmwsl.files import write_atomically

SIDE = 32
PIXELS = 3 * SIDE * SIDE
FOLDER_EXTENSIONS = ('.jpg', '.jpeg', '.png')


class _ArrayUnpickler(pickle.Unpickler):
    """Reads dicts, lists, strings, numbers and arrays; refuses everything else, as a pickle can run any code."""

    def find_class(self, module, name):
        if name == '_reconstruct' and module in ('numpy.core.multiarray', 'numpy._core.multiarray'):
            return np.empty(0).__reduce__()[0]  # under its present name, whatever numpy wrote the file
        if (module, name) == ('numpy', 'ndarray'):
            return np.ndarray
        if (module, name) == ('numpy', 'dtype'):
            return np.dtype
        if (module, name) == ('_codecs', 'encode'):  # how Python 3 writes bytes for Python 2
            return lambda text, encoding: text.encode('latin1' if encoding == 'latin1' else 'ascii')
        raise pickle.UnpicklingError(f'it asks for {module}.{name}, which is no part of a CIFAR file')


def read_pickle(path):
    """The dict of an official ``*-batches-py`` file, keys as str; runs no code from the file.

    Raises:
        FileNotFoundError: no such file.
        ValueError: truncated, no pickle, or one that holds anything but arrays, lists, strings and numbers.
    """
    try:
        with open(path, 'rb') as stream:
            content = _ArrayUnpickler(stream, encoding='bytes').load()
        return {key.decode() if isinstance(key, bytes) else key: value for key, value in content.items()}
    except FileNotFoundError:
        raise FileNotFoundError(f'CIFAR file {path} is missing; unpack the official archive again') from None
    except Exception as error:  # a damaged pickle fails in many ways
        raise ValueError(f'CIFAR file {path} cannot be read: {type(error).__name__}: {error}; unpack the official '
                         'archive again') from error


def read_batches(paths, key):
    """Images uint8 (N, 3, 32, 32) and labels (N,) of pickled batches; ``key`` names the labels."""
    images, labels = [], []
    for path in paths:
        batch = read_pickle(path)
        data, numbers = np.asarray(batch.get('data')), batch.get(key)
        if data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != PIXELS or numbers is None:
            raise ValueError(f'CIFAR file {path} has no data of {PIXELS} bytes an image with {key!r}, but '
                             f'{", ".join(map(str, batch))} (data: {data.dtype}, {data.shape}); is it another set?')
        if len(numbers) != len(data):
            raise ValueError(f'CIFAR file {path} has {len(data)} images but {len(numbers)} {key!r}')
        images.append(data)
        labels.append(np.asarray(numbers, dtype=np.int64))
    return np.concatenate(images).reshape(-1, 3, SIDE, SIDE), np.concatenate(labels)


def read_binaries(paths, label_bytes, label_at):
    """Images uint8 (N, 3, 32, 32) and labels (N,) of ``*.bin`` files: records of ``label_bytes`` bytes and the image.

    Args:
        label_at: which of the label bytes counts.
    """
    records = []
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f'CIFAR file {path} is missing; unpack the official archive again')
        content = np.fromfile(path, dtype=np.uint8)
        if content.size == 0 or content.size % (label_bytes + PIXELS):
            raise ValueError(f'CIFAR file {path} has {content.size} bytes, not a multiple of {label_bytes + PIXELS}: '
                             'truncated, or of another set; unpack the official archive again')
        records.append(content.reshape(-1, label_bytes + PIXELS))
    records = np.concatenate(records)
    return records[:, label_bytes:].reshape(-1, 3, SIDE, SIDE), records[:, label_at].astype(np.int64)


def listing_key(root, names):
    """A short hash of the names, sizes and times of files: another one as soon as a file is changed, added or moved."""
    digest = hashlib.sha256()
    for name in names:
        status = os.stat(os.path.join(root, name))
        digest.update(f'{name}\0{status.st_size}\0{status.st_mtime_ns}\n'.encode('utf-8', 'surrogateescape'))
    return digest.hexdigest()[:16]


def cache_folders(root):
    """Where decoded images may be kept: beside the data, else in the user's cache folder."""
    user = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache')
    return [root, user / 'mmwsl' / hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]]


def load_cache(path, shape):
    """The cached array, or None if there is none of that shape that can be read whole."""
    try:
        images = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return images if images.shape == shape and images.dtype == np.uint8 else None


def save_cache(folder, prefix, key, images):
    """Write ``<prefix>_<key>.npy`` in one step and remove the outdated ones; False if the folder is not writable."""
    try:
        write_atomically(folder / f'{prefix}_{key}.npy', lambda file: np.save(file, images))
    except OSError:
        return False
    for outdated in folder.glob(f'{prefix}_*.npy'):
        if outdated.name != f'{prefix}_{key}.npy':
            outdated.unlink(missing_ok=True)
    return True


def _fit(image, path):
    if image.shape != (SIDE, SIDE, 3):
        raise ValueError(f'{path} is {image.shape[1]} x {image.shape[0]} pixels, CIFAR images are {SIDE} x {SIDE}; for '
                         'other images use ImageFolder(in_memory=True, size=...)')
    return image


def read_image_folders(root, split, num_classes, expected=None, cache=True):
    """Images of ``root/split/<class>/*.jpg`` in the order of class and file name.

    Args:
        expected: the class names there must be, in alphabetical order; None = any ``num_classes``.
        cache: keep the decoded images for the next time, in a file ``.cifar_<split>_<key>.npy`` beside the data or in
            the user's cache folder; read again if any file changes, written anew if it is damaged.

    Returns:
        tuple: images uint8 (N, 3, 32, 32), labels (N,) int64, class names.
    """
    folder = root / split
    names = find_images(folder, FOLDER_EXTENSIONS)
    owners = [name.split(os.sep)[0] if os.sep in name else '' for name in names]
    classes = sorted(set(owners))
    if len(classes) != num_classes or '' in classes:
        found = ', '.join(classes[:20]) or 'none'
        raise ValueError(f'{folder} must have {num_classes} class folders with images and nothing else, but has '
                         f'{len(classes)}: {found}; complete them, or use ImageFolder for another set of classes')
    if expected is not None and classes != list(expected):
        raise ValueError(f'{folder} has the class folders {", ".join(classes)}, but the classes are '
                         f'{", ".join(expected)}; rename them, or use ImageFolder for another set')
    labels = np.searchsorted(classes, owners)
    shape = (len(names), 3, SIDE, SIDE)
    prefix, key = f'.cifar_{split}', listing_key(folder, names)
    if cache:
        for cache_folder in cache_folders(root):
            images = load_cache(cache_folder / f'{prefix}_{key}.npy', shape)
            if images is not None:
                return images, labels, classes
    images = decode_images([folder / name for name in names], _fit)[0].numpy()
    if cache and not any(save_cache(cache_folder, prefix, key, images) for cache_folder in cache_folders(root)):
        warnings.warn(f'the decoded images of {folder} cannot be kept, neither in {root} nor in the user\'s cache '
                      'folder: they will be decoded again each time')
    return images, labels, classes
