"""XML of boxes as tools write it, VOC's own folders, and files that contradict the photos."""

import numpy as np
import pytest
from own_photos import names, write_mask, write_photo

from mmwsl.datasets.own import OwnData, check_sizes, read_own_data, split_positions

OBJECT = ('<object><name>{}</name><difficult>{}</difficult><bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax>'
          '<ymax>{}</ymax></bndbox></object>')
CAT, DOG = ('cat', 0, 1, 1, 10, 20), ('dog', 0, 5, 6, 30, 20)


def write_xml(path, *objects, photo='', size=(30, 20)):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'<annotation><filename>{photo}</filename><size><width>{size[0]}</width><height>{size[1]}</height>'
                    '</size>' + ''.join(OBJECT.format(*each) for each in objects) + '</annotation>')


@pytest.fixture
def voc(tmp_path):
    """VOC's layout: four photos, the lists of train and val, class maps of two."""
    for number, objects in enumerate([[CAT], [DOG], [CAT, DOG], []]):
        write_xml(tmp_path / 'Annotations' / f'{number}.xml', *objects)
        write_photo(tmp_path / 'JPEGImages' / f'{number}.jpg')
    (tmp_path / 'ImageSets' / 'Main').mkdir(parents=True)
    (tmp_path / 'ImageSets' / 'Main' / 'train.txt').write_text('0\n1  -1\n')
    (tmp_path / 'ImageSets' / 'Main' / 'val.txt').write_text('2\n3\n')
    for number in (2, 3):
        write_mask(tmp_path / 'SegmentationClass' / f'{number}.png', 0, 8, 12, 255)
    return tmp_path


def test_beside_the_photos(tmp_path):
    """LabelImg in one folder: photos of any ending; one without objects has no file, and is left out with a count."""
    for name in ('a.PNG', 'b.jpeg', 'c.jpg'):
        write_photo(tmp_path / name)
    write_xml(tmp_path / 'a.xml', CAT, photo='a.PNG')
    write_xml(tmp_path / 'b.xml', DOG, CAT, photo='renamed since.jpg')
    records = read_own_data(tmp_path)
    assert records.form == 'VOC XML' and names(records) == ['a.PNG', 'b.jpeg'] and records.classes == ['cat', 'dog']
    assert records.annotations[0]['boxes'].tolist() == [[0, 0, 10, 20]]  # pixels from 1 became pixels from 0
    assert records.tags.tolist() == [[1, 0], [1, 1]] and not any(records.parts)
    assert records.remarks == ['1 photos without an XML file are left out: c.jpg']
    check_sizes(records)


@pytest.mark.parametrize('folder', ['images', 'JPEGImages', 'my photos', ''])
def test_two_folders(tmp_path, folder):
    write_photo(tmp_path / folder / 'a.jpg')
    write_xml(tmp_path / 'xmls' / 'x.xml', CAT, photo='a.jpg')
    assert names(read_own_data(tmp_path)) == ['a.jpg']
    assert names(read_own_data(tmp_path / 'xmls')) == ['a.jpg']


def test_order_of_classes_from_a_file(tmp_path):
    write_photo(tmp_path / 'a.jpg')
    write_xml(tmp_path / 'a.xml', CAT)
    (tmp_path / 'predefined_classes.txt').write_text('dog\ncat\n')
    records = read_own_data(tmp_path)
    assert records.classes == ['dog', 'cat'] and records.remarks == ['1 of 2 classes are on no photo: dog']
    (tmp_path / 'predefined_classes.txt').write_text('dog\n')
    with pytest.raises(ValueError, match='objects have the classes cat, which are not among dog'):
        read_own_data(tmp_path)


def test_folders_of_parts(tmp_path):
    for part, objects in (('train', [CAT, DOG]), ('valid', [DOG])):
        write_photo(tmp_path / part / '1.jpg')
        write_xml(tmp_path / part / '1.xml', *objects)
    assert read_own_data(tmp_path).parts == ['train', 'test']


def test_layout_of_voc(voc):
    """Lists give the split; names are those of VOC, so that the values of class maps have some."""
    records = read_own_data(voc)
    assert records.parts == ['train', 'train', 'test', 'test'] and len(records.classes) == 20
    assert records.kinds() == ['tags', 'boxes', 'class maps']
    check_sizes(records)
    boxes = OwnData(voc, split='test', tags=True, supervision='boxes')
    assert len(boxes) == 2 and boxes[0]['data_samples'].gt_boxes.tolist() == [[0, 0, 10, 20], [4, 5, 30, 20]]
    # photos without a map are left out, and as none of train has one, the split is made anew
    maps = OwnData(voc, split='train', supervision='full')
    assert len(maps) == 1 and maps.classes[:2] == ['background', 'aeroplane'] and len(maps.classes) == 21
    assert maps[0]['data_samples'].gt_mask.unique().tolist() == [0, 8, 12, 255]
    assert len(OwnData(voc, split='test', supervision='full')) == 1


