"""Exploring photos of several tags: mean average precision against floors, doubtful tags, and where the tags are."""

import os

import cv2
import numpy as np
import pytest
import torch

from mmwsl.apis.explore.labels import choose_labels, split_tags
from mmwsl.apis.explore.network import Network
from mmwsl.apis.explore.photos import Photos
from mmwsl.apis.explore.stages import Stages
from mmwsl.apis.explore.tag_maps import activation_maps, draw_tag_maps, tag_weights, typical_photos
from mmwsl.apis.explore.tags import judge_tags, make_tag_folds, summarize_tags, tag_errors


def test_tags_of_a_csv(tmp_path):
    names = ['1.jpg', '2.jpg', '3.jpg', '4.jpg']
    path = tmp_path / 'tags.csv'
    path.write_text('photo,label\n1.jpg,dog\n1.jpg,cat\n1.jpg,dog\n2.jpg,cat;  bird ;\n3.jpg,dog\n4.jpg,\n')
    labels, remarks, _ = choose_labels(names, path)
    assert labels == ['cat; dog', 'bird; cat', 'dog', None]
    assert split_tags(labels) == [('cat', 'dog'), ('bird', 'cat'), ('dog',), None]
    assert any(each.startswith('2 photos have several labels') for each in remarks)
    assert split_tags(['dog', None]) is None


def test_a_folder_is_contradicted_only_by_tags_without_it(tmp_path):
    names = [os.path.join('cat', '1.jpg'), os.path.join('cat', '2.jpg'), os.path.join('dog', '3.jpg')]
    path = tmp_path / 'tags.csv'
    path.write_text('photo,label\n1.jpg,cat;dog\n2.jpg,dog\n3.jpg,dog\n')
    remarks = choose_labels(names, path)[1]
    assert any(each.startswith('1 photos lie in another folder') for each in remarks)


@pytest.fixture
def tagged():
    """90 photos of the tags a, b and c, each with a direction of its own in the features; the last 6 are not tagged."""
    rng = np.random.default_rng(0)
    present = rng.random((90, 3)) < 0.4
    features = torch.from_numpy(present @ np.eye(3, 8) * 4 + 3 + rng.normal(0, 0.5, (90, 8))).float()
    tags = [tuple(np.array(['a', 'b', 'c'])[row].tolist()) for row in present]
    return features, present, [each if number < 84 else None for number, each in enumerate(tags)]


def test_features_that_tell_tags_are_told_from_those_that_do_not(tagged):
    features, present, tags = tagged
    judged = make_tag_folds(tags, [[0, 1, 2]])
    assert judged.tags == ['a', 'b', 'c'] and judged.folds[0] == judged.folds[1] == judged.folds[2]
    assert (judged.folds[84:] == -1).all() and np.bincount(judged.folds[:84]).min() > 20
    np.testing.assert_array_equal(judged.present[:84], present[:84])
    noise = torch.from_numpy(np.random.default_rng(1).normal(size=(90, 8))).float()
    kept = judge_tags(dict(ours=features, noise=noise), judged)
    accuracy, comparisons = summarize_tags(kept['precision'], ['ours', 'noise'], ['noise'])
    assert accuracy[0]['mean'] > 95 and not accuracy[0]['floor'] and len(accuracy[0]['values']) == 3
    assert 30 < accuracy[1]['mean'] < 65 and accuracy[1]['floor']  # about the share of photos with a tag
    assert len(comparisons) == 1 and comparisons[0]['difference'] > 30
    assert comparisons[0]['p'] == 0.25 and 'not told apart' in comparisons[0]['text']  # three tags say no more
    assert np.isnan(kept['probabilities'][84:]).all() and np.isfinite(kept['probabilities'][:84]).all()


def test_missing_tags_and_wrong_ones_are_doubted(tagged):
    features, present, tags = tagged
    missing, wrong = np.flatnonzero(present[:84, 0])[3:30:8], np.flatnonzero(~present[:84, 1])[5:45:10]
    for photo in missing:
        tags[photo] = tuple(tag for tag in tags[photo] if tag != 'a')
    for photo in wrong:
        tags[photo] = (*tags[photo], 'b')
    judged = make_tag_folds(tags, [])
    found = tag_errors(judge_tags(dict(ours=features), judged)['probabilities'], judged, 0.5)
    listed = {(each['photo'], each['given'], each['suggested']) for each in found}
    planted = {(photo, 'no a', 'a') for photo in missing} | {(photo, 'b', 'no b') for photo in wrong}
    assert len(listed & planted) >= len(planted) / 2 and len(listed - planted) <= 2
    assert [each['confidence'] for each in found] == sorted((each['confidence'] for each in found), reverse=True)


