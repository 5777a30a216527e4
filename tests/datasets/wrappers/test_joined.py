"""Data sets put together."""

import pytest
import torch

from mmwsl.datasets import DigitScenes, EpochSampler, InMemoryDataset, Joined
from mmwsl.datasets.fingerprint import fingerprint


def images(count, value, classes=('a', 'b'), **settings):
    return InMemoryDataset(torch.full((count, 3, 4, 4), value, dtype=torch.uint8), torch.arange(count) % 2, classes, **settings)


def test_one_behind_the_other():
    joined = Joined([images(3, 1), images(2, 2)])
    assert len(joined) == 5 and joined.labels.tolist() == [0, 1, 0, 0, 1] and joined.metainfo == dict(classes=['a', 'b'])
    items = [joined[index] for index in range(5)]
    assert [int(item['inputs'][0, 0, 0]) for item in items] == [1, 1, 1, 2, 2]
    assert [int(item['data_samples'].index) for item in items] == list(range(5))
    assert int(joined[-1]['data_samples'].index) == 4
    with pytest.raises(IndexError, match='5 images'):
        joined[5]
    assert fingerprint(joined) != fingerprint(Joined([images(3, 1), images(2, 3)]))
    assert sorted(EpochSampler(joined, seed=0)) == list(range(5))


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match='other classes'):
        Joined([images(2, 1), images(2, 1, ('a', 'c'))])
    with pytest.raises(ValueError, match='class numbers, InMemoryDataset no labels'):
        Joined([images(2, 1), images(2, 1, supervision='none')])
    with pytest.raises(ValueError, match='tags'):
        Joined([DigitScenes(num_scenes=2, size=32, objects=(1, 2)), DigitScenes(num_scenes=2, size=32)])
    with pytest.raises(ValueError, match='no data sets'):
        Joined([])
