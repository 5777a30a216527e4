"""Squares, windows, erasers and completion: by hand, against slow versions, and with a network that knows the truth."""

import numpy as np
import pytest
import torch

from mmwsl.ops.occlusion import (
    complete_shapes,
    cut_masks,
    draw_erasers,
    object_squares,
    paste_maps,
    random_windows,
    recover_order,
)
from mmwsl.ops.occlusion.erasers import extents
from mmwsl.ops.occlusion.order import mask_boxes, occluders, overlap_order


def test_squares_by_hand():
    """sqrt(3 x 4 x 3) = 6; 1.1 x 10 of a long one; an empty one is a pixel."""
    squares = object_squares(np.array([[0, 0, 4, 3], [2, 2, 12, 3], [0, 0, 0, 0]]))
    assert squares == pytest.approx(np.array([[-1, -1.5, 6], [1.5, -3, 11], [-0.5, -0.5, 1]]))


@pytest.mark.parametrize('size', [5, 8, 20])
def test_cut_takes_the_nearest_pixel(size):
    rng = np.random.default_rng(size)
    masks = rng.random((3, 9, 11)) < 0.5
    squares = np.array([[-3.2, 1.1, 7.5], [2.0, 2.0, 12.0]])
    which = [2, 0]
    cut = cut_masks(torch.from_numpy(masks), torch.tensor(which), torch.tensor(squares, dtype=torch.float64), size)
    for crop, number, (left, top, side) in zip(cut.numpy(), which, squares, strict=True):
        for y in range(size):
            for x in range(size):
                row, column = (int(np.floor(start + (at + 0.5) * side / size)) for start, at in ((top, y), (left, x)))
                inside = 0 <= row < 9 and 0 <= column < 11
                assert crop[y, x] == (inside and masks[number, row, column])


def test_paste_is_the_inverse_of_a_cut_pixel_by_pixel():
    masks = torch.rand(2, 10, 12) < 0.5
    squares = torch.tensor([[1.0, 2.0, 6.0], [-2.0, -1.0, 8.0]])  # as many pixels as the crop
    for number, size in ((0, 6), (1, 8)):
        crop = cut_masks(masks, torch.tensor([number]), squares[[number]], size)
        pasted = paste_maps(crop[:, None].float(), squares[[number]], 10, 12)[0, 0]
        left, top, side = squares[number].int().tolist()
        inside = torch.zeros(10, 12, dtype=torch.bool)
        inside[max(top, 0):top + side, max(left, 0):left + side] = True
        assert torch.allclose(pasted, (masks[number] & inside).float(), atol=1e-5)


def test_windows_move_masks_and_pictures_alike():
    torch.manual_seed(0)
    picture = torch.zeros(16, 1, 24, 24)
    picture[:, :, 6:18, 8:20] = 1
    moved, mask = random_windows([picture, picture > 0], 16, 16 / 24)
    assert moved.shape == mask.shape == (16, 1, 16, 16) and mask.dtype == torch.bool
    assert ((moved > 0.5) == mask).float().mean() > 0.97
    assert len({int(each.sum()) for each in mask}) > 8  # every one its own
    still, = random_windows([picture > 0], 16, 16 / 24, shift=0, scale=(1, 1), flip=0)
    assert torch.equal(still, (picture > 0)[:, :, 4:20, 4:20])
    mirrored, = random_windows([picture > 0], 16, 16 / 24, shift=0, scale=(1, 1), flip=1)
    assert torch.equal(mirrored, still.flip(3))


def test_extents():
    masks = torch.zeros(2, 1, 8, 10, dtype=torch.bool)
    masks[0, 0, 2:6, 0:5] = True
    center, size = extents(masks)
    assert center.tolist() == [[-0.5, 0.0], [0.0, 0.0]] and size.tolist() == [[1.0, 1.0], [0.0, 0.0]]


