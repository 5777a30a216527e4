"""Photos with a box as two crops: where both come from, the box in the second, epochs, what is refused."""

import json

import cv2
import numpy as np
import pytest
import torch

from mmwsl.datasets import COCO
from mmwsl.datasets.wrappers import ObjectAndBackground
from mmwsl.datasets.wrappers.object_and_background import object_square


@pytest.fixture
def photos(tmp_path):
    """Two photos 200x160 that are green but for a red object; the second has a smaller box as well."""
    boxes = [[[60, 50, 40, 30]], [[120, 100, 30, 50], [5, 5, 10, 10]]]
    images, annotations = [], []
    for number, each in enumerate(boxes):
        photo = np.zeros((160, 200, 3), np.uint8)
        photo[..., 1] = 200
        x, y, width, height = each[0]
        photo[y:y + height, x:x + width] = (0, 0, 200)  # BGR
        cv2.imwrite(str(tmp_path / f'{number}.png'), photo)
        images.append(dict(id=number, file_name=f'{number}.png', width=200, height=160))
        annotations += [dict(id=len(annotations) + i + 1, image_id=number, category_id=1, bbox=box, area=1, iscrowd=0, segmentation=[])
                        for i, box in enumerate(each)]
    (tmp_path / 'boxes.json').write_text(json.dumps(dict(images=images, annotations=annotations, categories=[dict(id=1, name='bird')])))
    return lambda **settings: COCO(str(tmp_path / 'boxes.json'), str(tmp_path), **{'supervision': 'boxes', **settings})


def test_square_by_hand():
    """Half side .75 of the longer side, about the middle, clipped."""
    assert object_square((60, 50, 100, 80), 200, 160) == (50, 35, 110, 95)
    assert object_square((0, 0, 40, 20), 200, 160) == (0, 0, 50, 40)
    assert object_square((180, 150, 200, 160), 200, 160) == (175, 140, 200, 160)


def test_crops_and_box(photos):
    crops = ObjectAndBackground(photos(), size=32, background_size=64)
    turned = set()
    for epoch in range(6):
        crops.set_epoch(epoch)
        for index in range(2):
            item = crops[index]
            around, scene = item['inputs']
            assert around.shape == (3, 32, 32) and scene.shape == (3, 64, 64)
            # the object's share of its square is 1 / 1.5 along the longer side
            red = around[0] > 100
            assert abs(red.any(int(index == 1)).sum().item() - 32 / 1.5) <= 2
            x1, y1, x2, y2 = item['data_samples'].gt_boxes[0].tolist()
            seen = (scene[0] > 100).nonzero()
            if x2 - x1 > 2 and y2 - y1 > 2:
                assert (seen.amin(0) - torch.tensor([y1, x1])).abs().max() <= 1.5
                assert (seen.amax(0) + 1 - torch.tensor([y2, x2])).abs().max() <= 1.5
            turned.add((index, round(x1, 2)))
    assert len(turned) > 6  # other crops in other epochs
    crops.set_epoch(2)
    first = crops[1]
    again = crops.__getitems__([0, 1])
    assert torch.equal(first['inputs'][1], again['inputs'][1][1]) and again['inputs'][0].shape == (2, 3, 32, 32)
    assert torch.equal(first['data_samples'].gt_boxes, again['data_samples'].gt_boxes[1])


def test_objects_alone(photos):
    crops = ObjectAndBackground(photos(), size=32, training=False)
    batch = crops.__getitems__([0, 1])
    assert batch['inputs'].shape == (2, 3, 32, 32) and 'gt_boxes' not in batch['data_samples']
    assert torch.equal(crops[1]['inputs'], batch['inputs'][1])


def test_refused(photos):
    with pytest.raises(ValueError, match="with supervision='boxes', not COCO"):
        ObjectAndBackground(photos(supervision='image'))
