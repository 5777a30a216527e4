"""Files of predictions: pictures, maps as PNG, and what stands of them in JSON."""

import io
import json
import os
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mmwsl.files import write_atomically
from mmwsl.visualization import draw_prediction, palette

KINDS = ('pictures', 'maps', 'class_maps')


class PredictionFiles:
    """The files of one prediction, ``KIND/STEM...`` below a folder.

    Args:
        out: the folder, a Path.
        stem: what their names begin with.
    """

    def __init__(self, out, stem):
        self.out, self.stem = out, stem

    def _write(self, kind, ending, content):
        name = f'{kind}/{self.stem}{ending}'
        write_atomically(self.out / name, content)
        return name

    def draw(self, summary, image, members=()):
        """Write :func:`draw_prediction`'s picture, whose name ``summary`` gets."""
        picture = draw_prediction(image, summary, members)
        encoded = cv2.imencode('.jpg', picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])[1]
        summary['picture'] = self._write('pictures', '.jpg', encoded.tobytes())

    def plain(self, summary):
        """The summary with plain values alone: COCO's run lengths for masks, and names of files for maps.

        Maps become grey PNGs, 255 where they are 1, and class maps PNGs whose values are the classes, with a palette.
        """
        from pycocotools import mask as coco_mask
        plain = dict(summary)
        if 'objects' in summary:
            plain['objects'] = [dict(each) for each in summary['objects']]
            for each in plain['objects']:
                if 'mask' in each:
                    encoded = coco_mask.encode(np.asfortranarray(each['mask'].astype(np.uint8)))
                    each['mask'] = dict(size=list(encoded['size']), counts=encoded['counts'].decode())
        if 'class_map' in summary:
            plain['class_map'] = self._write('class_maps', '.png', palette_png(summary['class_map']))
        if 'maps' in summary:
            plain['maps'] = []
            for position, each in enumerate(summary['maps']):
                levels = cv2.imencode('.png', np.rint(each['values'] * 255).astype(np.uint8))[1].tobytes()
                number = each['number'] if each['number'] >= 0 else position
                file = self._write('maps', f'.{number}.png', levels)
                plain['maps'].append(dict(number=each['number'], name=each['name'], file=file, boxes=each['boxes']))
        return plain


def write_predictions(path, about, records):
    """Write a JSON object of what ``about`` says, and in the list ``predictions`` each of ``records`` on a line."""
    texts = (json.dumps(record, ensure_ascii=False, allow_nan=False) for record in records)
    head = json.dumps(about, ensure_ascii=False)
    write_atomically(path, head[:-1] + ', "predictions": [\n' + ',\n'.join(texts) + '\n]}\n')


def relative_name(path, folder):
    """The name of a file seen from a folder, with ``/`` on every system; of the folder itself its last part."""
    name = Path(os.path.relpath(os.path.abspath(path), folder)).as_posix()
    return os.path.basename(folder) if name == '.' else name


def unique_stems(names, whole=False):
    """What the files of each prediction begin with: its name, without the ending unless two would be alike.

    Args:
        names: dict path -> name.
        whole: keep what looks like an ending, of folders.
    """
    short = {path: name if whole else os.path.splitext(name)[0] for path, name in names.items()}
    return short if len(set(short.values())) == len(short) else names


def palette_png(class_map):
    """Bytes of a PNG of a class map (H, W): uint8 with VOC's palette, uint16 grey."""
    image, file = Image.fromarray(class_map), io.BytesIO()
    if class_map.dtype == np.uint8:
        image.putpalette(palette().tobytes())
    image.save(file, 'PNG')
    return file.getvalue()
