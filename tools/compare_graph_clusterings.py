"""Compare clusterings that learn from known people with others, on other people: made features, or those of photos.

    python tools/compare_graph_clusterings.py --out work_dirs/graph_clustering
    python tools/compare_graph_clusterings.py --out work_dirs/graph_clustering --seeds 0 --methods cdp gcn_v
    python tools/compare_graph_clusterings.py --out work_dirs/orl --dataset ORL --known train.npz --other test.npz \
        --neighbors 15

Every threshold is the best one for the known people. A figure that is recorded is not made again. Features of photos
are those that `mmwsl extract` writes, of the base model and, behind it, of a committee (without one there is no
`cdp_mediator`); they are turned into as many principal components of the known people as --dims says.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from mmwsl.apis.graph_networks import METHODS, apply_mediator, apply_method, fit_mediator, fit_method, write_known
from mmwsl.apis.graph_networks.methods import GRID, cdp_partition, learn_threshold
from mmwsl.clustering import KNNGraph, exact_graph, partition_features, partition_scores, partition_sizes
from mmwsl.clustering.knn_graph import unit_rows
from mmwsl.clustering.learned import confidence_targets
from mmwsl.clustering.pca import principal_components
from mmwsl.datasets.readers.features import open_features, read_labels
from mmwsl.datasets.synthetic.identities import Identities
from mmwsl.files import append_json_lines
from mmwsl.reporting.records import make_record, read_records

NAMES = ('kmeans', 'cdp', 'cdp_mediator', *METHODS)
MODELS, COMMITTEE_NEIGHBORS = 5, 15  # the base model and a committee of four
METRICS = ('pairwise_f', 'pairwise_precision', 'pairwise_recall', 'bcubed_f', 'nmi')


def nearest(graph, k):
    return KNNGraph(graph.ids[:, :k], graph.similarities[:, :k])


# Noise alone separates an item from its person, whom no other resembles: what the noise does is then known beforehand.
APART = dict(tail=0.5, group=1, resemblance=0.0, spread=0.0)


class Side:
    """The items of some people as all models see them: labels, features and graphs, a list each."""

    def __init__(self, labels, features, neighbors):
        self.labels, self.features = labels, features
        self.graphs = [exact_graph(features[0], neighbors)]
        self.graphs += [exact_graph(each, COMMITTEE_NEIGHBORS) for each in features[1:]]

    def committee(self):
        return [nearest(graph, COMMITTEE_NEIGHBORS) for graph in self.graphs], self.features


def made_side(args, seed, models):
    people = Identities(args.items, args.identities, args.dims, noise=args.noise, hard=args.hard,
                        hard_noise=args.hard_noise, seed=seed, **APART)
    return Side(people.labels, [people.features(model) for model in range(models)], args.neighbors)


def read_sides(args):
    """The known and the other people of files of features, a file for each model."""
    known, other = [], []
    for one, two in zip(args.known, args.other, strict=True):
        rows = [unit_rows(open_features(path)).numpy() for path in (one, two)]
        for side, part in zip((known, other), principal_components(*rows, args.dims), strict=True):
            side.append(unit_rows(part).numpy())
    return [Side(read_labels(paths[0], len(side[0])), side, args.neighbors)
            for paths, side in ((args.known, known), (args.other, other))]


def run(method, known, other, folder, seed, options):
    """Fit a method on known people and partition the others: clusters, seconds of both, and what to note."""
    begin, note = time.perf_counter(), {}
    if method == 'kmeans':
        note = dict(clusters=len(np.unique(other.labels)))  # the true number, which nothing tells
        fitted = time.perf_counter()
        found = partition_features('kmeans', other.features[0], seed=seed, **note)
    elif method == 'cdp':
        threshold, _ = learn_threshold(lambda value: cdp_partition(known.graphs[0], value), known.labels, GRID)
        note, fitted = dict(threshold=threshold), time.perf_counter()
        found = cdp_partition(other.graphs[0], threshold)
    elif method == 'cdp_mediator':
        fit_mediator(*known.committee(), known.labels, folder / 'mediator', seed, options)
        fitted = time.perf_counter()
        found = apply_mediator(folder / 'mediator', *other.committee())
        note = dict(threshold=json.loads((folder / 'mediator' / 'settings.json').read_text())['threshold'])
    else:
        fit_method(method, folder / 'known', folder, seed, options)
        fitted = time.perf_counter()
        found = apply_method(method, folder, other.features[0], other.graphs[0])
        settings = folder / dict(gcn_v_e='gcn_e', gcn_d_s='gcn_d').get(method, method) / 'settings.json'
        note = {name: value for name, value in json.loads(settings.read_text()).items() if name == 'threshold'}
    return found, fitted - begin, time.perf_counter() - fitted, note


def rank_correlation(folder, other):
    """Of the confidence of GCN-V with that by the true classes."""
    from scipy.stats import spearmanr
    found = np.load(folder / 'gcn_v' / 'applied' / 'confidence.npy')
    return float(spearmanr(found, confidence_targets(other.graphs[0], other.labels)).statistic)


def of_data(args, other):
    """What the records say of the items."""
    if args.known:
        return dict(items=len(other.labels), identities=len(np.unique(other.labels)), models=len(args.known))
    return dict(items=args.items, identities=args.identities, noise=args.noise, hard=args.hard,
                hard_noise=args.hard_noise)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', type=Path, required=True, help='folder of the networks and of records.jsonl')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument('--methods', nargs='+', default=NAMES, choices=NAMES)
    parser.add_argument('--steps', type=int, default=2000, help='of every training')
    parser.add_argument('--items', type=int, default=10000, help='of the known people, and of the others')
    parser.add_argument('--identities', type=int, default=250)
    parser.add_argument('--dims', type=int, default=64)
    parser.add_argument('--neighbors', type=int, default=80, help='of the graph; published: 80')
    parser.add_argument('--noise', type=float, default=1.0)
    parser.add_argument('--hard', type=float, default=0.2, help='share of items with more noise')
    parser.add_argument('--hard-noise', type=float, default=1.5)
    parser.add_argument('--known', nargs='+', default=[], metavar='FEATURES', help='features of known people')
    parser.add_argument('--other', nargs='+', default=[], metavar='FEATURES', help='of others, by the same models')
    parser.add_argument('--dataset', default='Identities', help='name in the records')
    args = parser.parse_args()
    if len(args.known) != len(args.other) or bool(args.known) == (args.dataset == 'Identities'):
        parser.error('--known and --other need a file for each model, and a name of their own by --dataset')
    if args.known and len(args.known) < 2:
        args.methods = [method for method in args.methods if method != 'cdp_mediator']
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / 'records.jsonl'
    options = {} if args.steps == 2000 else {'train_cfg.max_iters': args.steps}
    for seed in args.seeds:
        done = {record['method'] for record in read_records(path) if record['seed'] == seed} if path.is_file() else ()
        missing = [method for method in args.methods if method not in done]
        if not missing:
            continue
        models, folder = MODELS if 'cdp_mediator' in missing else 1, args.out / f'seed{seed}'
        if args.known:
            known, other = read_sides(args)
        else:
            known, other = (made_side(args, number, models) for number in (1000 + seed, seed))
        write_known(folder / 'known', known.features[0], known.graphs[0], known.labels)
        for method in missing:
            found, fit_seconds, seconds, note = run(method, known, other, folder, seed, options)
            scores = partition_scores(found, other.labels)
            values = {name: 100 * scores[name] for name in METRICS}
            if method == 'gcn_v':
                values['confidence_rank_correlation'] = rank_correlation(folder, other)
            values.update({name: partition_sizes(found)[name] for name in ('clusters', 'singletons', 'unassigned')})
            values.update(seconds=seconds, fit_seconds=fit_seconds)
            shown = ', '.join(f'{name} {value:.2f}' for name, value in values.items())
            print(f'seed {seed}, {method}: {shown}', flush=True)
            settings = dict(note, dims=args.dims, neighbors=args.neighbors, steps=args.steps, **of_data(args, other))
            append_json_lines(path, [make_record(
                suite='graph_clustering', method=method, seed=seed, dataset=args.dataset, split='other people',
                protocol='clustering', metric=name, value=round(float(value), 4), settings=settings,
                seconds=round(seconds, 2), saw_labels=method not in ('kmeans',)) for name, value in values.items()])


if __name__ == '__main__':
    main()
