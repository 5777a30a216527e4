"""Flow of pictures that were moved on purpose: known vectors, a known camera, a known object."""

import numpy as np
import pytest

from mmwsl.datasets import read_class_map
from mmwsl.datasets.readers.clips import read_frames
from mmwsl.flow import (
    ESTIMATORS,
    camera_flow,
    draw_flow,
    estimate_flow,
    motion_saliency,
    moving_region,
    register_estimator,
    remove_camera,
)

HEIGHT, WIDTH = 96, 128
BOX = (40, 30, 72, 62)  # left, top, right, bottom of the object in the first frame


def texture(height, width, seed=0):
    """Smooth random colors: patches of every size can be found again."""
    import cv2
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    blurred = cv2.GaussianBlur(noise, (0, 0), 2).astype(float)
    return ((blurred - blurred.min()) / np.ptp(blurred) * 255).astype(np.uint8)


def two_frames(camera=(3, 0), move=(0, 4)):
    """A textured square that moves by ``move`` before a ground that moves by ``camera``."""
    ground, square = texture(HEIGHT + 40, WIDTH + 40), texture(32, 32, seed=1)
    frames = []
    for step in (0, 1):
        x, y = 20 - step * camera[0], 20 - step * camera[1]
        frame = ground[y:y + HEIGHT, x:x + WIDTH].copy()
        left, top = BOX[0] + step * move[0], BOX[1] + step * move[1]
        frame[top:top + 32, left:left + 32] = square
        frames.append(frame)
    return frames


def box_iou(one, other):
    width, height = (min(one[i + 2], other[i + 2]) - max(one[i], other[i]) for i in (0, 1))
    inter = max(width, 0) * max(height, 0)
    return inter / (sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)) - inter)


@pytest.mark.parametrize('method', ['dis', 'dis_fast', 'farneback'])
def test_a_shifted_picture_has_that_flow_everywhere(method):
    first, second = two_frames(camera=(3, -2), move=(3, -2))
    flow = estimate_flow(first, second, method)
    inner = flow[8:-8, 8:-8].reshape(-1, 2)
    assert np.abs(np.median(inner, axis=0) - (3, -2)).max() < 0.2


def test_the_cameras_flow_is_that_of_a_homography_and_nothing_is_left_of_it():
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    matrix = np.array([[1.02, 0.01, 2.0], [-0.01, 0.99, -1.0], [1e-5, 2e-5, 1.0]])
    moved = np.stack([x, y, np.ones_like(x)], -1) @ matrix.T
    flow = (moved[..., :2] / moved[..., 2:] - np.stack([x, y], -1)).astype(np.float32)
    np.testing.assert_allclose(camera_flow(flow), flow, atol=0.02)
    flow[30:62, 40:72] += (5, 0)
    left = remove_camera(flow)
    np.testing.assert_allclose(left[30:62, 40:72], np.broadcast_to([5, 0], (32, 32, 2)), atol=0.05)
    assert np.abs(left[:30]).max() < 0.05


def test_flow_that_no_homography_explains_loses_its_median():
    flow = np.random.default_rng(0).normal(0, 50, (HEIGHT, WIDTH, 2)).astype(np.float32)
    np.testing.assert_allclose(camera_flow(flow)[0, 0], np.median(flow.reshape(-1, 2), axis=0), rtol=1e-5)


def test_the_moving_square_is_found_under_a_moving_camera():
    region = moving_region(estimate_flow(*two_frames()))
    assert box_iou(region.box, BOX) > 0.7
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[BOX[1]:BOX[3], BOX[0]:BOX[2]] = True
    assert (region.mask & mask).sum() / (region.mask | mask).sum() > 0.7
    assert region.saliency[46, 56] > 0.8 and region.saliency[5, 5] < 0.2


