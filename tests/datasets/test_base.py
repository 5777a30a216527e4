import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from mmwsl.datasets import InMemoryDataset, collate_batch, evenly_spaced


def numbered_images(count, size=4):
    """Image i is filled with the number i."""
    return torch.arange(count, dtype=torch.uint8).view(-1, 1, 1, 1).repeat(1, 3, size, size)


@pytest.mark.parametrize('total, count, expected', [
    (10, None, list(range(10))), (10, 12, list(range(10))), (10, 10, list(range(10))),
    (10, 5, [0, 2, 4, 6, 8]), (10, 3, [0, 3, 6]), (7, 1, [0])])
def test_evenly_spaced(total, count, expected):
    assert evenly_spaced(total, count).tolist() == expected


def test_evenly_spaced_refuses_an_empty_set():
    with pytest.raises(ValueError, match='max_images=0 leaves no image'):
        evenly_spaced(10, 0)


def test_item_and_batch_agree():
    dataset = InMemoryDataset(numbered_images(6), [0, 1, 0, 1, 1, 0], ['a', 'b'])
    indices = [4, 0, 5]
    batch = dataset.__getitems__(indices)
    assert batch['inputs'][:, 0, 0, 0].tolist() == indices
    assert batch['data_samples'].index.tolist() == indices
    assert batch['data_samples'].gt_label.tolist() == [1, 0, 0]
    stacked = collate_batch([dataset[index] for index in indices])
    assert torch.equal(stacked['inputs'], batch['inputs'])
    for field in ('index', 'gt_label'):
        one, other = stacked['data_samples'].get(field), batch['data_samples'].get(field)
        assert torch.equal(one, other) and one.dtype == other.dtype == torch.int64


def test_index_counts_from_the_end_and_stops():
    dataset = InMemoryDataset(numbered_images(5))
    assert dataset[-1]['data_samples'].index == 4
    assert [int(item['inputs'][0, 0, 0]) for item in dataset] == [0, 1, 2, 3, 4]
    with pytest.raises(IndexError, match='has 5 images, there is no image 5'):
        dataset[5]


def test_metainfo_and_labels():
    dataset = InMemoryDataset(numbered_images(3), np.array([2, 0, 1], dtype=np.int32), ('x', 'y', 'z'))
    assert dataset.metainfo == dict(classes=['x', 'y', 'z'])
    assert dataset.labels.dtype == torch.int64 and dataset.labels.tolist() == [2, 0, 1]
    assert InMemoryDataset(numbered_images(3)).metainfo == dict(classes=[])


def test_supervision_none_hides_the_labels_everywhere():
    dataset = InMemoryDataset(numbered_images(3), [0, 1, 1], ['a', 'b'], supervision='none')
    assert dataset.labels is None
    assert set(dataset[0]['data_samples'].keys()) == {'index'}
    assert set(dataset.__getitems__([0, 1])['data_samples'].keys()) == {'index'}
    assert dataset.metainfo['classes'] == ['a', 'b']
    for level in ('image', 'points', 'boxes', 'full'):
        assert InMemoryDataset(numbered_images(3), [0, 1, 1], supervision=level)[1]['data_samples'].gt_label == 1


def test_several_tags_an_image():
    dataset = InMemoryDataset(numbered_images(2), [[1, 0, -1], [0, 1, 1]], ['a', 'b', 'c'])
    assert dataset[0]['data_samples'].gt_label.tolist() == [1.0, 0.0, -1.0]
    assert dataset.__getitems__([1, 0])['data_samples'].gt_label.shape == (2, 3)


@pytest.mark.parametrize('value', [0.5, 2.0, float('nan')])
def test_tags_that_are_none(value):
    with pytest.raises(ValueError, match=f'tags must be 0, 1 or -1 .unknown., found {value:g}'):
        InMemoryDataset(numbered_images(2), [[1, 0], [0, value]], ['a', 'b'])


def test_max_images_keeps_labels_and_images_together():
    dataset = InMemoryDataset(numbered_images(9), [0, 0, 0, 1, 1, 1, 2, 2, 2], max_images=3)
    assert dataset.images[:, 0, 0, 0].tolist() == [0, 3, 6]
    assert dataset.labels.tolist() == [0, 1, 2]
    assert dataset[1]['data_samples'].index == 1  # the position in this dataset, not in the whole one


def test_loader_fetches_a_batch_in_one_operation():
    class Counting(InMemoryDataset):
        fetched = []

        def __getitems__(self, indices):
            self.fetched.append(list(indices))
            return super().__getitems__(indices)

        def __getitem__(self, index):
            raise AssertionError('single items must not be asked for')

    dataset = Counting(numbered_images(10), list(range(10)))
    batches = list(DataLoader(dataset, batch_size=4, collate_fn=collate_batch))
    assert dataset.fetched == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert torch.cat([batch['data_samples'].gt_label for batch in batches]).tolist() == list(range(10))
    assert all(batch['inputs'].is_contiguous() for batch in batches)


def test_images_are_contiguous():
    channels_last = numbered_images(4).contiguous(memory_format=torch.channels_last)
    assert InMemoryDataset(channels_last).images.is_contiguous()


@pytest.mark.parametrize('settings, message', [
    (dict(images=torch.zeros(2, 3, 4, 4)), r'must be uint8 .* got torch.float32 of shape \(2, 3, 4, 4\)'),
    (dict(images=np.zeros((2, 4, 4, 3), np.uint8)), r'of shape \(2, 4, 4, 3\)'),
    (dict(images=torch.zeros(3, 4, 4, dtype=torch.uint8)), r'of shape \(3, 4, 4\)'),
    (dict(images=torch.zeros(0, 3, 4, 4, dtype=torch.uint8)), 'no images'),
    (dict(labels=[0, 1]), '3 images but 2 labels'),
    (dict(labels=[0, 1, 2], classes=['a', 'b']), 'label 2 has no name, only 2 classes'),
    (dict(labels=[0, -1, 1]), 'from 0, found -1'),
    (dict(labels=[0.0, 1.0, 1.0]), 'must be integers of shape'),
    (dict(labels=[[0, 1]] * 3, classes=['a', 'b', 'c']), '2 columns, but 3 classes'),
    (dict(supervision='labels'), "supervision='labels' is unknown; choose one of none, image"),
    (dict(max_images=-1), 'max_images=-1 leaves no image')])
def test_bad_input(settings, message):
    with pytest.raises(ValueError, match=message):
        InMemoryDataset(**{'images': numbered_images(3), **settings})
