"""Class maps: the numbers that are stored, whatever file they are stored in."""

import struct
import zlib

import cv2
import numpy as np
import PIL
import pytest
from PIL import Image

from mmwsl.datasets import ClassMaps, read_class_map
from mmwsl.datasets.checks import AnnotationError

ORIENTATION = 0x0112
SIXTEEN_BITS = 'int32' if PIL.__version__ == '10.0.0' else 'uint16'  # as what Pillow opens grey of 16 bits


def packed(values, bits):
    """Rows of numbers as bytes, the first in the highest bits."""
    rows = [''.join(format(int(value), f'0{bits}b') for value in row) for row in values]
    return [bytes(int(row[i:i + 8].ljust(8, '0'), 2) for i in range(0, len(row), 8)) for row in rows]


def png(values, bits, palette=False):
    def chunk(kind, content):
        return struct.pack('>I', len(content)) + kind + content + struct.pack('>I', zlib.crc32(kind + content))

    head = struct.pack('>IIBBBBB', values.shape[1], values.shape[0], bits, 3 if palette else 0, 0, 0, 0)
    colors = chunk(b'PLTE', np.random.default_rng(0).integers(0, 256, 3 * 2**bits, np.uint8).tobytes())
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + (colors if palette else b'')
            + chunk(b'IDAT', zlib.compress(b''.join(b'\0' + row for row in packed(values, bits)))) + chunk(b'IEND', b''))


def tiff(values, bits, white_is_zero=False):
    content = b''.join(packed(values, bits))
    tags = {256: values.shape[1], 257: values.shape[0], 258: bits, 259: 1, 262: int(not white_is_zero), 273: 122, 277: 1,
            278: values.shape[0], 279: len(content)}
    entries = b''.join(struct.pack('>HHII', tag, 4, 1, value) for tag, value in tags.items())
    return b'MM\0*' + struct.pack('>IH', 8, len(tags)) + entries + bytes(4) + content


def pnm(values, largest, plain):
    head = f'P{2 if plain else 5} {values.shape[1]} {values.shape[0]} {largest}\n'.encode()
    if plain:
        return head + ' '.join(map(str, values.ravel())).encode() + b'\n'
    return head + values.astype('>u2' if largest > 255 else np.uint8).tobytes()


def every_file():
    """(name, bytes, numbers) of every format and depth that holds numbers of one channel."""
    for bits in (1, 2, 4, 8, 16):
        values = np.arange(2**min(bits, 8)).reshape(2, -1) if bits == 1 else np.arange(2**min(bits, 8)).reshape(-1, 4)
        yield f'grey of {bits}.png', png(values, bits), values
        yield f'grey of {bits}.tiff', tiff(values, bits), values
        if bits < 16:
            yield f'palette of {bits}.png', png(values, bits, palette=True), values
            yield f'white is zero {bits}.tiff', tiff(values, bits, white_is_zero=True), values
    for largest in (3, 15, 100, 255, 1000, 65535):
        values = np.arange(min(largest, 255) + 1).reshape(1, -1)
        for plain in (False, True):
            yield f'{largest} {plain}.pgm', pnm(values, largest, plain), values


@pytest.mark.parametrize('name, content, values', list(every_file()), ids=lambda each: each if isinstance(each, str) else '')
def test_stored_numbers(tmp_path, name, content, values):
    (tmp_path / name).write_bytes(content)
    found = read_class_map(tmp_path / name)
    assert found.dtype == np.uint8 and found.tolist() == values.tolist()


@pytest.mark.parametrize('name', ['a.bmp', 'a.gif', 'a.tif', 'a.pbm'])
def test_numbers_as_pil_writes_them(tmp_path, name):
    values = np.arange(12, dtype=np.uint8).reshape(3, 4)
    image = Image.fromarray(values % 2 == 1 if name == 'a.pbm' else values)
    image.save(tmp_path / name, **(dict(compression='tiff_lzw') if name == 'a.tif' else {}))
    # in a PBM a one is black
    assert read_class_map(tmp_path / name).tolist() == (1 - values % 2 if name == 'a.pbm' else values).tolist()


@pytest.mark.parametrize('orientation', range(1, 9))
def test_a_turned_tiff_has_its_stored_numbers(tmp_path, orientation):
    values = np.arange(12, dtype=np.uint8).reshape(3, 4)
    Image.fromarray(values).save(tmp_path / 'a.tif', tiffinfo={ORIENTATION: orientation})
    assert read_class_map(tmp_path / 'a.tif').tolist() == values.tolist()


def test_a_training_sees_the_numbers(tmp_path):
    """Four classes in two bits a pixel; stretched they would be 0, 85, 170 and void."""
    for folder in ('photos', 'maps'):
        (tmp_path / folder).mkdir()
    cv2.imwrite(str(tmp_path / 'photos' / 'a.png'), np.zeros((4, 4, 3), np.uint8))
    (tmp_path / 'maps' / 'a.png').write_bytes(png(np.arange(4).repeat(4).reshape(4, 4), 2))
    data = ClassMaps(tmp_path / 'photos', tmp_path / 'maps', '.png', supervision='full', classes=['a', 'b', 'c', 'd'])
    assert data[0]['data_samples'].gt_mask[:, 0].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize('name, write, message', [
    ('a.png', lambda path: cv2.imwrite(str(path), np.full((2, 2), 256, np.uint16)), f'{SIXTEEN_BITS} .* values from 256 to 256; it must'),
    ('a.png', lambda path: cv2.imwrite(str(path), np.full((2, 2, 3), (0, 0, 9), np.uint8)), r'uint8 of shape \(2, 2, 3\); it must'),
    ('a.tif', lambda path: cv2.imwrite(str(path), np.zeros((2, 2), np.float32)), r'float32 of shape \(2, 2\); it must'),
    ('a.jpg', lambda path: cv2.imwrite(str(path), np.zeros((8, 8), np.uint8)), 'is a JPEG, .* make it anew as a PNG'),
    ('a.png', lambda path: path.write_bytes(b''), 'cannot be read'),
    ('a.png', lambda path: path.write_bytes(png(np.zeros((9, 9), int), 8)[:45]), 'cannot be read')])
def test_what_holds_no_classes(tmp_path, name, write, message):
    write(tmp_path / name)
    with pytest.raises(AnnotationError, match=f'{name} {message}' if message.startswith(('is', 'cannot')) else message):
        read_class_map(tmp_path / name)
