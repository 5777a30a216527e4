"""Compare every method of clustering on synthetic identities, or on given features; each in a process of its own.

    python tools/compare_clusterings.py --sizes 20000 200000 1400000 --out work_dirs/clusterings
    python tools/compare_clusterings.py --data ORL=orl.npz --probe orl_train.npz --out work_dirs/clusterings

A method that takes more of the processors than --limit is stopped, and not started on larger sizes; neighbors have no
limit, and are searched once for all. The same command goes on after a stop. Records are in OUT/records.jsonl.
"""

import argparse
import json
import multiprocessing
import os
import signal
import sys
from pathlib import Path

import numpy as np

from mmwsl.apis.cluster import cluster
from mmwsl.apis.config import load_config
from mmwsl.datasets.readers.features import open_features, read_labels
from mmwsl.datasets.synthetic import Identities
from mmwsl.files import write_atomically
from mmwsl.reporting.records import environment, make_record

METHODS = ('chinese_whispers', 'fast_hac', 'knn_dbscan', 'rank_order', 'cdp', 'cdp_vote', 'minibatch_kmeans', 'kmeans',
           'dbscan', 'hdbscan', 'hac', 'mean_shift', 'spectral')
SCORES = ('pairwise_precision', 'pairwise_recall', 'pairwise_f', 'bcubed_precision', 'bcubed_recall', 'bcubed_f', 'nmi')
ITEMS_PER_IDENTITY = {200_000: 78, 600_000: 71, 1_400_000: 65}  # of CDP's three subsets
COMMITTEE, GRAPH = 4, 80  # models, and neighbors of the graph that serves every method
THRESHOLDS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)  # cosines tried on a probe
RANKS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5)  # the same of rank-order