def test_tags_that_cannot_be_judged():
    assert make_tag_folds([('a',)] * 5, []) is None  # no photo without it
    judged = make_tag_folds([('a', 'b')] * 3 + [('b',)] * 2 + [('c',)] * 4 + [()] * 3, [])
    assert judged.tags == ['a', 'b', 'c'] and judged.few == []
    assert make_tag_folds([('a',)] * 3 + [('b', 'c')] + [('b',)] * 3, []).few == ['c']


def test_the_typical_photos_of_a_tag_are_those_that_score_highest_in_it():
    present = np.array([[1, 0], [1, 1], [0, 1], [-1, -1], [1, 0]])
    scores = np.array([[0.1, 0.9], [0.5, 0.2], [0.9, 0.8], [np.nan, np.nan], [0.3, 0.1]])
    assert typical_photos(present, scores) == [(1, 0), (4, 0), (0, 0), (2, 1), (1, 1)]


class Colors(torch.nn.Module):
    """A backbone whose feature maps are the colors of patches of 8 pixels."""

    def forward(self, images):
        return (torch.nn.functional.avg_pool2d(images, 8),)


@pytest.fixture
def squares(tmp_path, monkeypatch):
    """24 photos with a red square, a blue one, or both, on grey; their tags, where the squares are, and a network."""
    rng, tags, places = np.random.default_rng(0), [], []
    for number in range(24):
        image, here = np.full((64, 64, 3), 90, np.uint8), {}
        corners = rng.permutation(4)
        for tag, color in (('red', (250, 60, 60)), ('blue', (60, 60, 250))):
            if number % 3 == 2 or (number % 3 == 0) == (tag == 'red'):
                y, x = 4 + 32 * (corners[len(here)] // 2), 4 + 32 * (corners[len(here)] % 2)
                image[y:y + 24, x:x + 24] = color
                here[tag] = (y, x)
        cv2.imwrite(str(tmp_path / f'{number}.png'), image[..., ::-1])
        tags.append(tuple(here))
        places.append(here)
    from mmengine.model import BaseDataPreprocessor

    from mmwsl.apis.explore import tag_maps

    class Preprocessor(BaseDataPreprocessor):
        def forward(self, data, training=False):
            return dict(inputs=data['inputs'].float() / 255)

    def build(config, checkpoint):
        model = torch.nn.Module()
        model.backbone, model.data_preprocessor = Colors(), Preprocessor()
        return model, None
    monkeypatch.setattr(tag_maps, 'build_model', build)
    config = dict(benchmark=dict(test=dict(pipeline=[dict(type='ResizeCenterCrop', resize=32, crop=32)])))
    paths = [str(tmp_path / f'{number}.png') for number in range(24)]
    features = torch.stack([torch.from_numpy(cv2.imread(path)[..., ::-1].mean((0, 1))) for path in paths]).float()
    return tmp_path, paths, tags, places, features, Network('colors', config, 'weights', 'something')


def test_maps_show_where_the_tags_are(squares, tmp_path):
    root, paths, tags, places, features, network = squares
    judged = make_tag_folds(tags, [])
    chosen = [(photo, tag) for photo, each in enumerate(tags) for tag, name in enumerate(judged.tags) if name in each]
    maps = activation_maps(network, [paths[photo] for photo, _ in chosen], [tag for _, tag in chosen],
                           tag_weights(features, judged.present))
    assert maps.shape == (len(chosen), 8, 8) and maps.min() == 0 and maps.max() == 1
    for (photo, tag), values in zip(chosen, maps, strict=True):
        y, x = places[photo][judged.tags[tag]]
        peak_y, peak_x = np.array(np.unravel_index(values.argmax(), values.shape)) * 8 + 4
        assert y <= peak_y < y + 24 and x <= peak_x < x + 24
    names = [os.path.basename(path) for path in paths]
    photos = Photos(root, names, [], *[np.zeros(24)] * 4, [], 'key')
    scores = np.random.default_rng(0).random(judged.present.shape)
    drawn = draw_tag_maps(network, photos, features, judged.tags, judged.present, scores, tmp_path / 'out', 'key',
                          Stages(tmp_path / 'stages'))
    assert [each['tag'] for each in drawn] == ['blue'] * 4 + ['red'] * 4
    assert all(each['tag'] in tags[each['photo']] and each['picture'].startswith('data:image/jpeg') for each in drawn)
    files = sorted(path.name for path in (tmp_path / 'out' / 'maps').iterdir())
    assert len(files) == 9 and files[0] == '00_blue_0.jpg' and files[-1] == 'maps.csv'
    assert cv2.imread(str(tmp_path / 'out' / 'maps' / '01_red_7.jpg')).shape == (224, 224, 3)


def test_a_network_without_such_feature_maps_is_named(squares):
    *_, network = squares
    with pytest.raises(ValueError, match='colors gives .* no feature maps of 5 channels'):
        activation_maps(network, squares[1][:1], [0], torch.zeros(2, 5))
