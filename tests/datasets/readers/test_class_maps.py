"""Images with class maps, and the transforms that cut and colour them."""

import cv2
import numpy as np
import pytest
import torch

from mmwsl.datasets import ClassMaps, PhotometricDistortion, RandomCropMap, RandomScale


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


def picture(height=40, width=60):
    rng = np.random.default_rng(0)
    classes = np.zeros((height, width), np.uint8)
    classes[:, :5] = 1
    return dict(image=rng.integers(0, 256, (height, width, 3), dtype=np.uint8), class_map=classes)


def test_scale_fits_the_box_and_is_drawn():
    assert RandomScale((200, 80), (1.0, 1.0))(picture())['image'].shape == (80, 120, 3)  # the short side decides
    assert RandomScale((90, 80), (1.0, 1.0))(picture())['class_map'].shape == (60, 90)  # the long side decides
    heights = [RandomScale((200, 80), (0.5, 2.0))(dict(picture(), index=index))['image'].shape[0] for index in range(40)]
    assert 40 <= min(heights) < 60 and 120 < max(heights) <= 160
    with pytest.raises(ValueError, match='the smaller first'):
        RandomScale(factors=(2.0, 0.5))


def test_crops_move_image_and_map_alike_and_avoid_one_class():
    shares = []
    for index in range(30):
        whole = picture()
        whole['image'][..., 0] = whole['class_map'] * 200
        cut = RandomCropMap(20, most=0.9)(dict(whole, index=index))
        assert cut['image'].shape == (20, 20, 3) and np.array_equal(cut['image'][..., 0], cut['class_map'] * 200)
        shares.append((cut['class_map'] == 0).mean())
    assert np.mean(np.array(shares) <= 0.9) > 0.5  # without the ten tries some 10 % would do
    small = RandomCropMap(50, fill=(1, 2, 3))(picture())
    assert small['image'].shape == (50, 50, 3) and (small['class_map'][40:] == 255).all()
    assert (small['image'][40:] == (1, 2, 3)).all()
    with pytest.raises(ValueError, match='boxes would not be moved'):
        RandomCropMap(20)(dict(picture(), boxes=np.zeros((1, 4))))


def test_colours_change_and_classes_do_not():
    changed, whole = 0, picture()
    for index in range(30):
        result = PhotometricDistortion()(dict(picture(), index=index))
        assert result['image'].dtype == np.uint8 and np.array_equal(result['class_map'], whole['class_map'])
        changed += not np.array_equal(result['image'], whole['image'])
        again = PhotometricDistortion()(dict(picture(), index=index))
        assert np.array_equal(again['image'], result['image'])
    assert 24 <= changed < 30  # one in sixteen stays as it was
    grey = dict(image=np.full((4, 4, 3), 100, np.uint8))
    bright = {int(PhotometricDistortion(contrast=(1, 1))(dict(grey, index=index))['image'].mean()) for index in range(40)}
    assert min(bright) >= 67 and max(bright) <= 133 and len(bright) > 8


def test_items_of_a_whole_pipeline(folders):
    data = ClassMaps(**folders, supervision='full', pipeline=[
        dict(type='RandomScale', size=(60, 40)), dict(type='RandomCropMap', size=32), dict(type='RandomFlip'),
        dict(type='PhotometricDistortion')])
    item = data[0]
    assert item['inputs'].shape == (3, 32, 32) and item['data_samples'].gt_mask.shape == (32, 32)
    assert item['data_samples'].ori_shape == (20, 30) and item['inputs'].dtype == torch.uint8
