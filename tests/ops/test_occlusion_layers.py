"""Scenes as layers: composing and changing them, by hand and against painting pixel by pixel."""

import numpy as np
import pytest

from mmwsl.ops.occlusion.layers import (
    SceneLayers,
    bring_to_front,
    compose,
    delete_objects,
    modal_layers,
    painting_order,
    place_object,
    shift_object,
    swap_order,
    visible_parts,
)


def scene():
    """A red square, a green one upon its corner, a blue one apart, on grey; 8 x 12 pixels."""
    shapes = np.zeros((3, 8, 12), dtype=bool)
    shapes[0, 1:5, 1:5] = shapes[1, 3:7, 3:7] = shapes[2, 1:3, 9:11] = True
    colors = np.eye(3, dtype=np.uint8) * 200
    order = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 0]], dtype=np.int8)
    return SceneLayers(np.full((8, 12, 3), 90, np.uint8), shapes[..., None] * colors[:, None, None], shapes, order,
                       ('red', 'green', 'blue'))


def colors_of(layers):
    """The front-most object's number at each pixel of the picture, -1 for the background."""
    picture = compose(layers)
    found = np.full(picture.shape[:2], -1)
    for number in range(3):
        found[picture[..., number] == 200] = number
    return found


def test_compose_and_visible_parts():
    found = colors_of(scene())
    assert (found[3:7, 3:7] == 1).all() and found[1, 1] == 0 and found[1, 9] == 2 and found[0, 0] == -1
    seen = visible_parts(scene())
    assert [int(each.sum()) for each in seen] == [12, 16, 4]
    assert np.array_equal(seen, [found == 0, found == 1, found == 2])


@pytest.mark.parametrize('seed', range(10))
def test_painting_order_has_all_behind_first(seed):
    rng = np.random.default_rng(seed)
    depth = rng.permutation(8)
    order = (np.sign(depth[:, None] - depth) * np.triu(rng.random((8, 8)) < 0.5, 1)).astype(np.int8)
    order -= order.T
    found = painting_order(order)
    assert sorted(found) == list(range(8))
    position = np.argsort(found)
    assert all(position[i] > position[j] for i, j in np.argwhere(order > 0))


def test_painting_order_of_a_circle():
    assert sorted(painting_order(np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], np.int8))) == [0, 1, 2]
    assert painting_order(np.zeros((0, 0), np.int8)) == []


def test_delete_shows_what_was_hidden():
    layers = scene()
    changed = delete_objects(layers, [1])
    assert changed.names == ('red', 'blue') and changed.order.tolist() == [[0, 0], [0, 0]]
    picture = compose(changed)
    assert (picture[1:5, 1:5] == [200, 0, 0]).all() and (picture[5:7, 3:7] == 90).all()
    assert colors_of(layers)[4, 4] == 1  # the scene itself is as it was
    everything = delete_objects(layers, [0, 1, 2])
    assert np.array_equal(compose(everything), layers.background)


def test_order_can_be_turned():
    assert (colors_of(swap_order(scene(), 0, 1))[1:5, 1:5] == 0).all()
    assert swap_order(scene(), 2, 0).order[2, 0] == 1 and swap_order(scene(), 2, 0).order[0, 2] == -1
    front = bring_to_front(scene(), 0)
    assert front.order.tolist() == [[0, 1, 1], [-1, 0, 0], [-1, 0, 0]] and (colors_of(front)[1:5, 1:5] == 0).all()


@pytest.mark.parametrize('dx, dy', [(2, 1), (-3, 0), (0, -2), (20, 0), (0, -9)])
def test_shift_moves_every_pixel(dx, dy):
    """What leaves the picture is lost, whatever the side; it lies in front of what it did not touch before."""
    layers, moved = scene(), shift_object(scene(), 0, dx, dy)
    expected = np.zeros((8, 12), dtype=bool)
    for y, x in np.argwhere(layers.shapes[0]):
        if 0 <= y + dy < 8 and 0 <= x + dx < 12:
            expected[y + dy, x + dx] = True
    assert np.array_equal(moved.shapes[0], expected)
    assert (moved.contents[0][expected] == [200, 0, 0]).all() and not moved.contents[0][~expected].any()
    assert moved.order[0].tolist() == [0, -1, 1]


def test_place_puts_the_center_of_the_box():
    moved = place_object(scene(), 2, 3, 2)
    assert np.argwhere(moved.shapes[2]).min(0).tolist() == [1, 2] and moved.shapes[2].sum() == 4
    assert colors_of(moved)[2, 2] == 2  # upon the red one


def test_modal_layers_leave_a_hole():
    layers = scene()
    plain = modal_layers(layers, compose(layers), visible_parts(layers))
    assert np.array_equal(compose(plain), compose(layers))
    assert colors_of(delete_objects(plain, [1]))[4, 4] != 0  # nothing is known of the red corner


def test_errors():
    layers = scene()
    for change in (lambda: delete_objects(layers, [3]), lambda: bring_to_front(layers, -1),
                   lambda: swap_order(layers, 0, 7), lambda: shift_object(layers, 4, 0, 0)):
        with pytest.raises(ValueError, match='3 objects'):
            change()
    with pytest.raises(ValueError, match='with itself'):
        swap_order(layers, 1, 1)
    with pytest.raises(ValueError, match='is empty'):
        place_object(shift_object(layers, 0, 40, 0), 0, 3, 3)
    with pytest.raises(ValueError, match='order must be'):
        SceneLayers(layers.background, layers.contents, layers.shapes, np.ones((3, 3), np.int8), layers.names)
    with pytest.raises(ValueError, match='shapes is bool'):
        SceneLayers(layers.background, layers.contents, layers.shapes[:2], layers.order, layers.names)
