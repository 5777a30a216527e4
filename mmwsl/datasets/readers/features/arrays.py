"""Features and classes of items: ``.npy``, raw ``.bin``, ``.meta``, and the ``.npz`` of ``mmwsl extract``."""

import zipfile
from pathlib import Path

import numpy as np

from mmwsl.files import read_lines

AGAIN = 'make or copy the file again'


def open_features(path, dims=None):
    """Features of N items, mapped into memory where the layout allows it.

    Args:
        path: ``.npy`` (N, D) of floats, ``.bin`` of float32 row after row without a header, or ``.npz`` with an array
            ``features``, as ``mmwsl extract`` writes (which is read as a whole).
        dims: D; a ``.bin`` needs it, in the others it is compared.

    Returns:
        numpy.ndarray: (N, D) of floats.

    Raises:
        FileNotFoundError: no such file.
        ValueError: another ending, no matrix of floats, without an item, truncated, or of another D.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'file of features {path} does not exist')
    if path.suffix == '.bin':
        features = _open_raw(path, dims)
    elif path.suffix in ('.npy', '.npz'):
        features = _load(path, 'features')
    else:
        raise ValueError(f'{path}: features are read from .npy, .npz and .bin; save yours with numpy.save')
    if features.ndim != 2 or not np.issubdtype(features.dtype, np.floating) or not features.size:
        raise ValueError(f'{path} holds an array of shape {features.shape} and type {features.dtype}; features must be '
                         'a matrix (items, dimensions) of floats, with one item or more')
    if dims is not None and features.shape[1] != dims:
        raise ValueError(f'{path} has features of {features.shape[1]} dimensions, not of {dims}: correct the number, '
                         'or name the right file')
    return features


def _open_raw(path, dims):
    if not dims or dims < 1:
        raise ValueError(f'{path} has no header: say how many dimensions its features have, e.g. dims=256; or convert '
                         'it once: numpy.save(OUT, numpy.fromfile(FILE, numpy.float32).reshape(-1, DIMENSIONS))')
    size, row = path.stat().st_size, 4 * dims
    if size % row or not size:
        raise ValueError(f'{path} has {size} bytes, which is no whole number of rows of {dims} float32 ({row} bytes): '
                         f'it is truncated, or of another dimension; {AGAIN}, or correct dims')
    return np.memmap(path, '<f4', 'r', shape=(size // row, dims))


def _load(path, name):
    try:
        loaded = np.load(path, mmap_mode='r', allow_pickle=False)
        if isinstance(loaded, np.lib.npyio.NpzFile):
            with loaded:
                if name not in loaded:
                    raise ValueError(f'it has no array {name!r}, but {", ".join(loaded) or "none"}')
                return loaded[name]
    except (EOFError, OSError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f'{path} is truncated, damaged, or no array: {error}; {AGAIN}') from error
    return loaded


def read_labels(path, count=None):
    """Classes, or clusters, of N items; -1 = unknown, or unassigned.

    Args:
        path: ``.npy`` of integers (N,), ``.meta`` or ``.txt`` with one integer a line, or ``.npz`` with an array
            ``labels``, as ``mmwsl extract`` writes.
        count: N, to be compared.

    Returns:
        numpy.ndarray: (N,) int64.

    Raises:
        FileNotFoundError: no such file.
        ValueError: another ending, another count, or no such integers.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'file of labels {path} does not exist')
    if path.suffix in ('.meta', '.txt'):
        lines, labels = read_lines(path), []
        for number, line in enumerate(lines, start=1):
            try:
                labels.append(int(line))
            except ValueError as error:
                raise ValueError(f'{path}, line {number}: {line!r} is no integer; one a line is read') from error
        labels = np.array(labels, np.int64)
    elif path.suffix in ('.npy', '.npz'):
        labels = _load(path, 'labels')
    else:
        raise ValueError(f'{path}: labels are read from .npy, .npz, .meta and .txt')
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer) or labels.min(initial=0) < -1:
        raise ValueError(f'{path} holds an array of shape {labels.shape} and type {labels.dtype}; labels must be one '
                         'integer an item, of -1 or more')
    if count is not None and len(labels) != count:
        raise ValueError(f'{path} has {len(labels)} labels for {count} items: name the file of these items')
    return np.asarray(labels, np.int64)
