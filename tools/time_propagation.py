"""Time CDP's propagation on arrays, and against dictionaries and sets node by node, on the same made-up graph.

    python tools/time_propagation.py --items 200000 --plain
    python tools/time_propagation.py --items 1400000

Each item has most of its neighbors in its own identity, with scores that are higher than those of the others.
"""

import argparse
import json
import time
from collections import defaultdict

import numpy as np

from mmwsl.clustering import by_first_member, graph_pairs, propagate
from mmwsl.clustering.knn_graph import KNNGraph
from mmwsl.compat import peak_memory, reset_peak_memory


def make_graph(items, k, size, seed):
    """A graph of identities of ``size`` items on average; nine of ten neighbors are of the item's own."""
    rng = np.random.default_rng(seed)
    of_item = np.sort(rng.integers(0, max(items // size, 1), items))
    first = np.searchsorted(of_item, of_item)
    count = np.searchsorted(of_item, of_item, 'right') - first
    ids = first[:, None] + (rng.random((items, k), np.float32) * count[:, None]).astype(np.int64)
    own = rng.random((items, k), np.float32) < 0.9
    ids = np.where(own, ids, rng.integers(0, items, (items, k))).astype(np.int32)
    scores = np.where(own, 0.75, 0.55) + 0.1 * rng.standard_normal((items, k), np.float32)
    ids[ids == np.arange(items)[:, None]] = -1
    return KNNGraph(ids, np.clip(scores, -1, 0.99).astype(np.float32))


def plain_propagation(pairs, count, max_size=600, step=0.05):
    """The same partition with one set of neighbors a node."""
    friends, scores = defaultdict(set), {}
    for a, b, score in zip(*(each.tolist() for each in pairs), strict=True):
        friends[a].add(b)
        friends[b].add(a)
        scores[a, b] = score
    labels, used, remaining, threshold = np.full(count, -1), 0, set(friends), min(scores.values())
    while remaining:
        left, unvisited = set(), set(remaining)
        while unvisited:
            start = unvisited.pop()
            group, queue = {start}, [start]
            while queue:
                node = queue.pop()
                for other in friends[node] & unvisited:
                    if scores[min(node, other), max(node, other)] >= threshold:
                        unvisited.remove(other)
                        group.add(other)
                        queue.append(other)
            if len(group) <= max_size:
                labels[list(group)], used = used, used + 1
            else:
                left |= group
        remaining, threshold = left, threshold + (1 - threshold) * step
    return labels


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--items', type=int, default=200_000)
    parser.add_argument('--neighbors', type=int, default=15)
    parser.add_argument('--identity-size', type=int, default=65, help='items of an identity, on average')
    parser.add_argument('--threshold', type=float, default=0.6, help='of the pairs')
    parser.add_argument('--plain', action='store_true', help='also by dictionaries, and compare')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    graph = make_graph(args.items, args.neighbors, args.identity_size, args.seed)
    pairs = graph_pairs(graph, args.threshold, strict=True)
    del graph
    reset_peak_memory()
    begin, cpu = time.perf_counter(), time.process_time()
    labels = propagate(pairs, args.items)
    result = dict(items=args.items, pairs=len(pairs.source), clusters=int(labels.max()) + 1,
                  seconds=time.perf_counter() - begin, cpu_seconds=time.process_time() - cpu,
                  peak_gib_of_process=peak_memory() / 2**30)
    if args.plain:
        begin, cpu = time.perf_counter(), time.process_time()
        plain = plain_propagation(pairs, args.items)
        result.update(plain_seconds=time.perf_counter() - begin, plain_cpu_seconds=time.process_time() - cpu,
                      same=bool((by_first_member(plain) == labels).all()))
    print(json.dumps(result))


if __name__ == '__main__':
    main()
