import json
import math

import pytest
import torch

from mmwsl.evaluation.functional import topk_accuracy
from mmwsl.protocols import KNN, Features, FeatureSource, knn_predict
from mmwsl.registry import PROTOCOLS


def random_set(count, dims, classes, seed):
    generator = torch.Generator().manual_seed(seed)
    return (torch.randn(count, dims, generator=generator),
            torch.randint(classes, (count, ), generator=generator))


def slow_scores(train, labels, test, k, temperature, classes):
    """The vote, one image and one neighbour at a time, in double precision."""
    result = []
    for query in test.double().tolist():
        similarity = []
        for reference, label in zip(train.double().tolist(), labels.tolist(), strict=True):
            dot = sum(a * b for a, b in zip(query, reference, strict=True))
            similarity.append((dot / math.hypot(*query) / math.hypot(*reference), label))
        score = [0.0] * classes
        for value, label in sorted(similarity, reverse=True)[:k]:
            score[label] += math.exp(value / temperature)
        result.append([s / sum(score) for s in score])
    return torch.tensor(result)


TRAIN, LABELS = random_set(40, 6, 4, 0)
TEST, TEST_LABELS = random_set(15, 6, 4, 1)


@pytest.mark.parametrize('temperature', [0.07, 0.5])
def test_scores_equal_a_loop(temperature):
    scores = knn_predict(TRAIN, LABELS, TEST, (1, 5, 40), temperature)
    for k in (1, 5, 40):
        share = scores[k] / scores[k].sum(dim=1, keepdim=True)
        assert torch.allclose(share, slow_scores(TRAIN, LABELS, TEST, k, temperature, 4), atol=1e-5)


def test_weights_by_hand():
    train = torch.tensor([[1., 0.], [.6, .8], [.6, -.8], [-1., 0.]])
    scores = knn_predict(train, torch.tensor([0, 1, 1, 2]), torch.tensor([[5., 0.]]), (1, 3), temperature=0.4)
    # similarities 1, .6, .6, -1: weights 1, e^-1, e^-1 beside the largest; 2/e < 1, so class 0 still wins
    assert torch.allclose(scores[1], torch.tensor([[1., 0., 0.]]))
    assert torch.allclose(scores[3], torch.tensor([[1., 2 / math.e, 0.]]))


def test_chunk_scale_and_other_k_do_not_matter():
    whole = knn_predict(TRAIN, LABELS, TEST, (3, 10), 0.07)
    for chunk in (1, 4, 100):
        part = knn_predict(TRAIN, LABELS, TEST, (3, 10), 0.07, chunk=chunk)
        assert all(torch.allclose(part[k], whole[k], atol=1e-6) for k in (3, 10))
    assert torch.allclose(knn_predict(TRAIN, LABELS, TEST, (10, ), 0.07)[10], whole[10])
    scaled = knn_predict(TRAIN * torch.arange(1, 41)[:, None], LABELS, TEST * 0.01, (10, ), 0.07)
    assert torch.allclose(scaled[10], whole[10], atol=1e-4)


def test_half_precision_features_are_compared_in_float32():
    half, query = TRAIN.half(), TEST.half()
    a = knn_predict(half, LABELS, query, (10, ), 0.07)[10]
    assert a.dtype == torch.float32
    assert torch.equal(a, knn_predict(half.float(), LABELS, query.float(), (10, ), 0.07)[10])


def test_small_temperature_stays_finite():
    scores = knn_predict(TRAIN, LABELS, TEST, (10, ), temperature=0.001)[10]
    assert scores.isfinite().all()
    assert torch.equal(scores.argmax(1), knn_predict(TRAIN, LABELS, TEST, (1, ), 1.0)[1].argmax(1))


@pytest.mark.parametrize('arguments, message', [
    (dict(k=(5, 41)), r'k=\(5, 41\) must lie between 1 and the number of training images, 40'),
    (dict(k=(0, )), 'must lie between 1'),
    (dict(k=()), 'must lie between 1'),
    (dict(k=(5, ), temperature=0), 'temperature=0 must be positive'),
    (dict(k=(5, ), num_classes=2), 'with 2 classes they must lie in 0 to 1'),
])
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        knn_predict(TRAIN, LABELS, TEST, **arguments)


def test_protocol_records():
    train, test = Features(TRAIN, LABELS, 'abcd'), Features(TEST, TEST_LABELS, 'abcd')
    records = PROTOCOLS.build(dict(type='knn', k=(10, 3), temperature=0.1, device='cpu')).run(
        FeatureSource(train, test))
    json.dumps(records)
    assert [r['metric'] for r in records] == ['knn10_top1', 'knn10_top5', 'knn3_top1', 'knn3_top5']
    for record, k, top in zip(records, (10, 10, 3, 3), (1, 4, 1, 3), strict=True):
        scores = slow_scores(TRAIN, LABELS, TEST, k, 0.1, 4)
        assert record['value'] == pytest.approx(100 * topk_accuracy(scores, TEST_LABELS, (top, ))[top])
        assert record['settings']['k'] == k and record['settings']['temperature'] == 0.1
        assert record['settings'].get('top5_classes', top) == top
    assert records[0]['settings'].items() >= dict(preset=None, n_train=40, n_test=15, feature_dim=6).items()


def test_classes_missing_from_the_test_set_and_single_test_image():
    train = Features(TRAIN, LABELS, 'abcd')
    test = Features(TRAIN[:1], LABELS[:1], 'abcd')
    assert KNN(k=1, device='cpu').run(FeatureSource(train, test))[0]['value'] == 100.0


@pytest.mark.parametrize('preset, k, temperature', [
    (None, (10, 20, 100, 200), .07), ('dino', (10, 20, 100, 200), .07), ('instdisc', (200, ), .07),
    ('lightly', (200, ), .1), ('solo', (20, ), .07)])
def test_presets(preset, k, temperature):
    protocol = KNN(preset=preset)
    assert (protocol.k, protocol.temperature, protocol.preset) == (k, temperature, preset or 'dino')


def test_contradictions():
    with pytest.raises(ValueError, match='either the preset or the values'):
        KNN(k=5, preset='solo')
    with pytest.raises(ValueError, match='choose one of dino, instdisc, lightly, solo'):
        KNN(preset='dyno')
    with pytest.raises(ValueError, match='number of training images, 40'):
        KNN().run(FeatureSource(Features(TRAIN, LABELS, 'abcd'), Features(TEST, TEST_LABELS, 'abcd')))
