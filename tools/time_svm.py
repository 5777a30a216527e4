"""Time the SVM protocol against a plain scikit-learn loop over the same grid, on the same features, in one run.

    python tools/time_svm.py CONFIG CHECKPOINT --on mmwsl::benchmarks/voc07_quick.py [--layer 0 --pooling adaptive]

The loop is what one writes first: three-fold cross-validation for every class and cost, then the best on all images,
one fit after another; ours runs as many at a time as there are cores.
"""

import argparse
import json
import multiprocessing
import resource
import time
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_val_score
from sklearn.svm import LinearSVC

from mmwsl.apis import load_config
from mmwsl.apis.benchmark import features_of
from mmwsl.evaluation.functional import mean_average_precision
from mmwsl.files import check_writable, write_atomically
from mmwsl.protocols import SVM, FeatureSource
from mmwsl.protocols.svm import COSTS, normalise
from mmwsl.reporting.records import environment


def plain_loop(train, test, costs):
    """Mean average precision in percent, by scikit-learn alone."""
    x, z = normalise(train.features), normalise(test.features)
    scores = np.zeros((len(test), len(train.classes)))
    for c in range(len(train.classes)):
        y = np.where(train.labels[:, c].numpy() == 1, 1, -1)

        def solver(cost):
            return LinearSVC(C=cost, class_weight={1: 2, -1: 1}, max_iter=2000, dual=x.shape[0] < x.shape[1],
                             random_state=0)
        quality = [cross_val_score(solver(cost), x, y, cv=3, scoring='average_precision').mean() for cost in costs]
        scores[:, c] = solver(costs[int(np.argmax(quality))]).fit(x, y).decision_function(z)
    return 100 * mean_average_precision(scores, test.labels.numpy())[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config')
    parser.add_argument('checkpoint')
    parser.add_argument('--on', required=True, help='config with the data, images of several tags')
    parser.add_argument('--costs', default='goyal', choices=sorted(COSTS))
    parser.add_argument('--layer', type=int, help='a layer of the backbone; default the average of the last')
    parser.add_argument('--pooling', default='adaptive')
    parser.add_argument('--json', help='file for the figures')
    args = parser.parse_args()
    if args.json:
        check_writable(args.json)
    warnings.simplefilter('ignore', ConvergenceWarning)
    cfg = load_config(args.config, benchmark_of=args.on)
    train, test = features_of(cfg, args.checkpoint, args.layer, args.pooling)
    costs = sorted(COSTS[args.costs])

    start = time.perf_counter()
    ours = SVM(args.costs).run(FeatureSource(train, test))[0]
    seconds = time.perf_counter() - start
    peaks = [resource.getrusage(who).ru_maxrss / 2**10 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    start = time.perf_counter()
    plain = plain_loop(train, test, costs)
    loop_seconds = time.perf_counter() - start
    figures = dict(images=len(train), dimensions=train.features.shape[1], classes=len(train.classes), costs=len(costs),
                   mAP=ours['value'], loop_mAP=plain, seconds=round(seconds, 2), loop_seconds=round(loop_seconds, 2),
                   ratio=round(loop_seconds / seconds, 2), peak_MiB=round(peaks[0]), cores=multiprocessing.cpu_count(),
                   largest_worker_peak_MiB=round(peaks[1]), **environment())
    print(json.dumps(figures, indent=1))
    if args.json:
        write_atomically(args.json, json.dumps(figures, indent=1))


if __name__ == '__main__':
    main()
