"""How much of planted label noise and outliers a cleaner by clusters finds, and how much of what it drops is planted.

    python tools/measure_cleaner.py --out work_dirs/graph_clustering/records.jsonl

Made features of known people, whose truth gives CDP's threshold, and of others, in whose labels the noise is planted:
some have the label of another person, and some items are of nobody (random features with a random label).
"""

import argparse
import functools
from pathlib import Path

import numpy as np

from mmwsl.apis.graph_networks.methods import GRID, cdp_partition, learn_threshold
from mmwsl.clustering import LONELY, MISLABELED, exact_graph, find_unclean
from mmwsl.datasets.synthetic.identities import Identities
from mmwsl.files import append_json_lines
from mmwsl.reporting.records import make_record


def plant(people, share_noise, share_outliers, seed):
    """Features with outliers among them, labels with noise, and which items are which."""
    rng, count = np.random.default_rng([seed, 1]), len(people)
    features, labels = people.features(), people.labels.copy()
    outlier = rng.random(count) < share_outliers
    features[outlier] = rng.standard_normal((outlier.sum(), features.shape[1]), np.float32)
    wrong = (rng.random(count) < share_noise) & ~outlier
    labels[wrong] = (labels[wrong] + rng.integers(1, labels.max() + 1, wrong.sum())) % (labels.max() + 1)
    labels[outlier] = rng.integers(0, labels.max() + 1, outlier.sum())
    return features, labels, wrong, outlier


def rates(found, planted):
    """Precision and recall in percent."""
    both = (found & planted).sum()
    return 100 * both / max(found.sum(), 1), 100 * both / max(planted.sum(), 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', type=Path, required=True, help='JSON-lines file that the records are added to')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument('--items', type=int, default=10000)
    parser.add_argument('--identities', type=int, default=250)
    parser.add_argument('--noise', type=float, default=0.8)
    parser.add_argument('--hard', type=float, default=0.1)
    parser.add_argument('--hard-noise', type=float, default=1.2)
    parser.add_argument('--label-noise', type=float, default=0.1, help='share of labels that are of another person')
    parser.add_argument('--outliers', type=float, default=0.05, help='share of items that are of nobody')
    args = parser.parse_args()
    made = dict(noise=args.noise, hard=args.hard, hard_noise=args.hard_noise)
    for seed in args.seeds:
        known = Identities(args.items, args.identities, seed=1000 + seed, **made)
        partition_at = functools.partial(cdp_partition, exact_graph(known.features(), 15))
        threshold, _ = learn_threshold(partition_at, known.labels, GRID)
        people = Identities(args.items, args.identities, seed=seed, **made)
        features, labels, wrong, outlier = plant(people, args.label_noise, args.outliers, seed)
        reasons = find_unclean(cdp_partition(exact_graph(features, 15), threshold), labels)
        values = {}
        for name, found, planted in (('label_noise', reasons == MISLABELED, wrong),
                                     ('outliers', reasons == LONELY, outlier), ('all', reasons > 0, wrong | outlier)):
            values[f'{name}_precision'], values[f'{name}_recall'] = rates(found, planted)
        values['dropped'] = 100 * (reasons > 0).mean()
        print(f'seed {seed}: ' + ', '.join(f'{name} {value:.2f}' for name, value in values.items()), flush=True)
        settings = dict(made, items=args.items, identities=args.identities, label_noise=args.label_noise,
                        outliers=args.outliers, threshold=threshold)
        args.out.parent.mkdir(parents=True, exist_ok=True)
        append_json_lines(args.out, [make_record(
            suite='graph_clustering', method='cdp_cleaner', seed=seed, dataset='Identities with planted noise',
            split='other people', protocol='cleaning', metric=name, value=round(float(value), 4), settings=settings,
            saw_labels=True) for name, value in values.items()])


if __name__ == '__main__':
    main()
