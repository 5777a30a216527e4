"""Warping, agreement of two flows, and flow of mirrored and resized frames, against slow formulas and known motions."""

import numpy as np
import pytest

from mmwsl.flow import consistent, flip_flow, inside, move, resize_flow, warp


def slow_warp(image, flow):
    """Bilinear value at (x + dx, y + dy), pixel by pixel; the edge goes on beyond itself."""
    height, width = flow.shape[:2]
    result = np.zeros(image.shape)
    for y in range(height):
        for x in range(width):
            u, v = x + flow[y, x, 0], y + flow[y, x, 1]
            left, top = int(np.floor(u)), int(np.floor(v))
            for row, share_y in ((top, top + 1 - v), (top + 1, v - top)):
                for column, share_x in ((left, left + 1 - u), (left + 1, u - left)):
                    value = image[min(max(row, 0), height - 1), min(max(column, 0), width - 1)]
                    result[y, x] += share_x * share_y * value
    return result


def test_warp_equals_the_slow_formula():
    rng = np.random.default_rng(0)
    image = rng.random((9, 11, 3)).astype(np.float32)
    flow = rng.uniform(-4, 4, (9, 11, 2)).astype(np.float32)
    flow = np.round(flow * 32) / 32  # OpenCV interpolates in steps of 1/32
    np.testing.assert_allclose(warp(image, flow), slow_warp(image, flow), atol=1e-5)


def test_a_shifted_picture_is_warped_back_and_moved_there():
    rng = np.random.default_rng(0)
    first = rng.integers(0, 256, (20, 24, 3), np.uint8)
    second = np.roll(first, (2, 3), (0, 1))
    flow = np.full((20, 24, 2), (3, 2), np.float32)
    assert (warp(second, flow)[:18, :21] == first[:18, :21]).all()
    assert (move(first, flow)[2:, 3:] == second[2:, 3:]).all()
    assert inside(flow).sum() == 18 * 21


def test_what_moves_faster_is_in_front_and_holes_are_filled():
    image = np.full((16, 16, 3), 100, np.uint8)
    image[4:8, 4:8] = 250
    flow = np.zeros((16, 16, 2), np.float32)
    flow[4:8, 4:8] = (5, 0)
    moved = move(image, flow)
    assert (moved[4:8, 9:13] > 240).all()
    assert (np.abs(moved[4:8, 4:8].astype(int) - 100) < 30).all()  # filled from around
    assert (move(image, flow, fill=False)[4:8, 4:8] == 0).all()


def test_flow_that_leads_back_is_consistent_and_other_flow_is_not():
    forward = np.full((10, 20, 2), (4, 0), np.float32)
    agrees = consistent(forward, -forward)
    assert agrees[:, :16].all() and not agrees[:, 16:].any()  # the last columns leave the picture
    wrong = -forward
    wrong[:, 10:15] += (3, 0)
    expected = [column not in range(6, 11) for column in range(16)]
    assert (consistent(forward, wrong)[:, :16] == expected).all()


def test_a_flip_negates_its_axis_and_a_resize_scales():
    flow = np.random.default_rng(0).normal(size=(4, 6, 2)).astype(np.float32)
    flipped = flip_flow(flow)
    assert (flipped[:, ::-1, 0] == -flow[..., 0]).all() and (flipped[:, ::-1, 1] == flow[..., 1]).all()
    assert (flip_flow(flow, vertical=True)[::-1, :, 1] == -flow[..., 1]).all()
    assert (flip_flow(flipped) == flow).all()
    smaller = resize_flow(flow, 3, 2)
    blocks = flow.reshape(2, 2, 3, 2, 2).mean((1, 3))
    np.testing.assert_allclose(smaller, blocks * (0.5, 0.5), atol=1e-6)
    np.testing.assert_allclose(resize_flow(np.full((4, 6, 2), (3, 4), np.float32), 12, 16)[0, 0], (6, 16))


def test_the_flow_of_flipped_and_resized_frames_is_the_flipped_and_resized_flow():
    """Estimated anew on changed frames it is what the formula says."""
    from test_flow import two_frames

    from mmwsl.datasets.transforms.decode import resize
    from mmwsl.flow import estimate_flow
    first, second = two_frames(camera=(3, -2), move=(3, -2))
    flow = estimate_flow(first, second)
    for changed, expected in (
            ([np.ascontiguousarray(each[:, ::-1]) for each in (first, second)], flip_flow(flow)),
            ([resize(each, 64, 48) for each in (first, second)], resize_flow(flow, 64, 48))):
        difference = estimate_flow(*changed) - expected
        assert np.median(np.abs(difference)) < 0.1


def test_sizes_that_do_not_fit_are_refused():
    flow = np.zeros((4, 5, 2), np.float32)
    for function in (warp, move):
        with pytest.raises(ValueError, match='does not fit an image'):
            function(np.zeros((4, 6, 3), np.uint8), flow)
    with pytest.raises(ValueError, match='not finite'):
        move(np.zeros((4, 5, 3), np.uint8), np.full((4, 5, 2), np.nan, np.float32))
    with pytest.raises(ValueError, match='sides are 1 or more'):
        resize_flow(flow, 0, 3)
