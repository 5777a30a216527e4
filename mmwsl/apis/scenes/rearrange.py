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
    place_object,
    shift_object,
    swap_order,
)

Change = tuple[str, Sequence[int]]
CHANGES: dict[str, tuple[int, Callable[..., SceneLayers]]] = dict(  # how many numbers each takes
    front=(1, bring_to_front), swap=(2, swap_order), shift=(3, shift_object), place=(3, place_object))


def rearrange(scene: SceneLayers | Path | str, changes: Sequence[Change], out: Path | str | None = None,
              save: Path | str | None = None) -> tuple[np.ndarray, SceneLayers]:
    """Change a scene and compose it.

    Args:
        scene: layers, or a file of them.
        changes: made in their order: ``('shift', (object, dx, dy))``, ``('place', (object, x, y))``, ``('swap',
            (object, object))``, ``('front', (object,))``, ``('delete', (object, ...))``. Objects keep their numbers
            until all is done; what is deleted is deleted last.
        out: file for the picture (.png or .jpg).
        save: file for the changed scene.

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
    gone: list[int] = []
    for kind, numbers in changes:
        if kind == 'delete':
            gone += numbers
            continue
        if kind not in CHANGES or len(numbers) != CHANGES[kind][0]:
            raise ValueError(f'{kind} {" ".join(map(str, numbers))} is no change; there are delete OBJECT ..., '
                             'front OBJECT, swap OBJECT OBJECT, shift OBJECT DX DY, place OBJECT X Y')
        layers = CHANGES[kind][1](layers, *numbers)
    if gone:
        layers = delete_objects(layers, gone)
    picture = compose(layers)
    if out is not None:
        done, encoded = cv2.imencode(Path(out).suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        if not done:
            raise ValueError(f'{out}: the picture could not be encoded')
        write_atomically(out, encoded.tobytes())
    if save is not None:
        write_scene(save, layers)
    return picture, layers
