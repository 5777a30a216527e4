"""What the pixels of files become that OpenCV's color decoder does not treat alike: deep ones, TIFF, PNM, GIF."""

import io
import logging
import re

import cv2
import numpy as np
from mmengine.logging import print_log

_TIFF = (b'II*\0', b'MM\0*', b'II+\0', b'MM\0+')
_BLANK = rb'(?:\s|#[^\n]*\n)+'
_PNM = re.compile(rb'P[2356]' + _BLANK + rb'\d+' + _BLANK + rb'\d+' + _BLANK + rb'(\d+)\s')
_DEEP = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH
TWELVE_BITS, SIXTEEN_BITS = 4095, 65535
UNSIGNED = 1  # TIFF's SampleFormat
CMYK, YCBCR = 5, 6  # TIFF's PhotometricInterpretation, where it is not grey, RGB or a palette: below 4


def special_format(encoded):
    """``'deep'``, ``'tiff'``, ``'pnm'`` or ``'gif'`` of a file's bytes (N,) uint8; None where OpenCV does it right."""
    head = encoded[:1024].tobytes()
    if head.startswith(b'\x89PNG') and head[24:25] == b'\x10':
        return 'deep'
    if head.startswith(_TIFF):
        return 'tiff'
    if head.startswith(b'GIF8'):
        return 'gif'
    match = _PNM.match(head)
    if match and int(match[1]) != 255:
        return 'deep' if int(match[1]) == SIXTEEN_BITS else 'pnm'
    return None


def read_special(encoded, kind, path, upright=True, value_range=None):
    """Decode the bytes of a file of a :func:`special_format` to uint8 (H, W, 3) RGB.

    Args:
        encoded: uint8 (N,).
        kind: the format.
        path: for messages.
        upright: False leaves the pixels as they are stored.
        value_range: (black, white) of files of more than 8 bits, signed ones and floats.

    Raises:
        ValueError: pixels that have no one meaning as a picture; and what the decoders raise.
    """
    if kind == 'deep':
        image = cv2.imdecode(encoded, _DEEP | (0 if upright else cv2.IMREAD_IGNORE_ORIENTATION))
        return None if image is None else _to_bytes(image[..., ::-1], path, value_range)
    if kind == 'tiff':
        return _read_tiff(encoded, path, upright, value_range)
    image = _pil_image(encoded)
    if image.mode == 'I':  # PIL has brought the values of PNM to 16 bits
        return _to_bytes(np.array(image), path, (0, SIXTEEN_BITS))
    return np.array(image.convert('RGB'))


def tiff_tags(file):
    """Dict of the tags of the first page of a TIFF, an open binary file; None if it is none."""
    head = file.read(8)
    if not head.startswith(_TIFF):
        return None
    from PIL.TiffImagePlugin import ImageFileDirectory_v2
    tags = ImageFileDirectory_v2(head + file.read(8) if 43 in head[2:4] else head)  # 43: BigTIFF
    file.seek(tags.next)
    tags.load(file)
    return tags


def _read_tiff(encoded, path, upright, value_range):
    """Decode a TIFF; of several pages the first. Both decoders turn it upright, whatever they are asked."""
    tags = tiff_tags(io.BytesIO(encoded))
    bits, sample, extra = tags.get(258, (1,)), tags.get(339, (UNSIGNED,))[0], len(tags.get(338, ()))
    orientation, bands, meaning = tags.get(274, 1), tags.get(277, 1), tags.get(262, 0)
    colors = 3 if meaning in (2, YCBCR) else 4 if meaning == CMYK else 1
    meanings = (0, 1, 2, 3, CMYK, YCBCR) if bits[0] <= 8 and sample == UNSIGNED else (1, 2)
    if meaning not in meanings or bands - colors not in (0, 1) or len(set(bits)) > 1:
        raise ValueError(f'it has {bands} bands of {"/".join(map(str, bits))} bits (TIFF photometric {meaning}); grey, '
                         'RGB, and of 8 bits palette, CMYK and YCbCr are read, with at most one band more, the alpha. '
                         'Save what is the picture so')
    if colors == 1 and bands == 2 and not (extra and tags[338][0]):
        raise ValueError('it has 2 bands, and does not say that the second is alpha; save the one that is the picture')
    if sample == UNSIGNED and bits[0] <= 8:
        result = _channels(_pil_image(encoded))
    elif sample == UNSIGNED and bits[0] == 12:
        result = _to_bytes(np.array(_pil_image(encoded)), path, value_range or (0, TWELVE_BITS))
    elif sample == UNSIGNED and bits[0] == 16:
        largest = max(np.atleast_1d(tags.get(281, 0)))
        decoded = cv2.imdecode(encoded, _DEEP)
        result = None if decoded is None else _to_bytes(
            decoded[..., ::-1], path, value_range or ((0, int(largest)) if largest else None))
    else:
        decoded = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)
        if decoded is not None and decoded.ndim == 3:
            decoded = decoded[..., 2::-1] if colors == 3 else decoded[..., 0]
        result = None if decoded is None else _to_bytes(decoded, path, value_range)
    return result if upright or result is None else _turned_back(result, orientation)


