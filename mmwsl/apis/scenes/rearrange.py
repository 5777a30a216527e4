"""A scene that was taken apart, changed step by step and composed anew."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from mmwsl.datasets.readers.scenes.scene_files import read_scene, write_scene
from mmwsl.files import check_writable, write_atomically
from mmwsl.ops.occlusion.layers import (
    SceneLayers,
    bring_to_front,
    compose,
    delete_objects,
    modal_layers,
    place_object,
    shift_object,
    swap_order,
    visible_parts,
)

Change = tuple[str, Sequence[int]]
CHANGES: dict[str, tuple[int, Callable[..., SceneLayers]]] = dict(  # how many numbers each takes
    front=(1, bring_to_front), swap=(2, swap_order), shift=(3, shift_object), place=(3, place_object))


def rearrange(scene: SceneLayers | Path | str, changes: Sequence[Change], out: Path | str | None = None,
              save: Path | str | None = None, alone: bool = False) -> tuple[np.ndarray, SceneLayers]:
    """Change a scene and compose it.

    Args:
        scene: layers, or a file of them.
        changes: made in their order: ``('shift', (object, dx, dy))``, ``('place', (object, x, y))``, ``('swap',
            (object, object))``, ``('front', (object,))``, ``('delete', (object, ...))``. Objects keep their numbers
            until all is done; what is deleted is deleted last.
        out: file for the picture (.png or .jpg).
        save: file for the changed scene.

        alone: make the changes with visible parts alone, see :func:`visible_alone`.

    Returns:
        tuple: the picture (H, W, 3) uint8, and the changed layers.

    Raises:
        FileNotFoundError, ValueError: see :func:`mmwsl.datasets.readers.scenes.read_scene`; an unknown change, or of an
            object that there is not.
        OSError: a file cannot be written.
    """
    for file in (out, save):
        if file is not None:
            check_writable(file)
    if out is not None and Path(out).suffix.lower() not in ('.png', '.jpg', '.jpeg'):
        raise ValueError(f'{out}: the picture needs a name that ends in .png or .jpg')
    layers = scene if isinstance(scene, SceneLayers) else read_scene(scene)
    layers, _ = changed_layers(visible_alone(layers) if alone else layers, changes)
    picture = compose(layers)
    if out is not None:
        write_atomically(out, encoded_picture(picture, Path(out).suffix))
    if save is not None:
        write_scene(save, layers)
    return picture, layers


def changed_layers(layers: SceneLayers, changes: Sequence[Change]) -> tuple[SceneLayers, list[int]]:
    """The layers after ``changes``, see :func:`rearrange`, and what numbers their objects had before any was deleted.

    Raises:
        ValueError: an unknown change, or of an object that there is not.
    """
    gone: list[int] = []
    count = len(layers.names)
    for kind, numbers in changes:
        if kind == 'delete':
            gone += numbers
            continue
        if kind not in CHANGES or len(numbers) != CHANGES[kind][0]:
            raise ValueError(f'{kind} {" ".join(map(str, numbers))} is no change; there are delete OBJECT ..., '
                             'front OBJECT, swap OBJECT OBJECT, shift OBJECT DX DY, place OBJECT X Y')
        layers = CHANGES[kind][1](layers, *numbers)
    return delete_objects(layers, gone) if gone else layers, [each for each in range(count) if each not in gone]


def visible_alone(layers: SceneLayers) -> SceneLayers:
    """A scene of which nothing hidden is known: what is seen of each object and no more, to compare with."""
    return modal_layers(layers, compose(layers), visible_parts(layers))


def encoded_picture(picture: np.ndarray, suffix: str) -> bytes:
    """A picture (H, W, 3) uint8 RGB as a file's content.

    Args:
        suffix: ``'.png'`` or ``'.jpg'``.

    Raises:
        ValueError: OpenCV cannot encode it.
    """
    done, encoded = cv2.imencode(suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    if not done:
        raise ValueError(f'the picture could not be encoded as {suffix}')
    return encoded.tobytes()
