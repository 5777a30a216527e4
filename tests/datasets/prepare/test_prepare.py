"""Imitations of the public sets, a few files each, in the form their archives have."""

import json

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from mmwsl.cli import main
from mmwsl.datasets import ClassMaps, ImageFolder
from mmwsl.registry import DATASETS


def save(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(array, np.uint8)).save(path)


def read(path):
    return np.asarray(Image.open(path))


def error(capsys, *words):
    assert main(['prepare', *map(str, words)]) == 1
    return capsys.readouterr().err


def test_cityscapes(tmp_path, capsys):
    """Roads (7), cars (26), bicycles (33); what is not scored is void. The data set reads what was written."""
    place = tmp_path / 'gtFine' / 'train' / 'bonn'
    save(place / 'bonn_0_gtFine_labelIds.png', [[7, 26, 33], [0, 34 - 1, 255]])
    assert main(['prepare', 'cityscapes', str(tmp_path)]) == 0
    assert '1 class maps' in capsys.readouterr().out
    assert read(place / 'bonn_0_gtFine_labelTrainIds.png').tolist() == [[0, 13, 18], [255, 18, 255]]
    save(tmp_path / 'leftImg8bit' / 'train' / 'bonn' / 'bonn_0_leftImg8bit.png', np.zeros((2, 3, 3)))
    dataset = ClassMaps(tmp_path / 'leftImg8bit' / 'train', tmp_path / 'gtFine' / 'train', '_leftImg8bit.png',
                        '_gtFine_labelTrainIds.png', supervision='full')
    assert dataset[0]['data_samples'].gt_mask.tolist() == [[0, 13, 18], [255, 18, 255]]

    save(place / 'bonn_1_gtFine_labelIds.png', [[99]])
    assert 'bonn_1_gtFine_labelIds.png has the value 99' in error(capsys, 'cityscapes', tmp_path)
    assert 'does not exist' in error(capsys, 'cityscapes', tmp_path / 'gtFine')
    (tmp_path / 'empty' / 'gtFine').mkdir(parents=True)
    assert 'has no */*/*_gtFine_labelIds.png' in error(capsys, 'cityscapes', tmp_path / 'empty')


def test_coco_class_maps(tmp_path, capsys):
    """A cat (90 is class 2) in front of a person (3 is class 1), whatever the order; a crowd of cats is behind both."""
    def square(number, category, left, top, right, bottom, **more):
        return dict(id=number, image_id=7, category_id=category, bbox=[left, top, right - left, bottom - top], iscrowd=0,
                    area=(right - left) * (bottom - top),
                    segmentation=[[left, top, right, top, right, bottom, left, bottom]]) | more
    crowd = dict(size=[4, 6], counts=[0, 8, 16])  # the first two columns
    content = dict(
        images=[dict(id=7, file_name='a/b.jpg', width=6, height=4), dict(id=8, file_name='c.jpg', width=3, height=2)],
        categories=[dict(id=90, name='cat'), dict(id=3, name='person')],
        annotations=[square(1, 90, 2, 1, 3, 3), square(2, 3, 1, 0, 5, 4),
                     square(3, 90, 0, 0, 2, 4, iscrowd=1, segmentation=crowd)])
    file = tmp_path / 'instances.json'
    file.write_text(json.dumps(content))
    assert main(['prepare', 'coco_class_maps', str(file), str(tmp_path / 'maps')]) == 0
    assert '2 class maps' in capsys.readouterr().out
    found = read(tmp_path / 'maps' / 'a' / 'b.png')
    assert found[1].tolist() == [2, 1, 2, 1, 1, 0] and found[0].tolist() == [2, 1, 1, 1, 1, 0]
    assert read(tmp_path / 'maps' / 'c.png').tolist() == [[0] * 3] * 2

    content['images'][0]['file_name'] = '../b.jpg'
    file.write_text(json.dumps(content))
    assert 'leads out of the folder' in error(capsys, 'coco_class_maps', file, tmp_path / 'maps')
    content['images'][0] = dict(id=7, file_name='b.jpg')
    file.write_text(json.dumps(content))
    assert 'the image b.jpg has no width and height' in error(capsys, 'coco_class_maps', file, tmp_path / 'maps')


