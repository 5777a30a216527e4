"""Networks of NaN are refused when they are tested, whatever they predict: no threshold or maximum hides them."""

import copy

import pytest
import torch

from mmwsl.evaluation.metrics import AccuracyMetric, BagMetric, LocalizationMetric, TemporalMetric
from mmwsl.registry import MODELS
from mmwsl.structures import DataSample

RESNET = dict(type='ResNet', depth=18, base_channels=8, out_indices=(4,))
FCN = dict(type='FCN', backbone=RESNET, head=dict(type='FCNHead', in_channels=64, channels=8, num_classes=3))
DETECTOR = dict(
    type='TwoStageDetector', backbone=dict(RESNET, out_indices=(3,)),
    rpn_head=dict(type='RPNHead', in_channels=32, sizes=((16, 32),), pre_nms=(50, 50), post_nms=(8, 8)),
    box_head=dict(type='BoxHead', in_channels=64, num_classes=4, size=0, fc_channels=()),
    mask_head=dict(type='MaskHead', in_channels=64, num_classes=4, size=7, conv_channels=(), channels=8),
    region_size=14, last_stage='layer4')


def build(config, broken=''):
    """Build a model whose floats below ``broken`` are NaN."""
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy(config)).eval()
    for name, value in model.state_dict().items():
        if name.startswith(broken) and value.is_floating_point():
            value.fill_(float('nan'))
    return model


def placed():
    sample = DataSample(index=torch.tensor(0))
    sample.set_metainfo(dict(img_shape=(64, 64), ori_shape=(64, 64), scale_factor=(1.0, 1.0)))
    return [sample]


@pytest.mark.parametrize('config, broken, message', [
    (FCN, '', 'class scores of pixels are NaN'),
    (FCN, 'head', 'class scores of pixels are NaN'),
    (DETECTOR, '', 'scores and deltas of anchors are NaN'),
    (DETECTOR, 'rpn_head.objectness', 'scores and deltas of anchors are NaN'),
    (DETECTOR, 'box_head.classes', 'class scores of regions are NaN'),
    (DETECTOR, 'box_head.boxes', 'box deltas of regions are NaN'),
])
def test_what_names_places_refuses_by_itself(config, broken, message):
    """What is left of a prediction behind a threshold or a maximum, none or class 0, would score 0 without a word."""
    with pytest.raises(ValueError, match=message):
        build(config, broken)(torch.randn(1, 3, 64, 64), placed(), mode='predict')


def test_masks_of_nan():
    model = build(DETECTOR, 'mask_head')
    model.box_head.score_threshold = 0.0  # so that something is found
    with pytest.raises(ValueError, match='mask scores of regions are NaN'):
        model(torch.randn(1, 3, 64, 64), placed(), mode='predict')


@pytest.mark.parametrize('config, metric, message', [
    (dict(type='ImageClassifier', head=dict(type='ClassificationHead', num_classes=6)), AccuracyMetric(),
     'rows of scores hold NaN'),
    (dict(type='Localizer', head=dict(type='CAMHead', num_classes=6)), LocalizationMetric(), 'rows of scores hold NaN')])
def test_metrics_of_classifiers_refuse(config, metric, message):
    model = build(dict(config, backbone=RESNET))
    labels = DataSample(index=torch.tensor([0, 1]), gt_label=torch.tensor([0, 3]),
                        gt_boxes=torch.tensor([[[2., 2., 12., 12.]]] * 2))
    found = model(torch.randn(2, 3, 32, 32), labels, mode='predict')
    if metric.default_prefix == 'localization':
        assert all(sample.pred_maps.isnan().all() for sample in found)  # not maps of zeros
    with pytest.raises(ValueError, match=message):
        metric.process(None, [sample.to_dict() for sample in found])


def test_metrics_of_bags_and_clips_refuse():
    nan = float('nan')
    bag = dict(index=3, gt_label=1, pred_scores=torch.tensor([nan, nan]), pred_instance_scores=torch.tensor([.5]))
    with pytest.raises(ValueError, match='pred_scores of bag 3 are NaN'):
        BagMetric().process(None, [bag])
    with pytest.raises(ValueError, match='1 of 1 pred_instance_scores of bag 3 are NaN'):
        BagMetric().process(None, [dict(bag, pred_scores=torch.ones(2), pred_instance_scores=torch.tensor([nan]))])
    clip = dict(index=2, gt_segments=torch.zeros(0, 2), pred_scores=torch.tensor([nan, 1]), pred_maps=torch.ones(2, 4))
    with pytest.raises(ValueError, match='1 of 2 pred_scores of video 2 are NaN'):
        TemporalMetric().process(None, [clip])
