"""What clusters are worth as labels: few labels alone, with clusters of the other items, and all labels.

    python tools/compare_pseudo_labels.py --out work_dirs/loop --dataset CIFAR-10 --train train.npz --test test.npz
    python tools/compare_pseudo_labels.py --out work_dirs/loop --dataset ORL --train train.npz --test test.npz --people

Features are those that `mmwsl extract` writes of photos in folders of classes, turned into principal components. A
tenth of the photos of every class has a label; tested is the accuracy on the test photos. With --people a tenth of the
classes is labeled, the others are not, and the test photos are of others again: tested is how often the nearest of one
photo of each is of the same person. A figure that is recorded is not made again.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from mmwsl.apis.graph_networks.methods import GRID, cdp_partition
from mmwsl.apis.graph_networks.training import learn_threshold, pairwise_f, trained
from mmwsl.clustering import exact_graph, partition_features, partition_scores
from mmwsl.clustering.knn_graph import unit_rows
from mmwsl.clustering.pca import principal_components
from mmwsl.datasets.readers.features import open_features, read_labels
from mmwsl.datasets.wrappers import stratified_split
from mmwsl.files import append_json_lines
from mmwsl.reporting.records import make_record, read_records

CONFIG = 'mmwsl::classification/pseudo_labels/pseudo_labels_dim1280_1xb256-cos-1k_features.py'
ROWS = ('features', 'labels', 'labels_hac', 'labels_cdp', 'all_labels')


def choose_labels(labels, share, people, seed):
    """(N,) classes of a share of the items, numbered anew, -1 of the others; see the top."""
    if people:
        names = np.random.default_rng(seed).permutation(labels.max() + 1)[:max(round(share * (labels.max() + 1)), 2)]
        chosen = np.isin(labels, names)
    else:
        chosen = np.zeros(len(labels), bool)
        chosen[stratified_split(torch.from_numpy(labels), share, seed)[1].numpy()] = True
    result = np.full(len(labels), -1, np.int64)
    result[chosen] = np.unique(labels[chosen], return_inverse=True)[1]
    return result


def probe_f(partition, known, apart):
    """Pairwise F by what is known: of two labeled items, and with ``apart`` of one, whose classes differ."""
    probe = known >= 0
    if not apart:
        return pairwise_f(partition[probe], known[probe])

    def pairs(which):
        sizes = np.unique(which, axis=0, return_counts=True)[1].astype(float)
        return (sizes * (sizes - 1) / 2).sum()
    clusters = np.where(partition < 0, len(partition) + np.arange(len(partition)), partition)
    together = pairs(clusters) - pairs(clusters[~probe])
    right, true = pairs(np.stack([clusters[probe], known[probe]], 1)), pairs(known[probe])
    return 2 * right / max(together + true, 1)


def make_clusters(method, rows, labels, known, people):
    """Clusters of all items, and what to note; CDP's threshold is the best one by the labels."""
    if method == 'hac':  # with the true number of clusters, which nothing tells
        note = dict(clusters=len(np.unique(labels)))
        return partition_features('hac', rows, graph=exact_graph(rows, 30), **note), note
    graph = exact_graph(rows, 15)
    threshold, _ = learn_threshold(lambda value: cdp_partition(graph, value), known, GRID,
                                   lambda found, known: probe_f(found, known, people))
    return cdp_partition(graph, threshold), dict(threshold=threshold)


