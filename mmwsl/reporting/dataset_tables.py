"""Tables of a suite that has several data sets: one of each, as no table mixes them."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmwsl.reporting.records import render_table


def render_dataset_tables(records: Sequence[Mapping[str, Any]], metrics: Sequence[str] | None = None) -> str:
    """The table of each data set under its name, in the order in which the data sets appear.

    Args:
        records: at least one.
        metrics: columns to show; None = all. A data set without any of them has no table.

    Raises:
        ValueError: no records.
    """
    if metrics is not None:
        records = [record for record in records if record['metric'] in metrics]
    if not records:
        raise ValueError('no records to render' + (f' of the metrics {", ".join(metrics)}' if metrics else ''))
    datasets = dict.fromkeys(record.get('dataset') for record in records)
    return '\n'.join(f'{dataset}:\n\n' + render_table([each for each in records if each.get('dataset') == dataset])
                     for dataset in datasets)
