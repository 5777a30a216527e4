"""Which data a data set holds, as one hash: another one as soon as a file, a label or an annotation is another."""

import hashlib
import os
from pathlib import Path

import numpy as np
import torch


def fingerprint(dataset):
    """Hash of a data set: names, sizes and times of its files, its labels and boxes, and images held in memory.

    Of files nothing is read. What is drawn when an item is asked for is decided by the config, and no part of it.

    Args:
        dataset: any; one that is made of others has them in ``dataset`` or ``datasets``.

    Returns:
        str: 64 hexadecimal digits.
    """
    digest = hashlib.sha256(f'{type(dataset).__name__}\0{len(dataset)}\n'.encode())
    for path in _files(dataset):
        digest.update(_described(path))
    for array in _arrays(dataset):
        digest.update(f'{array.dtype}{array.shape}'.encode() + np.ascontiguousarray(array).data)
    inner = [getattr(dataset, 'dataset', None), *(getattr(dataset, 'datasets', None) or [])]
    for each in inner:
        if hasattr(each, '__len__') and hasattr(each, '__getitem__'):
            digest.update(fingerprint(each).encode())
    return digest.hexdigest()


def _files(dataset):
    """The files of the items, in their order, and those of their annotations."""
    paths = getattr(dataset, 'paths', None) or []
    yield from map(str, paths.values() if isinstance(paths, dict) else paths)
    others = {}  # in their order, each once: one file may annotate all images
    for annotation in _annotations(dataset):
        for name in ('source', 'class_map', 'mask_files'):
            found = annotation.get(name)
            for each in found if isinstance(found, (list, tuple)) else [found]:
                if each is not None:
                    others[str(each)] = None
    yield from others


def _annotations(dataset):
    return [each for each in getattr(dataset, 'annotations', None) or [] if isinstance(each, dict)]


def _described(path):
    try:
        status = os.stat(path)
    except OSError:  # one that may be skipped
        return f'{path}\0missing\n'.encode('utf-8', 'surrogateescape')
    return f'{Path(path)}\0{status.st_size}\0{status.st_mtime_ns}\n'.encode('utf-8', 'surrogateescape')


def _arrays(dataset):
    """Labels, boxes, and images in memory."""
    for name in ('labels', 'segments', 'images'):
        values = getattr(dataset, name, None)
        if isinstance(values, (torch.Tensor, np.ndarray)):
            yield np.asarray(values)
        elif values is not None:
            yield np.frombuffer(repr(values).encode(), dtype=np.uint8)
    for annotation in _annotations(dataset):
        yield from (np.asarray(annotation[name]) for name in ('boxes', 'box_labels', 'difficult')
                    if annotation.get(name) is not None)
