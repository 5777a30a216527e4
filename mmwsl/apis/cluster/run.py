"""Features clustered: the stages in their order, each kept, and what came out as files."""

import contextlib
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmwsl.apis.cluster.learned import LEARNED, fit_known, read_about
from mmwsl.apis.cluster.methods import BY_PAIRS, Plan, make_pairs, partition, read_plan
from mmwsl.apis.cluster.neighbors import ROWS, choose_index, has_faiss
from mmwsl.apis.cluster.page import cluster_findings, photo_paths, write_unclean
from mmwsl.apis.cluster.stages import ClusterStages
from mmwsl.apis.config import load_config
from mmwsl.apis.explore.stages import Arrays, make_key
from mmwsl.clustering import Pairs, partition_scores, partition_sizes
from mmwsl.clustering.knn_graph import unit_rows
from mmwsl.datasets.readers.features import open_features, read_labels
from mmwsl.files import check_writable, lock, write_atomically
from mmwsl.progress import progress_bar
from mmwsl.reporting.cluster_page import write_cluster_page
from mmwsl.reporting.records import environment

GIB = 2**30


def cluster(config: str, features: Path | str, out: Path | str, truth: Path | str | None = None,
            committee: Sequence[Path | str] = (), photos: Path | str | None = None, dims: int | None = None,
            stages: Path | str | None = None, device: str | None = None, options: dict[str, Any] | None = None,
            say: Callable[[str], object] = print, learn: tuple[Path | str, Path | str] | None = None,
            drop: Path | str | None = None) -> dict[str, Any]:
    """Cluster N items by their features, in stages: read, neighbors, pairs, partition, metrics, page.

    Every stage's result is kept: what is stopped goes on from there, and what is done is not done again while files
    and settings are the same. Beside ``out`` come the page ``.html`` and the report ``.json`` of the same name.

    Args:
        config: file or ``mmwsl::NAME`` with ``clustering=dict(method=..., k=..., ...)``, see ``configs/clustering``.
        features: file, see :func:`mmwsl.datasets.readers.features.open_features`.
        out: ``.npy`` for the clusters, (N,) int64; -1 = unassigned.
        truth: file of the true classes, see :func:`mmwsl.datasets.readers.features.read_labels`.
        committee: features of the same items by other models, for ``cdp_vote``.
        photos: text file with the photo of each item, one a line, or a folder of N photos in the order of their names;
            default those that an ``.npz`` of ``mmwsl extract`` or ``mmwsl explore`` names.
        dims: D, of ``.bin`` files.
        stages: folder of what is kept, default ``out`` with the ending ``.stages``; several methods may share one.
        device: of the exact search of neighbors; default a GPU if there is one.
        options: dotted keys that override the config.
        say: what is called with each line for the console.
        learn: features and classes of known items, which a method that learns is fitted on, into its ``fitted``.
        drop: CSV file of the items that a cleaner would drop, see :func:`mmwsl.apis.cluster.page.write_unclean`.

    Returns:
        dict: ``method``, ``settings``, ``items``, ``dims``, ``zeros`` (rows without a direction), ``neighbors`` (what
        :func:`build_graph` says of each graph), ``sizes``, ``scores`` (``kept`` and ``removed``, see
        :meth:`mmwsl.clustering.Contingency.scores`; None without truth), ``seconds``, ``cpu_seconds`` (of all
        processors together) and ``peak_gib`` (stage -> number, of the run that did it), ``command``, ``date``.

    Raises:
        FileNotFoundError, ValueError: files or settings that do not fit; said before anything long runs.
        BlockingIOError: another run writes to ``stages``.
    """
    out = check_writable(out)
    if drop is not None:
        check_writable(drop)
    if out.suffix != '.npy':
        raise ValueError(f'{out}: the clusters are written as .npy; choose a name with that ending')
    plan = read_plan(load_config(config, options).get('clustering'), len(committee))
    rows = open_features(features, dims)
    others = [open_features(path, dims) for path in committee]
    for path, other in zip(committee, others, strict=True):
        if len(other) != len(rows):
            raise ValueError(f'{path} has the features of {len(other)} items, {features} of {len(rows)}: they must be '
                             'of the same items, in the same order')
    classes = None if truth is None else read_labels(truth, len(rows))
    plan = _with_true_number(plan, classes)
    paths = photo_paths(photos, features, len(rows))
    device = device or ('cuda' if torch.cuda.is_available() else 'cpu')
    if learn is not None and plan.method not in LEARNED:
        raise ValueError(f'{plan.method} learns nothing from known items: leave --learn out, or choose a config of '
                         f'{", ".join(LEARNED)}')
    folder = Path(stages) if stages is not None else out.with_suffix('.stages')
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(lock(folder / 'lock', wait=False))
        except BlockingIOError as error:
            raise BlockingIOError(f'another clustering writes to {folder}; choose another --out or --stages, or wait '
                                  'for its end') from error
        kept = ClusterStages(folder)
        run = _Run(plan, kept, say, device)
        try:
            run.learn(learn, dims, rows.shape[1])
            labels, report = run.all(rows, others, [_file_key(path, dims) for path in (features, *committee)], classes)
            write_atomically(out, lambda file: np.save(file, labels))
            report |= dict(command=environment()['command'], date=time.strftime('%Y-%m-%d %H:%M'))
            run.begin('page', 'writes what came out')
            findings = cluster_findings(report, labels, classes, paths, Path(features).name)
            page = write_cluster_page(findings, out.with_suffix('.html'))
            write_atomically(out.with_suffix('.json'), json.dumps(report, indent=1) + '\n')
            if drop is not None:
                say(f'             {write_unclean(drop, labels, classes, paths):,} items to drop: {drop}')
            say(f'written:     {out}, {page}, {out.with_suffix(".json")}')
        except (KeyboardInterrupt, SystemExit):
            say(f'stopped at: {kept.running}. What is done is kept in {folder}: the same command goes on from there')
            raise
    return report


