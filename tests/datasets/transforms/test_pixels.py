"""The same content gives the same pixels, whatever format and depth it is stored in."""

import logging
import struct

import cv2
import numpy as np
import pytest
from PIL import Image
from smooth_pictures import smooth_picture

from mmwsl.datasets import ImageError, ImageFolder, image_size, read_image
from mmwsl.datasets.transforms import pixels
from mmwsl.datasets.transforms.decode import EXIF_ORIENTATION, EXTENSIONS, image_header

PICTURE = smooth_picture(24, 16)
GREY = np.ascontiguousarray(PICTURE[..., 0])
THREE = np.repeat(GREY[..., None], 3, axis=-1)
ALPHA = np.tile(np.linspace(0, 255, 24).astype(np.uint8), (16, 1))
LOSSLESS = dict(lossless=True, exact=True)
UPRIGHT = {1: lambda p: p, 2: np.fliplr, 3: lambda p: np.rot90(p, 2), 4: np.flipud, 5: lambda p: p.transpose(1, 0, 2),
           6: lambda p: np.rot90(p, -1), 7: lambda p: np.rot90(p, 2).transpose(1, 0, 2), 8: np.rot90}


def write(path, values, **settings):
    """An array by PIL where it has 8 bits, else by OpenCV; colours are RGB."""
    if values.dtype == np.uint8:
        Image.fromarray(values).save(path, **settings)
    else:
        order = {3: (2, 1, 0), 4: (2, 1, 0, 3)}.get(values.shape[-1] if values.ndim == 3 else 1)
        assert cv2.imwrite(str(path), values if order is None else np.ascontiguousarray(values[..., order]))
    return path


@pytest.fixture(autouse=True)
def log(monkeypatch):
    lines = []
    monkeypatch.setattr(pixels, '_warned', set())
    monkeypatch.setattr(pixels, 'print_log', lambda message, logger=None, level=logging.INFO: lines.append(message))
    return lines


@pytest.mark.parametrize('name, settings', [('a.png', {}), ('a.tiff', {}), ('a.bmp', {}), ('a.ppm', {}),
                                            ('a.webp', LOSSLESS), ('a.tif', dict(compression='tiff_lzw'))])
def test_rgb_of_8_bits(tmp_path, name, settings):
    assert np.array_equal(read_image(write(tmp_path / name, PICTURE, **settings)), PICTURE)


@pytest.mark.parametrize('name', ['a.png', 'a.tiff', 'a.bmp', 'a.pgm', 'a.gif'])
def test_grey_of_8_bits(tmp_path, name):
    assert np.array_equal(read_image(write(tmp_path / name, GREY)), THREE)


@pytest.mark.parametrize('name', ['a.png', 'a.tiff', 'a.bmp', 'a.pbm', 'a.gif'])
def test_1_bit(tmp_path, name):
    bits = GREY > 100
    Image.fromarray(bits).save(tmp_path / name)
    assert np.array_equal(read_image(tmp_path / name), np.repeat(255 * bits[..., None], 3, axis=-1))


@pytest.mark.parametrize('name', ['a.png', 'a.tiff', 'a.bmp', 'a.gif'])
def test_palette(tmp_path, name):
    image = Image.fromarray(PICTURE).quantize(16)
    image.save(tmp_path / name)
    assert np.array_equal(read_image(tmp_path / name), np.array(image.convert('RGB')))


@pytest.mark.parametrize('name, settings', [('a.png', {}), ('a.tiff', {}), ('a.webp', LOSSLESS)])
def test_alpha_is_left_out(tmp_path, name, settings):
    assert np.array_equal(read_image(write(tmp_path / name, np.dstack([PICTURE, ALPHA]), **settings)), PICTURE)


@pytest.mark.parametrize('name', ['a.png', 'a.tiff'])
def test_grey_and_alpha(tmp_path, name):
    assert np.array_equal(read_image(write(tmp_path / name, np.dstack([GREY, ALPHA]))), THREE)


@pytest.mark.parametrize('name, settings', [('a.jpg', dict(quality=100, subsampling=0)), ('a.tiff', {})])
def test_cmyk(tmp_path, name, settings):
    Image.fromarray(PICTURE).convert('CMYK').save(tmp_path / name, **settings)
    assert np.abs(read_image(tmp_path / name).astype(int) - PICTURE).max() <= 8 * (name == 'a.jpg')


