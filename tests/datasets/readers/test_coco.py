"""COCO from its own layout, and transforms that move boxes and masks."""

import json

import cv2
import numpy as np
import pytest
import torch

from mmwsl.datasets import COCO, RandomFlip, ResizeShortEdge, collate_list, rasterize
from mmwsl.datasets.checks import AnnotationError
from mmwsl.datasets.readers.coco_file import read_instances, shape_area


@pytest.fixture
def files(tmp_path):
    """Two photos of 40 x 30 pixels; two boxes and a crowd on the first, one of width 0 on the second."""
    for name in ('a.jpg', 'b.jpg'):
        cv2.imwrite(str(tmp_path / name), np.zeros((40, 30, 3), np.uint8))
    crowd = np.zeros((40, 30), np.uint8)
    crowd[30:, :5] = 1
    runs = [int(n) for n in np.diff(np.flatnonzero(np.diff(np.concatenate([[-1], crowd.T.ravel(), [-1]]))))]
    content = dict(
        images=[dict(id=9, file_name='a.jpg', width=30, height=40), dict(id=4, file_name='b.jpg', width=30, height=40)],
        categories=[dict(id=7, name='dog'), dict(id=3, name='cat')],
        annotations=[
            dict(id=1, image_id=9, category_id=7, bbox=[2, 4, 10, 20], iscrowd=0, segmentation=[[2, 4, 12, 4, 12, 24, 2, 24]]),
            dict(id=2, image_id=9, category_id=3, bbox=[0, 30, 5, 10], iscrowd=1,
                 segmentation=dict(counts=runs, size=[40, 30])),
            dict(id=3, image_id=9, category_id=3, bbox=[20, 0, 4, 4], iscrowd=0, segmentation=[[20, 0, 24, 0, 24, 4, 20, 4]]),
            dict(id=4, image_id=4, category_id=3, bbox=[5, 5, 0, 9], iscrowd=0, segmentation=[])])
    return write(tmp_path, content), content


def write(folder, content):
    path = folder / 'instances.json'
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return dict(ann_file=path, data_prefix=folder)


def test_boxes_tags_and_masks_by_hand(files):
    data = COCO(**files[0], supervision='full')
    assert data.classes == ['cat', 'dog'] and data.category_ids == [3, 7] and data.image_ids == [9, 4]
    assert data.labels.tolist() == [[1, 1], [0, 0]]
    sample = data[0]['data_samples']
    assert sample.gt_boxes.tolist() == [[2, 4, 12, 24], [0, 30, 5, 40], [20, 0, 24, 4]]
    assert sample.gt_box_labels.tolist() == [1, 0, 0] and sample.gt_difficult.tolist() == [False, True, False]
    expected = torch.zeros(3, 40, 30, dtype=torch.bool)
    expected[0, 4:24, 2:12] = expected[1, 30:, :5] = expected[2, :4, 20:24] = True
    assert torch.equal(sample.gt_instance_masks, expected)
    assert data[1]['data_samples'].gt_instance_masks.shape == (0, 40, 30)  # its only box has no width
    assert COCO(**files[0], supervision='boxes')[0]['data_samples'].get('gt_instance_masks') is None


def test_some_classes_in_another_order(files):
    data = COCO(**files[0], classes=['dog'], supervision='boxes', drop_empty=True)
    assert len(data) == 1 and data.category_ids == [7] and data.image_ids == [9]
    assert data[0]['data_samples'].gt_boxes.tolist() == [[2, 4, 12, 24]]
    assert COCO(**files[0], classes=['dog', 'cat']).labels.tolist() == [[1, 1], [0, 0]]
    assert COCO(**files[0], max_images=1).image_ids == [9]


def test_boxes_and_masks_move_together(files):
    """Twice as large and mirrored: every mask still fills its box."""
    pipeline = [dict(type='ResizeShortEdge', short=60, longest=1000), dict(type='RandomFlip', prob=1.0)]
    item = COCO(**files[0], supervision='full', pipeline=pipeline)[0]
    sample = item['data_samples']
    assert item['inputs'].shape == (3, 80, 60) and sample.ori_shape == (40, 30) and sample.scale_factor == (2, 2)
    assert sample.gt_boxes.tolist() == [[36, 8, 56, 48], [50, 60, 60, 80], [12, 0, 20, 8]]
    for mask, box in zip(sample.gt_instance_masks, sample.gt_boxes.int().tolist(), strict=True):
        expected = torch.zeros(80, 60, dtype=torch.bool)
        expected[box[1]:box[3], box[0]:box[2]] = True
        assert torch.equal(mask, expected)


