"""THUMOS14's layout from small files."""

import numpy as np
import pytest
import torch

from mmwsl.datasets import THUMOS14
from mmwsl.datasets.readers.thumos import read_features, read_segments, read_video_labels


@pytest.fixture
def root(tmp_path):
    """Three videos of 20, 30 and 10 steps at 10 a second; the third has two classes."""
    (tmp_path / 'features').mkdir()
    (tmp_path / 'annotation').mkdir()
    for number, (name, length) in enumerate((('v1', 20), ('v2', 30), ('v3', 10)), start=1):
        np.save(tmp_path / 'features' / f'{name}.npy', np.full((length, 4), number, dtype=np.float16))
    (tmp_path / 'annotation' / 'Diving_val.txt').write_text('v1  0.5 1.0\nv1  1.2\t2.0\nv3 0.0 0.4\n\n')
    (tmp_path / 'annotation' / 'Billiards_val.txt').write_text('v2 1.0 2.5\nv3 0.5 0.9\n')
    (tmp_path / 'annotation' / 'Ambiguous_val.txt').write_text('v2 2.6 2.9\nv9 1 2\n')
    (tmp_path / 'annotation' / 'Diving_test.txt').write_text('w 0 1\n')
    return tmp_path


def videos(root, **settings):
    return THUMOS14(**{'feature_root': root / 'features', 'annotation_root': root / 'annotation', 'rate': 10, **settings})


def test_videos_to_train_on_have_one_class(root, monkeypatch):
    log = []
    monkeypatch.setattr('mmwsl.datasets.readers.thumos.print_log', lambda message, **_: log.append(message))
    data = videos(root)
    assert data.videos == ['v1', 'v2'] and data.metainfo == dict(classes=['Billiards', 'Diving'])
    assert '1 of 3 videos have several classes and are left out' in log[0]
    item = data[0]
    assert item['inputs'].shape == (20, 4) and item['inputs'].dtype == torch.float32
    assert item['data_samples'].gt_label.item() == 1 and 'gt_segments' not in item['data_samples']
    assert data.mean_feature().tolist() == pytest.approx([(20 * 1 + 30 * 2) / 50] * 4)  # each step counts, not each video


def test_videos_to_test_on_keep_every_segment(root):
    data = videos(root, supervision='full')
    assert data.videos == ['v1', 'v2', 'v3']
    samples = [data[index]['data_samples'] for index in range(3)]
    assert samples[0].gt_segments.numpy() == pytest.approx(np.array([[0.5, 1.0], [1.2, 2.0]]))
    assert samples[2].gt_segment_labels.tolist() == [0, 1] and samples[2].gt_label.tolist() == [1, 1]
    assert samples[0].gt_label.tolist() == [0, 1]
    assert samples[1].gt_ignored_segments.numpy() == pytest.approx(np.array([[2.6, 2.9]]))
    assert samples[0].gt_ignored_segments.shape == (0, 2)


def test_a_list_of_labels_adds_videos_without_segments(root):
    np.savez(root / 'features' / 'v4.npz', features=np.zeros((5, 4)))
    (root / 'labels.txt').write_text('v4 Archery\nv3 Diving\nv2 Billiards\n')
    data = videos(root, label_file=root / 'labels.txt')
    assert data.classes == ['Archery', 'Billiards', 'Diving'] and data.videos == ['v1', 'v2', 'v3', 'v4']
    assert [data[index]['data_samples'].gt_label.item() for index in range(4)] == [2, 1, 2, 0]  # v3 is Diving alone
    tested = videos(root, label_file=root / 'labels.txt', supervision='full')
    assert tested.videos == ['v1', 'v2', 'v3'] and tested.classes == data.classes
    (root / 'labels.txt').write_text('v4 Archery\nv3 Diving\n')
    with pytest.raises(ValueError, match='has no video of Billiards'):
        videos(root, label_file=root / 'labels.txt')


@pytest.mark.parametrize('text, message', [
    ('v1 0.5', 'line 1.*is not `video start end`'), ('v1 a 2\n', 'is not `video start end`'),
    ('\nv1 2.0 1.0\n', 'line 2: the segment from 2.0 to 1.0'), ('v1 0 nan\n', 'the segment'), ('v1 -1 1\n', 'the segment')])
def test_annotations_that_are_none(tmp_path, text, message):
    (tmp_path / 'x.txt').write_text(text)
    with pytest.raises(ValueError, match=message):
        read_segments(tmp_path / 'x.txt')
    with pytest.raises(FileNotFoundError, match='does not exist'):
        read_segments(tmp_path / 'absent.txt')


def test_label_lists_that_are_none(tmp_path):
    for text, message in (('v1\n', 'v1 has no class'), ('v1 A\nv1 B\n', 'line 2: v1 comes a second time'), ('\n', 'no videos')):
        (tmp_path / 'labels.txt').write_text(text)
        with pytest.raises(ValueError, match=message):
            read_video_labels(tmp_path / 'labels.txt')


def test_features_that_are_none(root):
    path = root / 'features' / 'v1.npy'
    for array, message in ((np.zeros(4), r'shape \(4,\)'), (np.zeros((0, 4)), r'shape \(0, 4\)'), (np.array([['a']]), '<U1'),
                           (np.zeros((3, 5)), '4 channels, those of v1 5'), (np.full((20, 4), np.nan), 'not finite')):
        np.save(path, array)
        with pytest.raises(ValueError, match=message):
            videos(root)[0]
    for content in (b'', b'\x93NUMPY cut'):
        path.write_bytes(content)
        with pytest.raises(ValueError, match='v1.npy cannot be read'):
            videos(root)
    np.savez(root / 'two.npz', a=np.zeros((2, 2)), b=np.zeros((2, 2)))
    with pytest.raises(ValueError, match='it holds 2 arrays'):
        read_features(root / 'two.npz')


def test_layouts_that_are_none(root):
    with pytest.raises(ValueError, match='set rate to the features per second'):
        videos(root, rate=100)
    with pytest.raises(FileNotFoundError, match='1 of 1 videos have no features, the first is w'):
        videos(root, split='test')
    with pytest.raises(FileNotFoundError, match='no CLASS_val.txt'):
        videos(root, annotation_root=root / 'features')
    (root / 'features' / 'v1.npy').unlink()
    with pytest.raises(FileNotFoundError, match="on_error='skip' leaves them out"):
        videos(root)
    assert videos(root, on_error='skip').videos == ['v2']
    for wrong in (dict(rate=0), dict(split='train'), dict(supervision='boxes')):
        with pytest.raises(ValueError, match='THUMOS14'):
            videos(root, **wrong)


def test_names_with_spaces(root):
    np.save(root / 'features' / 'my video.npy', np.zeros((9, 4)))
    with open(root / 'annotation' / 'Diving_val.txt', 'a') as file:
        file.write('my video 0.1 0.5\n')
    data = videos(root, supervision='full')
    assert data.videos[0] == 'my video' and data[0]['data_samples'].gt_segments.numpy() == pytest.approx(np.array([[0.1, 0.5]]))
    (root / 'labels.txt').write_text('my video\tHigh Dive\nv1 Diving\nv2 Billiards\n')
    assert read_video_labels(root / 'labels.txt')['my video'] == ['High Dive']


def test_features_in_two_files(root):
    np.savez(root / 'features' / 'v2.npz', np.zeros((30, 4)))
    with pytest.raises(ValueError, match='1 videos have features in two files, the first is v2'):
        videos(root)
