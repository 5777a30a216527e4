"""The table across families of labels: what each kind costs, and what it gives in each task."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from mmwsl.reporting.markdown import markdown_table

COST = 'annotation_seconds'  # the metric of records that say what labels cost
WHOLE = 'annotation'  # their protocol, where the labels are those of a training; else a protocol that learns from them
# task -> its metric for people, and the names that it has in records; of several the first counts
TASKS = {
    'classification': ('mAP of tags', ('tag_mAP', 'mAP', 'svm_mAP', 'cluster_mAP')),
    'localization': ('CorLoc', ('corloc', )),
    'detection': ('AP50', ('AP50', )),
    'segmentation': ('mIoU', ('mIoU', )),
}
WORDS = {True: 'yes', False: 'no', None: 'unknown'}


def render_families(records: Sequence[Mapping[str, Any]]) -> str:
    """A Markdown table: a row for each kind of label, from the cheapest on; a column for each task; percent.

    A row is there for each record of the metric ``annotation_seconds``: of all values of its method, or, where its
    protocol learns from the labels itself, of that protocol's. Values of several seeds are shown as mean ± sample
    standard deviation. The best value of a task is in bold. Whether a network had seen labels before is said by
    ``saw_labels`` of the record of its cost.

    Raises:
        ValueError: no record says what labels cost, records of several data sets, or a row without any value.
    """
    costs = [record for record in records if record['metric'] == COST]
    datasets = {record.get('dataset') for record in records}
    if not costs or len(datasets) > 1:
        found = f'they are of {", ".join(sorted(map(str, datasets)))}' if len(datasets) > 1 else f'none has {COST}'
        raise ValueError(f'a table across families needs records of one data set with {COST}, and {found}; '
                         'mmwsl label-cost --families writes them')
    rows = []
    for cost in sorted(costs, key=lambda record: float(record['value'])):
        mine = [record for record in records if record['method'] == cost['method'] and record['metric'] != COST
                and cost['protocol'] in (WHOLE, record['protocol'])]
        if not mine:
            raise ValueError(f'no record of {cost["method"]} ({cost["protocol"]}), whose labels cost '
                             f'{cost["value"]} s; run the suite first')
        rows.append((cost, [_values(mine, names) for _, names in TASKS.values()]))
    best = [max((statistics.mean(row[1][task].values()) for row in rows if row[1][task]), default=None)
            for task in range(len(TASKS))]
    body = []
    for cost, values in rows:
        settings = cost.get('settings') or {}
        name = cost['method'] if cost['protocol'] == WHOLE else f'{cost["method"]}, {cost["protocol"]}'
        body.append([name, settings.get('labels', ''), WORDS[cost.get('saw_labels')], f'{settings["images"]:,}',
                     f'{float(cost["value"]) / 3600:.2f}',
                     *(_text(each, top) for each, top in zip(values, best, strict=True))])
    headings = ['method', 'labels', 'pre-trained with labels', 'labeled images', 'hours',
                *(f'{task} {metric}' for task, (metric, _) in TASKS.items())]
    return markdown_table(headings, body, words=3)


def _values(records: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[Any, float]:
    """Seed -> value of the first metric of ``names`` that there is; the last record of a seed counts."""
    for name in names:
        found = {record.get('seed'): float(record['value']) for record in records if record['metric'] == name}
        if found:
            return found
    return {}


def _text(values: Mapping[Any, float], best: float | None) -> str:
    if not values:
        return '-'
    mean = statistics.mean(values.values())
    spread = f' ± {statistics.stdev(values.values()):.2f}' if len(values) > 1 else ''
    return f'**{mean:.2f}{spread}**' if mean == best else f'{mean:.2f}{spread}'
