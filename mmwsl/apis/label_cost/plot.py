"""Quality against seconds of annotation: the records of a suite, and what its training labels cost."""

import json
import statistics
from pathlib import Path
from typing import Any

from mmengine.registry import init_default_scope

from mmwsl.apis.build import build_dataset
from mmwsl.apis.config import load_config
from mmwsl.datasets.weak_labels import annotation_seconds
from mmwsl.files import check_writable, check_writable_folder, write_atomically
from mmwsl.reporting.markdown import markdown_table
from mmwsl.reporting.records import environment, read_records
from mmwsl.visualization import labelled_points


def label_cost(suite: Path | str, records: Path | str, out: Path | str, metric: str = 'mIoU') -> dict[str, Any]:
    """Draw a metric of a suite's methods against the seconds that the labels they are trained on cost.

    Args:
        suite: its config, whose runs say what each method is trained on.
        records: the suite's ``records.jsonl``.
        out: folder of ``label_cost.json``, ``label_cost.svg`` and ``label_cost.md``.
        metric: of the records.

    Returns:
        dict: what the JSON holds: ``metric``, ``dataset``, and ``methods``, a list of ``method``, ``images``,
        ``seconds`` (of all labels), ``mean``, ``values`` (seed -> value), in the order of cost.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no such suite, a method without a record, records of several data sets, or a training set of which
            it is not known what its labels cost.
        OSError: ``out`` cannot be written.
    """
    plan, found = load_config(suite), read_records(records)
    found = [record for record in found if record['metric'] == metric and record.get('suite') == plan.get('suite')]
    if 'runs' not in plan or not found:
        raise ValueError(f'{records} has no {metric} of the suite {plan.get("suite")} of {suite}; run it first: '
                         f'mmwsl suite {suite} --out DIR')
    datasets = sorted({str(record['dataset']) for record in found})
    if len(datasets) > 1:
        raise ValueError(f'one picture, one data set; {records} has {", ".join(datasets)}')
    out = check_writable_folder(out)
    for ending in ('json', 'svg', 'md'):
        check_writable(out / f'label_cost.{ending}')
    init_default_scope('mmwsl')
    methods = []
    for name, run in {run['method']: run for run in plan.runs}.items():
        values = {str(record['seed']): float(record['value']) for record in found if record['method'] == name}
        if not values:
            raise ValueError(f'{records} has no {metric} of {name}, a method of {suite}; run it first: mmwsl suite '
                             f'{suite} --out DIR --only {name}')
        cfg = load_config(run['config'], run.get('options'))
        dataset = build_dataset(cfg.train_dataloader.dataset)
        methods.append(dict(method=name, images=len(dataset), seconds=round(seconds_of(dataset), 1),
                            mean=round(statistics.mean(values.values()), 4), values=values))
    methods.sort(key=lambda each: each['seconds'])
    result = dict(metric=metric, dataset=datasets[0], methods=methods, **environment())
    write_atomically(out / 'label_cost.json', json.dumps(result, indent=1) + '\n')
    write_atomically(out / 'label_cost.svg', labelled_points(
        {each['method']: ([each['seconds'] / 3600] * len(each['values']), list(each['values'].values()))
         for each in methods}, 'hours of annotation', f'{metric}, percent'))
    write_atomically(out / 'label_cost.md', cost_table(result))
    return result


def seconds_of(dataset: Any) -> float:
    """Seconds of an annotator for all labels of a training set.

    Args:
        dataset: a set with ``annotation_seconds()``, such as :class:`mmwsl.datasets.WeakMasks`; or one with
            ``supervision='image'``, whose classes are all asked about on each image; or ``'none'``.

    Raises:
        ValueError: any other.
    """
    if hasattr(dataset, 'annotation_seconds'):
        return float(dataset.annotation_seconds())
    supervision = getattr(dataset, 'supervision', None)
    if supervision == 'none':
        return 0.0
    if supervision == 'image':
        return len(dataset) * annotation_seconds('tags', len(dataset.classes), 0, 0)
    raise ValueError(f'what the labels of {type(dataset).__name__} with supervision={supervision!r} cost is not known; '
                     "wrap it in WeakMasks, with labels='full' for all of its masks")


def cost_table(result: dict[str, Any]) -> str:
    """What :func:`label_cost` found, as Markdown."""
    rows = []
    for each in result['methods']:
        values = list(each['values'].values())
        spread = f' ± {statistics.stdev(values):.2f}' if len(values) > 1 else ''
        rows.append([each['method'], f'{each["images"]:,}', f'{each["seconds"] / 3600:.2f}',
                     f'{each["seconds"] / each["images"]:.1f}', f'{each["mean"]:.2f}{spread}', str(len(values))])
    return markdown_table(['labels', 'images', 'hours', 'seconds an image', result['metric'], 'seeds'], rows)
