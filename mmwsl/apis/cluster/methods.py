"""Methods of clustering by name: what each needs, its settings, and how it is run."""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from mmwsl.apis.catalog.keys import nearest
from mmwsl.apis.cluster.learned import LEARNED, learned
from mmwsl.clustering import (
    METHODS,
    KNNGraph,
    Pairs,
    approximate_rank_order,
    chinese_whispers,
    graph_dbscan,
    partition_features,
    propagate,
    single_linkage,
    vote_pairs,
)

BY_GRAPH: dict[str, Callable[..., np.ndarray]] = dict(
    fast_hac=single_linkage, knn_dbscan=graph_dbscan, rank_order=approximate_rank_order,
    chinese_whispers=chinese_whispers)
BY_PAIRS = ('cdp', 'cdp_vote')
NAMES = (*METHODS, *BY_GRAPH, *BY_PAIRS, *LEARNED)
OF_INDEX = dict(k=15, index='auto', probes=32)  # what a config says of the kNN graph, with defaults
_PAIRS = ('threshold', 'accept', 'strict')
_INPUTS = ('features', 'graph', 'pairs', 'count', 'base', 'committee', 'find_components', 'method')


class Plan(NamedTuple):
    """What a config asks for.

    Attributes:
        method: one of :data:`NAMES`.
        neighbors: ``k``, ``index`` and ``probes`` of the kNN graph; None where the method needs none.
        settings: of the method; ``clusters`` may be ``'truth'``.
    """
    method: str
    neighbors: dict[str, Any] | None
    settings: dict[str, Any]

    @property
    def pair_settings(self) -> dict[str, Any]:
        """Those of the settings that choose the pairs of CDP."""
        return {name: value for name, value in self.settings.items() if name in _PAIRS}

    @property
    def partition_settings(self) -> dict[str, Any]:
        """The others."""
        return {name: value for name, value in self.settings.items()
                if self.method not in BY_PAIRS or name not in _PAIRS}


def read_plan(clustering: Any, committee: int = 0) -> Plan:
    """Check the dict ``clustering`` of a config: ``method``, ``k``, ``index``, ``probes``, and the method's settings.

    Args:
        clustering: the dict.
        committee: models beside the base one whose features there are.

    Raises:
        ValueError: no such dict, an unknown method or setting (with the nearest one), one that lacks, or another
            number of models.
    """
    if not isinstance(clustering, dict) or 'method' not in clustering:
        raise ValueError("the config has no clustering=dict(method=...): name one of configs/clustering, e.g. "
                         'mmwsl::clustering/cdp_200k.py')
    settings = dict(clustering)
    method = settings.pop('method')
    if method not in NAMES:
        near = nearest(str(method), NAMES, 0.6)
        raise ValueError(f'clustering.method={method!r} is unknown; ' + (f'did you mean {near}? ' if near else '')
                         + f'there are {", ".join(NAMES)}')
    index = {name: settings.pop(name, default) for name, default in OF_INDEX.items()}
    known = _parameters(method)
    for name in settings:
        if name not in known:
            near = nearest(name, [*known, *OF_INDEX], 0.6)
            raise ValueError(f'clustering.{name} is no setting of {method}; '
                             + (f'did you mean {near}?' if near else f'it has {", ".join(known) or "none"}'))
    missing = [name for name, parameter in known.items() if parameter.default is parameter.empty
               and name not in settings]
    if missing:
        raise ValueError(f'{method} needs clustering.{missing[0]}: give --cfg-options clustering.{missing[0]}=VALUE, '
                         'or start from its config in configs/clustering')
    if committee and method != 'cdp_vote':
        raise ValueError(f'a committee was given, but only cdp_vote asks one, not {method}: leave it out, or take '
                         'mmwsl::clustering/cdp_vote_200k.py')
    if method == 'cdp_vote' and not 1 <= settings['accept'] <= committee:
        raise ValueError(f'cdp_vote needs {settings["accept"]} votes of a committee of {committee}: give the features '
                         'of other models by --committee, or --cfg-options clustering.accept=VOTES, from 1 on')
    return Plan(method, index if needs_graph(method) else None, settings)


def needs_graph(method: str) -> bool:
    """Whether a method works on the kNN graph, alone or beside the features."""
    return method not in METHODS or 'graph' in inspect.signature(METHODS[method]).parameters


def _parameters(method: str) -> dict[str, inspect.Parameter]:
    """Settings of a method by name."""
    if method in BY_PAIRS:
        found = [*inspect.signature(vote_pairs).parameters.values(), *inspect.signature(propagate).parameters.values()]
        if method == 'cdp':
            found = [each for each in found if each.name != 'accept']
    else:
        function = learned if method in LEARNED else {**METHODS, **BY_GRAPH}[method]
        found = list(inspect.signature(function).parameters.values())
    return {each.name: each for each in found if each.name not in _INPUTS}


def make_pairs(plan: Plan, graph: KNNGraph, committee: list[KNNGraph]) -> Pairs:
    """The scored pairs of a method of :data:`BY_PAIRS`."""
    return vote_pairs(graph, committee, **{'accept': 0, **plan.pair_settings})


def partition(plan: Plan, features: np.ndarray, graph: KNNGraph | None, pairs: Pairs | None) -> np.ndarray:
    """(N,) int64 clusters; -1 = unassigned.

    Args:
        plan: of a config; its ``clusters`` a number.
        features: (N, D).
        graph, pairs: as far as the method needs them.
    """
    if plan.method in BY_PAIRS:
        assert pairs is not None
        return propagate(pairs, len(features), **plan.partition_settings)
    if plan.method in LEARNED:
        assert graph is not None
        return learned(features, graph, plan.method, **plan.settings)
    if plan.method in BY_GRAPH:
        return BY_GRAPH[plan.method](graph, **plan.settings)
    return partition_features(plan.method, features, **plan.settings, **({} if graph is None else dict(graph=graph)))
