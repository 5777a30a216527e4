import json
import warnings

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import average_precision_score
from sklearn.model_selection import cross_val_score
from sklearn.svm import LinearSVC

from mmwsl.protocols import SVM, Features, FeatureSource, fit_svm
from mmwsl.protocols.svm import COSTS, normalize_rows, ranking_precision, rotate
from mmwsl.registry import PROTOCOLS

NAMES = [f'digit {n}' for n in range(4)]


def digits(count, skip=0):
    data = load_digits(n_class=4)
    rows = slice(skip, skip + count)
    noise = np.random.default_rng(0).normal(size=data.data.shape) * 6  # else every class is perfect
    return Features((data.data + noise)[rows], data.target[rows], NAMES)


def several_tags(part, seed):
    """Labels (N, C): the digit, 'digit 3' also wherever 'digit 1' is, and a tenth of all marked as difficult."""
    labels = torch.nn.functional.one_hot(part.labels, 4)
    labels[:, 3] |= labels[:, 1]
    labels[torch.rand(labels.shape, generator=torch.Generator().manual_seed(seed)) < 0.1] = -1
    return Features(part.features, labels, NAMES)


def voc_average_precision(scores, positive):
    order = np.argsort(-scores, kind='stable')
    hits = positive[order]
    recall, precision = np.cumsum(hits) / hits.sum(), np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return sum(precision[recall >= level].max() / hits.sum() for level in np.unique(recall[hits]))


def plain_loop(train, test, costs, strict=False):
    """The protocol written with nothing but scikit-learn's own cross-validation; class by class, in order."""
    x, z = (part.features.numpy().astype(float) for part in (train, test))
    x, z = x / (np.linalg.norm(x, axis=1)[:, None] + 1e-5), z / (np.linalg.norm(z, axis=1)[:, None] + 1e-5)
    labels, targets = (part.labels.numpy() if part.labels.ndim == 2 else np.eye(4, dtype=int)[part.labels]
                       for part in (train, test))
    chosen, values, decisions = [], [], []
    for c in range(4):
        rows = labels[:, c] >= 0 if strict else slice(None)
        y = np.where(labels[rows, c] == 1, 1, -1)

        def solver(cost):
            return LinearSVC(C=cost, class_weight={1: 2, -1: 1}, intercept_scaling=1.0, max_iter=2000, tol=1e-4,
                             dual=len(x) < x.shape[1], random_state=0)
        quality = [cross_val_score(solver(cost), x[rows], y, cv=3, scoring='average_precision').mean()
                   for cost in costs]
        chosen.append(costs[int(np.argmax(quality))])
        decisions.append(solver(chosen[-1]).fit(x[rows], y).decision_function(z))
        kept = targets[:, c] >= 0
        values.append(100 * voc_average_precision(decisions[-1][kept], targets[kept, c] == 1))
    return chosen, values, np.stack(decisions, axis=1)


@pytest.mark.parametrize('count, n_jobs', [(300, 1), (300, 2), (60, 1)])  # primal, primal, dual (60 images, 64 pixels)
def test_single_label_equals_a_plain_loop(count, n_jobs):
    train, test = digits(count), digits(300, skip=400)
    costs = [0.01, 0.3, 10.0]
    chosen, values, decisions = plain_loop(train, test, costs)
    mean, top1 = SVM(costs, n_jobs=n_jobs).run(FeatureSource(train, test))
    assert list(mean['settings']['cost_of_class'].values()) == chosen
    assert list(mean['settings']['average_precision'].values()) == pytest.approx(values, abs=1e-9)
    assert mean['metric'] == 'svm_mAP' and mean['value'] == pytest.approx(np.mean(values), abs=1e-9)
    assert top1['metric'] == 'svm_top1'
    assert top1['value'] == pytest.approx(100 * np.mean(decisions.argmax(1) == test.labels.numpy()))
    assert 50 < mean['value'] < 99.9  # neither chance nor saturated, or the comparison would say little
    json.dumps([mean, top1])


