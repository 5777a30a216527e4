"""Figures of the four steps: what a matrix says, with the background and without, and in which records."""

import numpy as np

from mmwsl.apis.pseudo_masks.figures import Figures, given
from mmwsl.apis.pseudo_masks.make_maps import said_classes
from mmwsl.reporting.records import read_records


def test_a_small_part_is_not_hidden_by_its_background(tmp_path):
    """By hand: 90 of 100 pixels are background and found; the part's IoU is 2 / 10, which the mean hardly shows."""
    figures = Figures('config', 0, 'Shapes')
    figures.add('cam', np.array([[90, 0], [8, 2]]), 'train', given(True, None, {}), 1.0)
    table = figures.write(tmp_path, None)
    assert [(each['metric'], each['value']) for each in read_records(tmp_path / 'records.jsonl')] == [
        ('miou', round(50 * (90 / 98 + 0.2), 4)), ('foreground_iou', 20.0)]
    assert '| 55.92 | 20.00 |' in table


def test_one_class_may_be_absent_and_the_best_of_several_is_not():
    assert said_classes(np.array([0.2])).tolist() == [False]
    assert said_classes(np.array([0.6])).tolist() == [True]
    assert said_classes(np.array([0.2, 0.3, 0.1])).tolist() == [False, True, False]
    assert said_classes(np.array([0.7, 0.8, 0.1])).tolist() == [True, True, False]
