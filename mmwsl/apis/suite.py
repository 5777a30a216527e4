"""Suites: a list of trainings and protocols, run until every figure is there."""

import json
import subprocess
import sys
from pathlib import Path

from mmwsl.apis.benchmark import benchmark
from mmwsl.apis.config import load_config
from mmwsl.apis.records import read_records, render_table


def run_suite(path, out, only=None, work_dir=None, options=None):
    """Train what is missing, benchmark what has no record, write ``records.jsonl`` and ``table.md`` to ``out``.

    A suite config has ``suite`` (its name), ``protocols``, and ``runs``: a list of dicts with ``method``, ``config``
    and optionally ``seeds`` (default ``[0]``), ``checkpoint`` (a file or ``'random'``: nothing is trained) and
    ``options`` (overrides of the config). It may be stopped at any time and started again.

    Args:
        path: suite config.
        out: folder of the results.
        only: names of methods to run; default all.
        work_dir: folder of the training runs; default ``out/runs``.
        options: overrides of every training config, e.g. a data root.

    Returns:
        The table, as Markdown.

    Raises:
        ValueError: not a suite, unknown method in ``only``, or runs that were made with other settings.
        RuntimeError: a training failed (the message names its log).
    """
    suite_cfg, out = load_config(path), Path(out)
    absent = [key for key in ('suite', 'protocols', 'runs') if key not in suite_cfg]
    if absent:
        raise ValueError(f'{path} is not a suite: it has no {", ".join(absent)}; see configs/suites/ for examples')
    methods = [run['method'] for run in suite_cfg.runs]
    unknown = set(only or ()) - set(methods)
    if unknown:
        raise ValueError(f'--only {", ".join(sorted(unknown))}: the suite has {", ".join(methods)}')
    work_dir, records_file = Path(work_dir or out / 'runs'), out / 'records.jsonl'
    out.mkdir(parents=True, exist_ok=True)
    todo = [(run, seed) for run in suite_cfg.runs if not only or run['method'] in only
            for seed in run.get('seeds', [0])]
    for number, (run, seed) in enumerate(todo, start=1):
        name = f'{run["method"]}-seed{seed}'
        missing = _missing(records_file, suite_cfg.suite, run['method'], seed, suite_cfg.protocols)
        print(f'[{number}/{len(todo)}] {name}: ' + (f'to do: {", ".join(missing)}' if missing else 'done'), flush=True)
        if not missing:
            continue
        settings = {**(options or {}), **run.get('options', {}), 'randomness.seed': seed}
        cfg = load_config(run['config'], settings)
        checkpoint = run.get('checkpoint') or _train(run['config'], cfg, settings, work_dir / name)
        benchmark(cfg, checkpoint, missing, out=records_file, suite=suite_cfg.suite, method=run['method'])
        _write_table(records_file, out)
    return _write_table(records_file, out)


def _missing(records_file, suite, method, seed, protocols):
    records = read_records(records_file) if records_file.is_file() else []
    have = {record['protocol'] for record in records
            if (record.get('suite'), record['method'], record.get('seed')) == (suite, method, seed)}
    return [protocol for protocol in protocols if protocol not in have]


def _train(config, cfg, settings, work_dir):
    """Checkpoint of the finished run, trained in a process of its own and resumed where an earlier one stopped."""
    work_dir.mkdir(parents=True, exist_ok=True)
    note, wanted = work_dir / 'suite_run.json', dict(config=str(config), options=settings)
    wanted = json.loads(json.dumps(wanted, default=str))
    if note.is_file() and json.loads(note.read_text(encoding='utf-8')) != wanted:
        raise ValueError(f'{work_dir} was trained with other settings (see {note.name} there); use another --out or '
                         '--work-dir, or remove it')
    note.write_text(json.dumps(wanted, indent=1), encoding='utf-8')
    final = work_dir / f'epoch_{cfg.train_cfg.max_epochs}.pth'
    if not final.is_file():
        whole = work_dir / f'{Path(cfg.filename).stem}.py'  # a file, because not every option survives a command line
        cfg.dump(whole)
        command = [sys.executable, '-m', 'mmwsl', 'train', str(whole), '--work-dir', str(work_dir), '--resume']
        if subprocess.run(command).returncode or not final.is_file():
            raise RuntimeError(f'training {config} failed; its log is in {work_dir}. Start the suite again to go on')
    return final


def _write_table(records_file, out):
    table = render_table(read_records(records_file))
    (out / 'table.md').write_text(table, encoding='utf-8')
    return table
