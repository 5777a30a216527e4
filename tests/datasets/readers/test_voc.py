"""PASCAL VOC from its own layout: numbers of a file by hand, sets, class maps, and every way a copy can be broken."""

import cv2
import numpy as np
import pytest
import torch

from mmwsl.datasets import VOC, VOC_CLASSES, read_class_map, read_voc_xml

OBJECT = ('<object><name>{}</name><difficult>{}</difficult><bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax>'
          '<ymax>{}</ymax></bndbox></object>')


def write_xml(path, objects):
    path.write_text('<annotation>' + ''.join(OBJECT.format(*each) for each in objects) + '</annotation>')


@pytest.fixture
def devkit(tmp_path):
    """Three photos of 20 x 30 pixels: a dog with a difficult cat; only a difficult dog; nothing."""
    year = tmp_path / 'VOC2007'
    for folder in ('Annotations', 'JPEGImages', 'ImageSets/Main', 'ImageSets/Segmentation', 'SegmentationClass'):
        (year / folder).mkdir(parents=True)
    for number, objects in enumerate([[('dog', 0, 1, 1, 10, 20), ('cat', 1, 5, 6, 30, 20)], [('dog', 1, 2, 2, 3, 3)], []]):
        write_xml(year / 'Annotations' / f'{number}.xml', objects)
        cv2.imwrite(str(year / 'JPEGImages' / f'{number}.jpg'), np.full((20, 30, 3), 40 * number, np.uint8))
    (year / 'ImageSets' / 'Main' / 'train.txt').write_text('0\n1\n\n')
    (year / 'ImageSets' / 'Main' / 'val.txt').write_text('2\n')
    (year / 'ImageSets' / 'Segmentation' / 'val.txt').write_text('0\n')
    class_map = np.zeros((20, 30), np.uint8)
    class_map[:, :10], class_map[0] = 12, 255
    cv2.imwrite(str(year / 'SegmentationClass' / '0.png'), class_map)
    return tmp_path


def test_an_annotation_by_hand(devkit):
    """Pixel 1 to 10 becomes 0 to 10: ten pixels wide in both."""
    found = read_voc_xml(devkit / 'VOC2007' / 'Annotations' / '0.xml')
    assert found['boxes'].tolist() == [[0, 0, 10, 20], [4, 5, 30, 20]] and found['boxes'].dtype == np.float32
    assert [VOC_CLASSES[label] for label in found['box_labels']] == ['dog', 'cat']
    assert found['difficult'].tolist() == [False, True]


def test_sets_tags_and_supervision(devkit):
    data = VOC(devkit, ['VOC2007/train', 'VOC2007/val'])
    assert len(data) == 3 and data.labels.shape == (3, 20)
    dog, cat = VOC_CLASSES.index('dog'), VOC_CLASSES.index('cat')
    assert data.labels[:, dog].tolist() == [1, -1, 0] and data.labels[:, cat].tolist() == [-1, 0, 0]
    assert data.labels.abs().sum() == 3
    assert set(data[0]['data_samples'].keys()) == {'index', 'gt_label'}
    boxes = VOC(devkit, 'VOC2007/train', supervision='boxes')[0]['data_samples']
    assert boxes.gt_boxes.tolist() == [[0, 0, 10, 20], [4, 5, 30, 20]] and boxes.gt_difficult.tolist() == [False, True]
    assert boxes.ori_shape == (20, 30) and boxes.scale_factor == (1, 1)
    assert set(VOC(devkit, 'VOC2007/train', supervision='none')[0]['data_samples'].keys()) == {'index'}
    empty = VOC(devkit, 'VOC2007/val', supervision='boxes')[0]['data_samples']
    assert empty.gt_boxes.shape == (0, 4) and empty.gt_box_labels.dtype == torch.int64
    assert len(VOC(devkit, ['VOC2007/train', 'VOC2007/val'], drop_empty=True)) == 1
    assert len(VOC(devkit, ['VOC2007/train', 'VOC2007/val'], drop_empty='boxes')) == 2  # difficult ones count


