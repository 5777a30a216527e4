"""Boxes written in each form, and read again."""

import os

import numpy as np
import pytest
from PIL import Image

from mmwsl.datasets.own import read_own_data
from mmwsl.datasets.own.write import BoxedPhoto, unique_names, write_boxes

CLASSES = ['cat', 'dog', 'guinea pig']


def boxed(path, part, boxes, labels, size=(64, 48), difficult=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new('RGB', size, (len(boxes) * 40, 9, 9)).save(path)
    count = len(boxes)
    return BoxedPhoto(str(path), part, size, np.array(boxes, np.float32).reshape(-1, 4), np.array(labels, np.int64),
                      np.zeros(count, bool) if difficult is None else np.array(difficult), np.full(count, 0.5))


@pytest.fixture
def photos(tmp_path):
    root = tmp_path / 'photos'
    return [boxed(root / 'a' / '1.png', 'train', [[1.2, 2.4, 30.6, 40.2], [0, 0, 64, 48]], [2, 0]),
            boxed(root / 'b' / '1.png', 'test', [[10, 10, 20, 30]], [0]),
            boxed(root / '2.jpg', 'train', [], [])]


@pytest.mark.parametrize('form, named', [('coco_json', 'COCO JSON'), ('voc_xml', 'VOC XML'), ('yolo', 'YOLO')])
def test_round_trip(form, named, photos, tmp_path):
    write_boxes(tmp_path / 'out', photos, CLASSES, form)
    records = read_own_data(tmp_path / 'out')
    assert records.form == named and records.classes == CLASSES
    by_name = {os.path.basename(path): row for row, path in enumerate(records.paths)}
    assert sorted(by_name) == ['2.jpg', 'a_1.png', 'b_1.png']
    for photo, name in zip(photos, ('a_1.png', 'b_1.png', '2.jpg'), strict=True):
        row = by_name[name]
        assert np.allclose(records.annotations[row]['boxes'], np.round(photo.boxes), atol=1e-3)
        assert records.annotations[row]['box_labels'].tolist() == photo.labels.tolist()
        assert records.parts[row] == photo.part
        with open(records.paths[row], 'rb') as one, open(photo.path, 'rb') as other:
            assert one.read() == other.read()


def test_names_that_are_alike():
    assert unique_names(['/p/1.jpg', '/p/2.jpg']) == ['1.jpg', '2.jpg']
    assert unique_names(['/p/1.jpg', '/p/1.png', '/p/a/1.jpg']) == ['1.jpg', '1_2.png', 'a_1.jpg']


def test_boxes_stay_inside_and_have_an_extent(tmp_path):
    photo = boxed(tmp_path / 'p' / 'a.png', 'train', [[-3, 5.1, 5, 5.2], [63.9, 47.8, 70, 60]], [0, 1])
    other = boxed(tmp_path / 'p' / 'b.png', 'test', [[0, 0, 5, 5]], [0])
    write_boxes(tmp_path / 'out', [photo, other], CLASSES, 'voc_xml')
    assert read_own_data(tmp_path / 'out').annotations[0]['boxes'].tolist() == [[0, 5, 5, 6], [63, 47, 64, 48]]


@pytest.mark.parametrize('form, kept', [('coco_json', True), ('voc_xml', True), ('yolo', False)])
def test_difficult_ones(form, kept, tmp_path):
    photo = boxed(tmp_path / 'p' / 'a.png', 'train', [[0, 0, 9, 9], [9, 9, 20, 20]], [0, 1], difficult=[True, False])
    other = boxed(tmp_path / 'p' / 'b.png', 'test', [[0, 0, 5, 5]], [0])
    write_boxes(tmp_path / 'out', [photo, other], CLASSES, form)
    records = read_own_data(tmp_path / 'out')
    difficult, = (each['difficult'].tolist() for each in records.annotations if len(each['boxes']) == 2)
    assert difficult == [kept, False]


def test_what_is_there_is_not_touched(photos, tmp_path):
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out' / 'corrected.xml').write_text('')
    with pytest.raises(ValueError, match='out is not empty, and boxes in it may have been corrected by hand'):
        write_boxes(tmp_path / 'out', photos, CLASSES, 'voc_xml')
    with pytest.raises(ValueError, match="form='csv' is unknown; choose one of coco_json, voc_xml, yolo"):
        write_boxes(tmp_path / 'new', photos, CLASSES, 'csv')
    assert [each.name for each in tmp_path.iterdir() if each.name == 'new'] == []
