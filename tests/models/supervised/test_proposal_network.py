"""A proposal network by itself: it learns where digits are, and says it in pixels of the file."""

import pytest
import torch

from mmwsl.datasets import DigitScenes, collate_list
from mmwsl.ops import box_iou
from mmwsl.registry import MODELS


def scenes(count, split='train'):
    data = DigitScenes(split=split, num_scenes=count, size=64, supervision='boxes')
    items = [data[number] for number in range(count)]
    for item in items:
        item['data_samples'].set_metainfo(dict(scale_factor=(1.0, 1.0), ori_shape=(64, 64)))
    return items


def network():
    torch.manual_seed(0)
    return MODELS.build(dict(
        type='ProposalNetwork',
        backbone=dict(type='ResNet', depth=18, base_channels=8, stem='cifar', out_indices=(3, 4)),
        neck=dict(type='FPN', out_channels=16, num_outs=2),
        rpn_head=dict(type='RPNHead', in_channels=16, strides=(4, 8), sizes=((16, 24), (32, 48)), post_nms=(50, 20)),
        data_preprocessor=MODELS.build(dict(type='DetectionPreprocessor', mean=[120] * 3, std=[60] * 3))))


def recall(model, items):
    """Share of objects that one of the five best proposals has by an IoU of 0.5."""
    model.eval()
    with torch.no_grad():
        found = model(**model.data_preprocessor(collate_list(items)), mode='predict')
    return sum(bool((box_iou(sample.gt_boxes, sample.pred_boxes[:5]) > 0.5).any()) for sample in found) / len(items)


@pytest.mark.long
def test_it_learns_where_objects_are():
    model, items, others = network(), scenes(48), scenes(32, 'test')
    before = recall(model, others)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(60):
        model.train()
        chosen = [items[(step * 8 + number) % 48] for number in range(8)]
        losses = model(**model.data_preprocessor(collate_list(chosen), training=True), mode='loss')
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
    after = recall(model, others)
    assert set(losses) == {'loss_rpn_cls', 'loss_rpn_bbox'}
    assert after > 0.6 and after > before + 0.2


def test_predictions_are_in_pixels_of_the_file_best_first():
    model = network().eval()
    batch = model.data_preprocessor(collate_list(scenes(2)))
    with torch.no_grad():
        first = [sample.pred_boxes.clone() for sample in model(**batch, mode='predict')]
        for sample in batch['data_samples']:
            sample.set_metainfo(dict(scale_factor=(2.0, 4.0)))
        second = model(**batch, mode='predict')
    assert torch.allclose(second[0].pred_boxes, first[0] / torch.tensor([2., 4., 2., 4.]))
    scores = second[1].pred_box_scores
    assert len(scores) == 20 and (scores[:-1] >= scores[1:]).all() and 0 < scores.min() <= scores.max() < 1
    assert second[1].pred_box_labels.tolist() == [0] * 20


def test_boxes_that_are_missing_are_said():
    model, items = network(), scenes(1)
    del items[0]['data_samples'].gt_boxes
    with pytest.raises(ValueError, match="a proposal network needs boxes: set supervision='boxes'"):
        model(**model.data_preprocessor(collate_list(items), training=True), mode='loss')
