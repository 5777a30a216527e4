"""KINS and COCOA in files as they are published, cut down to one photo."""

import json

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco_mask

from mmwsl.datasets.readers import COCOA, KINS
from mmwsl.datasets.wrappers import ObjectCrops


def rectangle(x1, y1, x2, y2):
    mask = np.zeros((20, 30), dtype=np.uint8)
    mask[y1:y2, x1:x2] = 1
    return mask


def run_lengths(mask):
    encoded = coco_mask.encode(np.asfortranarray(mask))
    return dict(size=encoded['size'], counts=encoded['counts'].decode())


WHOLE = [rectangle(2, 2, 14, 12), rectangle(8, 6, 20, 18)]  # the second lies in front
SEEN = [WHOLE[0] & ~WHOLE[1] & 1, WHOLE[1]]
OUTLINES = [[2, 2, 14, 2, 14, 12, 2, 12], [8, 6, 20, 6, 20, 18, 8, 18]]


@pytest.fixture
def folder(tmp_path):
    cv2.imwrite(str(tmp_path / 'photo.png'), np.zeros((20, 30, 3), np.uint8))
    return tmp_path


def check(dataset, classes):
    sample = dataset[0]['data_samples']
    assert dataset.classes == classes
    assert np.array_equal(sample.gt_instance_masks.numpy(), np.array(SEEN) > 0)
    assert np.array_equal(sample.gt_amodal_masks.numpy(), np.array(WHOLE) > 0)
    assert sample.gt_boxes[0].tolist() == [2, 2, 14, 12]
    crops = ObjectCrops(dataset, size=24, amodal=True)
    assert len(crops) == 2
    first = crops[0]['data_samples']
    assert (first.gt_amodal_masks & ~first.gt_instance_masks).sum() > 10
    assert first.gt_box_labels.tolist() == [0]


@pytest.mark.parametrize('names', [('inmodal_seg', 'segmentation'), ('i_segm', 'a_segm')])
def test_kins(folder, names):
    modal, amodal = names
    annotations = [dict(id=7 + i, image_id=1, category_id=4, iscrowd=0, bbox=[2, 2, 12, 10] if i == 0 else [8, 6, 12, 12])
                   for i in range(3)]
    for each, seen, outline in zip(annotations, SEEN, OUTLINES, strict=False):
        each.update({modal: run_lengths(seen), amodal: [outline]})
    annotations[2].update(segmentation=[OUTLINES[0]])  # nothing of it is seen: left out
    content = dict(images=[dict(id=1, file_name='photo.png', width=30, height=20)], annotations=annotations,
                   categories=[dict(id=4, name='car')])
    (folder / 'kins.json').write_text(json.dumps(content))
    check(KINS(folder / 'kins.json', folder, supervision='full'), ['car'])
    for each in annotations:
        each.pop(modal, None)
    (folder / 'kins.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match='is it the file of KINS'):
        KINS(folder / 'kins.json', folder, supervision='full')


def test_cocoa(folder):
    regions = [dict(segmentation=OUTLINES[1], name='front', order=1, isStuff=0),
               dict(segmentation=OUTLINES[0], visible_mask=run_lengths(SEEN[0]), name='back', order=2, isStuff=0),
               dict(segmentation=[0, 0, 29, 0, 29, 19], name='grass', order=3, isStuff=1)]
    content = dict(images=[dict(id=5, file_name='photo.png', width=30, height=20)],
                   annotations=[dict(image_id=5, id=1, regions=regions[1::-1] + regions[2:])])
    (folder / 'cocoa.json').write_text(json.dumps(content))
    check(COCOA(folder / 'cocoa.json', folder, supervision='full'), ['object'])
    assert len(COCOA(folder / 'cocoa.json', folder, supervision='full', stuff=True)[0]['data_samples'].gt_boxes) == 3
    (folder / 'cocoa.json').write_text(json.dumps(dict(images=[], annotations=[dict(image_id=3, regions=regions)])))
    with pytest.raises(ValueError, match='image 3 is not among'):
        COCOA(folder / 'cocoa.json', folder, supervision='full')
    with pytest.raises(FileNotFoundError, match='correct ann_file'):
        COCOA(folder / 'none.json', folder)
