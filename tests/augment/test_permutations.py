import itertools

import numpy as np
import pytest

from mmwsl.augment import generate_permutations, load_permutations


def reference_scores(chosen, criterion):
    """Score of every permutation against those chosen, all distances anew."""
    pool = list(itertools.permutations(range(len(chosen[0]))))
    combine = np.mean if criterion == 'max_avg' else min
    taken = {tuple(row) for row in chosen}
    return {p: combine([sum(a != b for a, b in zip(p, q, strict=True)) for q in chosen])
            for p in pool if p not in taken}


@pytest.mark.parametrize('criterion', ['max_avg', 'max_min'])
def test_every_choice_is_a_greedy_optimum(criterion):
    chosen = generate_permutations(30, patches=5, criterion=criterion, seed=3).tolist()
    for step in range(1, 30):
        scores = reference_scores(chosen[:step], criterion)
        assert scores[tuple(chosen[step])] == pytest.approx(max(scores.values()))


def test_all_of_them_distinct_and_seeded():
    every = generate_permutations(24, patches=4)
    assert every.dtype == np.int8 and {tuple(row) for row in every.tolist()} == set(itertools.permutations(range(4)))
    assert np.array_equal(every, generate_permutations(24, patches=4))
    firsts = {tuple(generate_permutations(1, patches=4, seed=seed)[0].tolist()) for seed in range(60)}
    assert len(firsts) > 15


@pytest.mark.parametrize('count', [100, 1000, 2000])
def test_shipped_sets(count):
    permutations = load_permutations(count)
    assert permutations.shape == (count, 9) and permutations.dtype == np.int8
    # two random permutations differ in 8 of 9 positions on average; the greedy mean reaches that or more
    different = (permutations[:, None] != permutations[None]).mean(2)
    assert different.sum() / (count * (count - 1)) > 8 / 9


def test_the_shipped_set_can_be_made_again():
    assert np.array_equal(generate_permutations(100), load_permutations(100))
    assert np.array_equal(load_permutations(1000), load_permutations(2000)[:1000])


def test_one_based_files(tmp_path):
    permutations = generate_permutations(6, patches=3)
    np.save(tmp_path / 'one.npy', permutations.astype(np.int64) + 1)
    assert np.array_equal(load_permutations(tmp_path / 'one.npy'), permutations)


@pytest.mark.parametrize('rows, text', [
    ([[0, 1, 2], [0, 2, 2]], r'row 1 is not a permutation of 0..2: \[0, 2, 2\]'),
    ([[0, 1, 2], [0, 1, 2]], '1 of 2 rows occur more than once'),
    ([[2, 3, 4], [3, 2, 4]], 'not a permutation'),
    ([0, 1, 2], r'integer array \(N, patches\), found int64 \(3,\)'),
    ([[0.0, 1.0]], 'found float64'),
])
def test_bad_files(tmp_path, rows, text):
    np.save(tmp_path / 'bad.npy', np.array(rows))
    with pytest.raises(ValueError, match=text):
        load_permutations(str(tmp_path / 'bad.npy'))


def test_missing_and_corrupt_files(tmp_path):
    with pytest.raises(FileNotFoundError, match='missing.npy does not exist'):
        load_permutations(tmp_path / 'missing.npy')
    (tmp_path / 'corrupt.npy').write_bytes(b'\x93NUMPY broken')
    with pytest.raises(ValueError, match='corrupt.npy is not a readable .npy file'):
        load_permutations(tmp_path / 'corrupt.npy')
    (tmp_path / 'empty.npy').write_bytes(b'')
    with pytest.raises(ValueError, match='not a readable'):
        load_permutations(tmp_path / 'empty.npy')
    with pytest.raises(ValueError, match=r'no set of 500 permutations is shipped.*generate_permutations\(500\)'):
        load_permutations(500)


@pytest.mark.parametrize('settings, text', [
    (dict(count=25, patches=4), 'there are 1 to 24 permutations of 4 patches'),
    (dict(count=0), 'count=0'),
    (dict(count=5, patches=16), 'patches=16 must lie in 2..10'),
    (dict(count=5, criterion='best'), "choose 'max_avg' or 'max_min'"),
])
def test_bad_settings(settings, text):
    with pytest.raises(ValueError, match=text):
        generate_permutations(**settings)
