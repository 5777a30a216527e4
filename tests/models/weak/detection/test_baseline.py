"""Boxes that need no network."""

import pytest
import torch

from mmwsl.models.weak.detection import BoxBaseline
from mmwsl.structures import DataSample


def sample(**fields):
    return DataSample(proposals=torch.tensor([[0., 0, 10, 10], [2, 2, 20, 8]]), proposal_scores=torch.tensor([0.1, 0.9]),
                      img_shape=(20, 40), scale_factor=(2.0, 2.0), **fields)


@pytest.mark.parametrize('kind, box', [('whole_image', [0., 0, 20, 10]), ('best_objectness', [1., 1, 10, 4])])
def test_boxes_in_pixels_of_the_file(kind, box):
    found, = BoxBaseline(3, kind).predict(torch.zeros(1, 3, 32, 64), [sample()])
    assert found.pred_top_boxes.tolist() == [box] * 3
    assert found.pred_box_labels.tolist() == [0, 1, 2] and found.pred_box_scores.tolist() == [1.0] * 3


def test_random_ones_are_all_drawn():
    model = BoxBaseline(2, 'random_proposal')
    torch.manual_seed(0)
    drawn = {tuple(model.predict(torch.zeros(1, 3, 32, 64), [sample()])[0].pred_top_boxes[0].tolist())
             for _ in range(20)}
    assert drawn == {(0, 0, 5, 5), (1, 1, 10, 4)}


def test_errors():
    with pytest.raises(ValueError, match="kind='cam' is unknown; choose one of whole_image"):
        BoxBaseline(2, 'cam')
    bare = sample()
    del bare.proposal_scores
    with pytest.raises(ValueError, match='best_objectness needs proposal_scores'):
        BoxBaseline(2, 'best_objectness').predict(torch.zeros(1, 3, 32, 64), [bare])
