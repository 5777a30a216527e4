"""Features and labels of items, from each layout, and what is refused."""

import numpy as np
import pytest

from mmwsl.datasets.readers.features import open_features, read_labels

X = np.random.default_rng(0).normal(size=(7, 4)).astype(np.float32)


def test_the_same_features_from_each_layout(tmp_path):
    np.save(tmp_path / 'x.npy', X)
    X.tofile(tmp_path / 'x.bin')
    np.savez(tmp_path / 'x.npz', features=X, labels=np.arange(7), index=np.arange(7), classes=['a'])
    for name, dims in (('x.npy', None), ('x.npy', 4), ('x.bin', 4), ('x.npz', None)):
        features = open_features(tmp_path / name, dims)
        np.testing.assert_array_equal(features, X)
        assert isinstance(features, np.memmap) == (name != 'x.npz')


def test_what_holds_no_features_is_refused(tmp_path):
    np.save(tmp_path / 'x.npy', X)
    X.tofile(tmp_path / 'x.bin')
    (tmp_path / 'cut.npy').write_bytes((tmp_path / 'x.npy').read_bytes()[:-3])
    (tmp_path / 'cut.bin').write_bytes((tmp_path / 'x.bin').read_bytes()[:-3])
    (tmp_path / 'cut.npz').write_bytes(b'PK\3\4 cut')
    np.savez(tmp_path / 'other.npz', pictures=X)
    np.save(tmp_path / 'int.npy', np.arange(4))
    np.save(tmp_path / 'none.npy', X[:0])
    np.save(tmp_path / 'object.npy', np.array([{}], object))
    for name, dims, message in (
            ('x.npy', 5, 'of 4 dimensions, not of 5'), ('x.bin', None, 'say how many dimensions'),
            ('x.bin', 3, 'no whole number of rows of 3'), ('cut.npy', None, 'truncated'), ('cut.bin', 4, 'truncated'),
            ('cut.npz', None, 'truncated'), ('other.npz', None, "no array 'features', but pictures"),
            ('int.npy', None, 'type int64'), ('none.npy', None, 'one item or more'), ('object.npy', None, 'damaged')):
        with pytest.raises(ValueError, match=message):
            open_features(tmp_path / name, dims)
    with pytest.raises(FileNotFoundError, match='does not exist'):
        open_features(tmp_path / 'missing.npy')


def test_labels(tmp_path):
    (tmp_path / 'y.meta').write_text('3\n-1\n0\n')
    np.save(tmp_path / 'y.npy', np.array([3, -1, 0], np.int32))
    np.savez(tmp_path / 'y.npz', labels=np.array([3, -1, 0]))
    for name in ('y.meta', 'y.npy', 'y.npz'):
        labels = read_labels(tmp_path / name, 3)
        assert labels.tolist() == [3, -1, 0] and labels.dtype == np.int64
    with pytest.raises(ValueError, match='3 labels for 4 items'):
        read_labels(tmp_path / 'y.npy', 4)
    (tmp_path / 'y.meta').write_text('3\ncat\n')
    with pytest.raises(ValueError, match="line 2: 'cat' is no integer"):
        read_labels(tmp_path / 'y.meta')
    np.save(tmp_path / 'y.npy', np.array([-2]))
    with pytest.raises(ValueError, match='-1 or more'):
        read_labels(tmp_path / 'y.npy')
