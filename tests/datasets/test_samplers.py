import numpy as np
import pytest
import torch
from mmengine.dataset import default_collate
from torch.utils.data import DataLoader

from mmwsl.datasets import EpochSampler, PseudoLabelSampler, SharedTagSampler, samplers
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
    def make(world_size, length, kind=EpochSampler, **settings):
        made = []
        for rank in range(world_size):
            with monkeypatch.context() as patch:
                patch.setattr(samplers, 'get_rank', lambda rank=rank: rank)
                patch.setattr(samplers, 'get_world_size', lambda: world_size)
                made.append(kind(range(length), **settings))
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


def test_replacement_draws_some_twice_and_leaves_others_out():
    sampler = EpochSampler(range(2000), seed=4, replacement=True)
    order = list(sampler)
    assert len(order) == len(sampler) == 2000
    assert len(set(order)) / 2000 == pytest.approx(1 - np.exp(-1), abs=0.03)
    assert list(sampler) == order
    sampler.set_epoch(1)
    assert list(sampler) != order
    with pytest.raises(ValueError, match='shuffle=False forbids'):
        EpochSampler(range(3), shuffle=False, replacement=True)


# Clusters equally often ------------------------------------------------------------------------------------------------

LABELS = np.array([5] * 70 + [2] * 20 + [0] * 9 + [7])


def by_cluster(labels=LABELS, **settings):
    sampler = PseudoLabelSampler(range(len(labels)), **dict(dict(seed=3), **settings))
    sampler.set_labels(labels)
    return sampler


def test_every_cluster_comes_equally_often():
    """100 images in 4 clusters: 26 of each before the order is cut to 100."""
    for epoch in range(5):
        sampler = by_cluster()
        sampler.set_epoch(epoch)
        order = list(sampler)
        assert len(order) == len(sampler) == 100
        drawn = np.array(order)
        counts = {cluster: int((LABELS[drawn] == cluster).sum()) for cluster in (0, 2, 5, 7)}
        assert all(22 <= count <= 26 for count in counts.values()) and sum(counts.values()) == 100
        large = drawn[LABELS[drawn] == 5]
        assert len(set(large.tolist())) == len(large)  # larger than its share: no repetition
        assert 6 <= len(set(drawn[LABELS[drawn] == 0].tolist())) <= 9
        assert (drawn[LABELS[drawn] == 7] == 99).all()
        assert np.abs(np.diff(LABELS[drawn])).astype(bool).sum() > 50  # shuffled


def test_seed_epoch_and_labels_decide():
    order = list(by_cluster())
    assert list(by_cluster(torch.from_numpy(LABELS))) == order != list(by_cluster(seed=4))
    assert list(by_cluster(LABELS[::-1])) != order
    sampler = by_cluster()
    sampler.set_epoch(1)
    assert list(sampler) != order
    sampler.set_epoch(0)
    sampler.skip(30)
    assert list(sampler) == order[30:]  # a resumed epoch goes on with the images that were left
    assert list(sampler) == order


@pytest.mark.parametrize('world_size', [2, 3])
def test_ranks_share_the_draws(ranks, world_size):
    made = ranks(world_size, 100, kind=PseudoLabelSampler, seed=3)
    for sampler in made:
        sampler.set_labels(LABELS)
    parts = [list(sampler) for sampler in made]
    assert len({len(part) for part in parts}) == 1
    whole = list(by_cluster())
    for rank, part in enumerate(parts):
        assert part == (whole + whole)[rank:len(part) * world_size:world_size]


def test_pseudo_labels_that_do_not_fit():
    sampler = PseudoLabelSampler(range(10), seed=0)
    with pytest.raises(RuntimeError, match="no labels yet: add dict.type='ClusteringHook'. to custom_hooks"):
        list(sampler)
    with pytest.raises(ValueError, match=r'labels of shape \(9,\) for 10 images'):
        sampler.set_labels(np.zeros(9))
    with pytest.raises(ValueError, match='leave out shuffle and replacement'):
        PseudoLabelSampler(range(10), shuffle=False)


TAGS = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0], [0, -1, 1], [1, 0, 0], [0, 1, 0]], dtype=np.float32)


class Tagged(Numbers):
    labels = torch.from_numpy(TAGS)


def test_pairs_share_a_tag():
    sampler = SharedTagSampler(Tagged(range(7)), seed=1)
    firsts, partners = set(), set()
    for epoch in range(40):
        sampler.set_epoch(epoch)
        order = list(sampler)
        assert len(order) == len(sampler) == 8 and len(set(order[::2])) == 4
        for first, second in zip(order[::2], order[1::2], strict=True):
            if first not in (3, 4):  # no tag, and a tag that no other image has
                assert first != second and ((TAGS[first] == 1) & (TAGS[second] == 1)).any()
            firsts.add(first)
            partners.add((first, second))
    assert firsts == set(range(7))
    assert {second for first, second in partners if first == 1} == {0, 5, 2, 6}  # of both its tags
    sampler.set_epoch(0)
    assert list(sampler) == list(SharedTagSampler(Tagged(range(7)), seed=1))
    assert list(sampler) != list(SharedTagSampler(Tagged(range(7)), seed=2))


def test_ranks_share_out_pairs(monkeypatch):
    whole, parts = list(SharedTagSampler(Tagged(range(7)), seed=1)), []
    for rank in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(samplers, 'get_rank', lambda rank=rank: rank)
            patch.setattr(samplers, 'get_world_size', lambda: 2)
            parts.append(SharedTagSampler(Tagged(range(7)), seed=1))
    orders = [list(part) for part in parts]
    assert orders[0] == whole[0:2] + whole[4:6] and orders[1] == whole[2:4] + whole[6:8]
    parts[0].skip(2)
    assert list(parts[0]) == orders[0][2:] and list(parts[0]) == orders[0]  # resumed once


def test_pairs_of_class_numbers_and_of_nothing():
    dataset = Numbers(range(6))
    dataset.labels = torch.tensor([0, 1, 0, 1, 0, 1])
    order = list(SharedTagSampler(dataset, seed=0))
    assert all(first % 2 == second % 2 and first != second for first, second in zip(order[::2], order[1::2], strict=True))
    with pytest.raises(ValueError, match="no pairs can share one; set supervision='image'"):
        SharedTagSampler(Numbers(range(6)), seed=0)