def test_sizes():
    image = np.zeros((100, 200, 3), np.uint8)

    def size(short, longest):
        return ResizeShortEdge(short, longest)(dict(image=image))['image'].shape[:2]

    assert size(50, 1000) == (50, 100) and size(50, 80) == (40, 80) and size(300, 1000) == (300, 600)
    drawn = {ResizeShortEdge([40, 50, 60], 1000)(dict(image=image, index=i))['image'].shape[0] for i in range(30)}
    assert drawn == {40, 50, 60}
    again = [ResizeShortEdge([40, 50, 60], 1000)(dict(image=image, index=i))['image'].shape[0] for i in range(5)]
    assert again == [ResizeShortEdge([40, 50, 60], 1000)(dict(image=image, index=i))['image'].shape[0] for i in range(5)]


def test_flips_are_drawn_anew_every_epoch():
    image = np.zeros((4, 4, 3), np.uint8)
    flips = [RandomFlip(0.5)(dict(image=image, index=0, epoch=epoch))['flipped'] for epoch in range(200)]
    assert 70 < sum(flips) < 130
    assert not RandomFlip(0.0)(dict(image=image))['flipped']


def test_masks_of_several_polygons():
    parts = [np.float32([[0, 0], [4, 0], [4, 4], [0, 4]]), np.float32([[6, 6], [8, 6], [8, 8], [6, 8]])]
    bitmap = rasterize([parts, []], 10, 10)
    assert bitmap[0].sum() == 16 + 4 and not bitmap[1].any()


def test_a_batch_keeps_sizes(files):
    data = COCO(**files[0], supervision='boxes', pipeline=[dict(type='ResizeShortEdge', short=[20, 40], longest=99)])
    batch = collate_list([data[0], data[1]])
    assert [image.shape[0] for image in batch['inputs']] == [3, 3] and len(batch['data_samples']) == 2
    with pytest.raises(ValueError, match='nothing in the batch'):
        collate_list([])


def change_box(content, box):
    first, *others = content['annotations']
    return dict(content, annotations=[dict(first, bbox=box), *others])


