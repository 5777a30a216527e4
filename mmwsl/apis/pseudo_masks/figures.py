"""Figures of the steps, each with what it was given, as a table and as records."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mmwsl.evaluation.functional import intersection_over_union
from mmwsl.files import append_json_lines, write_atomically
from mmwsl.reporting.markdown import markdown_table
from mmwsl.reporting.records import make_record, read_records

PROTOCOLS = dict(train='pseudo_masks', test='segmentation')  # of rows that were kept before they said it
METRICS = dict(miou='value', foreground_iou='foreground')


def given(with_tags: bool, refiner: Mapping[str, Any] | None, views: Mapping[str, Any], walk: bool = False,
          ) -> dict[str, Any]:
    """What a figure was given: ``image_tags``, ``refiner``, ``scales``, ``flip``, ``random_walk``."""
    return dict(image_tags=with_tags, refiner=None if refiner is None else refiner['type'],
                scales=[float(each) for each in views.get('scales', (1.0,))], flip=bool(views.get('flip', False)),
                random_walk=walk)


def words(settings: Mapping[str, Any]) -> str:
    """``'with tags, dense_crf, 4 scales and mirror images'``."""
    count = len(settings['scales'])
    parts = ['with tags' if settings['image_tags'] else 'without tags', settings['refiner'] or 'no refiner',
             ('one scale' if count == 1 else f'{count} scales') + (' and mirror images' if settings['flip'] else '')]
    return ', '.join(parts + ['random walk'] * bool(settings['random_walk']))


class Figures:
    """Rows of a table: dict of ``method``, ``split``, ``value`` (mIoU in percent), ``foreground`` (the mean without the
    background, which is nearly all of a photo where objects are small), ``settings``, ``seconds``.
    """

    def __init__(self, config: str, seed: int, dataset: str):
        self.config, self.seed, self.dataset = config, seed, dataset
        self.rows: list[dict[str, Any]] = []

    def add(self, method: str, matrix: np.ndarray | None, split: str, settings: Mapping[str, Any],
            seconds: float, protocol: str = 'segmentation') -> None:
        """Add the mIoU of a confusion matrix, of a segmentor or of ``pseudo_masks``; None adds nothing."""
        if matrix is not None:
            iou = intersection_over_union(matrix)
            self.rows.append(dict(
                method=method, split=split, protocol=protocol, value=round(100 * iou['mIoU'], 4),
                foreground=round(100 * float(np.nanmean(iou['iou'][1:])), 4), settings=dict(settings),
                seconds=round(seconds, 1)))

    @staticmethod
    def line(row: Mapping[str, Any]) -> str:
        """``'cam, train: mIoU 34.56 (with tags, no refiner, ...)'``."""
        return f'{row["method"]}, {row["split"]}: mIoU {row["value"]:.2f} ({words(row["settings"])})'

    def write(self, out: Path, records: Path | str | None) -> str:
        """Write ``table.md`` and ``records.jsonl`` to ``out``, add the records to another file, return the table."""
        table = markdown_table(['method', 'photos', 'given', 'mIoU', 'without background'], [
            [row['method'], row['split'], words(row['settings']), f'{row["value"]:.2f}', f'{row["foreground"]:.2f}']
            for row in self.rows], words=3)
        write_atomically(out / 'table.md', table)
        made = [make_record(
            method=row['method'], config=self.config, seed=self.seed, dataset=self.dataset, split=row['split'],
            protocol=row.get('protocol') or PROTOCOLS[row['split']], metric=metric, value=row[key],
            settings=row['settings'], seconds=row['seconds']) for row in self.rows for metric, key in METRICS.items()]
        (out / 'records.jsonl').unlink(missing_ok=True)
        append_json_lines(out / 'records.jsonl', made)
        if records is not None:  # a command that is run again adds nothing twice
            there = [_same(record) for record in (read_records(records) if Path(records).is_file() else [])]
            append_json_lines(records, [record for record in made if _same(record) not in there])
        return table


def _same(record: Mapping[str, Any]) -> list[Any]:
    return [record.get(key) for key in ('method', 'config', 'seed', 'dataset', 'split', 'metric', 'value', 'settings')]