@pytest.mark.parametrize('difficult', ['reference', 'strict'])
def test_difficult_images(difficult):
    train, test = several_tags(digits(300), 0), several_tags(digits(300, skip=400), 1)
    costs = [0.1, 10.0]
    chosen, values, _ = plain_loop(train, test, costs, strict=difficult == 'strict')
    records = SVM(costs, difficult=difficult, n_jobs=1).run(FeatureSource(train, test))
    assert len(records) == 1  # no accuracy where images have several tags
    settings = records[0]['settings']
    assert list(settings['cost_of_class'].values()) == chosen
    assert list(settings['average_precision'].values()) == pytest.approx(values, abs=1e-9)


def test_strict_and_reference_differ():
    train, test = several_tags(digits(300), 0), several_tags(digits(300, skip=400), 1)
    a, b = (SVM([1.0], difficult=name, n_jobs=1).run(FeatureSource(train, test))[0]['value']
            for name in ('reference', 'strict'))
    assert a != b


def test_two_processes_give_the_dual_solution_of_one():
    train, test = digits(60), digits(300, skip=400)
    one, two = (SVM([0.1, 10.0], n_jobs=n).run(FeatureSource(train, test)) for n in (1, 2))
    assert one == two


def test_unused_rows_are_as_good_as_absent():
    x, positive = normalize_rows(digits(200).features), digits(200).labels.numpy() == 2
    used = np.arange(200) % 3 > 0
    with warnings.catch_warnings():
        a, b = fit_svm(x, positive, used, 1.0), fit_svm(x[used], positive[used], used[used], 1.0)
    assert np.array_equal(a[0], b[0]) and a[1] == b[1] and a[2]


def test_normalize_rows():
    assert normalize_rows(torch.tensor([[3., 4.], [0., 0.]])) == pytest.approx(np.array([[.6, .8], [0, 0]]), abs=2e-6)
    assert normalize_rows(torch.ones(1, 2)).dtype == np.float64


def test_choice_does_not_see_the_test_set():
    train, test = digits(200), digits(200, skip=400)
    wrong = Features(test.features, (test.labels + 1) % 4, NAMES)
    good, bad = (SVM([0.01, 1.0], n_jobs=1).run(FeatureSource(train, part))[0] for part in (test, wrong))
    assert good['settings']['cost_of_class'] == bad['settings']['cost_of_class']
    assert good['value'] > bad['value'] + 30


def test_a_network_that_says_nothing_scores_by_chance():
    """All features 0, ten balanced classes that come one after the other: every order of the images is as good."""
    names = [f'digit {n}' for n in range(10)]
    part = Features(np.zeros((100, 8)), np.repeat(np.arange(10), 10), names)
    records = SVM(costs=[1.0], n_jobs=1).run(FeatureSource(part, part))
    assert {record['metric']: record['value'] for record in records} == dict(
        svm_mAP=pytest.approx(10.0), svm_top1=pytest.approx(10.0))


def test_fewer_training_images():
    train, test = digits(400), digits(200, skip=400)
    record = SVM([1.0], max_train_images=40, n_jobs=1).run(FeatureSource(train, test))[0]
    assert record['settings']['n_train'] == 40 and record['settings']['n_train_available'] == 400
    subset = SVM([1.0], max_train_images=40)._subset(train)
    assert subset.labels.bincount().min() >= 9  # each class keeps its share
    rows = [int((train.features == row).all(1).nonzero()) for row in subset.features]
    assert len(set(rows)) == 40 and [train.labels[r] for r in rows] == subset.labels.tolist()
    assert SVM([1.0], max_train_images=1000)._subset(train) is train


def test_class_of_neither_set_is_left_out():
    names = [*NAMES, 'unicorn']
    train, test = (Features(part.features, part.labels, names) for part in (digits(200), digits(200, skip=400)))
    with_it, without = (SVM([1.0], n_jobs=1).run(FeatureSource(*pair)) for pair in
                        ((train, test), (digits(200), digits(200, skip=400))))
    assert [r['value'] for r in with_it] == [r['value'] for r in without]
    assert 'unicorn' not in with_it[0]['settings']['cost_of_class']


