"""Scenes that were taken apart, as one file each (NPZ): background, whole objects with their pixels, order, names."""

import io
import zipfile
from pathlib import Path

import numpy as np

from mmwsl.files import write_atomically
from mmwsl.ops.occlusion.layers import SceneLayers
from mmwsl.ops.occlusion.order import mask_boxes

FORMAT = 1


def write_scene(path, layers):
    """Write a :class:`SceneLayers` to ``path``, whole or not at all.

    The file has ``format`` (1), ``background`` (H, W, 3), ``order`` (N, N) int8, ``names`` (N,), ``boxes`` (N, 4) of
    the objects, and per object ``content_i`` (h, w, 3) and ``shape_i`` (h, w) within its box.
    """
    boxes = mask_boxes(layers.shapes)
    parts = {}
    for number, (x1, y1, x2, y2) in enumerate(boxes):
        parts[f'content_{number}'] = layers.contents[number, y1:y2, x1:x2]
        parts[f'shape_{number}'] = layers.shapes[number, y1:y2, x1:x2]
    buffer = io.BytesIO()
    np.savez_compressed(buffer, format=FORMAT, background=layers.background, order=layers.order, boxes=boxes,
                        names=np.array(layers.names, dtype=str), **parts)
    write_atomically(path, buffer.getvalue())


def read_scene(path):
    """The :class:`SceneLayers` of a file that :func:`write_scene` wrote; no code in it is run.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no scene, of a later format, or what it holds does not fit together.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'scene {path} does not exist; `mmwsl decompose` writes one')
    try:
        with np.load(path, allow_pickle=False) as content:
            held = {name: content[name] for name in content.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f'{path} is no scene that can be read: {error}; `mmwsl decompose` writes one') from error
    absent = [name for name in ('format', 'background', 'order', 'boxes', 'names') if name not in held]
    if absent or int(held['format']) > FORMAT:
        raise ValueError(f'{path} is no scene of format {FORMAT}: ' + (
            f'it lacks {", ".join(absent)}' if absent else f'it has format {held["format"]}, of a later mmwsl'))
    names, background = tuple(held['names'].tolist()), held['background']
    shapes = np.zeros((len(names), *background.shape[:2]), dtype=bool)
    contents = np.zeros((len(names), *background.shape), dtype=np.uint8)
    try:
        for number, (x1, y1, x2, y2) in enumerate(held['boxes']):
            shapes[number, y1:y2, x1:x2] = held[f'shape_{number}']
            contents[number, y1:y2, x1:x2] = held[f'content_{number}']
        return SceneLayers(background, contents, shapes, held['order'], names)
    except (ValueError, KeyError, IndexError) as error:
        raise ValueError(f'{path}: the parts of the scene do not fit together: {error}') from error
