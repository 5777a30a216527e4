"""The sampler of guidance, bins of flow, superpixels and consensus, against slow formulas and scenes that are known."""

import numpy as np
import pytest
import torch
from scipy.ndimage import distance_transform_edt

from mmwsl.datasets import MotionClips
from mmwsl.flow import (
    bin_centers,
    bins_to_flow,
    consensus,
    estimate_flow,
    flow_to_bins,
    grid_points,
    guidance_points,
    piece_means,
    sparse_motion,
    sparse_of_arrows,
    superpixels,
    trimap,
    watershed_points,
)


def squares():
    """A still ground with two squares that move; each has one middle."""
    flow = np.zeros((60, 60, 2), np.float32)
    flow[8:23, 8:23], flow[35:54, 30:49] = (4, 0), (0, -3)
    return flow


def sobel(values):
    """Sum of the absolute Sobel derivatives of (H, W), edges reflected."""
    padded = np.pad(values, 1, mode='reflect').astype(np.float64)
    height, width = values.shape
    result = np.zeros(values.shape)
    for y in range(height):
        for x in range(width):
            part = padded[y:y + 3, x:x + 3]
            result[y, x] = (abs((part[:, 2] - part[:, 0]) @ (1, 2, 1)) + abs((part[2] - part[0]) @ (1, 2, 1)))
    return result


def test_watershed_points_equal_the_slow_formula():
    flow, kernel = squares(), 9
    edges = sobel(flow[..., 0]) + sobel(flow[..., 1])
    distance = distance_transform_edt(edges / max(edges.max(), 0.01) <= 0.1)
    found = watershed_points(flow, kernel, np.random.default_rng(0))
    assert len(found) >= 2
    for x, y in found:
        window = distance[max(y - 4, 0):y + 5, max(x - 4, 0):x + 5]
        assert distance[y, x] > window.max() - 0.5  # OpenCV's distances are nearly Euclidean
        assert 0 < x < 59 and 0 < y < 59
    apart = np.abs(found[:, None] - found[None]).max(-1) + 99 * np.eye(len(found))
    assert apart.min() > (kernel - 1) / 2
    for middle in ((15, 15), (39, 44)):  # both squares have theirs
        assert np.abs(found - middle).max(1).min() <= 1


def test_a_still_flow_has_grid_points_alone():
    flow = np.zeros((40, 50, 2), np.float32)
    assert watershed_points(flow, 9, np.random.default_rng(0)).shape == (0, 2)
    points = guidance_points(flow, 16, 9, np.random.default_rng(0))
    assert sorted(map(tuple, points)) == [(x, y) for x in (8, 24, 40) for y in (8, 24)]
    assert len(grid_points(320, 320, 166)) == 4 and len(grid_points(384, 384, 80)) == 25  # the two published strides


def test_the_number_of_points_is_bounded_and_chance_is_the_generators():
    flow = squares()
    first, again, other = (guidance_points(flow, 10, 9, np.random.default_rng(seed), most=5) for seed in (0, 0, 1))
    assert len(first) == 5 and (first == again).all() and not (first == other).all()


def test_sparse_motion_is_the_flow_at_its_points():
    flow = squares()
    sparse = sparse_motion(flow, np.array([[15, 15], [40, 45], [1, 2]]))
    assert sparse.shape == (3, 60, 60) and sparse[2].sum() == 3
    assert sparse[:, 15, 15].tolist() == [4, 0, 1] and sparse[:, 45, 40].tolist() == [0, -3, 1]
    assert (sparse == sparse_of_arrows([[15, 15, 4, 0], [40, 45, 0, -3], [1, 2, 0, 0]], 60, 60)).all()
    with pytest.raises(ValueError, match='outside of a picture of 60 x 60'):
        sparse_of_arrows([[60, 0, 1, 1]], 60, 60)
    with pytest.raises(ValueError, match='four numbers'):
        sparse_of_arrows([[1, 2, 3]], 60, 60)
    with pytest.raises(ValueError, match='no number'):
        sparse_of_arrows([[1, 2, np.nan, 0]], 60, 60)