def test_fits_that_do_not_converge_are_counted_and_silent(monkeypatch):
    monkeypatch.setattr('mmwsl.protocols.svm.MAX_ITER', 1)
    filters = list(warnings.filters)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        record = SVM([10.0, 1000.0], n_jobs=1).run(FeatureSource(digits(200), digits(100, skip=400)))[0]
    assert not [w for w in caught if issubclass(w.category, ConvergenceWarning)]
    assert warnings.filters == filters
    assert record['settings']['fits'] == 4 * 2 * 3 + 4 and record['settings']['fits_not_converged'] > 0


def test_cost_presets():
    assert {name: len(costs) for name, costs in COSTS.items()} == dict(quick=4, oss=19, goyal=26, vissl=11)
    assert min(COSTS['oss']) == min(COSTS['goyal'][10:]) == 2**-19 and min(COSTS['goyal']) == pytest.approx(1e-7)
    assert max(COSTS['oss']) == max(COSTS['goyal']) == 100
    protocol = PROTOCOLS.build(dict(type='svm', costs='vissl'))
    assert protocol.preset == 'vissl' and protocol.costs[-1] == 1000


def test_bad_settings():
    for arguments, message in ((dict(costs='osss'), 'choose one of quick, oss, goyal, vissl'),
                               (dict(costs=[1.0, 0.0]), 'all of them positive'), (dict(costs=[]), 'at least one'),
                               (dict(difficult='lax'), 'choose one of reference, strict'),
                               (dict(folds=1), 'at least 2')):
        with pytest.raises(ValueError, match=message):
            SVM(**arguments)


def test_bad_data():
    train, test = digits(100), digits(50, skip=400)
    two = torch.cat([(train.labels != 3).nonzero().flatten(), (train.labels == 3).nonzero().flatten()[:2]])
    rare = Features(train.features[two], train.labels[two], NAMES)
    with pytest.raises(ValueError, match="class 'digit 3' has 2 positive and .* at least 3"):
        SVM([0.1, 1.0], n_jobs=1).run(FeatureSource(rare, test))
    assert SVM([0.1], n_jobs=1).run(FeatureSource(rare, test))[0]['settings']['fits'] == 4  # a single cost needs no folds
    with pytest.raises(ValueError, match='max_train_images=2.* has images of'):
        SVM([0.1], max_train_images=2, n_jobs=1).run(FeatureSource(train, test))
    with pytest.raises(ValueError, match='max_train_images=0'):
        SVM([0.1], max_train_images=0).run(FeatureSource(train, test))
    with pytest.raises(ValueError, match="'svm' needs a labelled dataset"):
        SVM().run(FeatureSource(train, Features(test.features, None, NAMES)))


def test_rotation_keeps_inner_products():
    """Fewer images than dimensions: a triangle with the same inner products, and axes that lead back."""
    features = np.random.default_rng(0).normal(size=(20, 50))
    features[3] = features[4]  # of lower rank
    turned, turn_back = rotate(features)
    assert turned.shape == (20, 20) and not np.triu(turned, 1).any()
    assert np.allclose(turned @ turned.T, features @ features.T)
    coefficients = np.arange(20.0)
    assert np.allclose(features @ turn_back(coefficients), turned @ coefficients)
    same, turn_back = rotate(features.T)  # more images than dimensions: nothing to gain
    assert np.array_equal(same, features.T) and np.array_equal(turn_back(coefficients), coefficients)


def test_rotated_fits_are_the_same():
    features = normalize_rows(np.random.default_rng(1).normal(size=(40, 300)) + 0.3)
    positive = features[:, 0] > np.median(features[:, 0])
    used = np.arange(40) % 4 > 0
    turned, turn_back = rotate(features)
    for cost in (0.01, 1.0, 100.0):
        plain, intercept, _ = fit_svm(features, positive, used, cost)
        coefficients, turned_intercept, _ = fit_svm(turned, positive, used, cost)
        assert np.allclose(turn_back(coefficients), plain, atol=1e-9) and turned_intercept == pytest.approx(intercept)


def test_ranking_precision_equals_scikit_learn():
    """Also with equal scores, which are one step of the curve."""
    generator = np.random.default_rng(0)
    for count in (2, 7, 60):
        for levels in (2, 5, 10**6):
            scores, positive = generator.integers(levels, size=count) / 7, generator.random(count) < 0.4
            positive[0] = True
            assert ranking_precision(positive, scores) == pytest.approx(average_precision_score(positive, scores), abs=1e-12)
