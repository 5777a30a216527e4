"""Pictures of predictions: a photo with names, boxes, masks and class map, its maps beside it, or a bag's members."""

import colorsys
from collections import Counter

import cv2
import numpy as np
from PIL import Image, ImageDraw

from mmwsl.visualization.overlays import overlay
from mmwsl.visualization.text import legible, shorten, text_size, write

LARGE, SMALL = 1024, 480  # longest side of a photo in a picture: larger ones are shrunk, smaller ones enlarged
BESIDE = 640  # at most so long where panels stand beside it
NARROW, LONGEST = 160, 2048  # shortest side that names fit into, as far as the other one is not longer than that
FONT, GAP, COLUMNS, TILE, TILES = 16, 8, 3, 128, 40  # pixels, and how many
CROWD, SMALL_FONT = 8, 12  # from so many objects on, names are written smaller
OPACITY = 0.5


def palette():
    """Colors of class numbers, uint8 (256, 3), as VOC's palette has them: 0 is black, 255 nearly white."""
    numbers, colors = np.arange(256), np.zeros((256, 3), dtype=np.uint8)
    for bit in range(8):
        for channel in range(3):
            colors[:, channel] |= (((numbers >> (3 * bit + channel)) & 1) << (7 - bit)).astype(np.uint8)
    return colors


def class_color(number, instance=0):
    """Bright color (r, g, b) of objects of a class; classes of near numbers have hues that are far apart.

    The first four of a class in a picture differ in their shades.
    """
    saturation, value = ((0.85, 1), (0.5, 1), (0.85, 0.65), (0.3, 0.8))[instance % 4]
    return tuple(round(255 * each) for each in colorsys.hsv_to_rgb(number * 0.618034 % 1, saturation, value))


def shown_size(size, alone=True):
    """(width, height) at which a photo of ``size`` (width, height) is drawn, alone or with panels beside it."""
    scale = min((LARGE if alone else BESIDE) / max(size), max(SMALL / max(size), 1))
    scale = max(scale, min(NARROW / min(size), LONGEST / max(size)))
    return tuple(max(1, round(side * scale)) for side in size)


def draw_prediction(image, summary, members=()):
    """Draw what was predicted of a photo, or of a bag.

    Args:
        image: uint8 (H, W, 3) RGB, the photo at any size; None for a bag.
        summary: of :func:`mmwsl.structures.summary.summarize`, whose ``size`` (width, height) is that of the photo.
        members: photos of the bag, uint8 (h, w, 3), in the order of ``summary['members']``.

    Returns:
        uint8 (H', W', 3) RGB: large photos are shrunk and small ones enlarged, so that the names can be read.
    """
    panels = []
    if image is not None:
        panels = _panels(image, summary)
    elif 'members' in summary:
        panels = [_contact_sheet(members, summary['members'])]
    grid = _grid(panels, _columns(panels))
    return np.asarray(_stack([grid, *_captions(summary, grid.width)]))


def _panels(image, summary):
    size = shown_size(summary['size'], alone='class_map' not in summary and not summary.get('maps'))
    photo = _resized(image, size)
    first = photo
    if 'class_map' in summary:
        first = _blend_class_map(first, summary['class_map'], summary.get('areas', ()))
    panels = [_draw_objects(first, summary.get('objects', ()), summary['size'])]
    if 'class_map' in summary:
        panels.insert(0, Image.fromarray(photo))
    scores = {each['number']: each['score'] for each in summary.get('classes', ())}
    scale = np.tile(np.divide(size, summary['size']), 2)
    for each in summary.get('maps', ()):
        values = cv2.resize(each['values'].astype(np.float32), size, interpolation=cv2.INTER_LINEAR).clip(0, 1)
        heat = Image.fromarray(_dim_unseen(overlay(photo, values), photo, np.multiply(summary['seen'], scale))
                               if 'seen' in summary else overlay(photo, values))
        for box in each['boxes']:
            ImageDraw.Draw(heat).rectangle(_drawable(box * scale, size), outline='white', width=2)
        if each['name']:
            score = f' {scores[each["number"]]:.2f}' if each['number'] in scores else ''
            write(heat, (0, 0), _label_text(each, score, size[0]), FONT, 'white', 'black')
        panels.append(heat)
    return panels


