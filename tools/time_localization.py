"""Time the localisation metric on random maps, at 100 and at 1,000 thresholds, in one run.

    python tools/time_localization.py [--maps 10000]

A map is 14 x 14 smooth random numbers enlarged to 224 x 224, as a classifier's are; making and normalising it is timed
with the rest, as reading one would be.
"""

import argparse
import json
import time

import cv2
import numpy as np
from joblib import Parallel, cpu_count, delayed

from mmwsl.evaluation.functional.localization import best_overlaps, default_thresholds, normalize_map
from mmwsl.reporting.records import environment


def score(seeds, thresholds, side):
    """Sum of the overlaps of some maps with one random box each."""
    cv2.setNumThreads(1)
    total = np.zeros(2)
    for seed in seeds:
        generator = np.random.default_rng(seed)
        values = cv2.GaussianBlur(generator.normal(size=(14, 14)), (0, 0), generator.uniform(0.5, 2.5))
        values = normalize_map(cv2.resize(values, (side, side), interpolation=cv2.INTER_CUBIC))
        corner = generator.integers(0, side // 2, size=2)
        box = np.concatenate([corner, corner + side // 3])[None]
        total += [each.mean() for each in best_overlaps(values, box, thresholds)]
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--maps', type=int, default=10000)
    parser.add_argument('--side', type=int, default=224)
    args = parser.parse_args()
    figures = dict(maps=args.maps, side=args.side, cores=cpu_count())
    workers = Parallel(n_jobs=-1)
    workers(delayed(len)('') for _ in range(8))  # the processes start before the clock does
    parts = np.array_split(np.arange(args.maps), max(1, args.maps // 100))
    for step in (0.01, 0.001):
        thresholds = default_thresholds(step)
        start = time.perf_counter()
        workers(delayed(score)(part, thresholds, args.side) for part in parts)
        figures[f'seconds_at_{len(thresholds)}_thresholds'] = round(time.perf_counter() - start, 1)
    print(json.dumps(dict(figures, **environment()), indent=1))


if __name__ == '__main__':
    main()