def test_bins_equal_the_formula_and_come_back():
    values = torch.tensor([-70., -50., -49.1, 0., 0.6, 49.9, 50., 70.])
    expected = [min(int((min(max(v, -50), 50) + 50) // (100 / 99)), 98) for v in values.tolist()]
    assert flow_to_bins(values).tolist() == expected == [0, 0, 0, 49, 50, 98, 98, 98]
    assert bin_centers()[49] == pytest.approx(0, abs=1e-5)
    flow = torch.empty(2, 2, 3, 4).uniform_(-50, 50, generator=torch.Generator().manual_seed(0))
    logits = torch.nn.functional.one_hot(flow_to_bins(flow), 99).permute(0, 1, 4, 2, 3).flatten(1, 2) * 1e3
    assert (bins_to_flow(logits) - flow).abs().max() <= 50 / 99 + 1e-4  # half a bin
    two = torch.full((1, 8, 1, 1), -1e9)
    two[0, [0, 3, 7], 0, 0] = torch.tensor([np.log(3.), 0., 0.], dtype=torch.float32)  # dx: 3/4 of -6, 1/4 of 6; dy: 6
    assert bins_to_flow(two, limit=8).flatten().tolist() == pytest.approx([-3, 6])


def test_superpixels_follow_colors_and_their_means_are_means():
    image = np.zeros((32, 48, 3), np.uint8)
    image[:, 17:] = (200, 30, 30)
    labels = superpixels(image, 24)
    assert labels.shape == (32, 48) and 12 <= len(np.unique(labels)) <= 26
    purity = [max((image[labels == each, 0] == 200).mean(), (image[labels == each, 0] == 0).mean())
              for each in np.unique(labels)]
    assert min(purity) == 1
    means = piece_means(image.astype(float), labels)
    for each in np.unique(labels):
        np.testing.assert_allclose(means[each], image[labels == each].mean(0))


def iou(one, other):
    return (one & other).sum() / max((one | other).sum(), 1)


def test_consensus_is_above_the_raw_threshold_under_a_moving_camera():
    """Five clips of a shape before a ground that the camera moves over; the truth is read here alone."""
    clips = MotionClips(kind='colored', num_clips=5, clip_length=4, camera=0.04, size=80, supervision='full',
                        speed=(0.03, 0.06))
    ours, raw = [], []
    for position in range(len(clips)):
        item = clips[position]
        frames = list(item['inputs'].permute(0, 2, 3, 1).numpy())
        flows = [estimate_flow(*pair) for pair in zip(frames, frames[1:], strict=False)]
        votes, truth = consensus(frames[:-1], flows), item['data_samples'].gt_mask[:-1].numpy() > 0
        assert votes.shape == (3, 80, 80) and votes.max() == pytest.approx(1, abs=1e-6)
        lengths = np.stack([np.linalg.norm(flow, axis=-1) for flow in flows])
        ours.append(iou(votes > 0.5, truth))
        raw.append(iou(lengths > 0.5 * lengths.max(), truth))
    assert np.mean(ours) > np.mean(raw) + 0.1


def test_static_clips_have_no_foreground():
    item = MotionClips(kind='static', num_clips=1, clip_length=3)[0]
    frames = list(item['inputs'].permute(0, 2, 3, 1).numpy())
    votes = consensus(frames[:-1], [np.zeros((64, 64, 2), np.float32)] * 2)
    assert (votes == 0).all() and (trimap(votes) == 0).all()
    assert trimap(np.array([0.1, 0.5, 0.9])).tolist() == [0, 255, 1]
    with pytest.raises(ValueError, match='2 frames and 1 flows'):
        consensus(frames[:2], [np.zeros((64, 64, 2), np.float32)])
