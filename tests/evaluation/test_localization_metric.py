"""The localisation metric on images whose maps and boxes are drawn by hand."""

import json

import pytest
import torch

from mmwsl.evaluation.metrics import LocalizationMetric
from mmwsl.models.weak import Localizer
from mmwsl.structures import DataSample, split_samples


def square(left, top, right, bottom, side=20):
    values = torch.zeros(side, side)
    values[top:bottom, left:right] = 1.0
    return values


def batch():
    """Three images of 20 x 20: all right; right class, wrong place; wrong class, right place of the true one."""
    here, there = square(2, 2, 12, 12), square(13, 13, 20, 20)
    maps = torch.stack([torch.stack([here, there, here]), torch.stack([there, here, there]),
                        torch.stack([there, here, here])])
    scores = torch.tensor([.1, .2, .05, .05, .5, .1]).expand(3, 6)
    return DataSample(
        index=torch.tensor([0, 1, 2]), gt_label=torch.tensor([4, 4, 1]), pred_maps=maps, pred_scores=scores,
        pred_map_labels=torch.tensor([[4, 1, 4], [4, 1, 4], [4, 1, 1]]),
        gt_boxes=torch.tensor([[[2., 2., 12., 12.]]] * 3), gt_instance_masks=torch.stack([here[None] > 0] * 3))


def predicted(samples):
    """As a metric gets them: a dict an image."""
    return [sample.to_dict() for sample in split_samples(samples, 3)]


def test_figures_by_hand():
    metric = LocalizationMetric(step=0.1)
    metric.process(None, predicted(batch()))
    figures = metric.evaluate(3)
    expected = dict(top1_cls=200 / 3, top5_cls=100, top1_loc=100 / 3, top5_loc=200 / 3, gt_known=200 / 3,
                    pointing=200 / 3, max_box_acc=200 / 3, max_box_acc_v2=200 / 3, max_box_threshold=0)
    for name, value in expected.items():
        assert figures[f'localization/{name}'] == pytest.approx(value, abs=1e-3), name
    # of 300 object pixels 200 are at 1 beside 49 of the background; the rest is reached at 0 with all 1,200 pixels
    assert figures['localization/pixel_ap'] == pytest.approx(100 * (200 / 249 * 2 / 3 + 300 / 1200 / 3), abs=1e-3)


def test_the_best_five_are_those_of_the_scores_not_of_the_maps():
    """With one map an image (topk=1), and with all six (topk=6); of the third image the true class is the fifth, of
    the second the last."""
    for labels in ([[4, 4], [4, 2], [4, 1]], [[4, 0, 1, 2, 3, 5, 4]] * 3):
        metric, known = LocalizationMetric(step=0.1), batch()
        known.gt_label = torch.tensor([4, 2, 1])
        known.pred_scores = torch.tensor([[.0, .1, .1, .1, .6, .1], [.2, .1, .05, .15, .4, .1],
                                          [.15, .1, .05, .15, .4, .15]])
        known.pred_map_labels = torch.tensor(labels)
        metric.process(None, predicted(known))
        figures = metric.evaluate(3)
        assert figures['localization/top1_cls'] == pytest.approx(100 / 3, abs=1e-3)
        assert figures['localization/top5_cls'] == pytest.approx(200 / 3, abs=1e-3)
        assert figures['localization/top5_loc'] == pytest.approx(200 / 3, abs=1e-3)


@pytest.mark.parametrize('topk', [1, 3])
def test_the_best_five_of_a_localizer_that_maps_fewer(topk):
    """Twelve images whose class has the rank 0 to 6 and 0 to 4 of the network's seven scores: 2 first, 10 among five."""
    torch.manual_seed(0)
    model = Localizer(dict(type='ResNet', depth=18, base_channels=4, out_indices=(4,)), topk=topk,
                      head=dict(type='CAMHead', num_classes=7)).eval()
    torch.nn.init.normal_(model.head.classifier.weight)
    images = torch.randn(12, 3, 32, 32)
    ranked = model.head(model.backbone(images)).argsort(1, descending=True)
    labels = ranked[torch.arange(12), torch.arange(12) % 7]
    known = DataSample(index=torch.arange(12), gt_label=labels, gt_boxes=torch.tensor([[[2., 2., 12., 12.]]] * 12))
    metric = LocalizationMetric(step=0.1)
    metric.process(None, [sample.to_dict() for sample in model(images, known, mode='predict')])
    figures = metric.evaluate(12)
    assert figures['localization/top1_cls'] == pytest.approx(100 * 2 / 12, abs=1e-3)
    assert figures['localization/top5_cls'] == pytest.approx(100 * 10 / 12, abs=1e-3)


