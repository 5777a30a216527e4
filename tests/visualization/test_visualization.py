import base64
import re

import cv2
import numpy as np
import pytest

from mmwsl.visualization import image_uri, labelled_points, line_chart, scatter_chart


def test_an_image_comes_back_as_it_was():
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    uri = image_uri(image)
    decoded = cv2.imdecode(np.frombuffer(base64.b64decode(uri.split(',')[1]), np.uint8), cv2.IMREAD_COLOR)
    assert uri.startswith('data:image/png;base64,') and np.array_equal(decoded[..., ::-1], image)
    assert image_uri(image[..., 0])
    for bad in (image.astype(float), image[0, 0], image[..., :2], image[:0]):
        with pytest.raises(ValueError, match='an image is uint8'):
            image_uri(bad)


def test_a_line_chart_names_its_lines_and_ticks():
    svg = line_chart({'first & last': ([1, 4, 16], [10, 20, 30]), 'other': ([1, 16], [5, 6])}, 'k', 'percent', log_x=True)
    assert svg.startswith('<svg') and svg.rstrip().endswith('</svg>') and '<metadata' not in svg
    for text in ('first &amp; last', 'other', 'percent', '>16<'):
        assert text in svg
    assert svg == line_chart({'first & last': ([1, 4, 16], [10, 20, 30]), 'other': ([1, 16], [5, 6])}, 'k', 'percent',
                             log_x=True)
    assert '>0.25<' not in line_chart({'a': ([0, 1, 2], [0, 4, 8])}, 'layer', 'percent')  # whole numbers have whole ticks
    assert '>0.25<' in line_chart({'a': ([0, 0.7, 2], [0, 4, 8])}, 'share', 'percent')
    with pytest.raises(ValueError, match='no points'):
        line_chart({'a': ([], [])}, 'x', 'y')


def test_a_scatter_chart_names_the_classes_that_occur():
    points = np.random.default_rng(0).random((20, 2))
    svg = scatter_chart(points, np.arange(20) % 2, ['cat', 'dog', 'cow'])
    assert '>cat<' in svg and '>dog<' in svg and '>cow<' not in svg and svg.count('<use') >= 20
    assert '<svg' in scatter_chart(points)


def test_names_of_points_above_one_another_keep_their_distance():
    svg = labelled_points({'low': ([2.0], [10.0]), 'near': ([2.0], [10.1]), 'far': ([2.0], [40.0])}, 'hours', 'percent')
    height = {name: float(re.search(rf' y="([0-9.]+)"[^<]*>{name}<', svg)[1]) for name in ('low', 'near', 'far')}
    assert height['low'] - height['near'] > 8 and height['near'] - height['far'] > 100
    with pytest.raises(ValueError, match='no points'):
        labelled_points({'none': ([], [])}, 'hours', 'percent')
