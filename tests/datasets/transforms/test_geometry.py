import numpy as np
import pytest
from smooth_pictures import annotated_picture, save, smooth_picture

from mmwsl.datasets import ImageList, RandomCropMap, RandomCropTagged, RandomScale, ResizeToSquare, read_image
from mmwsl.datasets.transforms.decode import resize, to_tensor
from mmwsl.registry import TRANSFORMS


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


@pytest.mark.parametrize('size', [(300, 100), (900, 1300), (40, 30)])
@pytest.mark.parametrize('suffix', ['png', 'jpg'])
def test_a_square_shows_everything(tmp_path, size, suffix):
    """Red grows with x and green with y, whatever the shape and however the file was decoded."""
    path = save(tmp_path / f'a.{suffix}', smooth_picture(*size), **(dict(quality=95) if suffix == 'jpg' else {}))
    for settings in ({}, dict(interpolation='bicubic', decode_reduced=True)):
        results = ResizeToSquare(50, **settings)(dict(path=path))
        assert results['image'].shape == (50, 50, 3) and results['ori_shape'] == size[::-1]
        assert results['scale_factor'] == pytest.approx((50 / size[0], 50 / size[1]))
        for channel in (0, 1):
            line = results['image'][..., channel].astype(float).mean(axis=channel)
            assert line[0] < 6 and line[-1] > 249


def test_boxes_and_polygons_count_in_pixels_of_the_file(tmp_path):
    path = save(tmp_path / 'a.jpg', smooth_picture(800, 400))
    for decode_reduced in (False, True):
        results = ResizeToSquare(100, decode_reduced=decode_reduced)(dict(
            path=path, boxes=np.float32([[80, 40, 400, 400]]), masks=[[np.float32([[0, 0], [800, 0], [800, 400]])]]))
        assert results['boxes'].tolist() == [[10, 10, 50, 100]]
        assert results['masks'][0][0].tolist() == [[0, 0], [100, 0], [100, 100]]


@pytest.mark.parametrize('size', [(640, 427), (300, 800), (60, 50)])
def test_the_features_of_voc07_see_the_same_pixels_as_before(tmp_path, size):
    """Bit for bit what ResizeSquash was: a reduced JPEG, bicubic; and so under the old name, with a warning."""
    path = save(tmp_path / 'a.jpg', smooth_picture(*size), quality=90)
    shrink = min(size) / 96
    expected = to_tensor(resize(read_image(path, max(r for r in (1, 2, 4, 8) if r <= max(shrink, 1))), 96, 96, 'bicubic'))
    (tmp_path / 'list.txt').write_text('a.jpg\n')

    def inputs(step):
        return ImageList(tmp_path / 'list.txt', tmp_path, pipeline=[step])[0]['inputs']

    new = dict(type='ResizeToSquare', size=96, interpolation='bicubic', decode_reduced=True)
    assert inputs(new).equal(expected)
    with pytest.warns(DeprecationWarning, match="ResizeToSquare with interpolation='bicubic'"):
        assert inputs(dict(type='ResizeSquash', size=96)).equal(expected)
    with pytest.warns(DeprecationWarning):
        assert TRANSFORMS.build(dict(type='ResizeSquash', size=96))(dict(path=path))['inputs'].equal(expected)


def test_squares_that_are_none():
    with pytest.raises(ValueError, match='size=0 is impossible'):
        ResizeToSquare(0)
    with pytest.raises(ValueError, match="interpolation='nearest' is unknown; choose one of bicubic"):
        ResizeToSquare(8, 'nearest')


def test_random_crop_of_an_image_with_tags():
    image = np.arange(5 * 9 * 3, dtype=np.uint8).reshape(5, 9, 3)
    crop, found = RandomCropTagged(size=6, fill=(7, 8, 9)), set()
    for index in range(40):
        cut = crop(dict(image=image, index=index))['image']
        assert cut.shape == (6, 6, 3) and (cut[5] == (7, 8, 9)).all()  # a row is missing
        left, = (x for x in range(4) if (cut[:5] == image[:, x:x + 6]).all())
        found.add(left)
    assert found == {0, 1, 2, 3}
    again = [crop(dict(image=image, index=5))['image'] for _ in range(2)]
    assert (again[0] == again[1]).all()
    with pytest.raises(ValueError, match='would not move boxes, class_map; use RandomCropMap'):
        crop(dict(image=image, class_map=image[..., 0], boxes=np.zeros((0, 4)), index=0))


def test_a_shape_of_its_own():
    """The whole picture, with what is annotated on it."""
    whole = annotated_picture()
    height, width = whole['class_map'].shape
    found = TRANSFORMS.build(dict(type='ResizeToShape', height=2 * height, width=width))(dict(whole))
    assert found['image'].shape == (2 * height, width, 3) and found['class_map'].shape == (2 * height, width)
    assert np.array_equal(found['class_map'][::2], whole['class_map']) and found['scale_factor'] == (1.0, 2.0)
    with pytest.raises(ValueError, match='ResizeToShape: 0 x 4 is impossible'):
        TRANSFORMS.build(dict(type='ResizeToShape', height=0, width=4))
