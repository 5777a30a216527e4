"""A scene as layers: a background, whole objects and what lies in front of what; composed anew after a change."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .order import mask_boxes


@dataclass(frozen=True)
class SceneLayers:
    """A scene taken apart. Functions of it give a changed one and leave it as it is.

    Attributes:
        background: (H, W, 3) uint8, without objects.
        contents: (N, H, W, 3) uint8, 0 outside of an object.
        shapes: (N, H, W) bool, whole objects.
        order: (N, N) int8, see :mod:`mmwsl.ops.occlusion.order`.
        names: N words.
    """

    background: np.ndarray
    contents: np.ndarray
    shapes: np.ndarray
    order: np.ndarray
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        count, (height, width) = len(self.names), self.background.shape[:2]
        wanted = dict(background=((height, width, 3), np.uint8), contents=((count, height, width, 3), np.uint8),
                      shapes=((count, height, width), np.bool_), order=((count, count), np.int8))
        for name, (shape, dtype) in wanted.items():
            array = getattr(self, name)
            if array.shape != shape or array.dtype != dtype:
                raise ValueError(f'SceneLayers: {name} is {array.dtype} {array.shape}; with {count} names and a '
                                 f'background of {height} x {width} pixels it must be {np.dtype(dtype)} {shape}')
        if not np.array_equal(self.order, -self.order.T):
            raise ValueError('SceneLayers: order must be -1 in [j, i] where it is 1 in [i, j]')


def painting_order(order: np.ndarray) -> list[int]:
    """Numbers of the objects from back to front, so that each comes after all that lie behind it.

    Where the order runs in a circle, of those that are left the one with the fewest behind it comes first.
    """
    left, found = list(range(len(order))), []
    while left:
        behind = (order[np.ix_(left, left)] > 0).sum(1)
        found.append(left.pop(int(behind.argmin())))
    return found


def compose(layers: SceneLayers) -> np.ndarray:
    """The picture (H, W, 3) uint8 of a scene."""
    picture = layers.background.copy()
    for number in painting_order(layers.order):
        shape = layers.shapes[number]
        picture[shape] = layers.contents[number][shape]
    return picture


def visible_parts(layers: SceneLayers) -> np.ndarray:
    """What is seen of each object, bool (N, H, W)."""
    free, seen = np.ones(layers.shapes.shape[1:], dtype=bool), np.zeros_like(layers.shapes)
    for number in reversed(painting_order(layers.order)):
        seen[number] = layers.shapes[number] & free
        free &= ~layers.shapes[number]
    return seen


def _check(layers: SceneLayers, *numbers: int) -> None:
    for number in numbers:
        if not 0 <= number < len(layers.names):
            raise ValueError(f'the scene has {len(layers.names)} objects, numbered from 0; there is no {number}')


def delete_objects(layers: SceneLayers, numbers: Sequence[int]) -> SceneLayers:
    """Leave out objects; the others are numbered anew.

    Raises:
        ValueError: there is no such object.
    """
    _check(layers, *numbers)
    kept = [number for number in range(len(layers.names)) if number not in set(numbers)]
    return replace(layers, contents=layers.contents[kept], shapes=layers.shapes[kept],
                   order=layers.order[np.ix_(kept, kept)], names=tuple(layers.names[number] for number in kept))


def swap_order(layers: SceneLayers, first: int, second: int) -> SceneLayers:
    """Turn the order of two objects around; where neither hid the other, the first one comes to lie in front.

    Raises:
        ValueError: there is no such object, or both are one.
    """
    _check(layers, first, second)
    if first == second:
        raise ValueError(f'object {first} cannot change its order with itself; name two')
    order = layers.order.copy()
    order[first, second] = -order[first, second] or 1
    order[second, first] = -order[first, second]
    return replace(layers, order=order)


def bring_to_front(layers: SceneLayers, number: int) -> SceneLayers:
    """Put an object in front of all others.

    Raises:
        ValueError: there is no such object.
    """
    _check(layers, number)
    order = layers.order.copy()
    order[number], order[:, number], order[number, number] = 1, -1, 0
    return replace(layers, order=order)


def shift_object(layers: SceneLayers, number: int, dx: int, dy: int) -> SceneLayers:
    """Move an object by pixels, to the right and down; what leaves the picture is lost.

    It keeps its order to what it touched before, and lies in front of what it did not.

    Raises:
        ValueError: there is no such object.
    """
    _check(layers, number)
    contents, shapes, order = layers.contents.copy(), layers.shapes.copy(), layers.order.copy()
    height, width = shapes.shape[1:]
    contents[number], shapes[number] = 0, False
    target = slice(max(dy, 0), max(height + min(dy, 0), 0)), slice(max(dx, 0), max(width + min(dx, 0), 0))
    source = slice(max(-dy, 0), max(height + min(-dy, 0), 0)), slice(max(-dx, 0), max(width + min(-dx, 0), 0))
    contents[number][target] = layers.contents[number][source]
    shapes[number][target] = layers.shapes[number][source]
    unknown = order[number] == 0
    unknown[number] = False
    order[number, unknown], order[unknown, number] = 1, -1
    return replace(layers, contents=contents, shapes=shapes, order=order)


def place_object(layers: SceneLayers, number: int, x: int, y: int) -> SceneLayers:
    """Move an object so that the center of its box lies at a pixel; see :func:`shift_object`.

    Raises:
        ValueError: there is no such object, or nothing of it is in the picture.
    """
    _check(layers, number)
    x1, y1, x2, y2 = mask_boxes(layers.shapes[number:number + 1])[0].tolist()
    if x1 == x2:
        raise ValueError(f'object {number} ({layers.names[number]}) is empty; it cannot be placed')
    return shift_object(layers, number, x - (x1 + x2) // 2, y - (y1 + y2) // 2)


def modal_layers(layers: SceneLayers, image: np.ndarray, modal: np.ndarray) -> SceneLayers:
    """The same scene with visible parts alone, for comparison: nothing hidden is known of its objects.

    Args:
        image: (H, W, 3) uint8.
        modal: bool (N, H, W).
    """
    return replace(layers, contents=(image * modal[..., None]).astype(np.uint8), shapes=modal)