def test_class_maps_of_other_classes_need_names(voc):
    write_xml(voc / 'Annotations' / '0.xml', ('gnu', 0, 1, 1, 10, 20))
    records = read_own_data(voc)
    assert records.classes == ['cat', 'dog', 'gnu'] and not records.has_class_maps
    assert 'SegmentationClass is not used' in records.remarks[0]
    for first in ('', 'background\n'):  # with and without a line for the value 0
        (voc / 'classes.txt').write_text(first + 'cat\ndog\ngnu\n')
        records = read_own_data(voc)
        assert records.classes == ['cat', 'dog', 'gnu'] and records.has_class_maps


def test_lists_that_contradict(voc):
    main = voc / 'ImageSets' / 'Main'
    (main / 'val.txt').write_text('0\n2\n')
    with pytest.raises(ValueError, match='1 photos stand in lists of both parts: 0'):
        read_own_data(voc)
    (main / 'val.txt').write_text('2\n7\n8\n')
    with pytest.raises(FileNotFoundError, match='2 of 3 photos that it names have no XML file: 7, 8'):
        read_own_data(voc)
    (main / 'val.txt').write_text('2\n')
    (main / 'trainval.txt').write_text('0\n1\n2\n')
    (main / 'test.txt').write_text('3\n')
    assert read_own_data(voc).parts == ['train', 'train', 'train', 'test']


def test_classes_only_in_the_test(voc):
    write_xml(voc / 'Annotations' / '3.xml', ('cow', 0, 1, 1, 10, 20))
    with pytest.raises(ValueError, match='only photos of the test have the classes cow'):
        split_positions(read_own_data(voc))


def test_photos_that_are_absent(voc):
    (voc / 'JPEGImages' / '1.jpg').unlink()
    with pytest.raises(FileNotFoundError, match='1 of 4 photos that it names do not exist: 1 of 1.xml; looked for in'):
        read_own_data(voc)


@pytest.mark.parametrize(('content', 'message'), [
    ('', '1 of 2 files are not XML: .*a.xml'), ('<annotation><obj', '1 of 2 files are not XML'),
    ('<annotation><object><name>cat</name></object></annotation>', 'a cat has no complete bndbox'),
    ('<annotation><object><name></name></object></annotation>', "class ''"),
    ('<html></html>', 'XML of another kind')])
def test_files_that_cannot_be_used(tmp_path, content, message):
    for name in 'ab':
        write_photo(tmp_path / f'{name}.jpg')
    write_xml(tmp_path / 'b.xml', CAT)
    (tmp_path / 'a.xml').write_text(content)
    with pytest.raises(ValueError, match=message):
        read_own_data(tmp_path, 'voc_xml')


def test_no_object_and_no_file(tmp_path):
    write_photo(tmp_path / 'a.jpg')
    with pytest.raises(ValueError, match='no XML files'):
        read_own_data(tmp_path, 'voc_xml')
    write_xml(tmp_path / 'a.xml')
    with pytest.raises(ValueError, match='1 XML files have no object'):
        read_own_data(tmp_path)


def test_boxes_of_another_photo_size(voc):
    write_photo(voc / 'JPEGImages' / '0.jpg', width=60, height=40)
    with pytest.raises(ValueError, match='1 of 4 photos do not fit.*\n.*0.jpg has 60 x 40 pixels, but .*0.xml says 30'):
        check_sizes(read_own_data(voc))
    write_photo(voc / 'JPEGImages' / '0.jpg')
    (voc / 'JPEGImages' / '1.jpg').write_bytes(b'no photo')
    write_mask(voc / 'SegmentationClass' / '2.png', 0, 8, width=15)
    with pytest.raises(ValueError, match='(?s)2 of 4 photos do not fit.*1.jpg has no readable header.*2.png says 15'):
        check_sizes(read_own_data(voc))


def test_a_box_beyond_a_photo_of_unknown_size(tmp_path):
    write_photo(tmp_path / 'a.jpg')
    write_xml(tmp_path / 'a.xml', ('cat', 0, 1, 1, 100, 20), size=(0, 0))
    records = read_own_data(tmp_path)
    assert records.annotations[0]['size'] is None and np.isfinite(records.annotations[0]['boxes']).all()
    with pytest.raises(ValueError, match=r'object 1 \(cat\): left, top, right, bottom = 0, 0, 100, 20'):
        check_sizes(records)
