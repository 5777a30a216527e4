"""Class maps of photos and masks made of them, as files: a ``.npz`` and a palette PNG for each photo."""

import io
import zipfile
from pathlib import Path

import numpy as np

from mmwsl.files import write_atomically
from mmwsl.visualization import palette


def write_maps(path, classes, maps, **more):
    """Write the maps of one photo, compressed.

    Args:
        path: the file, ``ID.npz``.
        classes: (k,) numbers of classes from 0, without the background.
        maps: (k, h, w) in [0, 1], kept as float16.
        more: other arrays, by name.

    Raises:
        ValueError: another number of maps than classes, or values outside [0, 1].
        OSError: it cannot be written.
    """
    classes, maps = np.asarray(classes, dtype=np.int64), np.asarray(maps)
    if maps.ndim != 3 or len(maps) != len(classes):
        raise ValueError(f'{path}: maps of shape {maps.shape} of {len(classes)} classes; they must be (k, h, w), one '
                         'for each class')
    if maps.size and not 0 <= maps.min() <= maps.max() <= 1:  # also of NaN
        raise ValueError(f'{path}: maps from {maps.min():g} to {maps.max():g}; divide them by their maximum first')
    write_atomically(path, lambda file: np.savez_compressed(
        file, classes=classes, maps=maps.astype(np.float16), **more))


def read_maps(path):
    """What :func:`write_maps` wrote: a dict of arrays, ``classes`` (k,) int64, ``maps`` (k, h, w) float16 and others.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it is no such file, or was cut off.
    """
    try:
        with np.load(io.BytesIO(Path(path).read_bytes()), allow_pickle=False) as content:
            found = {name: content[name] for name in content.files}
        if found['maps'].ndim != 3 or len(found['maps']) != len(found['classes']):
            raise ValueError(f'maps {found["maps"].shape} of {len(found["classes"])} classes')
    except FileNotFoundError:
        raise FileNotFoundError(f'{path} does not exist; mmwsl maps writes the maps of photos') from None
    except (ValueError, KeyError, zipfile.BadZipFile, EOFError, AttributeError) as error:
        raise ValueError(f'{path} holds no class maps (classes and maps of one photo): {error}; remove it and make '
                         'it anew with mmwsl maps') from error
    return found


def write_mask(path, mask):
    """Write a class map as a PNG whose palette numbers are the classes, in VOC's colors.

    Args:
        path: the file, ``ID.png``.
        mask: uint8 (H, W), 0 background, class + 1, 255 void.
    """
    from PIL import Image
    mask = np.asarray(mask)
    if mask.dtype != np.uint8 or mask.ndim != 2:
        raise ValueError(f'{path}: a mask is uint8 (H, W); got {mask.dtype} of shape {mask.shape}')
    image = Image.fromarray(mask, mode='P')
    image.putpalette(palette().ravel().tolist())
    write_atomically(path, lambda file: image.save(file, format='PNG'))
