"""Suites: a list of trainings and protocols, run until every record is there."""

import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mmwsl.apis.benchmark import benchmark
from mmwsl.apis.config import load_config
from mmwsl.apis.evaluate import evaluate
from mmwsl.apis.suite_plan import NOTE, SuiteRun, check_runs, plan_runs
from mmwsl.apis.work_dir import LOCK
from mmwsl.engine.child import Children
from mmwsl.files import check_writable, check_writable_folder, lock, write_atomically
from mmwsl.reporting.dataset_tables import render_dataset_tables
from mmwsl.reporting.layer_table import render_layer_table
from mmwsl.reporting.matrix_table import draw_matrix, render_matrix
from mmwsl.reporting.records import read_records, render_table

TABLES = dict(methods=render_table, datasets=render_dataset_tables, layers=render_layer_table, matrix=render_matrix)
SUITE_LOCK = '.suite.lock'  # in a run's folder, held while a suite trains and scores it


def run_suite(path: Path | str, out: Path | str, only: Sequence[str] | None = None, work_dir: Path | str | None = None,
              options: dict[str, Any] | None = None) -> str:
    """Train what is missing, benchmark what has no record, write ``records.jsonl`` and ``table.md`` to ``out``.

    A suite config has ``suite`` (its name), ``protocols``, and ``runs``: a list of dicts with ``method``, ``config``
    and optionally ``seeds`` (default ``[0]``), ``checkpoint`` (a file, ``'random'`` or ``'random_rescaled'``: nothing
    is trained), ``start`` (a run of the suite, ``'METHOD-seedN'``, from whose weights it starts), ``ensemble`` (runs
    that are scored as one instead of training) and ``options`` (overrides of the config). A config with a
    ``test_evaluator`` is scored by that; its name, ``'localization'``, stands for the protocol then. Its ``table`` says
    what ``table.md`` is: ``'methods'`` (default), a row per method; ``'datasets'``, such a table of each data set;
    ``'layers'``, a column per layer of ``benchmark.layers``; ``'matrix'``, a row and a column per part of the methods'
    names ``A+B``, with a picture ``matrix.png``.

    Every config that has something to do is built before the first training. It may be stopped at any time and started
    again: a training, which is a process of its own, ends with it. A record counts as there only if it is of the
    checkpoint that is there.

    Args:
        path: suite config.
        out: folder of the results.
        only: names of methods to run; default all.
        work_dir: folder of the training runs; default ``out/runs``.
        options: overrides of every training config, e.g. a data root.

    Returns:
        The table, as Markdown.

    Raises:
        ValueError: not a suite, unknown method in ``only``, configs that cannot be built, runs that were made with
            other settings, a run that needs another which is not there yet, or an ensemble whose config has no
            ``test_evaluator``.
        BlockingIOError: another suite works on the run.
        OSError: ``out`` or ``work_dir`` cannot be written.
        RuntimeError: a training failed (the message names its log).
        SystemExit: a SIGTERM or SIGINT came; the training that ran has written a checkpoint.
    """
    suite, out = load_config(path), check_writable_folder(out)
    absent = [key for key in ('suite', 'protocols', 'runs') if key not in suite]
    if absent:
        raise ValueError(f'{path} is not a suite: it has no {", ".join(absent)}; `mmwsl configs suites/` lists those '
                         'there are')
    table = suite.get('table', 'methods')
    if table not in TABLES:
        raise ValueError(f'{path}: table={table!r} is unknown; choose one of {", ".join(TABLES)}')
    methods = [run['method'] for run in suite.runs]
    unknown = set(only or ()) - set(methods)
    if unknown:
        raise ValueError(f'--only {", ".join(sorted(unknown))}: the suite has {", ".join(methods)}')
    work_dir = check_writable_folder(out / 'runs' if work_dir is None else work_dir)
    records_file = out / 'records.jsonl'
    for file in (records_file, out / 'table.md'):
        check_writable(file)
    runs = [run for run in plan_runs(suite, options, work_dir)
            if not only or run.method in only]
    with Children('the suite is stopped. What is recorded stays, and a training goes on from its checkpoint, with: '
                  'the same command') as children:
        check_runs(suite, [run for run in runs if run.missing(_read(records_file), suite.suite, suite.protocols)])
        out.mkdir(parents=True, exist_ok=True)
        for number, run in enumerate(runs, start=1):
            missing = run.missing(_read(records_file), suite.suite, suite.protocols)
            to_do = [', '.join(names) + (f' of layer {layer}' if run.layers else '')
                     for layer, names in missing.items()]
            print(f'[{number}/{len(runs)}] {run.name}: ' + (f'to do: {", ".join(to_do)}' if missing else 'done'),
                  flush=True)
            if not missing:
                continue
            with _hold(run):
                if run.is_trained:
                    _train(run, children)
                try:
                    _score(run, records_file, suite.suite, suite.protocols)
                finally:  # also where a protocol refuses: the others' values are there
                    if _read(records_file):
                        _write_table(table, records_file, out)
        return _write_table(table, records_file, out)


