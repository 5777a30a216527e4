"""Low-shot SVMs: how samples are drawn, and the whole protocol against loops of scikit-learn alone."""

import json

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score
from sklearn.svm import LinearSVC

from mmwsl.protocols import Features, FeatureSource, LowShotSVM, draw_shots
from mmwsl.protocols.svm import COSTS
from mmwsl.registry import PROTOCOLS

NAMES = [f'digit {n}' for n in range(3)]


def digits(count, skip=0):
    data = load_digits(n_class=3)
    noise = np.random.default_rng(0).normal(size=data.data.shape) * 6
    return Features((data.data + noise)[skip:skip + count], data.target[skip:skip + count], NAMES)


def test_a_sample_has_k_positives_and_two_thirds_more_negatives():
    targets = np.array([[1, 0, 0]] * 20 + [[0, 1, -1]] * 20 + [[0, 0, 1]] * 20)
    rows = draw_shots(targets, 4, seed=0)
    for c, part in enumerate(rows):
        values = targets[part, c]
        assert len(set(part.tolist())) == 12 and (values[:4] == 1).all() and (values[4:] == 0).all()
    assert all(np.array_equal(a, b) for a, b in zip(rows, draw_shots(targets, 4, seed=0), strict=True))
    assert not np.array_equal(rows[0], draw_shots(targets, 4, seed=1)[0])
    assert sorted(rows[0][:4].tolist()) != sorted((rows[1][:4] - 20).tolist())  # classes are drawn on their own
    few = draw_shots(targets[:, 1:], 20, seed=0)
    assert len(few[0]) == 20 + 20 and len(few[1]) == 20 + 20  # no negative of the last class is marked -1
    with pytest.raises(ValueError, match='class number 0 has 20 positive and 40 negative images; k=21 needs 21'):
        draw_shots(targets, 21, seed=0)


def plain(train, test, k, costs, seed, costs_below_three):
    """Per class: test AP for every cost, and the cost that is chosen without the test set."""
    x, z = (part.features.numpy().astype(float) for part in (train, test))
    x, z = x / (np.linalg.norm(x, axis=1)[:, None] + 1e-5), z / (np.linalg.norm(z, axis=1)[:, None] + 1e-5)
    one_hot = np.eye(3, dtype=int)
    drawn, rows = draw_shots(one_hot[train.labels], k, seed), []
    for c in range(3):
        part = drawn[c]
        y = np.where(train.labels.numpy()[part] == c, 1, -1)

        def solver(cost):
            return LinearSVC(C=cost, class_weight={1: 2, -1: 1}, dual=len(part) < x.shape[1], random_state=0,  # noqa: B023
                             max_iter=2000)
        values = []
        for cost in costs:
            score = solver(cost).fit(x[part], y).decision_function(z)
            hits = (test.labels.numpy() == c)[np.argsort(-score, kind='stable')]
            found, seen = np.cumsum(hits), np.arange(1, len(hits) + 1)
            values.append(np.mean([(found / seen)[found >= n].max() for n in range(1, hits.sum() + 1)]))
        if k >= 3:
            quality = [cross_val_score(solver(cost), x[part], y, cv=3, scoring='average_precision').mean()
                       for cost in costs]
            rows.append((values, int(np.argmax(quality))))
        else:
            rows.append((values, costs_below_three[c]))
    return rows


@pytest.mark.parametrize('n_jobs', [1, 2])
@pytest.mark.long
def test_the_protocol_by_loops(n_jobs):
    train, test = digits(240), digits(200, skip=300)
    costs = [0.01, 0.3, 10.0]
    labels = np.where(np.eye(3)[train.labels.numpy()] == 1, 1, -1)
    x = train.features.numpy().astype(float)
    x = x / (np.linalg.norm(x, axis=1)[:, None] + 1e-5)
    full = [int(np.argmax([cross_val_score(LinearSVC(C=cost, class_weight={1: 2, -1: 1}, dual=False, random_state=0), x,
                                           labels[:, c], cv=3, scoring='average_precision').mean() for cost in costs]))
            for c in range(3)]
    records = LowShotSVM(k=(2, 8), samples=3, costs=costs, n_jobs=n_jobs).run(FeatureSource(train, test))
    assert [record['metric'] for record in records] == ['low_shot2_mAP', 'low_shot2_mAP_test_selected',
                                                        'low_shot8_mAP', 'low_shot8_mAP_test_selected']
    for k, (chosen, selected) in zip((2, 8), (records[:2], records[2:]), strict=True):
        rows = [plain(train, test, k, costs, seed, full) for seed in range(3)]
        means = [100 * np.mean([values[best] for values, best in row]) for row in rows]
        assert chosen['value'] == pytest.approx(np.mean(means), abs=1e-9)
        assert chosen['settings']['std'] == pytest.approx(np.std(means, ddof=1), abs=1e-9)
        assert (chosen['settings']['least'], chosen['settings']['most']) == pytest.approx((min(means), max(means)))
        table = np.array([[values for values, _ in row] for row in rows])  # (samples, classes, costs)
        by_cost = 100 * table.mean((0, 1))
        assert selected['value'] == pytest.approx(by_cost.max(), abs=1e-9)
        assert selected['settings']['cost'] == costs[by_cost.argmax()] and selected['settings']['test_selected']
    assert 40 < records[0]['value'] < records[2]['value'] < 100
    json.dumps(records)


def test_several_tags_and_difficult_images():
    train, test = digits(240), digits(200, skip=300)
    marked = []
    for part in (train, test):
        labels = torch.nn.functional.one_hot(part.labels, 3)
        labels[::7, 1] = -1
        marked.append(Features(part.features, labels, NAMES))
    record = LowShotSVM(k=4, samples=1, costs=[1.0]).run(FeatureSource(*marked))[0]
    drawn = draw_shots(marked[0].labels.numpy(), 4, 0)[1]
    assert (marked[0].labels[drawn, 1] >= 0).all()
    assert 30 < record['value'] < 100 and record['settings']['std'] is None


def test_bad_settings():
    with pytest.raises(ValueError, match='costs=.hundred. is unknown'):
        LowShotSVM(costs='hundred')
    with pytest.raises(ValueError, match='must be at least 1'):
        LowShotSVM(k=(0, 1))
    assert PROTOCOLS.build(dict(type='low_shot', costs='vissl')).costs == sorted(COSTS['vissl'])
    with pytest.raises(ValueError, match='has .* positive'):
        LowShotSVM(k=96, samples=1, costs=[1.0]).run(FeatureSource(digits(60), digits(60, skip=100)))
