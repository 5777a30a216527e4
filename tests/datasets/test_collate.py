import pytest
import torch
from mmengine.runner import Runner

from mmwsl.datasets import InMemoryDataset, collate_batch
from mmwsl.registry import FUNCTIONS
from mmwsl.structures import DataSample


def item(number, inputs):
    sample = DataSample(index=torch.tensor(number), gt_label=torch.tensor(number * 10))
    sample.set_metainfo(dict(path=f'{number}.jpg'))
    return dict(inputs=inputs, data_samples=sample)


def image(value, size=2):
    return torch.full((3, size, size), value, dtype=torch.uint8)


def test_a_whole_batch_passes_unchanged():
    batch = dict(inputs=image(1)[None], data_samples=DataSample(index=torch.tensor([0])))
    assert collate_batch(batch) is batch


def test_images_are_stacked_in_order():
    batch = collate_batch([item(2, image(7)), item(1, image(9))])
    assert batch['inputs'].dtype == torch.uint8 and batch['inputs'][:, 0, 0, 0].tolist() == [7, 9]
    assert batch['data_samples'].index.tolist() == [2, 1]
    assert batch['data_samples'].gt_label.tolist() == [20, 10]
    assert batch['data_samples'].metainfo['path'] == ['2.jpg', '1.jpg']


def test_views_of_different_sizes():
    batch = collate_batch([item(n, [image(n), image(10 + n), image(20 + n, size=1)]) for n in range(4)])
    assert [tuple(view.shape) for view in batch['inputs']] == [(4, 3, 2, 2), (4, 3, 2, 2), (4, 3, 1, 1)]
    values = [view[:, 0, 0, 0].tolist() for view in batch['inputs']]
    assert values == [[0, 1, 2, 3], [10, 11, 12, 13], [20, 21, 22, 23]]


@pytest.mark.parametrize('batch, message', [
    ([], 'nothing in the batch'),
    ([item(0, image(1, size=2)), item(1, image(1, size=3))], r'\(3, 2, 2\) and \(3, 3, 3\); give the dataset'),
    ([item(0, [image(1)]), item(1, [image(1), image(1)])], r'different numbers of views: \[1, 2\]')])
def test_bad_input(batch, message):
    with pytest.raises(ValueError, match=message):
        collate_batch(batch)


@pytest.mark.parametrize('prefix', ['', 'mmwsl.'])
def test_the_runner_finds_it_by_name(prefix):
    assert FUNCTIONS.get(prefix + 'collate_batch') is collate_batch
    dataset = InMemoryDataset(image(5)[None].repeat(3, 1, 1, 1))
    loader = Runner.build_dataloader(dict(dataset=dataset, batch_size=2, sampler=dict(type='mmwsl.EpochSampler'),
                                          collate_fn=dict(type=prefix + 'collate_batch')), seed=4)
    assert [len(batch['inputs']) for batch in loader] == [2, 1]
    assert loader.sampler.seed == 4
