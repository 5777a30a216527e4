"""Methods that learn to cluster: each is fitted on known items, into a folder, and applied to others from there."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mmwsl.apis.cluster.neighbors import build_graph
from mmwsl.apis.graph_networks.infer import infer_confidence, infer_links, infer_members, infer_peaks, infer_scores
from mmwsl.apis.graph_networks.training import SETTINGS, learn_threshold, read_settings, trained, write_settings
from mmwsl.clustering import KNNGraph, graph_pairs, propagate
from mmwsl.clustering.learned import (
    Proposals,
    find_peaks,
    partition_of_peaks,
    propose,
    propose_joined,
    resolve_overlaps,
    unite,
)
from mmwsl.datasets.graphs import Items, open_items, write_proposals
from mmwsl.datasets.readers.features import open_graph, write_graph

CONFIGS = dict(
    gcn_v='mmwsl::graph/gcn_v/gcn_v_dim64_1xb256-step-2k_identities.py',
    gcn_e='mmwsl::graph/gcn_e/gcn_e_dim128_1xb8-step-2k_identities.py',
    gcn_d='mmwsl::graph/gcn_d/gcn_d_dim64_1xb8-step-2k_identities.py',
    gcn_s='mmwsl::graph/gcn_s/gcn_s_dim64_1xb8-step-2k_identities.py',
    l_gcn='mmwsl::graph/l_gcn/l_gcn_dim64_1xb4-step-2k_identities.py')
GRID = np.round(np.arange(0.1, 1, 0.025), 3)  # of thresholds that are learnt
CDP_NEIGHBORS, MAX_SIZE = 15, 600
PROPOSED = MAX_SIZE  # most members of a proposal; published: 300, of people with 68 photos on average
AROUND = (-0.1, -0.05, 0.0, 0.05, 0.1)  # CDP's threshold: those of the proposals
JOINED = ((2, 8), (3, 12), (4, 16))  # neighbors of a cluster, most clusters joined
IGNORED = 0.5  # share of the nodes that GCN-E is not asked about
IMPURE = (0.1, 0.9)  # predicted purity of the proposals that are segmented
Options = dict[str, Any]


class Known(NamedTuple):
    """A folder of items whose classes are known."""
    folder: Path

    @property
    def files(self) -> Options:
        """Options of a config that name the files."""
        return {f'train_dataloader.dataset.{name}': str(self.folder / f'{name}.npy')
                for name in ('features', 'graph', 'labels')}

    def open(self) -> Items:
        """The items."""
        return open_items(*(self.folder / f'{name}.npy' for name in ('features', 'graph', 'labels')))


def write_known(folder: Path | str, features: np.ndarray, graph: KNNGraph, labels: np.ndarray) -> None:
    """Write known items as the files that the configs' data sets read: ``features``, ``graph`` and ``labels.npy``."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / 'features.npy', features)
    write_graph(folder / 'graph.npy', [graph], len(features), graph.ids.shape[1])
    np.save(folder / 'labels.npy', labels)


def fit_method(method: str, known: Path | str, out: Path | str, seed: int = 0, options: Options | None = None) -> None:
    """Train what a method needs, and learn its thresholds, on known items.

    Args:
        method: one of :data:`METHODS`.
        known: folder that :func:`write_known` wrote.
        out: folder of the networks, a sub-folder each; what is there to the end is not trained again.
        seed: of the trainings.
        options: overrides of every config that is trained, e.g. ``{'train_cfg.max_iters': 4000}``.

    Raises:
        ValueError: an unknown method, or known items that a network cannot be trained on.
        OSError: ``out`` cannot be written.
    """
    fit, dims = _find(method)[0], Known(Path(known)).open().features.shape[1]
    fit(Known(Path(known)), Path(out), seed, dict(options or {}), dims)


def apply_method(method: str, fitted: Path | str, features: np.ndarray, graph: KNNGraph) -> np.ndarray:
    """Partition items by what was fitted.

    Args:
        method: one of :data:`METHODS`.
        fitted: the ``out`` of :func:`fit_method`.
        features: (N, D).
        graph: of these items, with as many neighbors as that of the known ones.

    Returns:
        (N,) int64; -1 = unassigned.

    Raises:
        ValueError: an unknown method, or other numbers of items or neighbors.
        FileNotFoundError: the method was not fitted there.
    """
    return _find(method)[1](Path(fitted), open_items(features, graph))


