"""Methods are fitted on known people and applied to others, and go on where they were stopped."""

import numpy as np
import pytest

from mmwsl.apis.graph_networks import (
    METHODS,
    apply_mediator,
    apply_method,
    fit_mediator,
    fit_method,
    learn_threshold,
    write_known,
)
from mmwsl.apis.graph_networks.methods import _few_neighbors
from mmwsl.clustering import exact_graph, partition_scores
from mmwsl.datasets.synthetic.identities import Identities

APART = dict(tail=.5, group=1, resemblance=0, spread=0)  # people in nothing alike, each item its person and noise
QUICK = {'train_cfg.max_iters': 60, 'param_scheduler': [], 'default_hooks.checkpoint.interval': 60}


def people(seed, items=400):
    known = Identities(items, 12, 16, **APART, noise=.5, hard=.1, hard_noise=.8, seed=seed)
    return known, exact_graph(known.features(), 12)


def small(method):
    own = dict(gcn_v={'model.channels': 32}, gcn_v_e={}, l_gcn={
        'model.channels': [16, 16], 'train_dataloader.dataset.hops': [8, 3], 'train_dataloader.dataset.active': 3})
    return {**QUICK, **own.get(method, {'model.channels': [16, 8]})}


@pytest.mark.slow
@pytest.mark.parametrize('method', ['gcn_v', 'gcn_d', 'l_gcn'])
def test_fitted_on_some_and_applied_to_others(method, tmp_path):
    known, graph = people(1)
    write_known(tmp_path / 'known', known.features(), graph, known.labels)
    fit_method(method, tmp_path / 'known', tmp_path / 'fitted', options=small(method))
    other, graph = people(0)
    found = apply_method(method, tmp_path / 'fitted', other.features(), graph)
    assert partition_scores(found, other.labels)['pairwise_f'] > (.2 if method == 'l_gcn' else .7)
    weights = sorted(tmp_path.rglob('*.pth'))
    before = [path.stat().st_mtime_ns for path in weights]
    fit_method(method, tmp_path / 'known', tmp_path / 'fitted', options=small(method))  # nothing is trained again
    assert [path.stat().st_mtime_ns for path in sorted(tmp_path.rglob('*.pth'))] == before
    np.testing.assert_array_equal(apply_method(method, tmp_path / 'fitted', other.features(), graph), found)


@pytest.mark.long
@pytest.mark.parametrize('method', ['gcn_v_e', 'gcn_d_s'])
def test_two_stages(method, tmp_path):
    known, graph = people(1)
    write_known(tmp_path / 'known', known.features(), graph, known.labels)
    options = QUICK if method == 'gcn_v_e' else small(method)
    fit_method(method, tmp_path / 'known', tmp_path / 'fitted', options=options)
    other, graph = people(0)
    found = apply_method(method, tmp_path / 'fitted', other.features(), graph)
    assert partition_scores(found, other.labels)['pairwise_f'] > .6


@pytest.mark.slow
def test_mediator(tmp_path):
    known, other = (Identities(400, 12, 16, **APART, noise=.6, hard=.1, hard_noise=1, seed=seed) for seed in (1, 0))

    def committee(of):
        features = [of.features(model) for model in range(3)]
        return [exact_graph(each, 10) for each in features], features
    fit_mediator(*committee(known), known.labels, tmp_path, options=QUICK)
    assert partition_scores(apply_mediator(tmp_path, *committee(other)), other.labels)['pairwise_f'] > .8
    graphs, features = committee(other)
    with pytest.raises(ValueError, match='a committee of the same size'):
        apply_mediator(tmp_path, graphs[:2], features[:2])


def test_few_neighbors():
    names = [f'train_dataloader.dataset.{name}' for name in ('hops', 'active')]
    assert [_few_neighbors(4)[name] for name in names] == [[4, 4], 4] and _few_neighbors(15)[names[0]] == [15, 5]
    assert _few_neighbors(20) == {}


def test_threshold():
    labels = np.array([0, 0, 1, 1])
    parts = {.1: np.zeros(4, int), .2: labels, .3: labels, .4: labels, .5: np.arange(4)}
    assert learn_threshold(parts.__getitem__, labels, parts) == (.3, 1)
    assert learn_threshold(parts.__getitem__, labels, parts, score=lambda found, known: len(set(found))) == (.5, 4)


def test_refusals(tmp_path):
    other, graph = people(0, 30)
    assert set(METHODS) == {'gcn_v', 'gcn_v_e', 'gcn_d', 'gcn_d_s', 'l_gcn'}
    with pytest.raises(ValueError, match="'gcn' is unknown"):
        apply_method('gcn', tmp_path, other.features(), graph)
    with pytest.raises(FileNotFoundError, match='no network was trained there'):
        apply_method('gcn_v', tmp_path, other.features(), graph)
