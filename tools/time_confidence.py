"""Time GCN-V's inference on a made-up graph of many nodes, and say how much memory it took at its peak.

    python tools/time_confidence.py --items 1000000 --neighbors 80 --dims 256 --channels 512

The network is untrained, the neighbors are drawn among the 1,000 items before and after, and the search for neighbors
is not part of it. Time goes into the aggregation of neighbors and the network, memory into features, graph, symmetric
adjacency and hidden features, in this order of their making.
"""

import argparse
import json
import resource
import time

import numpy as np

from mmwsl.apis.graph_networks import infer_confidence
from mmwsl.clustering.knn_graph import KNNGraph
from mmwsl.datasets.graphs import Items
from mmwsl.models.graph import GCNV
from mmwsl.reporting.records import environment


def make_items(count, k, dims, seed=0):
    """Items of random unit features whose neighbors are near by number."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((count, dims), np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    ids, similarities = np.empty((count, k), np.int32), np.empty((count, k), np.float32)
    for start in range(0, count, 2**16):
        part = slice(start, start + 2**16)
        step = rng.integers(1, 1000, ids[part].shape, np.int32) * rng.choice([-1, 1], ids[part].shape).astype(np.int32)
        ids[part] = (np.arange(start, start + len(step))[:, None] + step) % count
        similarities[part] = -np.sort(-rng.random(ids[part].shape, np.float32), axis=1)
    return Items(features, KNNGraph(ids, similarities), None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--items', type=int, default=1_000_000)
    parser.add_argument('--neighbors', type=int, default=80)
    parser.add_argument('--dims', type=int, default=256)
    parser.add_argument('--channels', type=int, default=512)
    args = parser.parse_args()
    items = make_items(args.items, args.neighbors, args.dims)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    hidden, _ = infer_confidence(GCNV(args.dims, args.channels).eval(), items)
    seconds, peak = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps(dict(
        items=args.items, neighbors=args.neighbors, dims=args.dims, channels=args.channels, seconds=round(seconds, 1),
        peak_gb=round(peak / 1e6, 2), peak_before_gb=round(before / 1e6, 2), hidden_gb=round(hidden.nbytes / 1e9, 2),
        hardware=environment()['hardware'])))


if __name__ == '__main__':
    main()
