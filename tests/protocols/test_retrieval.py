"""Images found again by their features."""

import numpy as np
import pytest
import torch
from photo_sets import class_folders

from mmwsl.apis import benchmark, load_config
from mmwsl.protocols import Features, FeatureSource
from mmwsl.protocols.retrieval import retrieval_scores
from mmwsl.registry import PROTOCOLS


def test_average_precision_and_rank_1_by_hand():
    similarity = np.array([[9.0, 0.8, 0.7, 0.6], [0.9, 9.0, 0.1, 0.2], [0.1, 0.2, 9.0, 0.3]])
    relevant = np.array([[1, 0, 1, 1], [1, 1, 0, 0], [0, 0, 1, 0]], dtype=bool)
    counted = ~np.eye(3, 4, dtype=bool)
    found = retrieval_scores(similarity, relevant, counted)
    # ranks 2 and 3 of three; rank 1; the third has nothing to find
    assert found['mAP'] == pytest.approx(((1 / 2 + 2 / 3) / 2 + 1) / 2) and found['rank1'] == 0.5 and found['queries'] == 2


def test_what_cannot_be_ranked():
    with pytest.raises(ValueError, match='none of 2 queries has another image of its class'):
        retrieval_scores(np.zeros((2, 2)), np.eye(2, dtype=bool), ~np.eye(2, dtype=bool))
    with pytest.raises(ValueError, match='2 similarities are NaN'):
        retrieval_scores(np.full((1, 2), np.nan), np.ones((1, 2), bool), np.ones((1, 2), bool))
    with pytest.raises(ValueError, match=r'needs three arrays \(Q, N\)'):
        retrieval_scores(np.zeros((2, 2)), np.eye(2, dtype=bool), np.ones((2, 3), bool))


def run(features, labels, marks=(), **settings):
    train = Features(torch.zeros(1, features.shape[1]), torch.zeros(1, dtype=torch.int64), ['a'])
    test = Features(features, labels, ['a', 'b', 'c'], **dict(marks))
    protocol = PROTOCOLS.build(dict(type='retrieval', **settings))
    return {each['metric']: each for each in protocol.run(FeatureSource(train, test))}


def test_the_protocol_ranks_each_image_against_the_others():
    features = torch.tensor([[1.0, 0.0], [2.0, 0.1], [0.0, 1.0], [0.1, 3.0], [-1.0, 0.0]])
    found = run(features, torch.tensor([0, 0, 1, 1, 2]))
    assert found['retrieval_mAP']['value'] == found['retrieval_rank1']['value'] == 100
    assert found['retrieval_mAP']['settings'] == dict(images=5, queries=4, classes=3)
    crossed = run(features, torch.tensor([0, 1, 0, 1, 2]))
    assert crossed['retrieval_rank1']['value'] == 0
    with pytest.raises(ValueError, match='none of 3 queries has another image of its class to find'):
        run(features[:3], torch.tensor([0, 1, 2]))
    with pytest.raises(ValueError, match='one class, or identity, for each test image, and these have several tags'):
        run(features[:3], torch.eye(3, dtype=torch.int64))


# the query is a 0 degrees; the gallery lies at 10 (itself, its own camera), 20 (somebody else), 30 and 50 (itself)
ANGLES = torch.deg2rad(torch.tensor([0.0, 10, 20, 30, 50]))
SEEN = torch.stack([ANGLES.cos(), ANGLES.sin()], dim=1)
PEOPLE, CAMERAS = torch.tensor([0, 0, 1, 0, 0]), torch.tensor([1, 1, 1, 2, 3])
MARKS = dict(cameras=CAMERAS, queries=torch.tensor([True, False, False, False, False]))


def test_queries_search_the_gallery_without_images_by_their_own_camera():
    found = run(SEEN, PEOPLE, MARKS)
    assert found['retrieval_mAP']['value'] == pytest.approx(100 * (1 / 2 + 2 / 3) / 2)  # of 20, 30 and 50 degrees
    assert found['retrieval_rank1']['value'] == 0
    assert found['retrieval_mAP']['settings'] == dict(images=5, queries=1, classes=2, gallery=4, same_camera=False)
    every = run(SEEN, PEOPLE, MARKS, same_camera=True)
    assert every['retrieval_mAP']['value'] == pytest.approx(100 * (1 + 2 / 3 + 3 / 4) / 3)
    assert every['retrieval_rank1']['value'] == 100 and 'same_camera' not in every['retrieval_mAP']['settings']


def test_queries_that_cannot_be_asked():
    with pytest.raises(ValueError, match='none of 1 queries has another image of its class to find by another camera'):
        run(SEEN, PEOPLE, dict(MARKS, cameras=torch.ones(5, dtype=torch.int64)))
    with pytest.raises(ValueError, match='5 queries and a gallery of 0 images; there must be both'):
        run(SEEN, PEOPLE, dict(queries=torch.ones(5, dtype=torch.bool)))
    with pytest.raises(ValueError, match='same_camera=False, but the test samples do not say their camera'):
        run(SEEN, PEOPLE, same_camera=False)


def test_people_to_find_are_others_than_those_who_teach(tmp_path):
    """Protocols that learn the classes refuse such a set."""
    parts = {f'benchmark.{split}': dict(_delete_=True, type='ImageFolder', in_memory=True, size=64,
                                        data_root=str(class_folders(tmp_path / split, people, count=2)))
             for split, people in (('train', ('ann', 'bob')), ('test', ('cid', 'dan', 'eve')))}
    cfg = load_config('mmwsl::classification/hide_and_seek/hide_and_seek_r18w16_1xb32-cos-80e_orlfaces.py', parts)
    records = benchmark(cfg, 'random', ['retrieval'])
    assert [record['metric'] for record in records] == ['retrieval_mAP', 'retrieval_rank1']
    assert records[0]['settings']['queries'] == 6 and all(0 <= record['value'] <= 100 for record in records)
    with pytest.raises(ValueError, match='the classes of train and test differ'):
        benchmark(cfg, 'random', ['retrieval', 'knn'])
