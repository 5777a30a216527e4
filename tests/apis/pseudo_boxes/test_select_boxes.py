"""Which boxes become labels, and the points, scribbles and counts that decide it."""

import cv2
import numpy as np
import pytest

from mmwsl.apis.pseudo_boxes.hints import along, read_counts, read_points, read_scribbles
from mmwsl.apis.pseudo_boxes.select import Found, Stroke, holds_point, holds_stroke, select_boxes

BOXES = np.array([[0, 0, 10, 10], [20, 20, 40, 40], [5, 5, 9, 9], [50, 50, 60, 60], [0, 0, 60, 60]], np.float32)
FOUND = Found(BOXES, np.array([0, 0, 0, 1, 2]), np.array([0.2, 0.7, 0.5, 0.9, 0.8]))
TAGS = np.array([1, 0, 1])
LINE = np.array([[column, 7.0] for column in range(1, 11)])  # the first box holds 9 of the 10 points, the third 4


@pytest.mark.parametrize('settings, rows', [
    (dict(), [1, 4]), (dict(top=2), [1, 2, 4]), (dict(top=None), [1, 2, 0, 4]),
    (dict(top=None, score_threshold=0.5), [1, 2, 4]), (dict(score_threshold=0.75), [4]),
    (dict(points=np.array([[6.0, 6, 0]])), [2, 4]),  # the best one holds no point
    (dict(top=None, points=np.array([[6.0, 6, 0], [39.9, 20, 0]])), [1, 2, 0, 4]),
    (dict(points=np.array([[55.0, 55, 0]])), [4]),
    (dict(points=np.array([[55.0, 55, 1]])), [1, 4]),  # of a class that is not there
    (dict(strokes=[Stroke(0, LINE)]), [0, 4]), (dict(strokes=[Stroke(0, LINE + (1, 0))]), [4]),
    (dict(top=None, strokes=[Stroke(0, LINE), Stroke(0, LINE[4:8])]), [2, 0, 4]),  # one of them is enough
    (dict(strokes=[Stroke(1, LINE)]), [1, 4]), (dict(top=None, strokes=[Stroke(-1, LINE)]), [1, 2]),  # background
    (dict(strokes=[Stroke(-1, LINE + (0, 500))]), [1, 4]),
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


def test_strokes_that_are_held():
    assert holds_stroke(BOXES, [Stroke(0, LINE)]).tolist() == [True, False, False, False, True]
    assert holds_stroke(BOXES, [Stroke(0, LINE)], share=0.4).tolist() == [True, False, True, False, True]
    assert holds_stroke(BOXES, []).tolist() == [False] * 5 and holds_stroke(BOXES[:0], [Stroke(0, LINE)]).tolist() == []


def test_points_along_a_line():
    assert along(np.array([[0.0, 0], [3, 4], [3, 5]])) == pytest.approx(
        np.array([[0, 0], [.6, .8], [1.2, 1.6], [1.8, 2.4], [2.4, 3.2], [3, 4], [3, 5]]))
    assert along(np.array([[2.0, 3]])).tolist() == [[2, 3]]
    assert np.hypot(*np.diff(along(np.array([[0.0, 0], [2.5, 0]])), axis=0).T).max() <= 1


def test_table_of_scribbles(tmp_path):
    table = tmp_path / 'scribbles.csv'
    table.write_text('file,class,stroke,x,y\na/1.jpg,dog,1,0,0\na/1.jpg,dog,1,2,0\na/1.jpg,dog,2,5,5\n'
                     '2.jpg,background,1,7,8\n2.jpg,background,1,7,10\n')
    found = read_scribbles(table, PATHS, ['cat', 'dog'])
    assert {key: [(each.label, each.points.tolist()) for each in value] for key, value in found.items()} == {
        0: [(1, [[0, 0], [1, 0], [2, 0]]), (1, [[5, 5]])], 2: [(-1, [[7, 8], [7, 9], [7, 10]])]}
    table.write_text('file,class,stroke,x,y\n2.jpg,cat,1,-7,8\n')
    with pytest.raises(ValueError, match='line 2: the corner -7 8 of stroke 1 is not inside a photo'):
        read_scribbles(table, PATHS, ['cat', 'dog'])
    with pytest.raises(FileNotFoundError, match='--scribbles .*none.csv does not exist'):
        read_scribbles(tmp_path / 'none.csv', PATHS, ['cat', 'dog'])


def test_masks_of_scribbles(tmp_path):
    photos, masks = [], tmp_path / 'masks'
    for name in ('a/1.jpg', 'b/1.jpg', '2.jpg'):
        photos.append(str(tmp_path / 'photos' / name))
        (tmp_path / 'photos' / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(photos[-1], np.zeros((6, 8, 3), np.uint8))
    (masks / 'b').mkdir(parents=True)
    mask = np.full((6, 8), 255, np.uint8)
    mask[1, 1:4], mask[2, 6], mask[5, 7], mask[4, 0] = 2, 2, 0, 1
    cv2.imwrite(str(masks / 'b' / '1.png'), mask)
    found = read_scribbles(masks, photos, ['cat', 'dog'])
    assert {key: [(each.label, each.points.tolist()) for each in value] for key, value in found.items()} == {
        1: [(-1, [[7, 5]]), (0, [[0, 4]]), (1, [[1, 1], [2, 1], [3, 1]]), (1, [[6, 2]])]}
    with pytest.raises(ValueError, match='1.png has the value 2; there are 1 classes'):
        read_scribbles(masks, photos, ['cat'])
    cv2.imwrite(str(masks / '1.png'), mask)
    with pytest.raises(ValueError, match='2 of the 3 photos is called 1; name it by the end of its path'):
        read_scribbles(masks, photos, ['cat', 'dog'])
    (masks / '1.png').rename(masks / '2.png')
    cv2.imwrite(str(masks / '2.png'), mask[:5])
    with pytest.raises(ValueError, match='2.png has 8 x 5 pixels, its photo .*2.jpg 8 x 6'):
        read_scribbles(masks, photos, ['cat', 'dog'])
    with pytest.raises(ValueError, match='has no PNG; give a mask for each photo with scribbles'):
        read_scribbles(tmp_path / 'photos' / 'a', photos, ['cat', 'dog'])
