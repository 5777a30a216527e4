import numpy as np
import pytest
from smooth_pictures import annotated_picture

from mmwsl.datasets import RandomCropMap, RandomScale


def test_scale_fits_the_box_and_is_drawn():
    assert RandomScale((200, 80), (1.0, 1.0))(annotated_picture())['image'].shape == (80, 120, 3)  # the short side decides
    assert RandomScale((90, 80), (1.0, 1.0))(annotated_picture())['class_map'].shape == (60, 90)  # the long side decides
    heights = [RandomScale((200, 80), (0.5, 2.0))(dict(annotated_picture(), index=index))['image'].shape[0] for index in range(40)]
    assert 40 <= min(heights) < 60 and 120 < max(heights) <= 160
    with pytest.raises(ValueError, match='the smaller first'):
        RandomScale(factors=(2.0, 0.5))


def test_crops_move_image_and_map_alike_and_avoid_one_class():
    shares = []
    for index in range(30):
        whole = annotated_picture()
        whole['image'][..., 0] = whole['class_map'] * 200
        cut = RandomCropMap(20, most=0.9)(dict(whole, index=index))
        assert cut['image'].shape == (20, 20, 3) and np.array_equal(cut['image'][..., 0], cut['class_map'] * 200)
        shares.append((cut['class_map'] == 0).mean())
    assert np.mean(np.array(shares) <= 0.9) > 0.5  # without the ten tries some 10 % would do
    small = RandomCropMap(50, fill=(1, 2, 3))(annotated_picture())
    assert small['image'].shape == (50, 50, 3) and (small['class_map'][40:] == 255).all()
    assert (small['image'][40:] == (1, 2, 3)).all()
    with pytest.raises(ValueError, match='boxes would not be moved'):
        RandomCropMap(20)(dict(annotated_picture(), boxes=np.zeros((1, 4))))