def test_frames_that_show_no_object_clearly_are_rejected():
    assert moving_region(estimate_flow(*two_frames(camera=(3, 0), move=(3, 0)))) is None  # the camera alone
    flow = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    flow[20:30, 10:30] = flow[60:70, 90:110] = (4, 0)  # two objects, neither dominant
    assert moving_region(flow) is None
    flow[:] = 0
    flow[2:6, 2:6] = (9, 0)  # too small
    assert moving_region(flow) is None
    assert not motion_saliency(np.full((HEIGHT, WIDTH, 2), 7, np.float32)).any()


def test_colors_of_the_wheel():
    flow = np.zeros((1, 5, 2), np.float32)
    flow[0, 1:] = [(2, 0), (1, 0), (4, 0), (np.nan, 0)]
    picture = draw_flow(flow, longest=2)
    assert picture[0, 0].tolist() == [255, 255, 255]  # still
    assert picture[0, 4].tolist() == [0, 0, 0]  # not known
    full, half, beyond = picture[0, 1:4].astype(int)
    assert np.abs(half - (255 + full) / 2).max() <= 1  # half as long: half way to white
    assert np.abs(beyond - 0.75 * full).max() <= 1
    opposite = draw_flow(-flow[:, 1:2], longest=2)[0, 0].astype(int)
    assert np.abs(full - opposite).max() > 100


def test_an_estimator_of_ones_own():
    register_estimator('still', lambda first, second: np.zeros((*first.shape[:2], 2), np.float32))
    register_estimator('broken', lambda first, second: np.zeros((3, 3, 2), np.float32))
    try:
        assert not estimate_flow(*two_frames(), 'still').any()
        with pytest.raises(ValueError, match=r"'broken' gave a flow of shape \(3, 3, 2\)"):
            estimate_flow(*two_frames(), 'broken')
        with pytest.raises(ValueError, match='already'):
            register_estimator('still', None)
    finally:
        del ESTIMATORS['still'], ESTIMATORS['broken']


@pytest.mark.parametrize(('frames', 'message'), [
    ([np.zeros((20, 20, 3), np.uint8), np.zeros((20, 24, 3), np.uint8)], 'frames of one size'),
    ([np.zeros((8, 20, 3), np.uint8)] * 2, '16 x 16 pixels or more'),
    ([np.zeros((20, 20), np.uint8)] * 2, r'needs uint8 \(H, W, 3\)'),
    ([np.zeros((20, 20, 3))] * 2, 'is float64'),
])
def test_what_is_no_pair_of_frames_is_refused(frames, message):
    with pytest.raises(ValueError, match=message):
        estimate_flow(*frames)


def test_an_unknown_method_names_those_there_are():
    with pytest.raises(ValueError, match='dis, dis_fast, farneback'):
        estimate_flow(*two_frames(), 'raft')


@pytest.mark.slow
def test_the_moving_car_of_a_real_clip(video_root):
    """DAVIS car-shadow: the mean IoU of the motion box with the box of the true mask; 0.66 over the whole clip."""
    clip = video_root / 'davis_car_shadow'
    frames = list(read_frames(clip / 'JPEGImages' / '480p' / 'car-shadow', most=9))
    masks = sorted(clip.joinpath('Annotations').rglob('*.png'))
    values = []
    for first, second, mask in zip(frames, frames[1:], masks, strict=False):
        region = moving_region(estimate_flow(first, second))
        ys, xs = np.nonzero(read_class_map(mask))
        values.append(box_iou(region.box, (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)) if region else 0)
    assert np.mean(values) > 0.55


def test_ground_that_is_covered_next_does_not_count():
    """The flow to the frame before tells the object from the ground that it is about to hide."""
    after = two_frames(camera=(0, 0), move=(5, 5))
    before = two_frames(camera=(0, 0), move=(-5, -5))[1]
    forward, backward = estimate_flow(*after), estimate_flow(after[0], before)
    one, both = moving_region(forward), moving_region(forward, earlier=backward)
    assert box_iou(both.box, BOX) > box_iou(one.box, BOX) + 0.1 and box_iou(both.box, BOX) > 0.8
    assert moving_region(forward, earlier=np.zeros_like(forward)) is None  # it stood still before