def _read(records_file: Path) -> list[dict[str, Any]]:
    return read_records(records_file) if records_file.is_file() else []


@contextlib.contextmanager
def _hold(run: SuiteRun) -> Iterator[None]:
    """Keep other suites from the run meanwhile."""
    run.folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(lock(run.folder / SUITE_LOCK, wait=False))
        except BlockingIOError as error:
            raise BlockingIOError(f'another suite works on {run.name} in {run.folder}; wait for its end, choose other '
                                  'methods by --only, or another --out') from error
        yield


def _train(run: SuiteRun, children: Children) -> None:
    """Finish the training in a process of its own, resumed where an earlier one stopped."""
    write_atomically(run.folder / NOTE, json.dumps(run.note, indent=1))
    _wait_for_training(run.folder)
    if run.final.is_file():
        return
    cfg = run.cfg
    if run.start:
        cfg = load_config(run.path, {**run.settings, 'load_from': str(run.start.final)})
    whole = run.folder / f'{Path(cfg.filename).stem}.py'  # a file, because not every option survives a command line
    cfg.dump(whole)
    code = children.run([sys.executable, '-m', 'mmwsl', 'train', str(whole), '--work-dir', str(run.folder), '--resume'])
    if code or not run.final.is_file():
        raise RuntimeError(f'training {run.path} failed; its log is in {run.folder}. Start the suite again to go on')


def _wait_for_training(folder: Path) -> None:
    """Wait for a training that runs there: one whose suite was killed ends after its step."""
    try:
        with lock(folder / LOCK, wait=False):
            return
    except BlockingIOError:
        print(f'another training runs in {folder}, perhaps of a suite that was killed; waiting for its end', flush=True)
    with lock(folder / LOCK):
        pass


def _score(run: SuiteRun, records_file: Path, suite: str, protocols: Sequence[str]) -> None:
    """Add the records that are missing, and print their values."""
    missing = run.missing(_read(records_file), suite, protocols)  # another suite may have added some
    if run.has_own_metric and missing:
        run.cfg.work_dir = str(run.folder)
        checkpoint = run.checkpoint or [str(path) for path in run.files]
        values = evaluate(run.cfg, checkpoint, records_file, suite, run.method)
        print(f'{run.name}: ' + ', '.join(f'{name} {value:.2f}' for name, value in values.items()), flush=True)
        return
    for layer, names in missing.items():
        benchmark(run.cfg, run.checkpoint or run.final, names, out=records_file, suite=suite, method=run.method,
                  layers=[layer] if run.layers else None)


def _write_table(kind: str, records_file: Path, out: Path) -> str:
    records = read_records(records_file)
    table = TABLES[kind](records)
    write_atomically(out / 'table.md', table)
    if kind == 'matrix':
        draw_matrix(records, out / 'matrix.png')
    return table