@pytest.mark.parametrize('name', ['a.jpg', 'a.jpeg', 'a.jpe', 'a.jfif', 'a.JPG'])
def test_jpeg(tmp_path, name):
    Image.fromarray(PICTURE).save(tmp_path / name, format='JPEG', quality=95)
    assert np.abs(read_image(tmp_path / name).astype(int) - PICTURE).mean() < 3
    assert len(ImageFolder(tmp_path)) == 1


@pytest.mark.parametrize('alpha', [False, True])
@pytest.mark.parametrize('name', ['a.png', 'a.tiff', 'a.ppm'])
def test_16_bits(tmp_path, log, name, alpha):
    """65535 is white: values are divided by 257, also beside an alpha."""
    if alpha and name == 'a.ppm':
        pytest.skip('the format has no alpha')
    deep = PICTURE.astype(np.uint16) * 257
    deep = np.dstack([deep, ALPHA.astype(np.uint16) * 257]) if alpha else deep
    assert np.array_equal(read_image(write(tmp_path / name, deep)), PICTURE) and not log


@pytest.mark.parametrize('name', ['a.png', 'a.tiff', 'a.pgm'])
def test_16_bits_of_grey(tmp_path, log, name):
    path = write(tmp_path / name, GREY.astype(np.uint16) * 257)
    assert np.array_equal(read_image(path), THREE) and not log
    assert read_image(path, 2).shape == (8, 12, 3)


@pytest.mark.parametrize('name', ['a.png', 'a.tiff', 'a.pgm'])
def test_12_bits_in_16(tmp_path, log, name):
    """All grey levels stay; the range is said, once, and can be set."""
    ramp = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    path = write(tmp_path / name, ramp)
    expected = (ramp * 255.0 / 4095 + 0.5).astype(np.uint8)
    for _ in range(2):
        assert np.array_equal(read_image(path)[..., 0], expected)
    assert len(log) == 1 and 'none is above 4095 of 65535' in log[0] and 'value_range' in log[0]
    assert read_image(path, value_range=(0, 65535)).max() == 16
    assert read_image(path, value_range=(1000, 2000))[..., 0].min() == 0
    del log[:]
    assert int(ImageFolder(tmp_path, value_range=(0, 8190))[0]['inputs'].max()) == 128 and not log
    assert int(ImageFolder(tmp_path, value_range=(0, 8190), in_memory=True, size=64)[0]['inputs'].max()) == 128


@pytest.mark.parametrize('maximum, kind', [(15, 'B'), (1023, '>u2'), (4095, '>u2')])
@pytest.mark.parametrize('channels', [1, 3])
def test_pnm_says_its_range(tmp_path, log, maximum, kind, channels):
    values = np.linspace(0, maximum, 24 * channels).round().astype(np.uint16).reshape(4, 6, channels)
    head = f'P{5 if channels == 1 else 6}\n# a comment\n6 4\n{maximum}\n'.encode()
    (tmp_path / 'a.pnm').write_bytes(head + values.astype(kind).tobytes())
    expected = np.broadcast_to(values * (255 / maximum), (4, 6, 3))
    assert np.abs(read_image(tmp_path / 'a.pnm') - expected).max() <= 1 and not log


