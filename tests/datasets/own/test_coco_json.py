"""COCO JSON as COCO, CVAT, Label Studio and Roboflow lay it out, and files that contradict themselves or the photos."""

import json

import pytest
from own_photos import names, write_photo

from mmwsl.datasets.own import OwnData, check_sizes, read_own_data, split_positions

CATEGORIES = [dict(id=7, name='dog'), dict(id=3, name='cat')]
POLYGON = [[1, 2, 11, 2, 11, 12, 1, 12]]


def content_of(*photos, categories=CATEGORIES, size=(30, 20)):
    """Content of a file in which each photo, a pair of its name and categories, has boxes of ten pixels."""
    annotations = [dict(image_id=number, category_id=category, bbox=[1, 2, 10, 10], segmentation=POLYGON)
                   for number, (_, labels) in enumerate(photos) for category in labels]
    return dict(images=[dict(id=number, file_name=name, width=size[0], height=size[1])
                        for number, (name, _) in enumerate(photos)], annotations=annotations, categories=categories)


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def test_one_file(tmp_path):
    """Numbers of categories are any; objects have masks; a photo without objects counts as background."""
    for name in 'abc':
        write_photo(tmp_path / 'images' / f'{name}.jpg')
    file = write(tmp_path / 'result.json', content_of(('a.jpg', [7, 3]), ('b.jpg', [7]), ('c.jpg', [])))
    for records in (read_own_data(file), read_own_data(tmp_path)):
        assert records.form == 'COCO JSON' and records.classes == ['cat', 'dog']
        assert names(records) == ['a.jpg', 'b.jpg', 'c.jpg'] and records.tags.tolist() == [[1, 1], [0, 1], [0, 0]]
        assert records.kinds() == ['tags', 'boxes', 'masks of objects'] and not any(records.parts)
        check_sizes(records)
    sample = OwnData(file, tags=True, supervision='full')[1]['data_samples']
    assert sample.gt_boxes.tolist() == [[1, 2, 11, 12]] and sample.gt_instance_masks.sum().item() == 100


@pytest.mark.parametrize(('json_file', 'photo', 'name'), [
    ('x.json', 'a.jpg', 'a.jpg'), ('annotations/x.json', 'images/a.jpg', 'a.jpg'),
    ('annotations/instances_train2017.json', 'train2017/a.jpg', 'a.jpg'),
    ('annotations/instances_default.json', 'images/default/a.jpg', 'default/a.jpg'),  # CVAT
    ('result.json', 'images/1b-a.jpg', 'images\\1b-a.jpg'),  # Label Studio
    ('result.json', 'images/1b-a.jpg', '/label-studio/data/media/upload/1/1b-a.jpg'),
    ('boxes.json', 'boxes/a.jpg', 'a.jpg')])
def test_where_photos_lie(tmp_path, json_file, photo, name):
    write_photo(tmp_path / photo)
    write(tmp_path / json_file, content_of((name, [3])))
    assert read_own_data(tmp_path).paths == [str(tmp_path / photo)]


def test_parts(tmp_path):
    """Of COCO's files those of the instances; Roboflow has one in each part, whose numbers may differ."""
    for part in ('train', 'val'):
        for name in ('a.jpg', 'b.jpg'):
            write_photo(tmp_path / 'coco' / f'{part}2017' / f'{part}-{name}')
        write(tmp_path / 'coco' / 'annotations' / f'instances_{part}2017.json',
              content_of((f'{part}-a.jpg', [3]), (f'{part}-b.jpg', [7])))
        write(tmp_path / 'coco' / 'annotations' / f'person_keypoints_{part}2017.json', content_of(('gone.jpg', [3])))
    records = read_own_data(tmp_path / 'coco')
    assert records.parts == ['train', 'train', 'test', 'test'] and records.classes == ['cat', 'dog']
    for part, categories in (('train', CATEGORIES), ('valid', [dict(id=3, name='dog'), dict(id=4, name='cat')])):
        write_photo(tmp_path / 'robo' / part / 'a.jpg')
        write(tmp_path / 'robo' / part / '_annotations.coco.json', content_of(('a.jpg', [3]), categories=categories))
    records = read_own_data(tmp_path / 'robo')
    assert records.parts == ['train', 'test'] and records.tags.tolist() == [[1, 0], [0, 1]]
    with pytest.raises(ValueError, match='only photos of the test have the classes dog'):
        split_positions(records)


def test_files_whose_part_is_unknown(tmp_path):
    for name in ('one', 'two'):
        write(tmp_path / f'{name}.json', content_of(('a.jpg', [3])))
    with pytest.raises(ValueError, match='2 files of labels .one.json, two.json.*name one of them'):
        read_own_data(tmp_path)


def test_a_photo_of_two_parts(tmp_path):
    write_photo(tmp_path / 'images' / 'a.jpg')
    for part in ('train', 'val'):
        write(tmp_path / f'{part}.json', content_of(('a.jpg', [3])))
    with pytest.raises(ValueError, match='1 photos stand in several files: .*a.jpg; a photo is trained on or tested on'):
        read_own_data(tmp_path)


def test_photos_that_are_absent_or_of_another_size(tmp_path):
    write_photo(tmp_path / 'a.jpg', width=60, height=40)
    file = write(tmp_path / 'x.json', content_of(('a.jpg', [3]), ('gone.jpg', [3])))
    with pytest.raises(FileNotFoundError, match='1 of 2 photos that it names do not exist: gone.jpg'):
        read_own_data(file)
    write(file, content_of(('a.jpg', [3])))
    with pytest.raises(ValueError, match='1 of 1 photos do not fit.*\n.*a.jpg has 60 x 40 pixels, but .*x.json says 30'):
        check_sizes(read_own_data(file))
    write(file, content_of(('a.jpg', [3]), size=(0, 0)))  # some tools write no size: that of the photo counts
    check_sizes(read_own_data(file))


def test_categories_without_a_photo(tmp_path):
    write_photo(tmp_path / 'a.jpg')
    categories = [dict(id=number, name=f'name {number}') for number in range(8)]
    write(tmp_path / 'x.json', content_of(('a.jpg', [3]), categories=categories))
    assert read_own_data(tmp_path).remarks == [
        '7 of 8 classes are on no photo: name 0, name 1, name 2, name 4, name 5, ... (2 more)']


@pytest.mark.parametrize(('text', 'message'), [
    ('', 'is not JSON'), ('{"images": [', 'is not JSON'), ('[1]', 'no images, annotations, categories'),
    ('{"images": [], "annotations": [], "categories": []}', 'lists no images'),
    (json.dumps(content_of(('a.jpg', []))), '1 photos and no annotation; nothing can be learnt'),
    (json.dumps(content_of(('a.jpg', [5]))), 'category 5, one of which the file does not list')])
def test_files_that_cannot_be_used(tmp_path, text, message):
    write_photo(tmp_path / 'a.jpg')
    (tmp_path / 'x.json').write_text(text)
    with pytest.raises(ValueError, match=message):
        read_own_data(tmp_path / 'x.json')


def test_a_folder_without_instances(tmp_path):
    write_photo(tmp_path / 'a.jpg')
    (tmp_path / 'package.json').write_text('{"name": "images"}')
    records = read_own_data(tmp_path)
    assert records.form == 'photos'
    assert records.remarks == ['other files are not used: 1 .json; where they are labels, say by --format which']
    with pytest.raises(ValueError, match='no JSON file with images, annotations and categories'):
        read_own_data(tmp_path, 'coco_json')
