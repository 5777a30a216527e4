"""Which boxes become labels, and the tables of points and counts."""

import numpy as np
import pytest

from mmwsl.apis.pseudo_boxes.hints import read_counts, read_points
from mmwsl.apis.pseudo_boxes.select import Found, holds_point, select_boxes

BOXES = np.array([[0, 0, 10, 10], [20, 20, 40, 40], [5, 5, 9, 9], [50, 50, 60, 60], [0, 0, 60, 60]], np.float32)
FOUND = Found(BOXES, np.array([0, 0, 0, 1, 2]), np.array([0.2, 0.7, 0.5, 0.9, 0.8]))
TAGS = np.array([1, 0, 1])


@pytest.mark.parametrize('settings, rows', [
    (dict(), [1, 4]), (dict(top=2), [1, 2, 4]), (dict(top=None), [1, 2, 0, 4]),
    (dict(top=None, score_threshold=0.5), [1, 2, 4]), (dict(score_threshold=0.75), [4]),
    (dict(points=np.array([[6.0, 6, 0]])), [2, 4]),  # the best one holds no point
    (dict(top=None, points=np.array([[6.0, 6, 0], [39.9, 20, 0]])), [1, 2, 0, 4]),
    (dict(points=np.array([[55.0, 55, 0]])), [4]),
    (dict(points=np.array([[55.0, 55, 1]])), [1, 4]),  # of a class that is not there
    (dict(counts={0: 3}), [1, 2, 0, 4]), (dict(counts={0: 0}), [4])])
def test_boxes_of_the_tags(settings, rows):
    found = select_boxes(FOUND, TAGS, **settings)
    assert found.boxes.tolist() == BOXES[rows].tolist()
    assert found.labels.tolist() == FOUND.labels[rows].tolist() and found.scores.tolist() == FOUND.scores[rows].tolist()


def test_unknown_tags_get_no_box():
    assert len(select_boxes(FOUND, np.array([-1, 0, -1])).boxes) == 0


def test_ends_of_boxes_are_outside():
    points = np.array([[10.0, 5], [0, 0]])
    assert holds_point(BOXES[:1], points[:1]).tolist() == [False] and holds_point(BOXES[:1], points).tolist() == [True]


PATHS = ['/photos/a/1.jpg', '/photos/b/1.jpg', '/photos/2.jpg']


def test_tables(tmp_path):
    (tmp_path / 'points.csv').write_text('file,class,x,y\na/1.jpg,dog,3,4.5\na/1.jpg,cat,0,0\n2.jpg,dog,7,8\n')
    points = read_points(tmp_path / 'points.csv', PATHS, ['cat', 'dog'])
    assert {key: value.tolist() for key, value in points.items()} == {0: [[3, 4.5, 1], [0, 0, 0]], 2: [[7, 8, 1]]}
    (tmp_path / 'counts.csv').write_text('\ufefffile,class,count\nb/1.jpg,cat,2\nb/1.jpg,dog,0\n')
    assert read_counts(tmp_path / 'counts.csv', PATHS, ['cat', 'dog']) == {1: {0: 2, 1: 0}}


@pytest.mark.parametrize('text, message', [
    ('file,x,y\n', 'has the columns file, x, y; it needs file,class,x,y'),
    ('file,class,x,y\n1.jpg,cat,1,1\n', 'line 2: 2 of the 3 photos is called 1.jpg; name it by the end of its path'),
    ('file,class,x,y\n3.jpg,cat,1,1\n', 'line 2: none of the 3 photos is called 3.jpg'),
    ('file,class,x,y\n2.jpg,cow,1,1\n', "line 2: class 'cow' is not among cat, dog"),
    ('file,class,x,y\n2.jpg,cat,1,\n', 'line 2: x, y must be numbers'),
    ('file,class,x,y\n2.jpg,cat,1,-2\n', 'line 2: the point 1 -2 is not inside a photo')])
def test_tables_that_cannot_be_used(text, message, tmp_path):
    (tmp_path / 'points.csv').write_text(text)
    with pytest.raises(ValueError, match=message):
        read_points(tmp_path / 'points.csv', PATHS, ['cat', 'dog'])


def test_counts_are_whole(tmp_path):
    (tmp_path / 'counts.csv').write_text('file,class,count\n2.jpg,cat,1.5\n')
    with pytest.raises(ValueError, match='the count 1.5 is no whole number from 0 on'):
        read_counts(tmp_path / 'counts.csv', PATHS, ['cat', 'dog'])
    with pytest.raises(FileNotFoundError, match='--counts .*none.csv does not exist'):
        read_counts(tmp_path / 'none.csv', PATHS, ['cat', 'dog'])