def _with_true_number(plan: Plan, classes: np.ndarray | None) -> Plan:
    """``clusters='truth'`` as a number."""
    if plan.settings.get('clusters') != 'truth':
        return plan
    if classes is None:
        raise ValueError(f"{plan.method} has clusters='truth', the true number of classes: give --truth FILE, or a "
                         'number by --cfg-options clustering.clusters=NUMBER')
    known = len(np.unique(classes[classes >= 0]))
    if not known:
        raise ValueError(f"{plan.method} has clusters='truth', and the truth knows the class of no item: name another "
                         'file, or give a number by --cfg-options clustering.clusters=NUMBER')
    return plan._replace(settings=dict(plan.settings, clusters=known))


def _file_key(path: Path | str, dims: int | None) -> str:
    state = os.stat(path)
    return make_key(os.path.abspath(path), state.st_size, state.st_mtime_ns, dims)


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}


class _Run:
    """The stages of one call of :func:`cluster`."""

    def __init__(self, plan: Plan, stages: ClusterStages, say: Callable[[str], object], device: str) -> None:
        self.plan, self.stages, self.say, self.device = plan, stages, say, device
        self.about: dict[str, Any] = {}  # of what was fitted
        self.steps = [*['learn'] * (plan.method in LEARNED), 'read', *['neighbors'] * (plan.neighbors is not None),
                      *['pairs'] * (plan.method in BY_PAIRS), 'partition', 'metrics', 'page']

    def begin(self, step: str, what: str) -> None:
        """Say that a step of the work begins."""
        self.stages.running = step
        self.say(f'{self.steps.index(step) + 1}/{len(self.steps)} {step}: {what}')

    def learn(self, known: tuple[Path | str, Path | str] | None, dims: int | None, width: int) -> None:
        """Fit a method that learns, if known items are given; read on what it was fitted."""
        plan = self.plan
        if plan.method not in LEARNED:
            return
        assert plan.neighbors is not None
        self.begin('learn', f'from {known[0]}' if known else f'nothing, {plan.settings["fitted"]} is applied')
        if known:
            fit_known(plan.method, plan.neighbors, known=known, dims=dims, device=self.device, **plan.settings)
        self.about = read_about(plan.method, plan.settings['fitted'], width, plan.neighbors['k'])

    def all(self, features: np.ndarray, others: list[np.ndarray], keys: list[str],
            classes: np.ndarray | None) -> tuple[np.ndarray, dict[str, Any]]:
        """The clusters (N,), and the report; see :func:`cluster`."""
        plan, stages, (count, dims) = self.plan, self.stages, features.shape
        self.begin('read', f'{count:,} items, {dims} dimensions')
        zeros = [self._read(rows, key, number) for number, (rows, key) in
                 enumerate(zip([features, *others], keys, strict=True))]
        report: dict[str, Any] = dict(method=plan.method, settings=plan.settings, items=count, dims=dims,
                                      zeros=zeros[0])
        graphs, about = [], []
        if plan.neighbors is not None:
            index = dict(plan.neighbors)
            if index['index'] == 'auto':
                index['index'] = choose_index(count, has_faiss())
            for number, (rows, key) in enumerate(zip([features, *others], keys, strict=True)):
                model = f' of committee member {number}' if number else ''
                self.begin('neighbors', f'{index["k"]}{model} by {index["index"]}')
                graph, said = stages.graph(f'neighbors_{number}' if number else 'neighbors', rows, key, index,
                                           self.device)
                self.say(f'             recall {said["recall"]:.4f} of a sample, {said["seconds"]:.1f} s')
                graphs.append(graph)
                about.append(said)
        key = make_key(keys, [each['index'] for each in about], plan.neighbors, plan.method)
        pairs = None
        if plan.method in BY_PAIRS:
            key = make_key(key, plan.pair_settings)
            self.begin('pairs', 'of neighbors' + (', by vote' if others else ''))
            made = stages.run('pairs', key,
                              lambda: dict(make_pairs(plan, graphs[0], graphs[1:])._asdict()))
            pairs = Pairs(made['source'], made['target'], made['scores'])
            self.say(f'             {len(pairs.source):,} pairs')
        self.begin('partition', f'{plan.method}, ' + ', '.join(f'{name}={value}' for name, value in
                                                              plan.settings.items()))
        graph = graphs[0] if graphs else None

        def find() -> Arrays:
            return dict(labels=partition(plan, features, graph, pairs))
        labels = stages.run('partition', make_key(key, plan.partition_settings, *self.about.values()), find)['labels']
        sizes = partition_sizes(labels)
        self.say(f'             {sizes["clusters"]:,} clusters, the largest of {sizes["largest"]:,} items, '
                 f'{sizes["singletons"]:,} of one, {sizes["unassigned"]:,} items unassigned')
        return labels, report | dict(neighbors=about, sizes=sizes, scores=self._judge(labels, classes),
                                     seconds=_rounded(stages.seconds), cpu_seconds=_rounded(stages.cpu_seconds),
                                     peak_gib=_rounded({name: peak / GIB for name, peak in stages.peaks.items()}))

    def _read(self, features: np.ndarray, key: str, number: int) -> int:
        """How many rows have no direction; raises where one is not finite."""
        def look() -> Arrays:
            zeros = 0
            with progress_bar(description='read', total=len(features), unit='item') as bar:
                for start in range(0, len(features), ROWS):
                    rows = unit_rows(features[start:start + ROWS], start)
                    zeros += int((rows == 0).all(1).sum())
                    bar.update(len(rows))
            return dict(zeros=np.array(zeros))
        zeros = int(self.stages.run(f'read_{number}' if number else 'read', key, look)['zeros'])
        if zeros:
            self.say(f'             {zeros:,} rows are zeros: they have no direction, hence no neighbors')
        return zeros

    def _judge(self, labels: np.ndarray, classes: np.ndarray | None) -> dict[str, dict[str, float]] | None:
        if classes is None:
            self.begin('metrics', 'none, without --truth')
            return None
        self.begin('metrics', 'against the truth')
        began = time.monotonic()
        scores = {way: partition_scores(labels, classes, way) for way in ('kept', 'removed')}
        self.stages.seconds['metrics'] = time.monotonic() - began
        self.say('             ' + ', '.join(f'{name.replace("_", " ")} {100 * scores["kept"][name]:.2f}' for name in
                                             ('pairwise_f', 'bcubed_f', 'nmi')) + ' (x 100, singletons kept)')
        return scores