def _pil_image(encoded):
    from PIL import Image  # only where it is needed: importing it costs more than the rest of this module
    return Image.open(io.BytesIO(encoded))


def _channels(image):
    """uint8 RGB of a PIL image of at most 8 bits; alpha is left out, not multiplied."""
    if image.mode in ('RGBA', 'RGBX'):
        return np.ascontiguousarray(np.array(image)[..., :3])
    if image.mode == 'LA':
        return cv2.cvtColor(np.ascontiguousarray(np.array(image)[..., 0]), cv2.COLOR_GRAY2RGB)
    return np.array(image.convert('RGB'))


def _to_bytes(values, path, value_range):
    """uint8 (H, W, 3) of grey (H, W) or RGB (H, W, 3) of any type: black is 0, white 255.

    NaN becomes black. Without ``value_range`` uint8 stays, and uint16 of which no value is above 4095 counts as 12
    bits, with a warning; other uint16 as 16.
    """
    if values.dtype == np.uint8 and value_range is None:
        result = values
    else:
        if value_range is None and values.dtype != np.uint16:
            raise ValueError(f'it holds {values.dtype} from {values.min():.6g} to {values.max():.6g}, and nothing says '
                             'which of them are black and white; set value_range=(black, white) of the data set, or '
                             'save it with 8 or 16 bits')
        if value_range is None:
            largest = int(values.max())
            value_range = (0, TWELVE_BITS if largest <= TWELVE_BITS else SIXTEEN_BITS)
            if 0 < largest <= SIXTEEN_BITS // 4:
                _warn_of_range(str(path), largest, value_range[1])
        black, white = value_range
        levels = np.arange(SIXTEEN_BITS + 1) if values.dtype == np.uint16 else values
        scaled = (levels.astype(np.float64) - black) * 255 / (white - black)
        result = (np.nan_to_num(scaled).clip(0, 255) + 0.5).astype(np.uint8)
        if values.dtype == np.uint16:
            result = result[values]
    return cv2.cvtColor(result, cv2.COLOR_GRAY2RGB) if result.ndim == 2 else np.ascontiguousarray(result)


_warned = set()


def _warn_of_range(path, largest, white):
    if white not in _warned:  # once a process: a data set has many of the kind
        _warned.add(white)
        print_log(f'image {path} has 16 bits a value, but none is above {largest} of 65535: {white} counts as white. '
                  'If that is wrong, or not so in all files, set value_range=(black, white) of the data set, for '
                  'instance (0, 65535); this is said once', logger='current', level=logging.WARNING)


def stored_values(image):
    """The numbers that an image file holds, palette numbers and greys of any depth, as they are stored in it.

    PIL stretches greys of 2 and 4 bits, and those of PNM, to 0 to 255, turns over those in which 0 is white, and turns
    a TIFF upright: all of this is undone.

    Args:
        image: PIL image, just opened.

    Returns:
        (H, W) of one channel, else (H, W, channels).
    """
    codec, _, _, arguments = image.tile[0] if image.tile else ('', None, 0, '')
    orientation = image.tag_v2.get(274, 1) if image.format == 'TIFF' else 1
    values = np.array(image)
    if values.dtype == bool:
        values = values.astype(np.uint8)
    raw = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    form = re.fullmatch(r'(1|L)(?:;(\d?)(I?)R?)?', raw) if isinstance(raw, str) else None
    if codec in ('ppm', 'ppm_plain') and isinstance(arguments, tuple):
        largest = SIXTEEN_BITS if image.mode == 'I' else 255
        values = ((values.astype(np.int64) * arguments[1] + largest // 2) // largest).astype(values.dtype)
    elif form and values.ndim == 2:
        bits = 1 if form[1] == '1' else int(form[2] or 8)
        white = 1 if form[1] == '1' else 255
        values = (white - values if form[3] else values) // (white // (2**bits - 1))
    return _turned_back(values, orientation)


def _turned_back(image, orientation):
    """The stored pixels of an image (H, W, ...) that was turned upright from an EXIF orientation."""
    turns = {2: np.fliplr, 3: lambda each: np.rot90(each, 2), 4: np.flipud, 5: lambda each: each.swapaxes(0, 1),
             6: np.rot90, 7: lambda each: np.rot90(each, 2).swapaxes(0, 1), 8: lambda each: np.rot90(each, -1)}
    return np.ascontiguousarray(turns[orientation](image)) if orientation in turns else image
