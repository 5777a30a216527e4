import json

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from mmwsl.protocols import Features, FeatureSource
from mmwsl.protocols.logistic import Logistic, fit_logistic, metric_value, predict
from mmwsl.registry import PROTOCOLS


def digits(part, tags=False):
    data = load_digits(n_class=4)
    noise = np.random.default_rng(0).normal(size=data.data.shape) * 12  # else every class is perfect
    rows = slice(0, 300) if part == 'train' else slice(300, 700)
    labels = torch.tensor(data.target[rows])
    if tags:
        labels = torch.nn.functional.one_hot(labels, 4)
        labels[:, 3] |= labels[:, 1]
        labels[::11, 0] = -1
    return Features((data.data + noise)[rows] / 16, labels, list('0123'))


@pytest.mark.parametrize('strength', [0.1, 10.0])
def test_equals_scikit_learn(strength):
    train = digits('train')
    ours = fit_logistic(train.features.double(), train.labels, 4, strength)
    theirs = LogisticRegression(C=1 / strength, tol=1e-10, max_iter=5000).fit(
        train.features.double().numpy(), train.labels)
    # the gradient at which L-BFGS stops, 1e-7 an image, over the least curvature, 0.1
    assert np.allclose(ours[:-1].T, theirs.coef_, atol=3e-4)
    centred = ours[-1] - ours[-1].mean()  # the biases are free up to a constant
    assert np.allclose(centred, theirs.intercept_ - theirs.intercept_.mean(), atol=1e-3)


def test_tags_equal_one_regression_each():
    train, strength = digits('train', tags=True), 3.0
    ours = fit_logistic(train.features.double(), train.labels, 4, strength)
    for c in range(4):
        kept = train.labels[:, c] >= 0
        theirs = LogisticRegression(C=1 / strength, tol=1e-10, max_iter=5000).fit(
            train.features[kept].double().numpy(), train.labels[kept, c])
        assert np.allclose(ours[:-1, c], theirs.coef_[0], atol=1e-4)
        assert np.allclose(ours[-1, c], theirs.intercept_[0], atol=1e-3)


@pytest.mark.long
def test_a_warm_start_leads_to_the_same_place():
    train = digits('train')
    near = fit_logistic(train.features.double(), train.labels, 4, 1.0)
    cold, warm = (fit_logistic(train.features.double(), train.labels, 4, 0.5, start) for start in (None, near))
    assert torch.allclose(cold[:-1], warm[:-1], atol=1e-4)


@pytest.mark.long
def test_strength_is_chosen_on_what_is_held_out():
    train, test = digits('train'), digits('test')
    [record] = Logistic(strengths=9, weakest=1e-3, strongest=1e5).run(FeatureSource(train, test))
    settings = record['settings']
    assert record['metric'] == 'logistic_top1' and settings['n_train'] == 300
    assert settings['strengths'][0] == pytest.approx(1e5) and settings['strengths'][-1] == pytest.approx(1e-3)
    best = settings['holdout_figures'].index(max(settings['holdout_figures']))
    assert settings['strength'] == settings['strengths'][best] and 0 < best  # not the one that forbids learning
    again = fit_logistic(train.features.double(), train.labels, 4, settings['strength'])
    top1 = 100 * (predict(test.features.double(), again).argmax(1) == test.labels).double().mean()
    assert record['value'] == pytest.approx(top1.item(), abs=0.6) and 60 < record['value'] < 100
    json.dumps(record)


def test_metrics_by_hand():
    scores = torch.tensor([[2.0, 1], [2, 1], [2, 1], [1, 2]])
    labels = torch.tensor([0, 0, 0, 1])
    assert metric_value(scores, labels, 'top1') == 100 and metric_value(scores.flip(1), labels, 'top1') == 0
    assert metric_value(scores, torch.tensor([0, 1, 1, 1]), 'mean_class') == pytest.approx(100 * (1 + 1 / 3) / 2)
    test = digits('test', tags=True)
    values = torch.randn(len(test), 4, generator=torch.Generator().manual_seed(0)).double()
    kept = test.labels[:, 1] >= 0
    one = metric_value(values[:, 1:2], test.labels[:, 1:2], 'mAP')
    assert one >= 100 * average_precision_score(test.labels[kept, 1], values[kept, 1])  # the curve is made monotonous
    assert metric_value(values[:, 1:2], test.labels[:, 1:2], 'mAP_11points') != one


def test_tags():
    [record] = PROTOCOLS.build(dict(type='logistic', metric='mAP_11points', strengths=3)).run(
        FeatureSource(digits('train', tags=True), digits('test', tags=True)))
    assert record['metric'] == 'logistic_mAP_11points' and 60 < record['value'] < 100


def test_bad_input():
    with pytest.raises(ValueError, match='metric='):
        Logistic(metric='top7')
    with pytest.raises(ValueError, match='all of them positive'):
        Logistic(weakest=0)
    with pytest.raises(ValueError, match='one class per image'):
        Logistic().run(FeatureSource(digits('train', tags=True), digits('test', tags=True)))
    with pytest.raises(ValueError, match='is of several tags per image'):
        Logistic(metric='mAP').run(FeatureSource(digits('train'), digits('test')))
