"""Suites: a list of trainings and protocols, run until every record is there."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmwsl.apis.benchmark import benchmark
from mmwsl.apis.config import load_config
from mmwsl.apis.evaluate import evaluate
from mmwsl.files import check_writable, check_writable_folder, write_atomically
from mmwsl.reporting.layer_table import render_layer_table
from mmwsl.reporting.matrix_table import draw_matrix, render_matrix
from mmwsl.reporting.records import read_records, render_table

TABLES = dict(methods=render_table, layers=render_layer_table, matrix=render_matrix)


def run_suite(path: Path | str, out: Path | str, only: Sequence[str] | None = None, work_dir: Path | str | None = None,
              options: dict[str, Any] | None = None) -> str:
    """Train what is missing, benchmark what has no record, write ``records.jsonl`` and ``table.md`` to ``out``.

    A suite config has ``suite`` (its name), ``protocols``, and ``runs``: a list of dicts with ``method``, ``config``
    and optionally ``seeds`` (default ``[0]``), ``checkpoint`` (a file, ``'random'`` or ``'random_rescaled'``: nothing
    is trained), ``start`` (a run of the suite, ``'METHOD-seedN'``, from whose weights it starts), ``ensemble`` (runs
    that are scored as one instead of training) and ``options`` (overrides of the config). A config with a
    ``test_evaluator`` is scored by that; its name, ``'localization'``, stands for the protocol then. Its ``table`` says
    what ``table.md`` is: ``'methods'`` (default), a row per method; ``'layers'``, a column per layer of
    ``benchmark.layers``; ``'matrix'``, a row and a column per part of the methods' names ``A+B``, with a picture
    ``matrix.png``. It may be stopped at any time and started again.

    Args:
        path: suite config.
        out: folder of the results.
        only: names of methods to run; default all.
        work_dir: folder of the training runs; default ``out/runs``.
        options: overrides of every training config, e.g. a data root.

    Returns:
        The table, as Markdown.

    Raises:
        ValueError: not a suite, unknown method in ``only``, runs that were made with other settings, a run that needs
            another which is not there yet, or an ensemble whose config has no ``test_evaluator``.
        OSError: ``out`` or ``work_dir`` cannot be written.
        RuntimeError: a training failed (the message names its log).
    """
    suite_cfg, out = load_config(path), check_writable_folder(out)
    absent = [key for key in ('suite', 'protocols', 'runs') if key not in suite_cfg]
    if absent:
        raise ValueError(f'{path} is not a suite: it has no {", ".join(absent)}; see configs/suites/ for examples')
    table = suite_cfg.get('table', 'methods')
    if table not in TABLES:
        raise ValueError(f'{path}: table={table!r} is unknown; choose one of {", ".join(TABLES)}')
    methods = [run['method'] for run in suite_cfg.runs]
    there = {f'{run["method"]}-seed{seed}' for run in suite_cfg.runs for seed in run.get('seeds', [0])}
    named = {name for run in suite_cfg.runs for name in [*run.get('ensemble', ()), run.get('start')] if name}
    if named - there:
        raise ValueError(f'{path}: {", ".join(sorted(named - there))} is no run of the suite, METHOD-seedN; a start '
                         'or an ensemble names some')
    unknown = set(only or ()) - set(methods)
    if unknown:
        raise ValueError(f'--only {", ".join(sorted(unknown))}: the suite has {", ".join(methods)}')
    work_dir = check_writable_folder(out / 'runs' if work_dir is None else work_dir)
    records_file = out / 'records.jsonl'
    for file in (records_file, out / 'table.md'):
        check_writable(file)
    out.mkdir(parents=True, exist_ok=True)
    todo = [(run, seed) for run in suite_cfg.runs if not only or run['method'] in only
            for seed in run.get('seeds', [0])]
    for number, (run, seed) in enumerate(todo, start=1):
        name = f'{run["method"]}-seed{seed}'
        settings = {**(options or {}), **run.get('options', {}), 'randomness.seed': seed}
        cfg = load_config(run['config'], settings)
        own_metric = 'test_evaluator' in cfg  # what is trained is scored itself, not what can be made of its backbone
        layers = None if own_metric else cfg.benchmark.get('layers')
        missing = _missing(records_file, suite_cfg.suite, run['method'], seed, suite_cfg.protocols, layers or [-1])
        to_do = [', '.join(names) + (f' of layer {layer}' if layers else '') for layer, names in missing.items()]
        print(f'[{number}/{len(todo)}] {name}: ' + (f'to do: {", ".join(to_do)}' if missing else 'done'), flush=True)
        if not missing:
            continue
        needed = {each: _finished(suite_cfg.runs, each, options, work_dir, name)
                  for each in [*run.get('ensemble', ()), run.get('start')] if each}
        if run.get('start'):
            settings['load_from'] = str(needed[run['start']])
            cfg = load_config(run['config'], settings)
        if run.get('ensemble'):
            checkpoint = [needed[each] for each in run['ensemble']]
        else:
            checkpoint = run.get('checkpoint') or _train(run['config'], cfg, settings, work_dir / name)
        if own_metric:
            cfg.work_dir = str(work_dir / name)
            evaluate(cfg, checkpoint, records_file, suite_cfg.suite, run['method'])
        elif isinstance(checkpoint, list):
            raise ValueError(f'{path}: the runs of the ensemble {name} are scored as one by a test_evaluator, and '
                             f'{run["config"]} has none; give it one, or judge them apart')
        else:
            for layer, names in missing.items():
                benchmark(cfg, checkpoint, names, out=records_file, suite=suite_cfg.suite, method=run['method'],
                          layers=[layer] if layers else None)
        _write_table(table, records_file, out)
    return _write_table(table, records_file, out)


def _missing(records_file: Path, suite: str, method: str, seed: int, protocols: Sequence[str],
             layers: Sequence[int]) -> dict[int, list[str]]:
    """For every layer that lacks any, the protocols without a record."""
    records = read_records(records_file) if records_file.is_file() else []
    have = {(-1 if record.get('layer') is None else record['layer'], record['protocol']) for record in records
            if (record.get('suite'), record['method'], record.get('seed')) == (suite, method, seed)}
    todo = {layer: [protocol for protocol in protocols if (layer, protocol) not in have] for layer in layers}
    return {layer: names for layer, names in todo.items() if names}


def _finished(runs: Sequence[dict[str, Any]], name: str, options: dict[str, Any] | None, work_dir: Path,
              wanted_by: str) -> Path:
    """Checkpoint of another run of the suite, ``'METHOD-seedN'``."""
    run = next(each for each in runs if name in [f'{each["method"]}-seed{seed}' for seed in each.get('seeds', [0])])
    epochs = load_config(run['config'], {**(options or {}), **run.get('options', {})}).train_cfg.max_epochs
    path = work_dir / name / f'epoch_{epochs}.pth'
    if not path.is_file():
        raise ValueError(f'{wanted_by} needs the run {name}, which is not finished: {path} is missing; run that method '
                         'first')
    return path


def _train(config: Path | str, cfg: Config, settings: dict[str, Any], work_dir: Path) -> Path:
    """Checkpoint of the finished run, trained in a process of its own and resumed where an earlier one stopped."""
    work_dir.mkdir(parents=True, exist_ok=True)
    # how a run is evaluated is no part of how it was trained; of the weights it starts from, the folder may have moved
    settings = {key: value for key, value in settings.items() if not key.startswith('benchmark.')}
    if 'load_from' in settings:
        settings['load_from'] = '/'.join(Path(settings['load_from']).parts[-2:])
    note, expected = work_dir / 'suite_run.json', dict(config=str(config), options=settings)
    expected = json.loads(json.dumps(expected, default=str))
    if note.is_file() and json.loads(note.read_text(encoding='utf-8')) != expected:
        raise ValueError(f'{work_dir} was trained with other settings (see {note.name} there); use another --out or '
                         '--work-dir, or remove it')
    write_atomically(note, json.dumps(expected, indent=1))
    final = work_dir / f'epoch_{cfg.train_cfg.max_epochs}.pth'
    if not final.is_file():
        whole = work_dir / f'{Path(cfg.filename).stem}.py'  # a file, because not every option survives a command line
        cfg.dump(whole)
        command = [sys.executable, '-m', 'mmwsl', 'train', str(whole), '--work-dir', str(work_dir), '--resume']
        if subprocess.run(command).returncode or not final.is_file():
            raise RuntimeError(f'training {config} failed; its log is in {work_dir}. Start the suite again to go on')
    return final


def _write_table(kind: str, records_file: Path, out: Path) -> str:
    records = read_records(records_file)
    table = TABLES[kind](records)
    write_atomically(out / 'table.md', table)
    if kind == 'matrix':
        draw_matrix(records, out / 'matrix.png')
    return table
