"""Crops of one class: where the squares lie, what boxes they show, and which objects have none."""

import cv2
import numpy as np
import pytest
import torch

from mmwsl.datasets import VOC, SingleClassCrops, collate_batch, square_around

OBJECT = ('<object><name>{}</name><difficult>{}</difficult><bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax>'
          '<ymax>{}</ymax></bndbox></object>')
# a cat by itself on the left; a dog and a bird that lie on one another; a difficult cat, a small one
OBJECTS = [('cat', 0, 11, 21, 50, 60), ('dog', 0, 121, 21, 180, 80), ('bird', 0, 131, 31, 170, 70),
           ('cat', 1, 61, 81, 100, 100), ('cat', 0, 2, 90, 8, 95)]


@pytest.fixture
def devkit(tmp_path):
    """One photo of 100 x 200 pixels, black but for the first cat, which is white."""
    year = tmp_path / 'VOC2007'
    for folder in ('Annotations', 'JPEGImages', 'ImageSets/Main'):
        (year / folder).mkdir(parents=True)
    (year / 'Annotations' / '7.xml').write_text(
        '<annotation>' + ''.join(OBJECT.format(*each) for each in OBJECTS) + '</annotation>')
    photo = np.zeros((100, 200, 3), np.uint8)
    photo[20:60, 10:50] = 255
    cv2.imwrite(str(year / 'JPEGImages' / '7.jpg'), photo, [cv2.IMWRITE_JPEG_QUALITY, 100])
    (year / 'ImageSets' / 'Main' / 'train.txt').write_text('7\n')
    return tmp_path


def crops(devkit, **settings):
    return SingleClassCrops(VOC(devkit, 'VOC2007/train'), **{'size': 30, 'supervision': 'boxes', **settings})


def test_a_square_holds_its_box_and_stays_within_the_image():
    rng = np.random.default_rng(0)
    places = np.array([square_around((40, 50, 60, 90), 1.5, 120, 100, rng) for _ in range(200)])
    assert (places[:, 2] == 60).all()
    assert (places[:, 0] <= 40).all() and (places[:, 0] + 60 >= 60).all()
    assert (places[:, 1] <= 40).all() and (places[:, 1] >= 30).all()  # not over the lower edge
    assert np.ptp(places[:, 0]) > 35 and np.ptp(places[:, 1]) > 8  # anywhere among the places
    long = square_around((10, 20, 190, 60), 1.5, 200, 80, rng)  # longer than the image is high: around its middle
    assert long == (60, 0, 80)


def test_crops_by_hand(devkit):
    """Only the first cat is large, not difficult and alone; its white square is where the box says."""
    dataset = crops(devkit)
    assert len(dataset) == 1 and dataset.classes[int(dataset.labels[0])] == 'cat'
    item = dataset[0]
    box, = item['data_samples'].gt_boxes.tolist()
    assert box[2] - box[0] == pytest.approx(20, abs=0.01) == box[3] - box[1]  # 40 of 60 pixels, at 30
    white = np.argwhere(item['inputs'].numpy().mean(axis=0) > 127)
    assert white.min(axis=0)[::-1] == pytest.approx(box[:2], abs=1) and white.max(axis=0)[::-1] + 1 == pytest.approx(
        box[2:], abs=1)
    again, other = crops(devkit), crops(devkit, seed=1)
    assert torch.equal(again.boxes[0], dataset.boxes[0]) and not torch.equal(other.boxes[0], dataset.boxes[0])
    # all but the difficult one where others may cover the whole
    assert [crops(devkit, others=1.0, min_side=4).classes[label] for label in
            crops(devkit, others=1.0, min_side=4).labels] == ['cat', 'dog', 'bird', 'cat']


def test_samples_alone_and_in_batches(devkit):
    dataset = crops(devkit, others=1.0)
    batch = collate_batch([dataset[0], dataset[2]])['data_samples']
    whole = dataset.__getitems__([0, 2])['data_samples']
    for sample in (batch, whole):
        assert [boxes.shape for boxes in sample.gt_boxes] == [(1, 4), (1, 4)]
        assert torch.equal(sample.gt_boxes[1], dataset.boxes[2]) and sample.gt_label.tolist() == [7, 2]
    assert 'gt_boxes' not in crops(devkit, supervision='image')[0]['data_samples']
    assert len(crops(devkit, others=1.0, max_images=2).boxes) == 2


@pytest.mark.parametrize('settings, message', [
    (dict(context=0.5), 'context=0.5 must be at least 1'),
    (dict(others=2), 'others=2 in'),
    (dict(min_side=500), 'no object of 1 photos is at least 500 pixels long'),
])
def test_crops_that_cannot_be(devkit, settings, message):
    with pytest.raises(ValueError, match=message):
        crops(devkit, **settings)


def test_crops_of_what_has_no_boxes():
    with pytest.raises(ValueError, match='AnnotatedDataset, without a pipeline, not DigitScenes'):
        SingleClassCrops(dict(type='DigitScenes', num_scenes=2))


def test_crops_of_real_photos(voc_root):
    dataset = SingleClassCrops(VOC(voc_root.parent, 'VOC2007/val'), supervision='boxes')
    assert 300 < len(dataset) < 450 and dataset.images.shape[1:] == (3, 96, 96)
    for boxes in dataset.boxes:
        assert len(boxes) and (boxes >= 0).all() and (boxes <= 96.01).all() and (boxes[:, 2:] > boxes[:, :2]).all()


def test_photos_that_are_skipped_or_of_another_size_give_no_crops(devkit):
    """Boxes of one photo are never cut from another that took its place, nor from one that was resized since."""
    year = devkit / 'VOC2007'
    whole = (year / 'Annotations' / '7.xml').read_text()
    (year / 'Annotations' / '8.xml').write_text(whole)
    (year / 'JPEGImages' / '8.jpg').write_bytes(b'no image')
    (year / 'ImageSets' / 'Main' / 'train.txt').write_text('8\n7\n')
    assert len(SingleClassCrops(VOC(devkit, 'VOC2007/train', on_error='skip'), size=30)) == 1
    (year / 'ImageSets' / 'Main' / 'train.txt').write_text('7\n')
    (year / 'Annotations' / '7.xml').write_text(
        whole.replace('<annotation>', '<annotation><size><width>400</width><height>200</height></size>'))
    with pytest.raises(ValueError, match='7.jpg has 200 x 100 pixels, but .*7.xml says 400 x 200'):
        crops(devkit)
