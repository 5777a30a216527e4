"""The metric shells: VOC's against the function, COCO's against pycocotools called by hand."""

import contextlib
import io
import json

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import BaseDataElement

from mmwsl.evaluation.functional import detection_average_precision
from mmwsl.evaluation.metrics import COCOMetric, VOCMetric


def images(count, seed=0, classes=3):
    """Truths and noisy predictions on images of 60 x 80 pixels."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        n = int(rng.integers(1, 5))
        corner = rng.uniform(0, 35, (n, 2))
        boxes = np.concatenate([corner, corner + rng.uniform(8, 25, (n, 2))], 1).round()
        labels = rng.integers(0, classes, n)
        again = rng.integers(0, n, 2 * n)
        found.append(dict(boxes=boxes, labels=labels, difficult=rng.random(n) < 0.2,
                          pred_boxes=(boxes[again] + rng.normal(0, 2, (2 * n, 4))).astype(np.float32),
                          pred_box_scores=rng.random(2 * n).astype(np.float32), pred_box_labels=labels[again]))
    return found


def as_sample(image, scale=(1.0, 1.0), number=None):
    sample = BaseDataElement(
        gt_boxes=torch.tensor(image['boxes'] * np.tile(scale, 2)), gt_box_labels=torch.tensor(image['labels']),
        gt_difficult=torch.tensor(image['difficult']), pred_boxes=torch.tensor(image['pred_boxes']),
        pred_box_scores=torch.tensor(image['pred_box_scores']), pred_box_labels=torch.tensor(image['pred_box_labels']))
    sample.set_metainfo(dict(scale_factor=scale, image_id=number, ori_shape=(60, 80)))
    return sample.to_dict()


def test_voc_equals_the_function():
    """Truths are brought back from the size that the network saw."""
    every = images(30)
    metric = VOCMetric(num_classes=3)
    metric.process({}, [as_sample(image, scale=(2.0, 1.5)) for image in every[:20]])
    metric.process({}, [as_sample(image) for image in every[20:]])
    values = metric.compute_metrics(metric.results)
    predictions = [dict(boxes=i['pred_boxes'], scores=i['pred_box_scores'], labels=i['pred_box_labels']) for i in every]

    def expected(threshold, mode):
        return 100 * detection_average_precision(predictions, every, 3, threshold, mode).mean()

    assert values['AP50'] == pytest.approx(expected(0.5, 'all_points'), abs=1e-3)
    assert values['AP75_11points'] == pytest.approx(expected(0.75, '11_points'), abs=1e-3)
    assert values['AP'] == pytest.approx(np.mean([expected(t / 100, 'all_points') for t in range(50, 100, 5)]), abs=1e-3)
    assert values['AP75'] < values['AP50'] and 10 < values['AP50'] < 95


@pytest.fixture
def coco_file(tmp_path):
    every, annotations = images(12), []
    for number, image in enumerate(every):
        masks = []
        for box, label in zip(image['boxes'], image['labels'], strict=True):
            x, y, right, bottom = box.tolist()
            polygon = [x, y, right, y, right, bottom, x, bottom]
            annotations.append(dict(id=len(annotations) + 1, image_id=100 + number, category_id=int(label) * 10 + 5,
                                    bbox=[x, y, right - x, bottom - y], area=(right - x) * (bottom - y), iscrowd=0,
                                    segmentation=[polygon]))
        for x, y, right, bottom in image['pred_boxes'].round().astype(int).clip(0):
            mask = np.zeros((60, 80), np.uint8)
            cv2.rectangle(mask, (int(x), int(y)), (int(right) - 1, int(bottom) - 1), 1, -1)
            masks.append(mask.astype(bool))
        image['masks'] = np.stack(masks)
    path = tmp_path / 'instances.json'
    path.write_text(json.dumps(dict(
        images=[dict(id=100 + number, file_name=f'{number}.jpg', width=80, height=60) for number in range(12)],
        categories=[dict(id=10 * label + 5, name=name) for label, name in enumerate('abc')], annotations=annotations)))
    return path, every


@pytest.mark.parametrize('count', [12, 5])
def test_coco_equals_pycocotools(coco_file, count):
    """Of the images that were predicted, boxes and masks; classes in another order than the file's."""
    from pycocotools import mask as coco_mask
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
    path, every = coco_file
    metric = COCOMetric(path, kinds=('bbox', 'segm'), per_class=True)
    metric.dataset_meta = dict(classes=['c', 'a', 'b'])
    renamed = np.array([1, 2, 0])
    samples = []
    for number, image in enumerate(every[:count]):
        sample = as_sample(dict(image, pred_box_labels=renamed[image['pred_box_labels']]), number=100 + number)
        samples.append(dict(sample, pred_masks=torch.tensor(image['masks'])))
    metric.process({}, samples)
    values = metric.compute_metrics(metric.results)
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(path))
        for kind in ('bbox', 'segm'):
            results = []
            for number, image in enumerate(every[:count]):
                for box, score, label, mask in zip(image['pred_boxes'], image['pred_box_scores'], image['pred_box_labels'],
                                                   image['masks'], strict=True):
                    one = dict(image_id=100 + number, category_id=int(label) * 10 + 5, score=float(score))
                    if kind == 'bbox':
                        one['bbox'] = [float(v) for v in (box[0], box[1], box[2] - box[0], box[3] - box[1])]
                    else:
                        one['segmentation'] = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
                    results.append(one)
            evaluation = COCOeval(truth, truth.loadRes(results), kind)
            evaluation.params.imgIds = [100 + number for number in range(count)]
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
            for name, value in zip(COCOMetric.NAMES, evaluation.stats, strict=False):
                if value < 0:  # no object of this size
                    assert f'{kind}_{name}' not in values
                else:
                    assert values[f'{kind}_{name}'] == pytest.approx(100 * value, abs=1e-3), (kind, name)
            for name, number in dict(a=5, b=15, c=25).items():
                evaluation.params.catIds = [number]
                evaluation.evaluate()
                evaluation.accumulate()
                evaluation.summarize()
                assert values[f'{kind}_AP/{name}'] == pytest.approx(100 * evaluation.stats[0], abs=1e-3), (kind, name)
    assert 5 < values['bbox_AP'] < 95 and values['bbox_AP50'] > values['bbox_AP']


