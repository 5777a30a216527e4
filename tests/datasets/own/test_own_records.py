"""What is said of a user's own data in one line, its split, and the photos that have class maps."""

import pytest
import torch

from mmwsl.datasets.own import Records, describe, split_positions


def tagged(tags, parts=(), **settings):
    tags = torch.tensor(tags, dtype=torch.float32)
    return Records('data', 'CSV of tags', [f'{row}.jpg' for row in range(len(tags))],
                   [f'class {column}' for column in range(tags.shape[1])], tags, parts=list(parts), **settings)


def test_one_line():
    records = tagged([[1]] * 1200)
    assert describe(records) == ('data: CSV of tags, 1,200 photos, 1 class (one class a photo); 960 to train on, 240 to '
                                 'test (split here, a fifth to test)')
    records = Records('data', 'photos', ['a.jpg', 'b.jpg'], parts=['train', 'test'])
    assert describe(records) == 'data: photos, 2 photos, no labels; 1 to train on, 1 to test (as the data says)'


def test_each_tag_is_trained_on():
    """Whatever the seed: photos with a tag that no other has are trained on, as long as one is left for the test."""
    rare = tagged([[1, *row] for row in torch.eye(10).tolist()] + [[1] + [0] * 10] * 10)
    lone = tagged([[1, *row] for row in torch.eye(10).tolist()])
    for seed in range(5):
        parts = split_positions(rare, seed=seed)
        assert parts['train'][:10] == list(range(10)) and len(parts['test']) >= 1
        assert sorted(parts['train'] + parts['test']) == list(range(20))
        assert len(split_positions(lone, seed=seed)['test']) == 1
    common = tagged([[1, 1, 0], [1, 0, 1]] * 10)
    assert len(split_positions(common)['test']) == 4


def test_a_part_without_photos():
    with pytest.raises(ValueError, match='its split leaves no photo for test; put photos there, or leave the split out'):
        split_positions(tagged([[1], [1]], ['train', 'train']))
    with pytest.raises(ValueError, match='1 photo is too few to train and to test on; add photos'):
        split_positions(tagged([[1]]))


def test_class_maps_alone():
    annotations = [dict(boxes=1, class_map='0.png'), dict(boxes=1), dict(class_map='2.png')]
    records = tagged([[1]] * 3, ['train', 'train', 'test'], annotations=annotations).with_class_maps()
    assert records.paths == ['0.jpg', '2.jpg'] and records.parts == ['train', 'test']
    assert records.annotations == [dict(class_map='0.png'), dict(class_map='2.png')]
    records = tagged([[1]] * 3, ['test', 'train', 'test'], annotations=annotations).with_class_maps()
    assert records.parts == [None, None]