def _resized(image, size):
    if (image.shape[1], image.shape[0]) == size:
        return np.ascontiguousarray(image)
    shrinks = image.shape[1] > size[0]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)


def _dim_unseen(picture, photo, seen):
    """``picture`` inside the box ``seen``, and the darkened photo around it, at which the network did not look."""
    x1, y1, x2, y2 = np.rint(seen).astype(int)
    dimmed = photo // 3
    dimmed[y1:y2, x1:x2] = picture[y1:y2, x1:x2]
    return dimmed


def _blend_class_map(photo, class_map, areas):
    """Half transparent colors where the class is not the background: class 0, unless it has another name."""
    background = all(each['name'] in ('background', 'class 0') for each in areas if each['number'] == 0)
    size = photo.shape[1], photo.shape[0]
    numbers = cv2.resize(class_map, size, interpolation=cv2.INTER_NEAREST).astype(int)
    mixed = (1 - OPACITY) * photo + OPACITY * palette()[numbers % 256]
    return np.where((numbers >= int(background))[..., None], np.rint(mixed), photo).astype(np.uint8)


def _draw_objects(photo, objects, full_size):
    """Masks, then boxes, then names, of each the best last, so that it lies on top."""
    size, seen = (photo.shape[1], photo.shape[0]), Counter()
    photo, colors = photo.astype(np.float32), []
    for each in objects:
        colors.append(class_color(each['number'], seen[each['number']]))
        seen[each['number']] += 1
    for each, color in list(zip(objects, colors, strict=True))[::-1]:
        if 'mask' in each:
            mask = cv2.resize(each['mask'].view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
            photo[mask > 0] = (1 - OPACITY) * photo[mask > 0] + OPACITY * np.float32(color)
            cv2.drawContours(photo, cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)[0], -1, color)
    picture = Image.fromarray(np.rint(photo).astype(np.uint8))
    scale = np.tile(np.divide(size, full_size), 2)
    places = [_drawable(each['box'] * scale, size) for each in objects]
    font = SMALL_FONT if len(objects) >= CROWD else FONT
    for place, color in list(zip(places, colors, strict=True))[::-1]:
        ImageDraw.Draw(picture).rectangle(place, outline=color, width=3 if font == FONT else 2)
    texts = [_label_text(each, f' {each["score"]:.2f}', size[0], font) for each in objects]
    corners = _free_corners(places, [text_size(text, font) for text in texts], size)
    for corner, text, color in list(zip(corners, texts, colors, strict=True))[::-1]:
        write(picture, corner, text, font, _ink(color), color)
    return picture


def _free_corners(boxes, texts, size):
    """Upper left corners of names, the first ones chosen first: over their box, or where else by it no name stands yet.

    Args:
        boxes: list of (x1, y1, x2, y2).
        texts: (width, height) of each name.
        size: (width, height) of the picture, within which they are.
    """
    taken = []
    for (x1, y1, x2, y2), text in zip(boxes, texts, strict=True):
        width, height = (side + 6 for side in text)
        places = [(min(x, max(size[0] - width, 0)), y) for y in (y1 - height, y1, y2 + 1, y2 - height)
                  for x in (x1, max(x2 - width, 0)) if 0 <= y <= size[1] - height] or [(x1, y1)]
        free = [(x, y) for x, y in places if all(x + width <= left or left + wide <= x or y + height <= top
                                                 or top + high <= y for left, top, wide, high in taken)]
        taken.append((*(free or places)[0], width, height))
    return [place[:2] for place in taken]


def _drawable(box, size):
    """Whole pixels of a box with x2 and y2 exclusive, within a picture of ``size`` and at least a pixel large."""
    x1, y1, x2, y2 = (int(round(value)) for value in box)
    x1, y1 = min(max(x1, 0), size[0] - 1), min(max(y1, 0), size[1] - 1)
    return x1, y1, max(min(x2 - 1, size[0] - 1), x1), max(min(y2 - 1, size[1] - 1), y1)