@pytest.fixture
def voc(tmp_path):
    """Photos a, b (train), c (val) of VOC; SBD has b, c, d and e, and another map of b."""
    voc, sbd = tmp_path / 'VOC2012', tmp_path / 'dataset'
    lists = voc / 'ImageSets' / 'Segmentation'
    lists.mkdir(parents=True)
    (lists / 'train.txt').write_text('a\nb\n')
    (lists / 'val.txt').write_text('c\n')
    for number, name in enumerate('abcde'):
        save(voc / 'JPEGImages' / f'{name}.jpg', np.zeros((2, 3, 3)))
        if name in 'abc':
            save(voc / 'SegmentationClass' / f'{name}.png', np.full((2, 3), number + 1))
    (sbd / 'cls').mkdir(parents=True)
    for number, name in enumerate('bcde'):
        savemat(sbd / 'cls' / f'{name}.mat', dict(GTcls=dict(Segmentation=np.full((2, 3), 10 + number, np.uint8))))
    (sbd / 'train.txt').write_text('b\nd\n')
    (sbd / 'val.txt').write_text('c\ne\n')
    return voc, sbd


def test_voc_augmented(voc, capsys):
    root, sbd = voc
    assert main(['prepare', 'voc_aug', str(root), str(sbd)]) == 0
    assert capsys.readouterr().out.startswith('4 photos')
    assert (root / 'ImageSets' / 'Segmentation' / 'trainaug.txt').read_text().split() == ['a', 'b', 'd', 'e']
    maps = {name: read(root / 'SegmentationClassAug' / f'{name}.png') for name in 'abcde'}
    assert {name: int(each[0, 0]) for name, each in maps.items()} == dict(a=1, b=2, c=3, d=12, e=13)
    dataset = ClassMaps(root / 'JPEGImages', root / 'SegmentationClassAug', supervision='full',
                        list_file=root / 'ImageSets' / 'Segmentation' / 'trainaug.txt')
    assert len(dataset) == 4 and dataset[3]['data_samples'].gt_mask.unique().tolist() == [13]


def test_voc_augmented_bad_input(voc, capsys):
    root, sbd = voc
    savemat(sbd / 'cls' / 'd.mat', dict(GTcls=dict(Segmentation=np.full((3, 3), 1, np.uint8))))
    assert 'the class map of d is (3, 3), its photo (2, 3)' in error(capsys, 'voc_aug', root, sbd)
    savemat(sbd / 'cls' / 'd.mat', dict(GTcls=dict(Segmentation=np.full((2, 3), 77, np.uint8))))
    assert 'of d has the value 77' in error(capsys, 'voc_aug', root, sbd)
    (sbd / 'cls' / 'd.mat').write_bytes(b'nonsense' * 40)
    assert 'd.mat is not a class map of SBD' in error(capsys, 'voc_aug', root, sbd)
    (sbd / 'cls' / 'd.mat').unlink()
    assert 'd.mat' in error(capsys, 'voc_aug', root, sbd)
    (root / 'JPEGImages' / 'b.jpg').unlink()
    assert 'VOC2012 is not complete' in error(capsys, 'voc_aug', root, sbd)
    assert not (root / 'ImageSets' / 'Segmentation' / 'trainaug.txt').exists()  # nothing pretends to be done


def test_imagenet_val(tmp_path, capsys):
    for number in range(4):
        save(tmp_path / 'images' / f'ILSVRC2012_val_{number}.JPEG', np.full((2, 2, 3), number))
    labels = tmp_path / 'val.txt'
    lines = [f'ILSVRC2012_val_{number}.JPEG n0{number % 2}' for number in range(4)]
    labels.write_text('\n'.join(lines))
    command = ('imagenet_val', tmp_path / 'images', labels, tmp_path / 'val')
    for _ in range(2):  # a second time changes nothing
        assert main(['prepare', *map(str, command)]) == 0
    assert '4 images in 2 classes' in capsys.readouterr().out
    dataset = ImageFolder(tmp_path / 'val')
    assert dataset.classes == ['n00', 'n01'] and dataset.labels.tolist() == [0, 0, 1, 1]

    labels.write_text('\n'.join([*lines, 'ILSVRC2012_val_0.JPEG n01']))
    assert 'line 5: ILSVRC2012_val_0.JPEG is of class n01 here and of n00' in error(capsys, *command)
    labels.write_text('\n'.join([*lines[:3], 'ILSVRC2012_val_3.JPEG n00']))
    assert '1 images of an earlier run in other classes' in error(capsys, *command)
    assert len(list((tmp_path / 'val').glob('*/*'))) == 4
    labels.write_text('\n'.join(lines[:3]))
    assert '1 images have no line' in error(capsys, *command)
    labels.write_text('\n'.join([*lines, 'ILSVRC2012_val_9.JPEG n00']))
    assert '1 images are not in' in error(capsys, *command)
    labels.write_text('ILSVRC2012_val_0.JPEG 65')
    assert "line 1: 'ILSVRC2012_val_0.JPEG 65' is not NAME CLASS" in error(capsys, *command)