@pytest.mark.parametrize('field, message', [('pred_scores', 'rows of scores hold NaN'),
                                            ('pred_maps', '400 of 400 values of the map are NaN')])
def test_nan_is_refused(field, message):
    known = batch()
    known.set_field(torch.full_like(known.get(field), float('nan')), field)
    with pytest.raises(ValueError, match=message):
        LocalizationMetric(step=0.1).process(None, predicted(known))


def test_an_image_that_two_ranks_scored_counts_once():
    metric = LocalizationMetric(step=0.1)
    metric.process(None, predicted(batch()) * 2)
    assert metric.evaluate(3)['localization/top1_cls'] == pytest.approx(200 / 3, abs=1e-3)


def test_without_masks_and_without_boxes():
    metric, known = LocalizationMetric(step=0.1), batch()
    del known.gt_instance_masks
    metric.process(None, predicted(known))
    assert 'localization/pixel_ap' not in metric.evaluate(3)
    del known.gt_boxes
    with pytest.raises(ValueError, match="needs boxes: set supervision='boxes'"):
        metric.process(None, predicted(known))


def test_class_maps_without_boxes(tmp_path):
    """As the figures by hand, from class maps: 255 leaves 20 of the 49 pixels of the background out, per wrong map."""
    metric, known = LocalizationMetric(step=0.1, curves=tmp_path / 'curves.json'), batch()
    classes = (known.gt_instance_masks[:, 0] * (known.gt_label + 1)[:, None, None]).to(torch.uint8)
    classes[:, 13:17, 13:18] = 255  # within the wrong place
    classes[:, 0, 0] = 9  # another class is background
    known.gt_mask = classes
    del known.gt_boxes, known.gt_instance_masks
    metric.process(None, predicted(known))
    figures = metric.evaluate(3)
    assert set(figures) == {f'localization/{name}' for name in ('top1_cls', 'top5_cls', 'pixel_ap')}
    assert figures['localization/top1_cls'] == pytest.approx(200 / 3, abs=1e-3)
    assert set(json.loads((tmp_path / 'curves.json').read_text())) == {'thresholds', 'pixel_recall', 'pixel_precision'}
    expected = 100 * (200 / 229 * 2 / 3 + 300 / 1140 / 3)  # 49 - 20 wrong ones at 1, and 3 x 20 fewer pixels in all
    assert figures['localization/pixel_ap'] == pytest.approx(expected, abs=1e-3)


def test_curves_that_cannot_be_written(tmp_path):
    """Said before anything is scored."""
    with pytest.raises(IsADirectoryError, match='is a folder; name a file in it'):
        LocalizationMetric(curves=str(tmp_path))


def test_a_constant_map_finds_nothing():
    metric, flat = LocalizationMetric(step=0.1), batch()
    flat.pred_maps = torch.zeros(3, 3, 20, 20)
    metric.process(None, predicted(flat))
    figures = metric.evaluate(3)
    assert figures['localization/gt_known'] == figures['localization/max_box_acc'] == 0
    assert figures['localization/top1_cls'] > 0


def test_curves(tmp_path):
    """Maps of 0 and 1: two of three boxes fit at every threshold; pixels as counted by hand above."""
    metric = LocalizationMetric(step=0.25, curves=tmp_path / 'new' / 'curves.json')
    metric.process(None, predicted(batch()))
    metric.evaluate(3)
    curves = json.loads((tmp_path / 'new' / 'curves.json').read_text())
    assert curves['thresholds'] == [0, 0.25, 0.5, 0.75]
    for kind in ('box_recall', 'box_recall_largest'):
        assert curves[kind] == {iou: [pytest.approx(2 / 3)] * 4 for iou in ('0.3', '0.5', '0.7')}
    assert curves['pixel_recall'] == [1, *[pytest.approx(2 / 3)] * 4]  # the last at exactly 1
    assert curves['pixel_precision'] == [0.25, *[pytest.approx(200 / 249)] * 4]


