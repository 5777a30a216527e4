import torch

from mmwsl.models.supervised import assign, sample
from mmwsl.models.supervised.matching import IGNORED, NEGATIVE

OBJECTS = torch.tensor([[0., 0., 10., 10.], [20., 20., 30., 30.]])


def test_boxes_answer_for_the_object_they_overlap_enough():
    boxes = torch.tensor([[0., 0., 10., 9.], [0., 0., 10., 5.], [0., 0., 10., 2.], [50., 50., 60., 60.],
                          [20., 20., 30., 24.]])  # IoU .9, .5, .2, 0 with the first; .4 with the second
    assert assign(boxes, OBJECTS, 0.7, 0.3).tolist() == [0, IGNORED, NEGATIVE, NEGATIVE, IGNORED]
    assert assign(boxes, OBJECTS, 0.5, 0.5).tolist() == [0, 0, NEGATIVE, NEGATIVE, NEGATIVE]  # .5 itself is enough
    # the last box is the best there is for the second object
    assert assign(boxes, OBJECTS, 0.7, 0.3, keep_best=True).tolist() == [0, IGNORED, NEGATIVE, NEGATIVE, 1]


def test_an_object_that_no_box_touches_makes_none_positive():
    boxes = torch.tensor([[50., 50., 60., 60.], [70., 70., 80., 80.]])
    assert assign(boxes, OBJECTS, 0.7, 0.3, keep_best=True).tolist() == [NEGATIVE, NEGATIVE]
    assert assign(boxes, OBJECTS[:0], 0.7, 0.3).tolist() == [NEGATIVE, NEGATIVE]
    assert assign(boxes[:0], OBJECTS, 0.7, 0.3).shape == (0,)


def test_samples():
    matches = torch.tensor([0] * 30 + [NEGATIVE] * 100 + [IGNORED] * 20)
    torch.manual_seed(0)
    positives, negatives = sample(matches, 40, 0.25)
    assert len(positives) == 10 and len(negatives) == 30
    assert (matches[positives] == 0).all() and (matches[negatives] == NEGATIVE).all()
    assert len(set(positives.tolist())) == 10 and positives.tolist() != list(range(10))
    positives, negatives = sample(matches, 400, 0.25)  # what there is
    assert len(positives) == 30 and len(negatives) == 100
