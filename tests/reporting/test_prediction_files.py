"""Files of predictions: what is written, and that JSON is whole or not there."""

import io
import json

import numpy as np
import PIL
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from mmwsl.reporting.predictions import PredictionFiles, palette_png, write_predictions


def test_arrays_become_files_and_run_lengths(tmp_path):
    values = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
    mask = values > 0.5
    summary = dict(maps=[dict(number=-1, name='', values=values, boxes=[]), dict(number=7, name='cat', values=values, boxes=[])],
                   objects=[dict(number=0, name='a', score=.5, box=[0, 0, 4, 3], mask=mask)])
    plain = PredictionFiles(tmp_path, 'папка/x').plain(summary)
    assert [each['file'] for each in plain['maps']] == ['maps/папка/x.0.png', 'maps/папка/x.7.png'] and 'values' not in str(plain)
    with Image.open(tmp_path / plain['maps'][1]['file']) as image:
        assert np.array_equal(np.array(image), np.rint(values * 255))
    assert np.array_equal(coco_mask.decode(plain['objects'][0]['mask']), mask) and json.dumps(plain)
    assert summary['objects'][0]['mask'] is mask and 'values' in summary['maps'][0]  # it stays as it was


@pytest.mark.parametrize('dtype, mode', [(np.uint8, 'P'), (np.uint16, 'I' if PIL.__version__ == '10.0.0' else 'I;16')])
def test_class_maps_keep_their_values(dtype, mode):
    class_map = np.array([[0, 1], [20, np.iinfo(dtype).max]], dtype)
    image = Image.open(io.BytesIO(palette_png(class_map)))
    assert image.mode == mode and np.array_equal(np.array(image), class_map)


def test_one_prediction_a_line_and_nothing_half(tmp_path):
    path, records = tmp_path / 'predictions.json', [dict(file='a', score=1.0), dict(file='猫', score=.5)]
    write_predictions(path, dict(classes=['x']), records)
    text = path.read_text(encoding='utf-8')
    assert json.loads(text) == dict(classes=['x'], predictions=records) and '{"file": "猫", "score": 0.5}' in text.splitlines()
    with pytest.raises(ValueError, match='not JSON compliant'):
        write_predictions(path, {}, [dict(score=np.nan)])
    assert path.read_text(encoding='utf-8') == text
    write_predictions(path, dict(classes=[]), [])
    assert json.loads(path.read_text()) == dict(classes=[], predictions=[])