def make_identities(items, folder, models):
    """Files of an :class:`Identities` of N items: features of each model, and the truth."""
    folder.mkdir(parents=True, exist_ok=True)
    paths, truth = [folder / f'features_{model}.npy' for model in range(models)], folder / 'truth.npy'
    if not all(path.is_file() for path in [*paths, truth]):
        nearest = min(ITEMS_PER_IDENTITY, key=lambda size: abs(size - items))
        made = Identities(items, max(items // ITEMS_PER_IDENTITY[nearest], 1))
        for model, path in enumerate(paths):
            write_atomically(path, lambda file, model=model: np.save(file, made.features(model)))
        write_atomically(truth, lambda file: np.save(file, made.labels))
    return paths, truth


def config_of(method, items):
    """The config with the settings published for the nearest number of items."""
    if method.startswith('cdp'):
        method += '_200k' if items <= 400_000 else '_600k' if items <= 10**6 else '_1400k'
    return f'mmwsl::clustering/{method}.py'


def work(config, features, truth, committee, out, stages, options, started, threads):
    """What the process of one method does."""
    import torch
    torch.set_num_threads(threads)

    def say(line):
        if ' pairs: ' in line or ' partition: ' in line:
            started.set()
    cluster(config, features, out, truth, committee, stages=stages, options=options, say=say)


def resident(pid):
    """Resident memory of a process in GiB; 0 where the system does not tell."""
    try:
        lines = Path(f'/proc/{pid}/status').read_text().splitlines()
        return next(int(line.split()[1]) / 2**20 for line in lines if line.startswith('VmRSS'))
    except (OSError, StopIteration):
        return 0.0


def cpu_seconds(pid):
    """Seconds of processors that a process has taken; those of others on the machine do not count."""
    try:
        fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def run_limited(arguments, limit, memory):
    """Run :func:`work` in a process; returns None, or why it did not end: ``'time'``, ``'memory'``, ``'failed'``."""
    context = multiprocessing.get_context('forkserver')  # what is preloaded is loaded once for all
    context.set_forkserver_preload(['mmwsl.apis.cluster', 'scipy.sparse.csgraph', 'sklearn.cluster'])
    started = context.Event()
    process = context.Process(target=work, args=(*arguments, started, len(os.sched_getaffinity(0))))
    process.start()
    began = reason = None
    try:
        while process.is_alive() and reason is None:
            process.join(0.2)
            if began is None and started.is_set():
                began = cpu_seconds(process.pid)
            if began is not None and cpu_seconds(process.pid) - began > limit:
                reason = 'time'
            elif resident(process.pid) > memory:
                reason = 'memory'
    finally:
        if process.is_alive():
            process.kill()
        process.join()
    return reason or (None if process.exitcode == 0 else 'failed')


def choose_settings(method, probe, truth, out, committee=(), given=None):
    """Options for the threshold of a method with the highest pairwise F on labelled features of other classes.

    What is given already stays as it is.
    """
    given = given or {}
    settings = load_config(config_of(method, len(open_features(probe)))).clustering
    names = [name for name in ('threshold', 'distance', 'bandwidth')
             if name in settings and f'clustering.{name}' not in given]
    if not names:
        return {}
    tried = []
    for number in RANKS if method == 'rank_order' else THRESHOLDS:
        value = dict(threshold=number, bandwidth=float(np.sqrt(2 - 2 * min(number, 1))),
                     distance=1 - number if method == 'knn_dbscan' else float(np.sqrt(2 - 2 * min(number, 1))))
        options = {f'clustering.{name}': round(value[name], 6) for name in names}
        report = cluster(config_of(method, 1), probe, out / 'probe.npy', truth, committee, stages=out / 'probe.stages',
                         options=given | options, say=lambda line: None)
        tried.append((report['scores']['kept']['pairwise_f'], -number, options))
    return max(tried, key=lambda each: each[:2])[2]


def source_of(features):
    """What an ``.npz`` of ``mmwsl extract`` says of its network; an empty dict where nothing does."""
    if Path(features).suffix != '.npz':
        return {}
    with np.load(features) as arrays:
        return json.loads(str(arrays['source'])) if 'source' in arrays else {}


def records_of(method, dataset, config, options, report, reason, limit, source=None):
    """Records of one method on one data set; ``source`` is what :func:`source_of` says."""
    source = source or {}
    shared = dict(suite='clustering', method=method, config=config.replace('mmwsl::', 'configs/'), seed=0,
                  dataset=dataset, split='all', protocol='clustering',
                  **{name: source[name] for name in ('encoder', 'layer', 'pooling', 'saw_labels') if name in source})
    network = {name: source[name] for name in ('config', 'checkpoint', 'split') if name in source}
    if report is None:
        return [make_record(metric='stopped', value=float(limit), settings=dict(reason=reason, options=options),
                            **shared)]
    index = [{name: each[name] for name in ('index', 'neighbors', 'recall')} for each in report['neighbors'][:1]]
    settings = dict(report['settings'], items=report['items'], dims=report['dims'], graph=index, committee=max(
        len(report['neighbors']) - 1, 0))
    settings |= dict(features=network) if network else {}
    values = {name: 100 * report['scores']['kept'][name] for name in SCORES}
    values |= {f'{name}_removed': 100 * report['scores']['removed'][name] for name in ('pairwise_f', 'bcubed_f')}
    values |= report['sizes'] | {f'seconds_{stage}': value for stage, value in report['seconds'].items()}
    values |= {f'cpu_seconds_{stage}': value for stage, value in report['cpu_seconds'].items()}
    values |= {f'peak_gib_{stage}': value for stage, value in report['peak_gib'].items()}
    total = sum(report['seconds'].values())
    shared |= dict(settings=settings, seconds=round(total, 3))
    return [make_record(metric=metric, value=round(float(value), 4), **shared) for metric, value in values.items()]


def compare(dataset, features, truth, committee, args, stopped):
    """Run every method on one data set; a file of records each, so that a stop loses one at most."""
    out = args.out / dataset
    out.mkdir(parents=True, exist_ok=True)
    items = len(open_features(features))
    for method in args.only or METHODS:
        done = out / f'{method}.jsonl'
        others = committee if method == 'cdp_vote' else []
        if method in stopped or method == 'cdp_vote' and not others:
            continue
        if done.is_file():
            records = [json.loads(line) for line in done.read_text().splitlines()]
        else:
            config, options = config_of(method, items), dict(args.set.get(method, {}))
            if args.probe:
                options |= choose_settings(method, args.probe, args.probe, out,
                                           args.probe_members if others else [], options)
            settings = load_config(config).clustering
            if 'k' in settings or method.startswith('cdp'):
                options = {'clustering.index': args.index, 'clustering.probes': args.probes} | options
            result = out / f'{method}.npy'
            result.with_suffix('.json').unlink(missing_ok=True)
            reason = run_limited((config, features, truth, others, result, out / 'stages', options), args.limit,
                                 args.memory)
            report = None if reason else json.loads(result.with_suffix('.json').read_text())
            records = records_of(method, dataset, config, options, report, reason, args.limit, source_of(features))
            write_atomically(done, ''.join(json.dumps(record) + '\n' for record in records))
            for name in ('pairs.npz', 'partition.npz'):
                (out / 'stages' / name).unlink(missing_ok=True)
        values = {record['metric']: record['value'] for record in records}
        if 'stopped' in values:
            stopped.add(method)
            print(f'{dataset} {method}: stopped ({records[0]["settings"]["reason"]})', flush=True)
        else:
            print(f'{dataset} {method}: F {values["pairwise_f"]:.2f}, BCubed F {values["bcubed_f"]:.2f}, NMI '
                  f'{values["nmi"]:.2f}, partition {values["seconds_partition"]:.1f} s', flush=True)


def prepare_graph(dataset, features, args):
    """The graph that serves every method, in a process of its own that ends where a partition would begin."""
    options = {'clustering.k': min(GRAPH, len(open_features(features)) - 1), 'clustering.index': args.index,
               'clustering.probes': args.probes}
    out = args.out / dataset
    out.mkdir(parents=True, exist_ok=True)
    reason = run_limited(('mmwsl::clustering/chinese_whispers.py', features, None, [], out / 'graph.npy',
                          out / 'stages', options), 0, args.memory)
    if reason in ('failed', 'memory'):
        raise SystemExit(f'{dataset}: the kNN graph was not made ({reason}), see above; --memory GIB allows more')


def read_settings(texts):
    """Method -> options of a config, of texts ``METHOD.NAME=VALUE`` with values in JSON."""
    chosen = {}
    for text in texts:
        name, _, value = text.partition('=')
        method, _, setting = name.partition('.')
        if method not in METHODS or not setting:
            raise ValueError(f'--set {text}: give METHOD.NAME=VALUE, with a method of {", ".join(METHODS)}')
        try:
            chosen.setdefault(method, {})[f'clustering.{setting}'] = json.loads(value)
        except json.JSONDecodeError as error:
            raise ValueError(f'--set {text}: {value!r} is no value in JSON; text wants quotes, \'"ivf"\'') from error
    return chosen


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--sizes', type=int, nargs='+', default=[], help='items of the synthetic identities')
    parser.add_argument('--data', metavar='NAME=FILE', help='features with labels, as mmwsl extract writes them')
    parser.add_argument('--members', metavar='FILE', nargs='+', default=[], help='features of the items of --data by '
                        'other models, for cdp_vote')
    parser.add_argument('--probe', metavar='FILE', help='features and labels of other classes, to choose thresholds on')
    parser.add_argument('--probe-members', metavar='FILE', nargs='+', default=[], help='of the items of --probe by the '
                        'models of --members')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/clusterings'))
    parser.add_argument('--only', nargs='+', choices=METHODS)
    parser.add_argument('--limit', type=float, default=240, help='processor seconds of a method, neighbors apart')
    parser.add_argument('--memory', type=float, default=8, help='GiB of a method')
    parser.add_argument('--index', default='auto', help='of the neighbors')
    parser.add_argument('--probes', type=int, default=16, help='lists of an IVF that are searched for neighbors')
    parser.add_argument('--committee', type=int, default=COMMITTEE, help='models beside the base one; 0 = no vote')
    parser.add_argument('--set', nargs='+', default=[], metavar='METHOD.NAME=VALUE', help='settings of methods')
    args = parser.parse_args()
    try:
        args.set = read_settings(args.set)
    except ValueError as error:
        parser.error(str(error))
    if args.data and not all(args.data.partition('=')):
        parser.error(f'--data {args.data}: give the name of the data and the file, e.g. ORL=test.npz')
    if args.probe and len(args.members) != len(args.probe_members):
        parser.error(f'--members has {len(args.members)} files and --probe-members {len(args.probe_members)}: name one '
                     'of each model in both, in the same order')
    environment()  # the commit of what runs, before anything of it is changed
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the process of a method ends, too
    stopped = set()
    for size in args.sizes:
        dataset = f'Identities-{size // 1000}k'
        paths, truth = make_identities(size, args.out / dataset, 1 + args.committee)
        prepare_graph(dataset, paths[0], args)
        compare(dataset, paths[0], truth, paths[1:], args, stopped)
    if args.data:
        name, _, path = args.data.partition('=')
        read_labels(path, len(open_features(path)))
        prepare_graph(name, path, args)
        compare(name, path, path, args.members, args, set())
    files = sorted(args.out.glob('*/*.jsonl'))
    write_atomically(args.out / 'records.jsonl', ''.join(path.read_text() for path in files))


if __name__ == '__main__':
    main()