def _find(method: str) -> tuple[Callable[..., None], Callable[[Path, Items], np.ndarray]]:
    if method not in METHODS:
        raise ValueError(f'method {method!r} is unknown; choose one of {", ".join(METHODS)}')
    return METHODS[method]


def _network(name: str, folder: Path, options: Options, seed: int) -> Any:
    return trained(CONFIGS[name], folder, options, seed)


def _again(folder: Path) -> Any:
    """The network of a folder, whose settings say from which config it is."""
    settings = read_settings(folder)
    return trained(CONFIGS[settings['network']], folder, settings['options'], settings['seed'])


def _hidden(folder: Path, model: Any, items: Items) -> tuple[Items, np.ndarray]:
    """The graph of a GCN-V's hidden features, as many neighbors as before, and the confidence; as files, too."""
    folder.mkdir(parents=True, exist_ok=True)
    hidden, confidence = infer_confidence(model, items)
    np.save(folder / 'features.npy', hidden)
    np.save(folder / 'confidence.npy', confidence)
    build_graph(hidden, items.graph.ids.shape[1], folder / 'graph.npy', sample=0)
    return open_items(hidden, open_graph(folder / 'graph.npy'), items.labels), confidence


def _fit_v(known: Known, out: Path, seed: int, options: Options, dims: int) -> None:
    items, folder = known.open(), out / 'gcn_v'
    if (folder / SETTINGS).is_file():
        return
    own = {**known.files, 'model.in_channels': dims, 'train_dataloader.dataset.k': items.graph.ids.shape[1], **options}
    model = _network('gcn_v', folder, own, seed)
    near, confidence = _hidden(folder / 'known', model, items)
    threshold, score = learn_threshold(lambda value: partition_of_peaks(find_peaks(near.graph, confidence, value)),
                                       items.labels, GRID)
    write_settings(folder, network='gcn_v', options=own, seed=seed, threshold=threshold, known_f=score)


def _apply_v(fitted: Path, items: Items) -> np.ndarray:
    folder = fitted / 'gcn_v'
    near, confidence = _hidden(folder / 'applied', _again(folder), items)
    return partition_of_peaks(find_peaks(near.graph, confidence, read_settings(folder)['threshold']))


def _fit_e(known: Known, out: Path, seed: int, options: Options, dims: int) -> None:
    _fit_v(known, out, seed, options, dims)
    folder, files = out / 'gcn_e', out / 'gcn_v' / 'known'
    own = {f'train_dataloader.dataset.{name}': str(files / f'{name}.npy')
           for name in ('features', 'graph', 'confidence')}
    own.update({'train_dataloader.dataset.labels': str(known.folder / 'labels.npy'), **options})
    model = _network('gcn_e', folder, own, seed)
    items = open_items(files / 'features.npy', files / 'graph.npy', known.folder / 'labels.npy')
    peaks = infer_peaks(model, items, np.load(files / 'confidence.npy'), IGNORED)
    threshold, score = learn_threshold(lambda value: _near_peaks(items, peaks, value), items.labels, GRID)
    write_settings(folder, network='gcn_e', options=own, seed=seed, threshold=threshold, known_f=score)


def _near_peaks(items: Items, peaks: np.ndarray, threshold: float) -> np.ndarray:
    similarity = (items.features * items.features[peaks]).sum(1)
    return partition_of_peaks(np.where(similarity > threshold, peaks, -1))


def _apply_e(fitted: Path, items: Items) -> np.ndarray:
    near, confidence = _hidden(fitted / 'gcn_v' / 'applied', _again(fitted / 'gcn_v'), items)
    peaks = infer_peaks(_again(fitted / 'gcn_e'), near, confidence, IGNORED)
    return _near_peaks(near, peaks, read_settings(fitted / 'gcn_e')['threshold'])


def cdp_partition(graph: KNNGraph, threshold: float, neighbors: int = CDP_NEIGHBORS) -> np.ndarray:
    """CDP of a single model: propagation of the pairs of a graph's nearest neighbors."""
    nearest = KNNGraph(graph.ids[:, :neighbors], graph.similarities[:, :neighbors])
    return propagate(graph_pairs(nearest, threshold, strict=True), len(graph.ids), MAX_SIZE, leftover='components')


