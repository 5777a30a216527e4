"""Which form a path has: one, several that contradict each other, none; and the folders of photos and classes."""

import argparse
import json

import pytest
from own_photos import names, write_mask, write_photo

from mmwsl.cli.arguments import add_data
from mmwsl.datasets.own import FORMATS, describe, read_own_data
from mmwsl.datasets.own.formats import recognize

XML = ('<annotation><object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>5</ymax></bndbox>'
       '</object></annotation>')
COCO = json.dumps(dict(images=[dict(id=1, file_name='cat/1.jpg')], categories=[dict(id=1, name='cat')],
                       annotations=[dict(image_id=1, category_id=1, bbox=[1, 1, 4, 4])]))
FILES = dict(csv=('labels.csv', 'file,tags\ncat/1.jpg,cat\n'), coco_json=('result.json', COCO), voc_xml=('cat/1.xml', XML),
             yolo=('data.yaml', 'names: [cat]\ntrain: cat\n'))


@pytest.fixture
def class_folders(tmp_path):
    for name in ('cat/1.jpg', 'cat/2.jpg', 'dog/1.jpg', 'dog/deep/2.jpg'):
        write_photo(tmp_path / name)
    return tmp_path


def test_class_folders_and_photos(class_folders):
    records = read_own_data(class_folders)
    assert records.form == 'class folders' and records.classes == ['cat', 'dog']
    assert records.tags.argmax(1).tolist() == [0, 0, 1, 1]
    assert describe(records) == (f'{class_folders}: class folders, 4 photos, 2 classes (one class a photo); 3 to train '
                                 'on, 1 to test (split here, a fifth to test)')
    assert names(read_own_data(class_folders, 'photos')) == ['1.jpg', '2.jpg', '1.jpg', '2.jpg']
    assert recognize(class_folders / 'cat') == 'photos'
    write_photo(class_folders / 'loose.jpg')
    assert recognize(class_folders) == 'photos'
    with pytest.raises(ValueError, match='1 photos lie in no class folder, for instance loose.jpg'):
        read_own_data(class_folders, 'class_folders')


def test_class_folders_below_parts(tmp_path):
    for name in ('train/cat/1.jpg', 'train/dog/1.jpg', 'val/cat/2.jpg'):
        write_photo(tmp_path / name)
    records = read_own_data(tmp_path)
    assert records.form == 'class folders' and records.parts == ['train', 'train', 'test']


def test_an_empty_class_folder(class_folders):
    (class_folders / 'emu').mkdir()
    with pytest.raises(ValueError, match='class folders without a photo: .*emu; fill or remove them'):
        read_own_data(class_folders)


@pytest.mark.parametrize('form', FILES)
def test_two_forms_in_one_folder(class_folders, form):
    """The message names both and says how to choose; the choice is kept to."""
    name, text = FILES[form]
    (class_folders / name).write_text(text)
    with pytest.raises(ValueError, match=f'labels in 2 forms, {form} and class_folders; say by --format which'):
        read_own_data(class_folders)
    assert len(read_own_data(class_folders, 'class_folders').paths) == 4
    if form != 'yolo':
        assert names(read_own_data(class_folders, form)) == ['1.jpg']


def test_labels_of_two_kinds(tmp_path):
    write_photo(tmp_path / 'images' / '1.jpg')
    write_mask(tmp_path / 'masks' / '1.png', 0, 1)
    (tmp_path / 'labels.csv').write_text('file,tags\nimages/1.jpg,cat\n')
    (tmp_path / 'result.json').write_text(COCO)
    with pytest.raises(ValueError, match='labels in 3 forms, csv and coco_json and masks; say by --format'):
        read_own_data(tmp_path)


def test_folders_that_are_no_classes(tmp_path):
    """Photos of two parts, or beside files of another kind, are photos without labels."""
    for name in ('train2017/1.jpg', 'val2017/2.jpg'):
        write_photo(tmp_path / name)
    assert recognize(tmp_path) == 'photos'


def test_help_names_the_forms():
    parser = argparse.ArgumentParser()
    add_data(parser)
    text = next(action.help for action in parser._actions if action.dest == 'format')
    assert set(text.partition(': ')[2].replace(' or ', ', ').split(', ')) == set(FORMATS)


def test_files_and_names_that_are_none(tmp_path):
    with pytest.raises(FileNotFoundError, match='--data .*nowhere does not exist'):
        read_own_data(tmp_path / 'nowhere')
    with pytest.raises(ValueError, match='there are no photos in'):
        read_own_data(tmp_path)
    photo = write_photo(tmp_path / 'a.jpg')
    with pytest.raises(ValueError, match='a.jpg is none of the forms csv, coco_json, .*name the folder of the photos'):
        read_own_data(photo)
    with pytest.raises(ValueError, match="format 'xml' is unknown; choose one of csv, coco_json, yolo, voc_xml, masks"):
        read_own_data(tmp_path, 'xml')
    for form in ('voc_xml', 'masks', 'class_folders', 'photos'):
        with pytest.raises(ValueError, match=f'a.jpg is a file; --format {form} reads a folder'):
            read_own_data(photo, form)
    for form in set(FORMATS) - {'photos'}:
        with pytest.raises((ValueError, FileNotFoundError), match=str(tmp_path)):
            read_own_data(tmp_path, form)
