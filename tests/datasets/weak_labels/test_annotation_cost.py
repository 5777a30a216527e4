import pytest

from mmwsl.datasets.weak_labels import annotation_seconds


@pytest.mark.parametrize('kind, seconds', [
    ('tags', 20.0),  # an answer for each of 20 classes
    ('points', 18.0 + 3 * 2.4 + 2.4),  # 18 classes are not there, three objects and the background have a point
    ('scribbles', 18.0 + 4 * 10.9),
    ('boxes', 18.0 + 30.0),
    ('full', 18.0 + 3 * 78.0),
])
def test_seconds_of_an_image_with_three_objects_of_two_of_twenty_classes(kind, seconds):
    assert annotation_seconds(kind, 20, 2, 3) == pytest.approx(seconds)


def test_an_image_without_background_has_one_point_less():
    assert annotation_seconds('points', 20, 2, 3, background=False) == pytest.approx(18 + 3 * 2.4)


def test_what_cannot_be():
    with pytest.raises(ValueError, match="labels of kind 'dots' are unknown; choose one of tags, points"):
        annotation_seconds('dots', 20, 2, 3)
    with pytest.raises(ValueError, match='3 of 2 classes cannot be in an image'):
        annotation_seconds('tags', 2, 3, 3)