@pytest.mark.parametrize('bits', [2, 4])
def test_2_and_4_bits_of_png(tmp_path, bits):
    import zlib
    values = (np.arange(16) % 2**bits).astype(np.uint8)
    packed = np.packbits(np.unpackbits(values[:, None], axis=1)[:, -bits:].ravel()).tobytes()

    def chunk(name, data):
        return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))

    (tmp_path / 'a.png').write_bytes(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', 16, 1, bits, 0, 0, 0, 0))
                                     + chunk(b'IDAT', zlib.compress(b'\0' + packed)) + chunk(b'IEND', b''))
    assert np.array_equal(read_image(tmp_path / 'a.png')[0, :, 0], values * (255 // (2**bits - 1)))


def tiff(path, bits, data, width, height, bands=1, meaning=1, more=()):
    """An uncompressed little-endian TIFF of one strip, by hand."""
    tags = [(256, width), (257, height), (258, bits), (259, 1), (262, meaning), (273, 8), (277, bands), (278, height),
            (279, len(data)), *more]
    entries = b''.join(struct.pack('<HHIHH', tag, 3, 1, value, 0) for tag, value in sorted(tags))
    path.write_bytes(b'II*\0' + struct.pack('<I', 8 + len(data)) + data + struct.pack('<H', len(tags)) + entries
                     + b'\0\0\0\0')
    return path


def test_tiff_of_12_bits_and_with_a_largest_value(tmp_path, log):
    values = np.array([0, 1000, 3000, 4095], np.uint16)
    packed = np.packbits(np.unpackbits(values.astype('>u2').view(np.uint8).reshape(4, 2), axis=1)[:, 4:].ravel())
    expected = (values * 255.0 / 4095 + 0.5).astype(np.uint8)
    assert read_image(tiff(tmp_path / 'a.tif', 12, packed.tobytes(), 4, 1))[0, :, 0].tolist() == expected.tolist()
    path = tiff(tmp_path / 'b.tif', 16, values.astype('<u2').tobytes(), 4, 1, more=[(281, 8190)])
    assert read_image(path)[0, :, 0].tolist() == [0, 31, 93, 128] and not log


@pytest.mark.parametrize('kind', [np.int8, np.int16, np.int32, np.uint32, np.float32, np.float64])
def test_signed_and_float_need_a_range(tmp_path, kind):
    if kind is np.uint32 and int(cv2.__version__.split('.')[0]) < 5:
        pytest.skip('OpenCV before 5 writes no such file')
    values = np.array([[-100, 0], [50, 100]]) + (100 if kind is np.uint32 else 0)
    path = write(tmp_path / 'a.tiff', values.astype(kind))
    with pytest.raises(ImageError, match=rf'a.tiff cannot be decoded: it holds {kind.__name__} from .*value_range'):
        read_image(path)
    low = int(values.min())
    assert read_image(path, value_range=(low, low + 200))[..., 0].tolist() == [[0, 128], [191, 255]]


def test_float_colors(tmp_path):
    path = write(tmp_path / 'a.tiff', (PICTURE / 255).astype(np.float32))
    assert np.array_equal(read_image(path, value_range=(0, 1)), PICTURE)


@pytest.mark.parametrize('bands, meaning, more, message', [
    (5, 1, [(338, 0)], '5 bands'), (2, 1, [], '2 bands, and does not say that the second is alpha'),
    (3, 8, [], 'photometric 8')])
def test_bands_that_are_no_picture(tmp_path, bands, meaning, more, message):
    path = tiff(tmp_path / 'a.tif', 8, bytes(12 * bands), 4, 3, bands, meaning, more)
    with pytest.raises(ImageError, match=f'a.tif cannot be decoded.*{message}'):
        read_image(path)


@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize('name, settings, deep', [
    ('a.png', {}, False), ('a.tiff', {}, False), ('a.webp', LOSSLESS, False), ('b.tiff', {}, True)])
def test_orientations(tmp_path, name, settings, deep, orientation):
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    if deep:
        path, stored = tmp_path / name, THREE
        Image.fromarray(GREY.astype(np.uint16) * 257).save(path, exif=exif)
    else:
        path, stored = write(tmp_path / name, PICTURE, exif=exif, **settings), PICTURE
    assert np.array_equal(read_image(path, upright=False), stored)
    assert np.array_equal(read_image(path), UPRIGHT[orientation](stored))
    assert image_header(path) == ((24, 16), orientation)
    assert image_size(path) == ((16, 24) if orientation >= 5 else (24, 16))


@pytest.mark.parametrize('name', ['a.tiff', 'a.gif', 'a.pgm', 'a.png'])
def test_cut_files(tmp_path, name):
    deep = np.random.default_rng(0).integers(0, 65536, (64, 64), dtype=np.uint16)
    path = write(tmp_path / name, GREY if name == 'a.gif' else deep)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ImageError, match=name):
        read_image(path)


def test_bad_range(tmp_path):
    write(tmp_path / 'a.png', PICTURE)
    with pytest.raises(ValueError, match=r'value_range=\(5, 5\) is impossible'):
        ImageFolder(tmp_path, value_range=(5, 5))


def test_every_ending_is_read(tmp_path):
    for number, ending in enumerate(EXTENSIONS):
        kind = {'.jpe': 'JPEG', '.jfif': 'JPEG', '.dib': 'BMP', '.pnm': 'PPM', '.pbm': 'PPM'}.get(ending)
        image = Image.fromarray(np.full((8, 8), 255, np.uint8))
        image = image.convert('1') if ending == '.pbm' else image
        image.save(tmp_path / f'{number}{ending.upper()}', **(dict(format=kind) if kind else {}))
    found = ImageFolder(tmp_path)
    assert len(found) == len(EXTENSIONS) and all(int(item['inputs'].min()) > 250 for item in found)
