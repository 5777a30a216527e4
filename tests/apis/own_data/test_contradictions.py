"""Data that contradict themselves end a command before anything is trained or written, with a message that says how."""

import json

import pytest
from own_photos import write_photo

from mmwsl.cli.program import main

CAM = 'mmwsl::weaksup/localization/cam/cam_r18w16_1xb64-cos-4e_digitscenes.py'
BOX = 'file,class,xmin,ymin,xmax,ymax\n'


def class_folders(root):
    for name in ('cat/1.jpg', 'cat/2.jpg', 'dog/1.jpg', 'dog/2.jpg'):
        write_photo(root / name)


def absent_files(root):
    class_folders(root)
    (root / 'labels.csv').write_text('file,tags\ncat/1.jpg,cat\ngone/1.jpg,dog\n')
    return root / 'labels.csv', '1 of 2 photos that it names do not exist: gone/1.jpg'


def classes_only_in_test(root):
    class_folders(root)
    (root / 'labels.csv').write_text('file,tags,split\ncat/1.jpg,cat,train\ndog/1.jpg,dog,test\n')
    return root / 'labels.csv', 'only photos of the test have the classes dog'


def two_forms(root):
    class_folders(root)
    (root / 'result.json').write_text(json.dumps(dict(images=[], annotations=[], categories=[])))
    return root, 'labels in 2 forms, coco_json and class_folders; say by --format'


def boxes_of_another_size(root):
    class_folders(root)
    (root / 'labels.csv').write_text(BOX + 'cat/1.jpg,cat,1,1,9,9\ndog/1.jpg,dog,200,100,300,150\n')
    return root / 'labels.csv', 'inside the image of 30 x 20 pixels'


def empty_class(root):
    class_folders(root)
    (root / 'emu').mkdir()
    return root, 'class folders without a photo'


def one_class_of_two_filled(root):
    class_folders(root)
    for photo in root.joinpath('dog').iterdir():
        photo.unlink()
    return root, 'folders without a photo: dog; if these are classes, fill or remove them'


@pytest.mark.parametrize('make', [absent_files, classes_only_in_test, two_forms, boxes_of_another_size, empty_class,
                                  one_class_of_two_filled])
def test_nothing_is_trained(tmp_path, capfd, make):
    data, message = make(tmp_path / 'data')
    assert main(['train', CAM, '--data', str(data), '--work-dir', str(tmp_path / 'out')]) == 1
    assert message in capfd.readouterr().err and not (tmp_path / 'out').exists()


def test_the_form_that_was_chosen_is_kept_to(tmp_path):
    """Of two forms the named one is read by every data set of the recipe."""
    from mmwsl.apis import load_config
    from mmwsl.registry import DATASETS
    data, _ = two_forms(tmp_path)
    cfg = load_config(CAM, dict(data=str(data), data_format='class_folders'))
    assert len(DATASETS.build(cfg.train_dataloader.dataset)) == 3
    assert len(DATASETS.build(cfg.test_dataloader.dataset)) == 1