def test_inaturalist(tmp_path, capsys):
    save(tmp_path / 'train' / '1.jpg', np.zeros((2, 2, 3)))
    save(tmp_path / 'train' / '2.jpg', np.zeros((2, 2, 3)))
    content = dict(images=[dict(id=2, file_name='train/2.jpg'), dict(id=1, file_name='train/1.jpg')],
                   annotations=[dict(image_id=1, category_id=1), dict(image_id=2, category_id=0)],
                   categories=[dict(id=0), dict(id=1)])
    file, out = tmp_path / 'train.json', tmp_path / 'lists' / 'train.txt'
    file.write_text(json.dumps(content))
    assert main(['prepare', 'inaturalist', str(file), str(out)]) == 0
    assert out.read_text() == 'train/1.jpg 1\ntrain/2.jpg 0\n'
    dataset = DATASETS.build(dict(type='ImageList', list_file=str(out), data_prefix=str(tmp_path)))
    assert dataset.labels.tolist() == [1, 0]
    assert dataset.paths == [str(tmp_path / 'train' / name) for name in ('1.jpg', '2.jpg')]

    save(tmp_path / 'train' / '3, 4.jpg', np.zeros((2, 2, 3)))
    file.write_text(json.dumps(dict(content, images=[dict(id=2, file_name='train/3, 4.jpg'), content['images'][1]])))
    assert main(['prepare', 'inaturalist', str(file), str(out)]) == 0
    dataset = DATASETS.build(dict(type='ImageList', list_file=str(out), data_prefix=str(tmp_path)))
    assert dataset.labels.tolist() == [1, 0] and dataset.paths[1] == str(tmp_path / 'train' / '3, 4.jpg')

    def broken(**changes):
        file.write_text(json.dumps(dict(content, **changes)))
        return error(capsys, 'inaturalist', file, out)

    assert 'every image must have exactly one' in broken(annotations=content['annotations'][:1])
    assert 'every image must have exactly one' in broken(annotations=content['annotations'] * 2)
    assert 'numbered from 0 to 0' in broken(categories=[dict(id=0)])
    assert 'is not an annotation file' in broken(images=None)
    for twice in (dict(id=2, file_name='train/3.jpg'), dict(id=3, file_name='train/2.jpg')):
        assert '3 images have 2 numbers and names' in broken(images=[*content['images'], twice])
    assert 'lists 0 images and 0 categories' in broken(images=[], annotations=[], categories=[])
    file.write_text('{')
    assert 'is not an annotation file' in error(capsys, 'inaturalist', file, out)
    assert 'does not exist' in error(capsys, 'inaturalist', tmp_path / 'none.json', out)


@pytest.mark.parametrize('name', ['../../x', '/tmp/x', 'a/b', '..', 'a\\b', 'C:x'])
def test_names_that_lead_elsewhere(voc, tmp_path, capsys, name):
    """Nothing is written outside the output folder, and no list has a line that is none."""
    save(tmp_path / 'images' / 'ILSVRC2012_val_0.JPEG', np.zeros((2, 2, 3)))
    labels = tmp_path / 'val.txt'
    labels.write_text(f'ILSVRC2012_val_0.JPEG {name}')
    out = tmp_path / 'deep' / 'er' / 'val'
    assert 'leads out of the folder' in error(capsys, 'imagenet_val', tmp_path / 'images', labels, out)
    assert not (tmp_path / 'deep').exists()
    root, sbd = voc
    (sbd / 'train.txt').write_text(f'b\nd\n{name}\n')
    assert 'leads out of the folder' in error(capsys, 'voc_aug', root, sbd)
    assert not (root / 'SegmentationClassAug').exists()


@pytest.mark.parametrize('name', ['../x.jpg', '/x.jpg', 'a/../../x.jpg', 'a.jpg 1\nb.jpg', 'a\u2028.jpg'])
def test_paths_that_lead_elsewhere(tmp_path, capsys, name):
    content = dict(images=[dict(id=1, file_name=name)], annotations=[dict(image_id=1, category_id=0)],
                   categories=[dict(id=0)])
    (tmp_path / 'train.json').write_text(json.dumps(content))
    assert 'leads out of the folder' in error(capsys, 'inaturalist', tmp_path / 'train.json', tmp_path / 'out.txt')
    assert not (tmp_path / 'out.txt').exists()
