"""The same photos in every form give the same tags, boxes, class maps and split."""

import os

import numpy as np
import pytest
import torch
from own_forms import FORMS, class_names, toy_photos, voc_photos

from mmwsl.datasets import OwnData, read_own_data

BOXES = ('boxes', 'labelimg', 'coco', 'yolo')


@pytest.fixture(scope='module')
def photos(tmp_path_factory):
    return toy_photos(tmp_path_factory.mktemp('toy') / 'photos', 12)


def rows(records):
    """File name -> row of the records."""
    return {os.path.basename(path): row for row, path in enumerate(records.paths)}


@pytest.mark.parametrize('form', [*BOXES, 'tags', 'masks'])
def test_tags(photos, tmp_path, form):
    records = read_own_data(FORMS[form](photos, tmp_path / form))
    found = rows(records)
    assert records.classes == class_names(photos) == ['blue', 'green', 'red'] and len(found) == 12
    for photo in photos:
        tags = [name for name, tag in zip(records.classes, records.tags[found[photo.path.name]], strict=True) if tag == 1]
        assert tags == photo.tags


@pytest.mark.parametrize('form', BOXES)
def test_boxes(photos, tmp_path, form):
    """To the pixel; YOLO's shares have six digits."""
    data = OwnData(FORMS[form](photos, tmp_path / form), tags=True, supervision='boxes', pipeline=[])
    found = rows(data)
    for photo in photos:
        sample = data[found[photo.path.name]]['data_samples']
        order = sorted(range(len(photo.objects)), key=lambda row, boxes=sample.gt_boxes: boxes[row, 0].item())
        wanted = sorted(photo.objects, key=lambda each: each[1])
        assert [data.classes[label] for label in sample.gt_box_labels[order]] == [each[0] for each in wanted]
        assert torch.allclose(sample.gt_boxes[order], torch.tensor([each[1:] for each in wanted]).float(), atol=1e-3)


def test_class_maps(photos, tmp_path):
    data = OwnData(FORMS['masks'](photos, tmp_path / 'masks'), tags=True, supervision='full', pipeline=[])
    assert data.classes == ['background', 'blue', 'green', 'red']
    for photo in photos[:3]:
        sample = data[rows(data)[photo.path.name]]['data_samples']
        for name, left, top, right, bottom in photo.objects:
            assert (sample.gt_mask[top:bottom, left:right] == data.classes.index(name)).all()
        assert (sample.gt_mask == 0).sum() == 64 * 48 - 400 * len(photo.objects)


@pytest.mark.parametrize('form', ['tags', 'boxes', 'coco', 'yolo'])
def test_split(photos, tmp_path, form):
    path = FORMS[form](photos, tmp_path / form)
    for part in ('train', 'test'):
        names = set(rows(OwnData(path, split=part, tags=True)))
        assert names == {photo.path.name for photo in photos if photo.part == part}


@pytest.mark.slow
def test_a_part_of_voc(voc_root, tmp_path):
    """700 photos as a user would bring them: equal boxes in XML, COCO JSON, YOLO and CSV."""
    photos = voc_photos(voc_root)
    boxes = {}
    for form in BOXES:
        records = read_own_data(FORMS[form](photos, tmp_path / form))
        assert len(records.paths) == 700 and len(records.classes) == 20
        boxes[form] = {name: sorted(map(tuple, np.round(records.annotations[row]['boxes']).tolist()))
                       for name, row in rows(records).items()}
    assert boxes['labelimg'] == boxes['coco'] == boxes['yolo'] == boxes['boxes']
