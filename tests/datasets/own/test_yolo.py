"""YOLO as Ultralytics, Roboflow, Label Studio and LabelImg write it, and labels that contradict themselves."""

import numpy as np
import pytest
from own_photos import names, write_photo
from PIL import Image

from mmwsl.datasets.own import OwnData, check_sizes, read_own_data, split_positions


def write_label(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('\n'.join(lines) + '\n' if lines else '')


@pytest.fixture
def yolo(tmp_path):
    """Three photos of 30 x 20: a box, a polygon and a box, and an empty file; the last one is of val."""
    for place in ('train/a', 'train/b', 'val/c'):
        write_photo(tmp_path / 'images' / f'{place}.jpg')
    write_label(tmp_path / 'labels' / 'train' / 'a.txt', '0 0.5 0.5 0.2 1.0')
    write_label(tmp_path / 'labels' / 'train' / 'b.txt', '1 0 0 0.5 0 0.5 0.5 0 0.5', '', '0 0.5 0.5 1 1')
    write_label(tmp_path / 'labels' / 'val' / 'c.txt')
    (tmp_path / 'data.yaml').write_text('path: .\ntrain: images/train\nval: images/val\nnames: [cat, dog]\n')
    return tmp_path


def test_boxes_and_polygons(yolo):
    for path in (yolo, yolo / 'data.yaml'):
        records = read_own_data(path)
        assert records.form == 'YOLO' and names(records) == ['a.jpg', 'b.jpg', 'c.jpg']
        assert records.parts == ['train', 'train', 'test'] and records.tags.tolist() == [[1, 0], [1, 1], [0, 0]]
        assert records.kinds() == ['tags', 'boxes', 'masks of objects'] and records.remarks == []
    first, second, empty = records.annotations
    assert np.allclose(first['boxes'], [[12, 0, 18, 20]]) and first['size'] == (30, 20)
    assert second['boxes'].tolist() == [[0, 0, 15, 10], [0, 0, 30, 20]] and second['box_labels'].tolist() == [1, 0]
    assert empty['boxes'].shape == (0, 4)
    check_sizes(records)
    masks = OwnData(yolo, split='train', tags=True, supervision='full')[1]['data_samples'].gt_instance_masks
    assert masks.sum((1, 2)).tolist() == [150, 0]  # a box alone has no mask


def test_names_by_number(yolo):
    (yolo / 'data.yaml').write_text('train: images/train\nval: images/val\nnc: 3\nnames:\n  1: dog\n  0: cat\n  5: gnu\n')
    records = read_own_data(yolo)
    assert records.classes == ['cat', 'dog', 'gnu'] and records.remarks == ['1 of 3 classes are on no photo: gnu']
    (yolo / 'data.yaml').write_text('train: images/train\nval: images/val\nnames: {0: cat, 5: gnu}\n')
    with pytest.raises(ValueError, match=r'1 of 3 photos .*b.txt, line 1: class 1 has no name; there are 0, 5'):
        read_own_data(yolo)


def test_layout_of_roboflow(tmp_path):
    """A folder for each part with images and labels, and paths that begin one level too high; no test."""
    for part in ('train', 'valid'):
        write_photo(tmp_path / part / 'images' / f'{part}.jpg')
        write_label(tmp_path / part / 'labels' / f'{part}.txt', '0 0.5 0.5 0.5 0.5')
    (tmp_path / 'data.yaml').write_text('train: ../train/images\nval: ../valid/images\ntest: ../test/images\nnc: 1\n'
                                        "names: ['hat']\nroboflow:\n  version: 1\n")
    records = read_own_data(tmp_path)
    assert records.parts == ['train', 'test'] and records.tags.tolist() == [[1], [1]]
    assert records.remarks == ['data.yaml names ../test/images for test, which does not exist']


@pytest.mark.parametrize(('photo', 'label', 'listed'), [
    ('images/a.png', 'labels/a.txt', 'classes.txt'), ('a.png', 'a.txt', 'classes.txt'),
    ('obj_train_data/a.png', 'obj_train_data/a.txt', 'obj.names')])
def test_names_in_a_text_file(tmp_path, photo, label, listed):
    """Label Studio's images and labels, LabelImg's files beside photos, CVAT's folders."""
    write_photo(tmp_path / photo)
    write_label(tmp_path / label, '1 0.5 0.5 0.5 0.5')
    (tmp_path / listed).write_text('cat\ndog\n')
    records = read_own_data(tmp_path)
    assert records.form == 'YOLO' and records.classes == ['cat', 'dog'] and not any(records.parts)
    assert records.annotations[0]['boxes'].tolist() == [[7.5, 5, 22.5, 15]]


def test_lists_of_photos(yolo):
    (yolo / 'train.txt').write_text('./images/train/a.jpg\n')
    (yolo / 'data.yaml').write_text('train: train.txt\nval: [images/val, images/train/b.jpg.txt]\nnames: [cat, dog]\n')
    with pytest.raises(FileNotFoundError, match='val: images/train/b.jpg.txt does not exist'):
        read_own_data(yolo)
    (yolo / 'data.yaml').write_text('train: train.txt\nval: images/val\nnames: [cat, dog]\n')
    assert names(read_own_data(yolo)) == ['a.jpg', 'c.jpg']
    (yolo / 'train.txt').write_text('./images/train/a.jpg\nimages/train/z.jpg\n')
    with pytest.raises(FileNotFoundError, match='1 of 2 photos that it names do not exist: images/train/z.jpg'):
        read_own_data(yolo)


def test_parts_that_overlap(yolo):
    """The same photos for both are no split, as in Ultralytics' examples; some of them are a mistake."""
    (yolo / 'data.yaml').write_text('train: images/train\nval: images/train\nnames: [cat, dog]\n')
    records = read_own_data(yolo)
    assert records.parts == [None, None] and 'a split is made here' in records.remarks[0]
    assert {part: len(rows) for part, rows in split_positions(records).items()} == dict(train=1, test=1)
    (yolo / 'data.yaml').write_text('train: images\nval: images/val\nnames: [cat, dog]\n')
    with pytest.raises(ValueError, match='1 photos are of train and of val or test: .*c.jpg; a photo is trained on or'):
        read_own_data(yolo)


def test_photos_without_a_file(yolo):
    (yolo / 'labels' / 'train' / 'a.txt').unlink()
    assert read_own_data(yolo).remarks == ['1 photos have no text file, which says that there is no object on them']
    (yolo / 'labels').rename(yolo / 'lables')
    with pytest.raises(ValueError, match='no object on 3 photos, of which 0 have a text file; these lie in `labels`'):
        read_own_data(yolo)


def test_turned_photos(yolo):
    """Shares are those of the photo as it is seen, upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new('RGB', (30, 20)).save(yolo / 'images' / 'train' / 'a.jpg', exif=exif)
    records = read_own_data(yolo)
    assert records.annotations[0]['size'] == (20, 30)
    assert np.allclose(records.annotations[0]['boxes'], [[8, 0, 12, 30]])
    check_sizes(records)
    assert OwnData(yolo, split='train', tags=True, supervision='boxes')[0]['inputs'].shape == (3, 30, 20)


@pytest.mark.parametrize(('line', 'message'), [
    ('0 0.5 0.5 0.2', '4 numbers; a line is `class x y width height`'),
    ('0 0.5 0.5 0.2 0.2 0.9', '6 numbers; a line'),
    ('0 0.5 0.5 two 0.2', "a.txt, line 1: '0 0.5 0.5 two 0.2' is not all numbers"),
    ('0.5 0.5 0.5 0.2 0.2', 'class 0.5 has no name; there are 0, 1'), ('cat 0.5 0.5 0.2 0.2', 'is not all numbers'),
    ('0 12 10 6 20', 'is not within 0 to 1; numbers are shares of the photo, not pixels'),
    ('0 nan 0.5 0.2 0.2', 'is not within 0 to 1'),
    ('0 0.5 0.5 0 0.2', 'has no extent'), ('0 0.9 0.5 0.5 0.2', 'reaches out of the photo')])
def test_lines_that_cannot_be_used(yolo, line, message):
    write_label(yolo / 'labels' / 'train' / 'a.txt', line)
    with pytest.raises(ValueError, match=f'1 of 3 photos or their labels cannot be used, the first: .*{message}'):
        read_own_data(yolo)


@pytest.mark.parametrize(('text', 'message'), [
    ('names: [cat', 'is not YAML'), ('', '`names` must be a list'), ('names: cat', '`names` must be a list'),
    ('names: [cat, cat]', 'a class stands twice'), ('names: [cat]\nnc: 2', 'nc is 2, but there are 1 names'),
    ('names: [cat, dog]\nval: images/val', 'names no `train`')])
def test_yaml_that_cannot_be_used(yolo, text, message):
    (yolo / 'data.yaml').write_text(text)
    with pytest.raises(ValueError, match=message):
        read_own_data(yolo / 'data.yaml')


def test_a_corrupt_photo(yolo):
    (yolo / 'images' / 'train' / 'a.jpg').write_bytes(b'no photo')
    with pytest.raises(ValueError, match='1 of 3 photos .* a.jpg has no readable header'.replace(' a', '.*a')):
        read_own_data(yolo)


def test_key_points_are_boxes(yolo):
    write_label(yolo / 'labels' / 'train' / 'a.txt', '0 0.5 0.5 0.2 1.0 0.1 0.1 2 0.3 0.3 2')
    write_label(yolo / 'labels' / 'train' / 'b.txt')
    (yolo / 'data.yaml').write_text('train: images/train\nval: images/val\nnames: [cat]\nkpt_shape: [2, 3]\n')
    records = read_own_data(yolo)
    assert np.allclose(records.annotations[0]['boxes'], [[12, 0, 18, 20]])
    assert records.remarks == ['key points are not used, the boxes are']


def test_neither_yaml_nor_names(tmp_path):
    write_photo(tmp_path / 'a.jpg')
    with pytest.raises(FileNotFoundError, match='neither a data.yaml with `names` nor classes.txt'):
        read_own_data(tmp_path, 'yolo')