def _label_text(each, ending, width, font=FONT):
    """Name and ending, the name cut so that both fit into ``width`` pixels."""
    return shorten(_legible(each), font, width - 6 - text_size(ending, font)[0]) + ending


def _ink(background):
    """Black or white, whichever is read better on a color."""
    red, green, blue = background
    return 'black' if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else 'white'


def _contact_sheet(photos, members):
    """The members of a bag, the highest score first, each with its score and a bar of it as a share of the highest."""
    order = np.argsort([-each['score'] for each in members], kind='stable')
    highest, tiles = max(max(each['score'] for each in members), 1e-12), []
    for number in order[:TILES]:
        photo = photos[number]
        scale = TILE / max(photo.shape[:2])
        size = tuple(max(1, round(side * scale)) for side in (photo.shape[1], photo.shape[0]))
        tile = Image.new('RGB', (TILE, TILE + 34), 'white')
        tile.paste(Image.fromarray(_resized(photo, size)), ((TILE - size[0]) // 2, (TILE - size[1]) // 2))
        share = max(members[number]['score'] / highest, 0)
        ImageDraw.Draw(tile).rectangle((0, TILE + 2, max(share * (TILE - 1), 1), TILE + 8), fill=(200, 0, 0))
        score = members[number]['score']
        write(tile, (0, TILE + 8), '< 0.001' if 0 < score < 0.001 else f'{score:.3f}', FONT, 'black')
        tiles.append(tile)
    rest = len(members) - len(tiles)
    sheet = _grid(tiles, min(8, max(4, round(len(tiles)**0.5 * 1.3))))
    return _stack([sheet, _line(f'and {rest} more', sheet.width)]) if rest else sheet


def _columns(panels):
    """How many panels stand in a row: wide ones lie below each other, of tall ones there are more."""
    shape = panels[0].width / panels[0].height if panels else 1
    return 1 if shape > 2.5 else COLUMNS if shape > 0.5 else 2 * COLUMNS


def _grid(panels, columns):
    rows = [panels[start:start + columns] for start in range(0, len(panels), columns)]
    return _stack([_stack(row, 0) for row in rows])


def _stack(pictures, axis=1):
    """Pictures side by side (axis 0) or one below the other (1), on white."""
    along = sum(each.size[axis] for each in pictures) + GAP * max(len(pictures) - 1, 0)
    across = max((each.size[1 - axis] for each in pictures), default=1)
    whole = Image.new('RGB', (across, max(along, 1)) if axis else (max(along, 1), across), 'white')
    position = 0
    for each in pictures:
        whole.paste(each, (0, position) if axis else (position, 0))
        position += each.size[axis] + GAP
    return whole


def _captions(summary, width):
    """Lines below the picture: classes with scores, and what the colors of a class map are."""
    lines = [_line(_scored(each), width) for each in summary.get('classes', ())]
    if summary.get('objects') == []:
        lines.append(_line('no object', width))
    for name, found in summary.get('layers', {}).items():
        lines.append(_line(f'{name}: ' + ', '.join(map(_scored, found)), width))
    for each in summary.get('areas', ()):
        if each['share'] < 0.001:
            continue
        color = tuple(map(int, palette()[each['number'] % 256]))
        lines.append(_line(f'{_legible(each)} {each["share"]:.1%}', width, color))
    return lines


def _legible(each):
    return legible(each['name'], f'class {each["number"]}')


def _scored(each):
    return f'{_legible(each)} {each["score"]:.2f}'


def _line(text, width, color=None):
    start = 0 if color is None else 28
    text = shorten(legible(text, '?'), FONT, max(width, SMALL // 2) - start - 6)
    line = Image.new('RGB', (max(width, start + text_size(text, FONT)[0] + 6), text_size(text, FONT)[1] + 4), 'white')
    if color is not None:
        ImageDraw.Draw(line).rectangle((4, 4, 22, line.height - 5), fill=color, outline='black')
    write(line, (start, 0), text, FONT, 'black', padding=2)
    return line
