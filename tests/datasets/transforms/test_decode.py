import cv2
import numpy as np
import pytest
from PIL import Image
from smooth_pictures import save, smooth_picture

from mmwsl.datasets import ImageError, image_size, read_image
from mmwsl.datasets.transforms.decode import EXIF_ORIENTATION, decode_images, lossless_reduction, resize, to_tensor


def test_read_image_is_rgb(tmp_path):
    picture = smooth_picture(30, 20)
    assert np.array_equal(read_image(save(tmp_path / 'a.png', picture)), picture)
    decoded = read_image(save(tmp_path / 'a.jpg', picture, quality=95))
    assert decoded.shape == (20, 30, 3) and np.abs(decoded.astype(int) - picture).mean() < 3


@pytest.mark.parametrize('reduction, shape', [(2, (106, 156, 3)), (4, (53, 78, 3)), (8, (27, 39, 3))])
def test_reduced_reading_rounds_up(tmp_path, reduction, shape):
    path = save(tmp_path / 'a.jpg', smooth_picture(311, 211), quality=95)
    reduced = read_image(path, reduction)
    assert reduced.shape == shape
    expected = cv2.resize(read_image(path), (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    assert np.abs(reduced.astype(int) - expected).mean() < 8  # same colours, also in the same order


def test_grey_and_alpha_become_three_channels(tmp_path):
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert np.array_equal(read_image(save(tmp_path / 'grey.png', grey)), np.repeat(grey[..., None], 3, axis=-1))
    rgba = np.dstack([smooth_picture(4, 3), np.full((3, 4), 9, np.uint8)])
    assert np.array_equal(read_image(save(tmp_path / 'alpha.png', rgba)), rgba[..., :3])


@pytest.mark.parametrize('orientation, upright', [(1, lambda p: p), (3, lambda p: p[::-1, ::-1]),
                                                  (6, lambda p: np.rot90(p, -1)), (8, np.rot90)])
def test_exif_orientation(tmp_path, orientation, upright):
    picture = smooth_picture(40, 24)
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    path = save(tmp_path / 'a.jpg', picture, exif=exif, quality=95)
    decoded, expected = read_image(path), upright(picture)
    assert decoded.shape == expected.shape and np.abs(decoded.astype(int) - expected).mean() < 4
    assert image_size(path) == (expected.shape[1], expected.shape[0])


def test_unreadable_files(tmp_path):
    (tmp_path / 'empty.jpg').write_bytes(b'')
    (tmp_path / 'text.jpg').write_text('no picture')
    whole = save(tmp_path / 'whole.jpg', smooth_picture(64, 64)).read_bytes()
    (tmp_path / 'cut.jpg').write_bytes(whole[:len(whole) // 2])
    for name, message in (('empty', r'empty.jpg is empty \(0 bytes\)'), ('text', 'text.jpg cannot be decoded'),
                          ('cut', 'cut.jpg cannot be decoded: truncated')):
        with pytest.raises(ImageError, match=message):
            read_image(tmp_path / f'{name}.jpg')
    for name in ('empty', 'text'):
        with pytest.raises(ImageError, match=f'{name}.jpg has no readable header'):
            image_size(tmp_path / f'{name}.jpg')
    for function in (read_image, image_size):
        with pytest.raises(FileNotFoundError, match='none.jpg does not exist'):
            function(tmp_path / 'none.jpg')
    with pytest.raises(ValueError, match='reduction=3 is impossible'):
        read_image(tmp_path / 'whole.jpg', 3)


def test_decode_images(tmp_path):
    names = [save(tmp_path / f'{n}.png', np.full((2, 2, 3), n, np.uint8)) for n in range(5)]
    images, kept = decode_images(names, lambda image, path: image)
    assert images[:, 0, 0, 0].tolist() == kept == [0, 1, 2, 3, 4]
    names[1].write_bytes(b'')
    images, kept = decode_images(names, lambda image, path: image, on_error='skip')
    assert images[:, 0, 0, 0].tolist() == kept == [0, 2, 3, 4]
    with pytest.raises(ImageError, match='1.png is empty'):
        decode_images(names, lambda image, path: image)
    with pytest.raises(ImageError, match='none of 1 images can be decoded'):
        decode_images(names[1:2], lambda image, path: image, on_error='skip')


def test_to_tensor():
    picture = smooth_picture(5, 4)
    tensor = to_tensor(picture[1:, ::2])
    assert tensor.is_contiguous() and np.array_equal(tensor.numpy(), picture[1:, ::2].transpose(2, 0, 1))


def test_resize_of_the_same_size_changes_nothing():
    picture = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    for interpolation in ('bicubic', 'bilinear', 'area'):
        assert np.array_equal(resize(picture, 7, 9, interpolation), picture)


@pytest.mark.parametrize('interpolation', ['bicubic', 'bilinear'])
@pytest.mark.parametrize('shrink, left', [(1.3, 55), (1.7, 8), (2.0, 1), (2.6, 1), (3.4, 25), (4.3, 1), (7.7, 10)])
def test_shrinking_hardly_aliases(interpolation, shrink, left):
    """Stripes of one pixel become grey where the new pixels are larger; plain OpenCV leaves 60 to 80 nearly always."""
    stripes = np.zeros((200, 200, 3), np.uint8)
    stripes[:, ::2] = 255
    side = round(200 / shrink)
    deviation = resize(stripes, side, side, interpolation)[5:-5, 5:-5].astype(float) - 127.5
    assert np.abs(deviation).mean() < left


def test_shrinking_keeps_the_picture_in_place():
    """A ramp stays centred whatever the factor."""
    ramp = smooth_picture(255, 255)
    for side in (200, 120, 100, 67, 31):
        line = resize(ramp, side, side)[:, :, 0].mean(axis=0)
        assert abs(line[0] + line[-1] - 255) < 2.5


def test_resize_is_near_to_pil_on_photos(voc_root):
    paths = sorted((voc_root / 'JPEGImages').glob('*.jpg'))[:12]
    for interpolation, method in (('bicubic', Image.BICUBIC), ('bilinear', Image.BILINEAR)):
        for side in (250, 180, 120, 70):
            ours, plain = [], []
            for path in paths:
                picture = read_image(path)[:300, :300]
                expected = np.asarray(Image.fromarray(picture).resize((side, side), method)).astype(float)
                ours.append(np.abs(resize(picture, side, side, interpolation) - expected).mean())
                flag = dict(bicubic=cv2.INTER_CUBIC, bilinear=cv2.INTER_LINEAR)[interpolation]
                plain.append(np.abs(cv2.resize(picture, (side, side), interpolation=flag) - expected).mean())
            assert np.mean(ours) < 2.5
            assert np.mean(ours) < 0.8 * np.mean(plain)


@pytest.mark.parametrize('shrink, expected', [(0.5, 1), (1.99, 1), (2, 2), (3.9, 2), (4, 4), (7.9, 4), (8, 8), (40, 8)])
def test_lossless_reduction(shrink, expected):
    assert lossless_reduction(shrink) == expected