def identification(rows, labels):
    """Percent of items whose nearest, of one item of each class, is of their class; over as many choices as items."""
    rows, hits, total = unit_rows(rows).numpy(), 0, 0
    members = [np.flatnonzero(labels == number) for number in np.unique(labels)]
    for turn in range(min(map(len, members))):
        gallery = np.array([each[turn] for each in members])
        probes = np.setdiff1d(np.arange(len(rows)), gallery)
        nearest = gallery[(rows[probes] @ rows[gallery].T).argmax(1)]
        hits, total = hits + (labels[nearest] == labels[probes]).sum(), total + len(probes)
    return 100 * hits / total


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', type=Path, required=True, help='folder of the networks and of records.jsonl')
    parser.add_argument('--train', required=True, metavar='FEATURES')
    parser.add_argument('--test', required=True, metavar='FEATURES')
    parser.add_argument('--dataset', required=True, help='name in the records')
    parser.add_argument('--people', action='store_true', help='label whole classes, and test on others')
    parser.add_argument('--share', type=float, default=0.1, help='of what is labeled')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument('--methods', nargs='+', default=ROWS, choices=ROWS)
    parser.add_argument('--steps', type=int, default=200)
    parser.add_argument('--dims', type=int, default=64, help='principal components')
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / 'records.jsonl'
    train, test = (np.asarray(open_features(each), np.float32) for each in (args.train, args.test))
    labels, wanted = read_labels(args.train, len(train)), read_labels(args.test, len(test))
    train, test = (unit_rows(each).numpy() for each in principal_components(
        unit_rows(train).numpy(), unit_rows(test).numpy(), args.dims))
    features = args.out / f'{args.dataset}_features.npy'
    np.save(features, train)
    for seed in args.seeds:
        done = [record['method'] for record in read_records(path) if (record['seed'], record['dataset']) == (
            seed, args.dataset)] if path.is_file() else []
        known = choose_labels(labels, args.share, args.people, seed)
        for method in args.methods:
            if method in done or method == 'features' and not args.people:  # which alone classify nothing
                continue
            begin, note, values = time.perf_counter(), {}, {}
            folder = args.out / f'{args.dataset}_{method}_seed{seed}'
            folder.mkdir(exist_ok=True)
            given = labels if method == 'all_labels' else known
            np.save(folder / 'labels.npy', given)
            options = {'model.backbone.in_channels': train.shape[1], 'model.head.num_classes': int(given.max()) + 1,
                       'train_cfg.max_iters': args.steps, 'default_hooks.checkpoint.interval': args.steps,
                       'train_dataloader.dataset.features': str(features),
                       'train_dataloader.dataset.labels': str(folder / 'labels.npy'),
                       'train_dataloader.dataset.clusters': None}
            if '_' in method and method != 'all_labels':
                found, note = make_clusters(method.removeprefix('labels_'), train, labels, known, args.people)
                hidden = known < 0
                scores = partition_scores(found[hidden], labels[hidden])
                values = {f'clusters_{name}': 100 * scores[name] for name in (
                    'pairwise_f', 'pairwise_precision', 'pairwise_recall')}
                np.save(folder / 'clusters.npy', found)
                options['train_dataloader.dataset.clusters'] = str(folder / 'clusters.npy')
            embedded = torch.from_numpy(test)
            if method != 'features':
                model = trained(CONFIG, folder, options, seed)
                with torch.no_grad():
                    embedded, scored = model.features(embedded), model.head(model.backbone(embedded))
            if args.people:
                values['identification_top1'] = identification(embedded.numpy(), wanted)
            else:
                values['top1'] = 100 * float((scored.argmax(1).numpy() == wanted).mean())
            print(f'{args.dataset}, seed {seed}, {method}: ' + ', '.join(
                f'{name} {value:.2f}' for name, value in values.items()), flush=True)
            settings = dict(note, labeled=int((given >= 0).sum()), classes=int(given.max()) + 1, items=len(train),
                            share=args.share, steps=args.steps, dims=args.dims)
            append_json_lines(path, [make_record(
                suite='graph_clustering', method=method, seed=seed, dataset=args.dataset, config=CONFIG,
                split='other people' if args.people else 'test', protocol='pseudo_labels', metric=name,
                value=round(float(value), 4), settings=settings, saw_labels=method != 'features',
                seconds=round(time.perf_counter() - begin, 2)) for name, value in values.items()])


if __name__ == '__main__':
    main()
