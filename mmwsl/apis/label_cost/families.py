"""What the labels of a suite's methods cost, beside its records: the table across families of labels."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmwsl.apis.build import build_dataset
from mmwsl.apis.config import load_config
from mmwsl.apis.label_cost.plot import seconds_of
from mmwsl.checkpoints.labels import start_saw_labels
from mmwsl.datasets.weak_labels import annotation_seconds
from mmwsl.files import check_writable, check_writable_folder, write_atomically
from mmwsl.reporting.families import COST, WHOLE, render_families
from mmwsl.reporting.records import make_record, read_records

BLIND = ('cluster', 'retrieval')  # protocols that learn nothing from labels


def label_families(suite: Path | str, records: Path | str, out: Path | str) -> str:
    """Write the table of a suite's methods across tasks, with what the labels cost that they learn from.

    A config with metrics of its own learns from the labels of its training set; of another one, whose features are
    judged by protocols, each protocol is a row, with the tags of the images that it learns from.

    Args:
        suite: its config.
        records: the suite's ``records.jsonl``.
        out: folder of ``families.jsonl``, the suite's records and those of the costs, and ``families.md``.

    Returns:
        The table, as Markdown.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no such suite, a method or protocol without a record, or a training set of which it is not known
            what its labels cost.
        OSError: ``out`` cannot be written.
    """
    plan, found = load_config(suite), read_records(records)
    found = [record for record in found if record.get('suite') == plan.get('suite') and record['metric'] != COST]
    if 'runs' not in plan or not found:
        raise ValueError(f'{records} has no record of the suite {plan.get("suite")} of {suite}; run it first: '
                         f'mmwsl suite {suite} --out DIR')
    out = check_writable_folder(out)
    for name in ('families.jsonl', 'families.md'):
        check_writable(out / name)
    init_default_scope('mmwsl')
    costs = []
    for name, run in {run['method']: run for run in plan.runs}.items():
        cfg, mine = load_config(run['config'], run.get('options')), [each for each in found if each['method'] == name]
        made = [_of_training(cfg)] if 'test_evaluator' in cfg else list(_of_protocols(cfg, mine, plan.protocols))
        if not mine or not made:
            raise ValueError(f'{records} has no record of {name}, a method of {suite}; run it first: mmwsl suite '
                             f'{suite} --out DIR --only {name}')
        costs += [make_record(
            suite=plan.suite, method=name, config=mine[0].get('config'), dataset=mine[0].get('dataset'), split='train',
            metric=COST, saw_labels=_began_with_labels(cfg, run, mine[0]), **each) for each in made]
    table = render_families([*found, *costs])
    write_atomically(out / 'families.jsonl', ''.join(json.dumps(each) + '\n' for each in [*found, *costs]))
    write_atomically(out / 'families.md', table)
    return table


def _began_with_labels(cfg: Config, run: Mapping[str, Any], record: Mapping[str, Any]) -> bool | None:
    """Whether a network had seen labels before those that the row is about; None where it is not known."""
    if 'test_evaluator' not in cfg:  # the row's labels are those that a protocol learns from
        return record.get('saw_labels')
    return None if cfg.get('load_from') or run.get('start') else start_saw_labels(cfg.model)


def _of_training(cfg: Config) -> dict[str, Any]:
    """What the labels of a training set cost: ``protocol``, ``value`` in seconds, ``settings``."""
    dataset = build_dataset(cfg.train_dataloader.dataset)
    labels = getattr(dataset, 'kind', None) or {'image': 'tags'}.get(dataset.supervision, dataset.supervision)
    return dict(protocol=WHOLE, value=round(seconds_of(dataset), 1), settings=dict(labels=labels, images=len(dataset)))


def _of_protocols(cfg: Config, records: Sequence[Mapping[str, Any]],
                  protocols: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The same of each protocol of a config's features: the tags of the images that the records say it learnt from.

    Raises:
        ValueError: a protocol without a record.
    """
    known = cfg.benchmark.get('protocols') or {}
    for name in protocols:
        mine = [record for record in records if record['protocol'] == name]
        if not mine:
            raise ValueError(f'no record of the protocol {name} of {cfg.filename}; run the suite to its end first')
        blind = (known.get(name) or {}).get('type', name) in BLIND
        images = 0 if blind else int(mine[0]['settings']['n_train'])
        seconds = images * annotation_seconds('tags', int(mine[0]['settings']['num_classes']), 0, 0)
        yield dict(protocol=name, value=round(seconds, 1), settings=dict(labels='none' if blind else 'tags',
                                                                         images=images))
