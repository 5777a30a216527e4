"""Suites: a list of trainings and protocols, run until every figure is there."""

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
        ValueError: unknown method in ``only``; RuntimeError: a training failed (the message names its log).
    """
    suite_cfg, out = load_config(path), Path(out)
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
        missing = _missing(records_file, run['method'], seed, suite_cfg.protocols)
        print(f'[{number}/{len(todo)}] {name}: ' + (f'to do: {", ".join(missing)}' if missing else 'done'), flush=True)
        if not missing:
            continue
        settings = {**(options or {}), **run.get('options', {}), 'randomness.seed': seed}
        cfg = load_config(run['config'], settings)
        checkpoint = run.get('checkpoint') or _train(run['config'], cfg, settings, work_dir / name)
        benchmark(cfg, checkpoint, missing, out=records_file, suite=suite_cfg.suite, method=run['method'])
        _write_table(records_file, out)
    return _write_table(records_file, out)


def _missing(records_file, method, seed, protocols):
    records = read_records(records_file) if records_file.is_file() else []
    have = {record['protocol'] for record in records if (record['method'], record.get('seed')) == (method, seed)}
    return [protocol for protocol in protocols if protocol not in have]


def _train(config, cfg, settings, work_dir):
    """Checkpoint of the finished run, trained in a process of its own and resumed where an earlier one stopped."""
    final = work_dir / f'epoch_{cfg.train_cfg.max_epochs}.pth'
    if not final.is_file():
        command = [sys.executable, '-m', 'mmwsl', 'train', str(config), '--work-dir', str(work_dir), '--resume',
                   '--cfg-options', *(f'{key}={value}' for key, value in settings.items())]
        if subprocess.run(command).returncode or not final.is_file():
            raise RuntimeError(f'training {config} failed; its log is in {work_dir}. Start the suite again to go on')
    return final


def _write_table(records_file, out):
    table = render_table(read_records(records_file))
    (out / 'table.md').write_text(table, encoding='utf-8')
    return table