def test_class_maps_move_with_the_image(devkit):
    resized = dict(type='ResizeShortEdge', short=40, longest=100)
    data = VOC(devkit, 'VOC2007/val', task='Segmentation', supervision='full', pipeline=[resized, dict(type='RandomFlip', prob=1)])
    item = data[0]
    mask = item['data_samples'].gt_mask
    assert mask.shape == (40, 60) == item['inputs'].shape[1:] and mask.dtype == torch.uint8
    assert (mask[:2] == 255).all() and (mask[2:, 40:] == 12).all() and (mask[2:, :40] == 0).all()
    assert item['data_samples'].gt_boxes.tolist() == [[40, 0, 60, 40], [0, 10, 52, 40]]
    assert 'gt_mask' not in VOC(devkit, 'VOC2007/val', task='Segmentation', supervision='boxes')[0]['data_samples']


@pytest.mark.parametrize('text, message', [
    ('<annotation><object>', 'is not XML'),
    ('', 'is not XML'),
    ('<html><body/></html>', 'is XML of another kind, <html> without an <object>'),
    ('<a>' + OBJECT.format('unicorn', 0, 1, 1, 2, 2) + '</a>', "class 'unicorn', which is not among the 20 classes"),
    ('<a>' + OBJECT.format('dog', 0, 9, 1, 2, 2) + '</a>', 'the box 9 1 2 2 of a dog has no extent'),
    ('<a>' + OBJECT.format('dog', 0, 'x', 1, 2, 2) + '</a>', 'a dog has no complete bndbox'),
    ('<a><object><name>dog</name></object></a>', 'a dog has no complete bndbox'),
    ('<a>' + OBJECT.format('cat', 0, 1, 1, 2, 2) + OBJECT.format('dog', 0, 'nan', 1, 2, 2) + '</a>',
     r"1 of 2 boxes .* object 2 \(dog\): .* nan, 0, 2, 2"),
    ('<a>' + OBJECT.format('dog', 0, 1, 1, 'inf', 2) + '</a>', r'object 1 \(dog\)'),
    ('<a><size><width>30</width><height>20</height></size>' + OBJECT.format('dog', 0, 1, 1, 32, 2) + '</a>',
     r'object 1 \(dog\): .* inside the image of 30 x 20'),
    ('<a>' + OBJECT.format('dog', 'perhaps', 1, 1, 2, 2) + '</a>', r"difficult of object 1 \(dog\) is 'perhaps'"),
])
def test_broken_annotations(devkit, text, message):
    (devkit / 'VOC2007' / 'Annotations' / '1.xml').write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        VOC(devkit, 'VOC2007/train')
    assert '1.xml' in str(error.value)


def test_a_class_that_stands_twice(devkit):
    with pytest.raises(ValueError, match='a name stands twice in the classes dog, cat, dog'):
        VOC(devkit, 'VOC2007/train', classes=['dog', 'cat', 'dog'])


def test_boxes_outside_of_an_image_whose_size_is_not_recorded(devkit):
    """Within a pixel they are clipped, as where it is recorded; others are refused when the image is loaded."""
    write_xml(devkit / 'VOC2007' / 'Annotations' / '1.xml', [('dog', 0, 0, 1, 31, 20.5), ('cat', 0, 1, 1, 30, 20)])
    data = VOC(devkit, 'VOC2007/train', supervision='boxes')
    assert data[1]['data_samples'].gt_boxes.tolist() == [[0, 0, 30, 20], [0, 0, 30, 20]]
    write_xml(devkit / 'VOC2007' / 'Annotations' / '1.xml', [('dog', 0, 1, 1, 32, 20)])
    with pytest.raises(ValueError, match=r'1.xml: .*object 1 \(dog\).*inside the image of 30 x 20'):
        VOC(devkit, 'VOC2007/train', supervision='boxes')[1]
    assert len(VOC(devkit, 'VOC2007/train', supervision='boxes', on_error='skip', verify=True)) == 1


@pytest.mark.parametrize('flag, difficult', [
    ('True', True), ('true', True), ('yes', True), ('1', True), (' 1 ', True), ('', False), ('0', False), ('No', False),
    ('False', False)])
def test_words_for_difficult(devkit, flag, difficult):
    path = devkit / 'VOC2007' / 'Annotations' / '1.xml'
    write_xml(path, [('dog', flag, 1, 1, 2, 2)])
    assert read_voc_xml(path)['difficult'].tolist() == [difficult]