def make_proposals(items: Items, threshold: float, around: Sequence[float] = AROUND) -> Proposals:
    """Proposals at thresholds around that of CDP, with its neighbors and with all of the graph, and unions of them."""
    settings = [(k, threshold + each) for k in sorted({CDP_NEIGHBORS, items.graph.ids.shape[1]}) for each in around]
    joined = [propose_joined(items.features, cdp_partition(items.graph, threshold + each), JOINED, sizes=(3, PROPOSED))
              for each in around[-2:]]
    return unite([propose(items.graph, settings, max_size=PROPOSED), *joined])


def _fit_d(known: Known, out: Path, seed: int, options: Options, dims: int, name: str = 'gcn_d', network: str = 'gcn_d',
           target: str = 'iou') -> None:
    items, folder = known.open(), out / name
    if (folder / SETTINGS).is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    threshold, _ = learn_threshold(lambda value: cdp_partition(items.graph, value), items.labels, GRID)
    proposals = folder / 'proposals.npz'
    write_proposals(proposals, make_proposals(items, threshold))
    own = {**known.files, 'model.in_channels': dims, 'train_dataloader.dataset.proposals': str(proposals),
           'train_dataloader.dataset.target': target, **options}
    _network(network, folder, own, seed)
    write_settings(folder, network=network, options=own, seed=seed, threshold=threshold)


def _apply_d(fitted: Path, items: Items) -> np.ndarray:
    folder = fitted / 'gcn_d'
    proposals = make_proposals(items, read_settings(folder)['threshold'])
    return resolve_overlaps(proposals, infer_scores(_again(folder), items, proposals), len(items.features))


def _fit_s(known: Known, out: Path, seed: int, options: Options, dims: int) -> None:
    _fit_d(known, out, seed, options, dims)
    _fit_d(known, out, seed, options, dims, 'gcn_d_purity', target='iop')
    _fit_d(known, out, seed, options, dims, 'gcn_s', 'gcn_s', 'nodes')


def _apply_s(fitted: Path, items: Items) -> np.ndarray:
    proposals = make_proposals(items, read_settings(fitted / 'gcn_d')['threshold'])
    scores = infer_scores(_again(fitted / 'gcn_d'), items, proposals)
    purity = infer_scores(_again(fitted / 'gcn_d_purity'), items, proposals)
    chosen = (purity >= IMPURE[0]) & (purity <= IMPURE[1])
    kept = infer_members(_again(fitted / 'gcn_s'), items, proposals, chosen)
    return resolve_overlaps(proposals, scores, len(items.features), kept)


def _fit_l(known: Known, out: Path, seed: int, options: Options, dims: int) -> None:
    own = {**known.files, 'model.in_channels': dims, **_few_neighbors(known.open().graph.ids.shape[1]), **options}
    _network('l_gcn', out / 'l_gcn', own, seed)
    write_settings(out / 'l_gcn', network='l_gcn', options=own, seed=seed)


def _few_neighbors(k: int) -> Options:
    """What of an L-GCN's pieces changes on a graph with fewer neighbors than its config asks for."""
    from mmwsl.apis.config import load_config
    pieces = load_config(CONFIGS['l_gcn']).train_dataloader.dataset
    if k >= max(*pieces.hops, pieces.active):
        return {}
    return {'train_dataloader.dataset.hops': [min(each, k) for each in pieces.hops],
            'train_dataloader.dataset.active': min(pieces.active, k)}


def _apply_l(fitted: Path, items: Items) -> np.ndarray:
    from mmwsl.apis.config import load_config
    model, settings = _again(fitted / 'l_gcn'), read_settings(fitted / 'l_gcn')
    pieces = load_config(CONFIGS['l_gcn'], settings['options']).train_dataloader.dataset
    pairs = infer_links(model, items, tuple(pieces.hops), pieces.active)
    return propagate(pairs, len(items.features), MAX_SIZE, step=0.6, leftover='components')


METHODS: dict[str, tuple[Callable[..., None], Callable[[Path, Items], np.ndarray]]] = dict(
    gcn_v=(_fit_v, _apply_v), gcn_v_e=(_fit_e, _apply_e), gcn_d=(_fit_d, _apply_d), gcn_d_s=(_fit_s, _apply_s),
    l_gcn=(_fit_l, _apply_l))