def test_boxes_by_colour():
    """A map that knows a corner of a red square alone: the threshold finds the corner, GrabCut the square."""
    known = batch()
    images = torch.full((3, 3, 60, 60), 40, dtype=torch.uint8)
    images[:, 0, 6:36, 6:36] = 200
    images += torch.randint(0, 8, images.shape, generator=torch.Generator().manual_seed(0)).byte()
    known.gt_boxes = 3 * known.gt_boxes
    known.gt_instance_masks = known.gt_instance_masks.repeat_interleave(3, 2).repeat_interleave(3, 3)
    known.pred_maps = (square(6, 6, 22, 22, 60) + 0.1 * square(3, 3, 39, 39, 60)).expand(3, 3, 60, 60) / 1.1
    figures = {}
    for grab_cut in (False, True):
        metric = LocalizationMetric(step=0.1, grab_cut=grab_cut)
        metric.process(dict(inputs=images), predicted(known))
        figures[grab_cut] = metric.evaluate(3)['localization/gt_known']
    assert figures == {False: 0, True: 100}


def tagged():
    """Two images of 20 x 20 with tags of four classes: of the first, class 0 is found and class 2 is not, class 3 has
    a difficult box alone; of the second, class 1 is found and class 0 has no box."""
    here, there, middle = square(2, 2, 8, 8), square(13, 13, 20, 20), square(6, 6, 12, 12)
    first = dict(index=0, gt_label=torch.tensor([1, 0, 1, 1]), pred_scores=torch.tensor([.9, .2, .3, .4]),
                 pred_maps=torch.stack([middle, here, middle, there]), pred_map_labels=torch.tensor([0, 0, 2, 3]),
                 gt_boxes=torch.tensor([[13., 13, 20, 20], [2, 2, 8, 8], [13, 13, 20, 20]]),
                 gt_box_labels=torch.tensor([2, 0, 3]), gt_difficult=torch.tensor([False, False, True]))
    second = dict(index=1, gt_label=torch.tensor([1, 1, -1, 0]), pred_scores=torch.tensor([.9, .2, .3, .4]),
                  pred_maps=torch.stack([middle, there, there, here]), pred_map_labels=torch.tensor([0, 3, 0, 1]),
                  gt_boxes=torch.tensor([[2., 2, 8, 8]]), gt_box_labels=torch.tensor([1]),
                  gt_difficult=torch.tensor([False]))
    return [first, second]


def test_several_tags_by_hand():
    """Each tag's map against the boxes of its own class: two of three pairs fit, at every threshold."""
    metric = LocalizationMetric(step=0.1)
    metric.process(None, tagged())
    figures = metric.evaluate(2)
    assert {name.removeprefix('localization/'): value for name, value in figures.items()} == dict(
        pairs=3, gt_known=66.6667, pointing=66.6667, max_box_acc=66.6667, max_box_threshold=0, max_box_acc_v2=66.6667)


def test_pixels_of_several_tags():
    """Masks of the boxes' own class: 36 and 36 pixels that are found at 1, 49 that are not, and 36 wrong ones."""
    metric, samples = LocalizationMetric(step=0.1), tagged()
    masks = [[square(13, 13, 20, 20), square(2, 2, 8, 8), square(0, 0, 20, 20)], [square(2, 2, 8, 8)]]
    for sample, each in zip(samples, masks, strict=True):
        sample['gt_instance_masks'] = torch.stack(each) > 0
    metric.process(None, samples)
    expected = 72 / 121 * 72 / 108 + 49 / 121 * 121 / 1200
    assert metric.evaluate(2)['localization/pixel_ap'] == pytest.approx(100 * expected, abs=1e-3)


def test_class_maps_of_several_tags():
    """Of a class map alone each tag has its pixels; a tag without any is left out."""
    metric, samples = LocalizationMetric(step=0.1), tagged()
    for sample in samples:
        for name in ('gt_boxes', 'gt_box_labels', 'gt_difficult'):
            del sample[name]
    samples[0]['gt_mask'] = (square(2, 2, 8, 8) * 1 + square(13, 13, 20, 20) * 3).byte()
    samples[1]['gt_mask'] = (square(2, 2, 8, 8) * 2).byte()
    metric.process(None, samples)
    expected = 72 / 121 * 72 / 108 + 49 / 121 * 121 / 1200
    assert metric.evaluate(2) == {'localization/pairs': 3,
                                  'localization/pixel_ap': pytest.approx(100 * expected, abs=1e-3)}


def test_tags_without_a_box_are_told():
    metric, samples = LocalizationMetric(step=0.1), tagged()[1:]
    samples[0]['gt_box_labels'] = torch.tensor([3])
    metric.process(None, samples)
    with pytest.raises(ValueError, match='no image has a box or a mask of one of its tags'):
        metric.compute_metrics(metric.results)
