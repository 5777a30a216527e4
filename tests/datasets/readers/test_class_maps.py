"""Images with class maps."""

import cv2
import numpy as np
import pytest
import torch

from mmwsl.datasets import ClassMaps


@pytest.fixture
def folders(tmp_path):
    """Three photos in Cityscapes' layout: the left third of each is class 1."""
    for city, name in (('aachen', 'a'), ('aachen', 'b'), ('bonn', 'c')):
        for kind in ('images', 'maps'):
            (tmp_path / kind / city).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / 'images' / city / f'{name}_leftImg8bit.png'), np.full((20, 30, 3), 90, np.uint8))
        classes = np.zeros((20, 30), np.uint8)
        classes[:, :10] = 1
        cv2.imwrite(str(tmp_path / 'maps' / city / f'{name}_gtFine_labelTrainIds.png'), classes)
    return dict(images=tmp_path / 'images', maps=tmp_path / 'maps', image_suffix='_leftImg8bit.png',
                map_suffix='_gtFine_labelTrainIds.png')


def test_cityscapes_layout(folders):
    data = ClassMaps(**folders, supervision='full')
    sample = data[2]['data_samples']
    assert len(data) == 3 and sample.gt_mask[:, :10].eq(1).all() and sample.gt_mask[:, 10:].eq(0).all()
    assert sample.class_map.endswith('bonn/c_gtFine_labelTrainIds.png') and 'gt_boxes' not in sample
    assert 'gt_mask' not in ClassMaps(**folders, supervision='image')[0]['data_samples']


def test_a_list_and_what_is_missing(folders, tmp_path):
    names = tmp_path / 'names.txt'
    names.write_text('bonn/c\n')
    assert len(ClassMaps(**folders, list_file=names)) == 1
    with pytest.raises(FileNotFoundError, match='1 of 1 images have no class map'):
        names.write_text('bonn/d\n')
        ClassMaps(**folders, list_file=names)
    with pytest.raises(ValueError, match='no images'):
        names.write_text('')
        ClassMaps(**folders, list_file=names)
    with pytest.raises(FileNotFoundError, match='the list .* does not exist'):
        ClassMaps(**folders, list_file=tmp_path / 'none.txt')
    with pytest.raises(FileNotFoundError, match='correct `maps`'):
        ClassMaps(folders['images'], tmp_path / 'nowhere')
    with pytest.raises(FileNotFoundError, match='3 of 3 images have no class map'):
        ClassMaps(**dict(folders, map_suffix='.png'))


def test_items_of_a_whole_pipeline(folders):
    data = ClassMaps(**folders, supervision='full', pipeline=[
        dict(type='RandomScale', size=(60, 40)), dict(type='RandomCropMap', size=32), dict(type='RandomFlip'),
        dict(type='PhotometricDistortion')])
    item = data[0]
    assert item['inputs'].shape == (3, 32, 32) and item['data_samples'].gt_mask.shape == (32, 32)
    assert item['data_samples'].ori_shape == (20, 30) and item['inputs'].dtype == torch.uint8


def test_every_spelling_of_an_ending(tmp_path, monkeypatch):
    """All photos that have a class map are used; what is left out is counted."""
    said = []
    monkeypatch.setattr('mmwsl.datasets.readers.class_maps.print_log', lambda message, **_: said.append(message))
    (tmp_path / 'maps').mkdir()
    (tmp_path / 'photos').mkdir()
    for name in ('a.jpg', 'b.JPG', 'c.jpeg', 'd.JFIF', 'e.png'):
        encoded = cv2.imencode('.png' if name == 'e.png' else '.jpg', np.full((8, 8, 3), 90, np.uint8))[1]
        (tmp_path / 'photos' / name).write_bytes(encoded.tobytes())
        cv2.imwrite(str(tmp_path / 'maps' / f'{name[0]}.png'), np.eye(8, dtype=np.uint8))
    data = ClassMaps(tmp_path / 'photos', tmp_path / 'maps', supervision='full')
    assert [path[-6:].split('/')[-1] for path in data.paths] == ['a.jpg', 'b.JPG', 'c.jpeg', 'd.JFIF']
    assert data[2]['data_samples'].gt_mask.sum() == 8 and int(data[3]['inputs'].min()) > 80
    assert '1 of 5 images' in said[0]
    (tmp_path / 'names.txt').write_text('c\nb\n')
    data = ClassMaps(tmp_path / 'photos', tmp_path / 'maps', list_file=tmp_path / 'names.txt')
    assert [path[-6:] for path in data.paths] == ['c.jpeg', '/b.JPG'] and int(data[1]['inputs'].min()) > 80
