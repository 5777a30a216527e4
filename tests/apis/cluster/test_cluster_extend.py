"""New features beside clusters that stand, by the command's function."""

import numpy as np
import pytest

from mmwsl.apis.cluster import extend_clusters

CONFIG = 'mmwsl::clustering/cdp_200k.py'


@pytest.fixture
def files(tmp_path):
    """Ten people of six items, of whom eight were clustered before, with four items each."""
    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(10), 6)
    rows = np.eye(12, dtype=np.float32)[people] + .05 * rng.standard_normal((60, 12), np.float32)
    old = (people < 8) & (np.arange(60) % 6 < 4)
    for name, values in dict(old=rows[old], new=rows[~old], labels=7 - people[old], truth=people[~old]).items():
        np.save(tmp_path / f'{name}.npy', values)
    return tmp_path


def extend(files, said=None, config=CONFIG, **options):
    return extend_clusters(config, files / 'new.npy', files / 'found.npy', files / 'old.npy', files / 'labels.npy',
                           files / 'truth.npy', device='cpu', options={f'clustering.{key}': value for key, value in options.items()},
                           say=lambda line: None if said is None else said.append(line))


def test_known_people_keep_their_numbers_and_new_ones_get_theirs(files):
    said, truth = [], np.load(files / 'truth.npy')
    found = extend(files, said)
    np.testing.assert_array_equal(found, np.where(truth < 8, 7 - truth, truth))
    np.testing.assert_array_equal(np.load(files / 'found.npy'), found)
    assert '16 joined old clusters, 12 form 2 new ones, 0 joined nobody' in said[0] and 'pairwise F 100.00' in said[1]
    assert not set(extend(files, max_size=4)) & set(range(8))  # the old ones are full


def test_what_does_not_fit_is_refused(files):
    with pytest.raises(ValueError, match='kmeans has no threshold'):
        extend(files, config='mmwsl::clustering/kmeans.py')
    np.save(files / 'new.npy', np.ones((3, 5), np.float32))
    with pytest.raises(ValueError, match='5 dimensions'):
        extend(files)
    np.save(files / 'labels.npy', np.zeros(3, int))
    np.save(files / 'new.npy', np.ones((3, 12), np.float32))
    with pytest.raises(ValueError, match='3 labels for 32 items'):
        extend(files)
