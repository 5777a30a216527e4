"""Near-duplicates and odd ones: planted copies and strangers are found, similar photos are not."""

import cv2
import numpy as np
import pytest
import torch

from mmwsl.clustering import nearest_neighbors
from mmwsl.evaluation.functional import color_histogram, look_alike, near_duplicates, odd_ones, oddness
from mmwsl.evaluation.functional.duplicates import distance_threshold


def photo(seed, side=96):
    """A random picture with detail at every scale, as photos have."""
    rng = np.random.default_rng(seed)
    layers = [cv2.resize(rng.normal(0, scale**0.5, (96 // scale, 96 // scale, 3)), (side, side)) for scale in (32, 8, 2)]
    return np.clip(128 + 14 * sum(layers), 0, 255).astype(np.uint8)


def encoded(picture, side, quality):
    """The picture in another size, as a JPEG of that quality would give it back."""
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return cv2.imdecode(cv2.imencode('.jpg', small, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


def thumbnail(picture):
    return cv2.resize(picture, (64, 64), interpolation=cv2.INTER_AREA)


def test_copies_are_found_and_similar_photos_are_not():
    photos = [photo(seed) for seed in range(60)]
    copies = [encoded(photos[number], side, quality) for number, side, quality in ((3, 40, 60), (17, 150, 50), (42, 64, 90))]
    shifted = [np.roll(photos[8], 14, axis=1)]  # the same scene a moment later
    thumbnails = np.stack([thumbnail(each) for each in photos + copies + shifted])
    features = torch.from_numpy(thumbnails[:, ::8, ::8].reshape(len(thumbnails), -1).astype(np.float32) - 128)
    numbers, similarities = (each.numpy() for each in nearest_neighbors(features, 10))
    assert near_duplicates(numbers, similarities, thumbnails).tolist() == [[3, 60], [17, 61], [42, 62]]


def test_another_shape_is_no_copy():
    thumbnails = np.stack([thumbnail(photo(0))] * 2 + [thumbnail(photo(seed)) for seed in range(1, 9)])
    features = torch.from_numpy(thumbnails[:, ::8, ::8].reshape(len(thumbnails), -1).astype(np.float32) - 128)
    near = [each.numpy() for each in nearest_neighbors(features, 3)]
    assert near_duplicates(*near, thumbnails, np.full(10, 1.5)).tolist() == [[0, 1]]
    assert near_duplicates(*near, thumbnails, np.linspace(1, 3, 10)).tolist() == []


@pytest.mark.parametrize('level, same', [(128, True), (129, True), (160, False)])
def test_pictures_without_contrast_are_compared_by_their_level(level, same):
    flat = np.stack([np.full((64, 64), value, np.uint8) for value in (128, level)])
    assert look_alike(flat, np.array([[0, 1]])).tolist() == [same]


def test_the_threshold_is_the_median_distance_to_the_fifth_neighbor():
    distances = np.array([[0., .1, .2, .3, .4, .9], [0., .1, .2, .3, .6, .9], [0., .1, .2, .3, .5, .9]])
    assert distance_threshold(1 - distances) == pytest.approx(.5)
    assert distance_threshold(1 - distances[:, :2]) == pytest.approx(.1)  # fewer neighbors


def test_no_neighbors_no_copies():
    assert near_duplicates(np.empty((1, 0), int), np.empty((1, 0)), np.zeros((1, 8, 8), np.uint8)).shape == (0, 2)
    assert oddness(np.empty((1, 0))).tolist() == [0] and odd_ones(np.zeros(1)).tolist() == []


def test_planted_strangers_are_the_odd_ones():
    generator = torch.Generator().manual_seed(0)
    usual = torch.cat([torch.ones(200, 8), torch.zeros(200, 8)], dim=1) + 0.3 * torch.randn(200, 16, generator=generator)
    strangers = torch.cat([torch.zeros(4, 8), torch.eye(8)[:4]], dim=1)
    similarities = nearest_neighbors(torch.cat([usual, strangers]), 30)[1].numpy()
    scores = oddness(similarities)
    found = odd_ones(scores).tolist()
    assert set(found[:4]) == {200, 201, 202, 203} and len(found) <= 6
    assert abs(np.median(scores)) < 1e-6
    assert len(odd_ones(scores, least=-9., most=0.02)) == 5  # rounded up of 204


def test_a_histogram_has_length_one_and_the_cosine_of_two_is_their_overlap():
    half = np.zeros((10, 10, 3), np.uint8)
    half[:5] = 255
    whole = np.zeros((4, 6, 3), np.uint8)
    first, second = color_histogram(half), color_histogram(whole)
    assert first.shape == (64,) and np.isclose(first @ first, 1) and np.isclose(second @ second, 1)
    assert np.isclose(first @ second, 0.5**0.5)
