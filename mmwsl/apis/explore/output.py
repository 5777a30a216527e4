"""Files that the exploration leaves: CSVs, features, the summary."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmwsl.files import write_atomically


def write_csv(path: Path, heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV in UTF-8 that spreadsheets open."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(heading)
    writer.writerows(rows)
    write_atomically(path, text.getvalue())


def write_lists(out: Path, findings: dict[str, Any], similarities: np.ndarray, exact: list[bool]) -> None:
    """Write groups, duplicates, odd ones, neighbors and, where there are labels, their likely errors as CSVs."""
    files = findings['files']
    write_csv(out / 'groups.csv', ('photo', 'group', 'typical'),
              sorted((files[number], each['id'], 'yes' if number == each['typical'] else '')
                     for each in findings['group_list'] for number in each['members']))
    write_csv(out / 'duplicates.csv', ('set', 'photo', 'kind'),
              ((index, files[number], 'same bytes' if same else 'same picture')
               for index, (members, same) in enumerate(zip(findings['duplicates'], exact, strict=True))
               for number in members))
    write_csv(out / 'odd.csv', ('photo', 'score'), ((files[each['photo']], each['score']) for each in findings['odd']))
    write_csv(out / 'neighbors.csv', ('photo', 'neighbor', 'rank', 'similarity'),
              ((files[each['photo']], files[other], rank + 1, f'{similarities[each["photo"], rank]:.4f}')
               for each in findings['neighbors'] for rank, other in enumerate(each['neighbors'])))
    if findings['label_errors'] is not None:
        write_csv(out / 'label_errors.csv', ('photo', 'given', 'suggested', 'confidence'),
                  ((files[each['photo']], each['given'], each['suggested'], each['confidence'])
                   for each in findings['label_errors']))
    if findings['checks'] is not None:
        write_csv(out / 'checks.csv', ('photo', 'kind'),
                  ((files[number], each['kind']) for each in findings['checks'] for number in each['photos']))
    if findings['skipped']:
        write_csv(out / 'skipped.csv', ('file', 'reason'),
                  ((each['file'], each['reason']) for each in findings['skipped']))


def write_features(out: Path, features: np.ndarray, findings: dict[str, Any]) -> list[str]:
    """Write ``features.npz`` and, where pyarrow is installed, ``features.parquet``; returns the files' names."""
    columns: dict[str, Any] = dict(photo=np.array(findings['files']), group=np.array(findings['groups']),
                                   xy=np.array(findings['xy'], dtype=np.float32))
    if findings['labels'] is not None:
        columns['label'] = np.array([label or '' for label in findings['labels']])
    write_atomically(out / 'features.npz', lambda file: np.savez(file, features=features, **columns))
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        return ['features.npz']
    flat = pa.array(features.ravel())
    table = pa.table(dict(
        photo=findings['files'], group=findings['groups'],
        **({} if findings['labels'] is None else dict(label=findings['labels'])),
        x=columns['xy'][:, 0], y=columns['xy'][:, 1],
        features=pa.FixedSizeListArray.from_arrays(flat, features.shape[1])))
    write_atomically(out / 'features.parquet', lambda file: pq.write_table(table, file))
    return ['features.npz', 'features.parquet']


def write_summary(out: Path, findings: dict[str, Any]) -> None:
    """Write what was found as text and as JSON, without positions and pictures."""
    write_atomically(out / 'summary.txt', '\n'.join(findings['summary']) + '\n')
    kept = {name: value for name, value in findings.items() if name not in ('xy', 'neighbors', 'tag_maps')}
    write_atomically(out / 'summary.json', json.dumps(kept, indent=1, ensure_ascii=False))