def test_erasers_cover_what_they_should():
    torch.manual_seed(0)
    masks = torch.zeros(64, 1, 64, 64, dtype=torch.bool)
    for index in range(64):
        top, left = 24 + index % 7, 23 + index % 9
        masks[index, 0, top:top + 8 + index % 5, left:left + 6 + index % 11] = True
    erasers = draw_erasers(masks, cover=(0.1, 0.8))
    covered = (erasers & masks).sum((1, 2, 3)) / masks.sum((1, 2, 3))
    used = erasers.flatten(1).any(1)
    assert used.float().mean() > 0.9 and covered[used].min() >= 0.1 and covered[used].max() < 0.8
    # boxes share at least 0.4, so at least so much of the smaller side, give or take a pixel
    center, size = extents(masks)
    other_center, other_size = extents(erasers)
    distance = (center - other_center).abs()[used]
    assert (distance <= 0.6 * (size + other_size)[used] / 2 + 4 / 64).all()


def test_an_eraser_that_fits_nowhere_is_empty():
    masks = torch.ones(3, 1, 8, 8, dtype=torch.bool)
    assert not draw_erasers(masks, cover=(0.999, 0.9995)).any()
    assert not draw_erasers(masks & False).any() and draw_erasers(masks[:0]).shape == (0, 1, 8, 8)


def scene(seed, count=4):
    """Discs painted one after the other: visible parts and whole shapes (N, 40, 48)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:40, :48]
    centers = rng.uniform([10, 10], [30, 38], (count, 2))
    amodal = np.stack([(y - v)**2 + (x - u)**2 < r**2 for (v, u), r in zip(centers, rng.uniform(5, 10, count), strict=True)])
    modal = np.stack([amodal[i] & ~amodal[i + 1:].any(0) for i in range(count)])
    return modal, amodal


def knowing(modal, amodal, size, enlarge):
    """A network that knows the whole shapes: it adds what of them lies beneath the eraser."""
    squares = torch.as_tensor(object_squares(mask_boxes(modal), enlarge), dtype=torch.float32)

    def complete(visible, eraser, objects):
        return (visible | cut_masks(torch.from_numpy(amodal), objects, squares[objects], size) & eraser).float()

    return complete


@pytest.mark.parametrize('seed', range(5))
def test_one_who_knows_the_shapes_recovers_order_and_shapes(seed):
    """Up to what direct completion cannot see: pairs that a third one hides, and the coarseness of a crop."""
    modal, amodal = scene(seed)
    masks, settings = torch.from_numpy(modal), dict(size=96, enlarge=12.0)
    complete = knowing(modal, amodal, **settings)
    order, true = recover_order(masks, complete, batch=3, **settings), overlap_order(modal, amodal)
    seen = true != 0
    assert (order == true)[seen].mean() > 0.8 and not ((order == -true) & seen).any()
    whole = complete_shapes(masks, true, complete, batch=2, **settings).numpy()
    shown = modal.any((1, 2))
    assert (whole & amodal)[shown].sum() / (whole | amodal)[shown].sum() > 0.95
    assert (whole >= modal).all()
    direct = complete_shapes(masks, true, complete, direct=True, **settings).numpy()
    assert (direct <= whole).all()
    above = occluders(true)
    for index in range(len(modal)):
        assert not (whole[index] & ~modal[index] & ~modal[above[index]].any(0)).any()  # only beneath what hides it


def test_scenes_without_anything_to_do():
    """No object, one, an empty one beside one, and what is at the border."""
    def never(visible, eraser, objects):
        raise AssertionError('nothing touches')

    for masks in (torch.zeros(0, 8, 8, dtype=torch.bool), torch.ones(1, 8, 8, dtype=torch.bool),
                  torch.stack([torch.zeros(8, 8, dtype=torch.bool), torch.ones(8, 8, dtype=torch.bool)])):
        order = recover_order(masks, never, size=8)
        assert order.shape == (len(masks),) * 2 and not order.any()
        assert torch.equal(complete_shapes(masks, order, never, size=8), masks)


def test_fifty_objects_go_through_in_parts():
    modal, amodal = scene(3, count=50)
    calls = []

    def none(visible, eraser, objects):
        calls.append(len(visible))
        return torch.zeros(visible.shape)

    order = recover_order(torch.from_numpy(modal), none, size=16, batch=32)
    assert max(calls) == 32 and not order.any()