@pytest.mark.parametrize('change, message', [
    (lambda c: '{', 'is not JSON'),
    (lambda c: '', 'is not JSON'),
    (lambda c: '[]', 'has no images, annotations, categories'),
    (lambda c: {k: v for k, v in c.items() if k != 'annotations'}, 'has no annotations'),
    (lambda c: dict(c, images=[], annotations=[]), 'lists no images'),
    (lambda c: dict(c, categories=c['categories'][:1]), 'category 3, one of which the file does not list'),
    (lambda c: dict(c, images=c['images'][1:]), 'is of image 9'),
    (lambda c: dict(c, images=[dict(each, id=9) for each in c['images']], annotations=c['annotations'][:3]),
     "1 images have a id that others have, too: id 9 of file_name 'a.jpg', 'b.jpg'"),
    (lambda c: dict(c, images=[dict(each, file_name='a.jpg') for each in c['images']]),
     "file_name that others have, too: file_name 'a.jpg' of id 9, 4"),
    (lambda c: dict(c, categories=[dict(id=7, name='dog'), dict(id=3, name='dog')]), "name 'dog' of id 7, 3"),
    (lambda c: dict(c, categories=[*c['categories'], dict(id=3, name='cow')]), "id 3 of name 'cat', 'cow'"),
    (lambda c: change_box(c, [2, 4, float('nan'), 20]), r'a.jpg: .*instances.json: 1 of 3 boxes .* object 1: .* nan'),
    (lambda c: change_box(c, [2, 4, float('inf'), 20]), 'object 1: .* inf'),
    (lambda c: change_box(c, [12, 4, -10, 20]), 'object 1: .* 12, 4, 2, 24; they must be finite and in order'),
    (lambda c: change_box(c, [22, 4, 9.5, 20]), 'object 1: .* 31.5, 24; .*inside the image of 30 x 40'),
    (lambda c: change_box(c, ['2', 4, 10, 20]), 'annotation 1 of .* has no bbox of four numbers'),
])
def test_broken_files(files, tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        COCO(**write(tmp_path, change(files[1])))


def test_missing_files_and_classes(files, tmp_path):
    with pytest.raises(FileNotFoundError, match='none.json does not exist.*correct ann_file'):
        COCO(tmp_path / 'none.json', tmp_path)
    with pytest.raises(ValueError, match='has no class horse; it has cat, dog'):
        COCO(**files[0], classes=['dog', 'horse'])
    with pytest.raises(ValueError, match='short=0'):
        ResizeShortEdge(0)
    with pytest.raises(ValueError, match='no probability'):
        RandomFlip(1.5)


@pytest.mark.slow
def test_the_real_subset(coco_root):
    data = COCO(coco_root / 'annotations' / 'instances_val2017.json', coco_root / 'val2017', supervision='full')
    assert len(data) == 100 and len(data.classes) == 80
    sample = data[0]['data_samples']
    areas = sample.gt_instance_masks.sum((1, 2))
    box_areas = (sample.gt_boxes[:, 2:] - sample.gt_boxes[:, :2]).prod(1)
    assert len(areas) == 20 and ((areas > 0.1 * box_areas) & (areas <= 1.1 * box_areas + 20)).all()


def test_images_know_their_number(files):
    """Also in a part of the set, and where a file name has a folder."""
    path = files[0]['ann_file']
    data = COCO(**files[0], supervision='boxes')
    numbers = list(data.image_ids)
    assert [data[i]['data_samples'].image_id for i in range(len(data))] == numbers and len(numbers) > 1
    data.keep([1])
    assert data.image_ids == numbers[1:2] and data[0]['data_samples'].image_id == numbers[1], path


def test_boxes_within_a_pixel_are_clipped_and_others_skipped(files, tmp_path):
    """Rounding of exporters is no error; with on_error='skip' an image with a box far outside is left out."""
    content = files[1]
    within = COCO(**write(tmp_path, change_box(content, [-0.5, 4, 31, 36.25])), supervision='boxes')
    assert within[0]['data_samples'].gt_boxes[0].tolist() == [0, 4, 30, 40]
    path = write(tmp_path, change_box(content, [22, 4, 9.5, 20]))
    skipped = COCO(**path, supervision='boxes', on_error='skip')
    assert skipped.image_ids == [4] and len(skipped.labels) == 1


def test_what_exporters_leave_out(files, tmp_path):
    """Without size, area and iscrowd the items are those of the whole file, as far as it has no crowds."""
    content = files[1]
    for image in content['images']:
        image.pop('width'), image.pop('height')
    for each in content['annotations']:
        each.pop('id')
        if not each['iscrowd']:
            each.pop('iscrowd')
    bare = COCO(**write(tmp_path, content), supervision='full')
    sample = bare[0]['data_samples']
    assert sample.gt_boxes.tolist() == [[2, 4, 12, 24], [0, 30, 5, 40], [20, 0, 24, 4]]
    assert sample.gt_difficult.tolist() == [False, True, False]
    assert sample.gt_instance_masks.sum((1, 2)).tolist() == [200, 50, 16]
    assert [each['area'] for each in read_instances(tmp_path / 'instances.json')['annotations']] == [200, 50, 16, 0]
    with pytest.raises(ValueError, match='object None: .*inside the image of 30 x 40'):  # found when the size is known
        COCO(**write(tmp_path, change_box(content, [22, 4, 9.5, 20])), supervision='boxes')[0]


@pytest.mark.parametrize('shape, area', [
    ([[0, 0, 6, 0, 6, 4, 0, 4]], 24), ([[0, 0, 6, 0, 0, 4], [10, 10, 12, 10, 12, 12, 10, 12]], 12 + 4),
    (dict(counts=[3, 4, 10, 2], size=[5, 5]), 6), ([], 70), (None, 70)])
def test_area_of_shapes(shape, area):
    assert shape_area(dict(segmentation=shape, bbox=[1, 2, 7, 10])) == area


@pytest.mark.parametrize('shape, message', [
    ([[2, 4, float('nan'), 4, 12, 24]], 'not finite, or not inside the image of 30 x 40'),
    ([[2, 4, 1e9, 4, 12, 24]], 'not inside the image of 30 x 40 pixels: from'), ([[2, 4, 12, 4, 12]], 'no list of polygons'),
    ([2, 4, 12, 4, 12, 24], 'no list of polygons'), ('text', 'no list of polygons'), ([[2, 4, '12', 4]], 'no list of polygons'),
    (dict(size=[40, 30], counts=[4, 12]), r'of 16 pixels and size \[40, 30\]'),
    (dict(size=[40, 1], counts=[4, 36]), r'of 40 pixels and size \[40, 1\], the image is of \[40, 30\]'),
    (dict(size=[30, 40], counts='abc'), r'size \[30, 40\], the image is of \[40, 30\]'), (dict(size=[40, 30]), 'run lengths')])
def test_masks_that_cannot_be_drawn(files, tmp_path, shape, message):
    """A NaN among its points would take all memory."""
    files[1]['annotations'][0]['segmentation'] = shape
    settings = write(tmp_path, files[1])
    data = COCO(**settings, supervision='full')
    with pytest.raises(AnnotationError, match=f'a.jpg: annotation 1 of .*{message}'):
        data[0]
    assert COCO(**settings, supervision='boxes')[0]['data_samples'].gt_boxes.shape == (3, 4)  # for which it does not matter
    skipping = COCO(**settings, supervision='full', on_error='skip', verify=True)
    assert skipping.image_ids == [4]


@pytest.mark.parametrize('key, field', [('images', 'id'), ('images', 'file_name'), ('categories', 'name'),
                                        ('annotations', 'image_id'), ('annotations', 'category_id')])
def test_fields_that_cannot_be_filled_in(files, tmp_path, key, field):
    del files[1][key][1][field]
    with pytest.raises(ValueError, match=rf'{key} number 1 \(from 0\) has no {field}; {key} is a list of objects'):
        COCO(**write(tmp_path, files[1]))
    files[1][key] = {'1': 2}
    with pytest.raises(ValueError, match=f'{key} is a list of objects, each with'):
        COCO(**write(tmp_path, files[1]))
