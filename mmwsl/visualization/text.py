"""Text on pictures, in whatever script a font of this machine can write."""

import functools

from PIL import ImageDraw, ImageFont


@functools.cache
def _font_files():
    """matplotlib's own DejaVu Sans (Latin, Greek, Cyrillic and more), then what the machine has."""
    from matplotlib import font_manager, get_data_path
    system = sorted(font_manager.findSystemFonts(), key=lambda path: ('regular' not in path.lower(), path))
    return [f'{get_data_path()}/fonts/ttf/DejaVuSans.ttf', *system]


@functools.cache
def _characters(path):
    from matplotlib.ft2font import FT2Font
    try:
        return frozenset(FT2Font(path).get_charmap())
    except (OSError, RuntimeError):  # not every file in the folders of fonts is one
        return frozenset()


@functools.cache
def _font(path, size):
    return ImageFont.truetype(path, size)


@functools.lru_cache(4096)
def _find(needed, size):
    for path in _font_files():
        if needed <= _characters(path):
            try:
                return _font(path, size)
            except OSError:  # fonts of bitmaps, such as emoji, have sizes of their own
                continue
    return None


def find_font(text, size):
    """PIL's font of ``size`` pixels that has every character of ``text``; None if no font of this machine does."""
    return _find(frozenset(ord(each) for each in text if not each.isspace()), size)


def legible(text, otherwise):
    """``text`` on one line if a font here can write it, and a score behind it, else ``otherwise``, else ``?``."""
    text = ' '.join(str(text).split())
    return next((each for each in (text, otherwise) if find_font(each + '0.9%', 16) is not None), '?')


def _font_of(text, size):
    return find_font(text, size) or _font(_font_files()[0], size)


def text_size(text, size):
    """(width, height) in pixels of a line of text of any letters, of a font of ``size``."""
    font = _font_of(text, size)
    return round(font.getlength(text)), sum(font.getmetrics())


def shorten(text, size, width):
    """``text``, cut with dots at its end so that it is at most ``width`` pixels wide."""
    if text_size(text, size)[0] <= width:
        return text
    while text and text_size(text + '...', size)[0] > width:
        text = text[:-1]
    return text.rstrip() + '...'


def write(picture, position, text, size=16, color='white', background=None, padding=3):
    """Write a line of text on a PIL picture, in place.

    Args:
        picture: PIL image.
        position: (x, y) of the upper left corner, of the background too.
        text: what :func:`legible` gave.
        size: of the font in pixels.
        color, background: colors; None = no background.
        padding: pixels around the text.
    """
    draw, (x, y), (width, height) = ImageDraw.Draw(picture), position, text_size(text, size)
    if background is not None:
        draw.rectangle((x, y, x + width + 2 * padding, y + height + 2 * padding - 1), fill=background)
    draw.text((x + padding, y + padding), text, fill=color, font=_font_of(text, size))