def test_names_with_spaces(devkit):
    """A set names a file a line; behind the name may stand VOC's flag of one class."""
    year = devkit / 'VOC2007'
    for folder, suffix in (('JPEGImages', 'jpg'), ('Annotations', 'xml')):
        (year / folder / f'0.{suffix}').rename(year / folder / f'my  photo 1.{suffix}')
    for line in ('my  photo 1', ' my  photo 1 ', 'my  photo 1 -1', 'my  photo 1  1'):
        (year / 'ImageSets' / 'Main' / 'train.txt').write_text(line + '\n')
        data = VOC(devkit, 'VOC2007/train', supervision='boxes')
        assert data.paths[0].endswith('my  photo 1.jpg') and len(data[0]['data_samples'].gt_boxes) == 2


def test_broken_copies(devkit):
    with pytest.raises(FileNotFoundError, match='nowhere does not exist.*correct data_root'):
        VOC(devkit / 'nowhere')
    with pytest.raises(FileNotFoundError, match='the set .*test.txt does not exist; there are: train, val'):
        VOC(devkit, 'VOC2007/test')
    with pytest.raises(ValueError, match='shows boxes, but RandomCrops would not move them'):
        VOC(devkit, 'VOC2007/train', supervision='boxes', pipeline=[dict(type='RandomCrops')])
    with pytest.raises(ValueError, match='in_memory=True keeps squares'):
        VOC(devkit, 'VOC2007/train', in_memory=True)
    with pytest.raises(ValueError, match='drop_empty=True leaves none of 1 images'):
        VOC(devkit, 'VOC2007/val', drop_empty=True)
    (devkit / 'VOC2007' / 'JPEGImages' / '0.jpg').unlink()
    with pytest.raises(FileNotFoundError, match=r'0.jpg does not exist'):
        VOC(devkit, 'VOC2007/train')[0]
    skipping = VOC(devkit, 'VOC2007/train', supervision='boxes', on_error='skip', verify=True)
    assert len(skipping) == 1 and skipping[0]['data_samples'].gt_boxes.tolist() == [[1, 1, 3, 3]]  # the other's own boxes
    (devkit / 'VOC2007' / 'ImageSets' / 'Main' / 'train.txt').write_text('\n')
    with pytest.raises(ValueError, match='names no images'):
        VOC(devkit, 'VOC2007/train')


def test_class_map_files(tmp_path):
    from PIL import Image
    array = np.arange(6, dtype=np.uint8).reshape(2, 3)
    palette = Image.fromarray(array, mode='P')
    palette.putpalette([255 - i // 3 for i in range(768)])
    palette.save(tmp_path / 'palette.png')
    assert read_class_map(tmp_path / 'palette.png').tolist() == array.tolist()  # the numbers, not the colours
    cv2.imwrite(str(tmp_path / 'grey.png'), np.repeat(array[..., None], 3, axis=2))  # as many editors save grey
    assert read_class_map(tmp_path / 'grey.png').tolist() == array.tolist()
    cv2.imwrite(str(tmp_path / 'colour.png'), np.full((2, 3, 3), (0, 1, 0), np.uint8))
    with pytest.raises(ValueError, match='must have one number from 0 to 255 per pixel'):
        read_class_map(tmp_path / 'colour.png')
    (tmp_path / 'broken.png').write_bytes(b'no image')
    with pytest.raises(ValueError, match='cannot be read'):
        read_class_map(tmp_path / 'broken.png')


@pytest.mark.slow
def test_the_real_subset(voc_root):
    data = VOC(voc_root.parent, ['VOC2007/train', 'VOC2007/val'], supervision='boxes')
    assert len(data) == 700 and (data.labels == 1).any(0).all()
    sample = data[0]['data_samples']
    assert sample.gt_boxes.tolist() == [[47, 239, 195, 371], [7, 11, 352, 498]] and sample.ori_shape == (500, 353)
    masks = VOC(voc_root.parent, 'VOC2007/val', task='Segmentation', supervision='full')
    item = masks[3]
    present = set(item['data_samples'].gt_mask.unique().tolist()) - {0, 255}
    assert len(masks) == 210 and present <= {label + 1 for label in item['data_samples'].gt_box_labels.tolist()}
