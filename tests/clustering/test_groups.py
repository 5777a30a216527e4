"""Groups: their number, order and typical members on planted blobs."""

import pytest
import torch

from mmwsl.clustering import find_groups


def blobs(sizes, dims=16, spread=0.15):
    """Rows around orthogonal directions; the first row of each blob is its center."""
    generator = torch.Generator().manual_seed(0)
    parts = []
    for axis, size in enumerate(sizes):
        center = torch.zeros(dims)
        center[axis] = 1
        rows = center + spread * torch.randn(size, dims, generator=generator)
        rows[0] = center
        parts.append(rows)
    return torch.cat(parts)


def test_planted_groups_are_found_the_largest_first_with_their_centers_typical():
    groups = find_groups(blobs([20, 40, 10, 30]))
    assert [len(members) for members in groups.members] == [40, 30, 20, 10]
    assert max(groups.silhouettes, key=groups.silhouettes.get) == 4
    assert [members[0] for members in groups.members] == [20, 70, 0, 60]
    assert sorted(sum(groups.members, [])) == list(range(100))
    for number, members in enumerate(groups.members):
        assert set(groups.assignments[members].tolist()) == {number}


def test_a_given_number_is_taken():
    groups = find_groups(blobs([20, 40, 10, 30]), 2)
    assert len(groups.members) == 2 and groups.silhouettes == {}


@pytest.mark.parametrize('count', [1, 2, 14])
def test_few_rows_are_one_group(count):
    assert [len(members) for members in find_groups(torch.randn(count, 4)).members] == [count]


def test_an_impossible_number_is_an_error():
    with pytest.raises(ValueError, match='choose 1 to 3'):
        find_groups(torch.randn(3, 4), 4)