def test_coco_with_nothing_found_and_wrong_settings(coco_file):
    path, every = coco_file
    metric = COCOMetric(path, classes=['a', 'b', 'c'])
    empty = {key: value[:0] if key.startswith('pred') else value for key, value in as_sample(every[0], number=100).items()}
    metric.process({}, [empty])
    assert metric.compute_metrics(metric.results)['bbox_AP'] == 0
    with pytest.raises(ValueError, match='image_id=7 of None is none of'):
        metric.process({}, [dict(empty, image_id=7)])
    with pytest.raises(ValueError, match="must be 'bbox', 'segm' or both"):
        COCOMetric(path, kinds=('keypoints',))
    with pytest.raises(ValueError, match='has no class dog'):
        COCOMetric(path, classes=['dog']).category_ids()


@pytest.mark.parametrize('change', ['ids from 0', 'repeated ids', 'no ids', 'area', 'iscrowd', 'size', 'null'])
def test_perfect_detections_score_100(coco_file, change):
    """However the exporter numbers annotations, whatever it leaves out."""
    path, every = coco_file
    content = json.loads(path.read_text())
    for number, each in enumerate(content['annotations']):
        if change == 'null':
            each.update(area=None, iscrowd=None)
        elif change == 'no ids':
            each.pop('id')
        elif 'ids' in change:
            each['id'] = number if change == 'ids from 0' else number % 4
        else:
            each.pop(change, None)
    if change == 'size':
        for image in content['images']:
            image.pop('width'), image.pop('height')
    path.write_text(json.dumps(content))
    metric = COCOMetric(path, kinds=('bbox', 'segm'), classes=['a', 'b', 'c'])
    samples = []
    for number, image in enumerate(every):
        masks = np.zeros((len(image['boxes']), 60, 80), bool)
        for mask, (x, y, right, bottom) in zip(masks, image['boxes'].astype(int), strict=True):
            mask[y:bottom, x:right] = True
        truth = dict(image, pred_boxes=image['boxes'].astype(np.float32), pred_box_labels=image['labels'],
                     pred_box_scores=np.ones(len(image['boxes']), np.float32))
        samples.append(dict(as_sample(truth, number=100 + number), pred_masks=torch.tensor(masks)))
    metric.process({}, samples)
    values = metric.compute_metrics(metric.results)
    assert values['bbox_AP'] == pytest.approx(100) and values['segm_AP'] == pytest.approx(100)


def test_small_objects_are_none(coco_file):
    """A detector that finds the large objects alone has found all that count."""
    path, every = coco_file
    values = {}
    for min_size in (0, 15):
        metric = COCOMetric(path, classes=['a', 'b', 'c'], min_size=min_size)
        for number, image in enumerate(every):
            large = (image['boxes'][:, 2:] - image['boxes'][:, :2]).min(1) >= 15
            found = dict(image, pred_boxes=image['boxes'][large], pred_box_labels=image['labels'][large],
                         pred_box_scores=np.ones(large.sum()))
            metric.process({}, [as_sample(found, number=100 + number)])
        values[min_size] = metric.compute_metrics(metric.results)['bbox_AP']
    assert values[15] == pytest.approx(100) and 20 < values[0] < 95


def test_masks_cannot_be_scored_without_shapes(coco_file):
    path, _ = coco_file
    content = json.loads(path.read_text())
    content['annotations'][3].pop('segmentation')
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="1 of .* annotations of .*instances.json have no segmentation.*kinds=.'bbox'"):
        COCOMetric(path, kinds=('segm',), classes=['a']).category_ids()
