"""VOC's scoring of detections: by hand, and against a loop over all detections in the order of their scores."""

import numpy as np
import pytest

from mmwsl.evaluation.functional import average_precision, detection_average_precision, match_detections

SQUARE = [0, 0, 10, 10]
NEAR = [0, 0, 10, 8]  # IoU .8 with the square
HALF = [0, 0, 10, 5]  # .5
FAR = [50, 50, 60, 60]


def test_hits_misses_and_difficult_objects_by_hand():
    assert match_detections([NEAR, SQUARE, FAR], [.5, .9, .8], [SQUARE]).tolist() == [0, 1, 0]  # found twice, and beside
    assert match_detections([NEAR, SQUARE], [.9, .5], [SQUARE]).tolist() == [1, 0]  # the better score, not the better box
    assert match_detections([NEAR, SQUARE], [.9, .9], [SQUARE]).tolist() == [1, 0]  # a tie keeps its order
    assert match_detections([HALF], [1.], [SQUARE]).tolist() == [1]  # .5 itself is enough
    assert match_detections([HALF], [1.], [SQUARE], iou_threshold=.51).tolist() == [0]
    assert match_detections([NEAR, SQUARE, FAR], [.5, .9, .8], [SQUARE], [True]).tolist() == [-1, -1, 0]
    assert match_detections([NEAR], [1.], []).tolist() == [0] and match_detections([], [], [SQUARE]).tolist() == []


def test_a_detection_belongs_to_the_object_it_overlaps_most():
    """Also if that one is taken, or difficult: VOC does not look for a second-best."""
    objects = [SQUARE, [0, 0, 10, 9]]
    assert match_detections([SQUARE, SQUARE], [.9, .8], objects).tolist() == [1, 0]
    assert match_detections([SQUARE], [.9], objects, [True, False]).tolist() == [-1]


def test_average_precision_by_hand():
    truths = [dict(boxes=[SQUARE, FAR], labels=[0, 1]), dict(boxes=[SQUARE], labels=[0])]
    found = [dict(boxes=[SQUARE, SQUARE, FAR], scores=[.9, .8, .7], labels=[0, 0, 0]),
             dict(boxes=[NEAR], scores=[.6], labels=[0])]
    # class 0: hit, miss, miss, hit of two objects; class 1: nothing found of one; class 2: nothing to be found
    values = detection_average_precision(found, truths, 3)
    assert values[:2].tolist() == pytest.approx([(1 + 2 / 4) / 2, 0]) and np.isnan(values[2])
    eleven = detection_average_precision(found, truths, 3, mode='11_points')
    assert eleven[0] == pytest.approx((6 * 1 + 5 * .5) / 11)
    only_first = [found[0], dict(boxes=[], scores=[], labels=[])]
    assert detection_average_precision(only_first, truths, 3)[0] == pytest.approx(.5)
    assert detection_average_precision(only_first, truths, 3, mode='11_points')[0] == pytest.approx(6 / 11)


def test_equal_scores_rank_in_their_order_as_in_vocs_development_kit():
    truths = [dict(boxes=[SQUARE], labels=[0]), dict(boxes=[SQUARE], labels=[0])]
    found = [dict(boxes=[SQUARE], scores=[.5], labels=[0]), dict(boxes=[FAR, SQUARE], scores=[.5, .5], labels=[0, 0])]
    assert detection_average_precision(found, truths, 1)[0] == pytest.approx((1 + 2 / 3) / 2)  # hit, miss, hit


def slow(predictions, truths, label, threshold, mode):
    """The challenge's own order: all detections of the class by falling score, each looks at its image."""
    queue = sorted((-score, image, k) for image, found in enumerate(predictions)
                   for k, score in enumerate(found['scores']) if found['labels'][k] == label)
    taken, curve, total = set(), [], 0
    for true in truths:
        total += sum(a == label and not d for a, d in zip(true['labels'], true['difficult'], strict=True))
    hits = misses = 0
    for _, image, k in queue:
        box, best, which = predictions[image]['boxes'][k], -1, None
        for j, other in enumerate(truths[image]['boxes']):
            if truths[image]['labels'][j] != label:
                continue
            shared = (max(0, min(box[2], other[2]) - max(box[0], other[0]))
                      * max(0, min(box[3], other[3]) - max(box[1], other[1])))
            areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (box, other)]
            iou = shared / (sum(areas) - shared)
            if iou > best:
                best, which = iou, j
        if best >= threshold and truths[image]['difficult'][which]:
            continue
        if best >= threshold and (image, which) not in taken:
            taken.add((image, which))
            hits += 1
        else:
            misses += 1
        curve.append((hits, hits / (hits + misses)))
    if mode == '11_points':
        return sum(max((p for h, p in curve if 10 * h >= t * total), default=0) for t in range(11)) / 11
    return sum(max((p for h, p in curve if h >= n), default=0) for n in range(1, total + 1)) / total


@pytest.mark.parametrize('mode', ['all_points', '11_points'])
@pytest.mark.parametrize('threshold', [.3, .5, .75])
def test_average_precision_equals_a_loop(mode, threshold):
    rng = np.random.default_rng(0)
    truths, predictions = [], []
    for _ in range(30):
        count = rng.integers(0, 6)
        corner = rng.uniform(0, 60, (count, 2))
        boxes = np.concatenate([corner, corner + rng.uniform(5, 40, (count, 2))], 1)
        truths.append(dict(boxes=boxes, labels=rng.integers(0, 2, count), difficult=rng.random(count) < .2))
        again = rng.integers(0, max(count, 1), 2 * count)
        noisy = boxes[again] + rng.normal(0, 3, (len(again), 4))
        predictions.append(dict(boxes=noisy, scores=rng.random(len(again)),
                                labels=np.where(rng.random(len(again)) < .9, truths[-1]['labels'][again], 0)))
    values = detection_average_precision(predictions, truths, 2, threshold, mode)
    assert values.tolist() == pytest.approx([slow(predictions, truths, c, threshold, mode) for c in (0, 1)], rel=1e-12)
    assert 0.01 < values.min() and values.max() < 0.95


@pytest.mark.parametrize('predictions, truths, message', [
    ([], [dict(boxes=[], labels=[])], '0 images with predictions, 1 with truths'),
    ([dict(boxes=[SQUARE], scores=[1.], labels=[5])], [dict(boxes=[], labels=[])], 'image 0 has labels from 5 to 5'),
    ([dict(boxes=[SQUARE], scores=[float('nan')], labels=[0])], [dict(boxes=[SQUARE], labels=[0])], 'scores are NaN'),
])
def test_bad_input(predictions, truths, message):
    with pytest.raises(ValueError, match=message):
        detection_average_precision(predictions, truths, 2)


def test_positives_that_have_no_score():
    assert average_precision([.9], [1], positives=4) == pytest.approx(.25)
    assert average_precision([.9], [1], '11_points', positives=4) == pytest.approx(3 / 11)
    assert average_precision([.9], [0], positives=4) == 0.0
    with pytest.raises(ValueError, match='2 hits of 1 positives'):
        average_precision([.9, .8], [1, 1], positives=1)
