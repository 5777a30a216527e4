import pytest
from mmengine.dataset import default_collate
from torch.utils.data import DataLoader

from mmwsl.datasets import EpochSampler, samplers
from mmwsl.registry import DATA_SAMPLERS


class Numbers(list):
    """A dataset that notes what the sampler tells it."""

    def set_epoch(self, epoch):
        self.epoch = epoch

    def set_seed(self, seed):
        self.seed = seed


@pytest.fixture
def ranks(monkeypatch):
    """A function that makes one sampler for each of W ranks."""
    def make(world_size, length, **settings):
        made = []
        for rank in range(world_size):
            with monkeypatch.context() as patch:
                patch.setattr(samplers, 'get_rank', lambda rank=rank: rank)
                patch.setattr(samplers, 'get_world_size', lambda: world_size)
                made.append(EpochSampler(range(length), **settings))
        return made
    return make


def test_every_epoch_is_another_permutation_and_repeats_itself():
    sampler = EpochSampler(range(50), seed=3)
    epochs = []
    for epoch in (0, 1, 0):
        sampler.set_epoch(epoch)
        epochs.append(list(sampler))
    assert all(sorted(epoch) == list(range(50)) for epoch in epochs)
    assert epochs[0] == epochs[2] != epochs[1] and epochs[0] != list(range(50))
    assert list(EpochSampler(range(50), seed=3)) == epochs[0]
    # seed + epoch alone would give seed 4 at epoch 0 the order of seed 3 at epoch 1
    assert list(EpochSampler(range(50), seed=4)) not in epochs


@pytest.mark.parametrize('world_size', [2, 3])
def test_global_batches_do_not_depend_on_the_number_of_ranks(ranks, world_size):
    whole = list(EpochSampler(range(36), seed=5))
    parts = [list(sampler) for sampler in ranks(world_size, 36, seed=5)]
    per_rank = 12 // world_size
    for start in range(3):
        union = [index for part in parts for index in part[start * per_rank:(start + 1) * per_rank]]
        assert sorted(union) == sorted(whole[start * 12:(start + 1) * 12])


def test_training_shares_are_equal_and_repeat_the_first_images(ranks):
    made = ranks(4, 10, seed=0)
    parts = [list(sampler) for sampler in made]
    assert [len(sampler) for sampler in made] == [len(part) for part in parts] == [3, 3, 3, 3]
    whole = list(EpochSampler(range(10), seed=0))
    union = sorted(index for part in parts for index in part)
    assert union == sorted(whole + whole[:2])


def test_round_up_with_more_ranks_than_twice_the_images(ranks):
    assert [list(sampler) for sampler in ranks(5, 2, shuffle=False, round_up=True)] == [[0], [1], [0], [1], [0]]


def test_drop_leaves_out_the_last(ranks):
    parts = [list(sampler) for sampler in ranks(4, 10, seed=0, drop=True)]
    assert [len(part) for part in parts] == [2, 2, 2, 2]
    assert sorted(sum(parts, [])) == sorted(list(EpochSampler(range(10), seed=0))[:8])


def test_evaluation_sees_every_image_once(ranks):
    made = ranks(4, 10, shuffle=False)
    assert [list(sampler) for sampler in made] == [[0, 4, 8], [1, 5, 9], [2, 6], [3, 7]]
    assert [len(sampler) for sampler in made] == [3, 3, 2, 2]
    assert [list(sampler) for sampler in ranks(3, 2, shuffle=False)] == [[0], [1], []]


def test_skip_is_spent_once():
    sampler = EpochSampler(range(10), seed=1)
    whole = list(sampler)
    sampler.skip(4)
    assert len(sampler) == 10
    assert list(sampler) == whole[4:]
    assert list(sampler) == whole
    sampler.skip(10)
    assert list(sampler) == []


@pytest.mark.parametrize('workers', [0, 2])
def test_skip_through_a_loader_that_lives_on(workers):
    sampler = EpochSampler(range(12), seed=1)
    loader = DataLoader(range(12), batch_size=3, sampler=sampler, num_workers=workers, collate_fn=default_collate,
                        persistent_workers=workers > 0)
    sampler.skip(6)
    first = [batch.tolist() for batch in loader]
    second = [batch.tolist() for batch in loader]
    order = list(sampler)
    assert first == [order[6:9], order[9:]]
    assert second == [order[0:3], order[3:6], order[6:9], order[9:]]


def test_seed_and_epoch_reach_the_dataset():
    dataset = Numbers(range(4))
    sampler = EpochSampler(dataset, seed=8)
    sampler.set_epoch(6)
    assert (dataset.seed, dataset.epoch) == (8, 6)


def test_without_a_seed_the_ranks_share_one(monkeypatch):
    monkeypatch.setattr(samplers, 'sync_random_seed', lambda: 77)
    assert list(EpochSampler(range(20))) == list(EpochSampler(range(20), seed=77))


def test_the_runner_can_build_it():
    sampler = DATA_SAMPLERS.build(dict(type='EpochSampler', shuffle=False), default_args=dict(dataset=[1, 2], seed=0))
    assert list(sampler) == [0, 1]


@pytest.mark.parametrize('dataset, settings, message', [
    ([], {}, 'the list is empty'),
    ([1], dict(seed=-1), 'seed=-1 is negative'),
    ([1], dict(round_up=True, drop=True), 'choose one')])
def test_bad_input(dataset, settings, message):
    with pytest.raises(ValueError, match=message):
        EpochSampler(dataset, **settings)


def test_bad_shares(ranks):
    with pytest.raises(ValueError, match='drop leaves nothing of 2 images on 3 ranks'):
        ranks(3, 2, drop=True)
    with pytest.raises(ValueError, match='cannot skip 6 samples, an epoch of this rank has 5'):
        EpochSampler(range(5)).skip(6)
