"""Records: one JSON object per line for every metric value, and the tables rendered from them."""

import datetime
import functools
import importlib.metadata
import platform
import shlex
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

import mmwsl
from mmwsl.files import read_json_lines
from mmwsl.reporting.markdown import is_error, is_rated, markdown_table

FIELDS = ('suite', 'method', 'config', 'seed', 'dataset', 'split', 'protocol', 'metric', 'value', 'settings', 'encoder',
          'layer', 'pooling', 'command', 'commit', 'versions', 'hardware', 'seconds', 'date', 'saw_labels')


@functools.cache
def environment():
    """Fields that all records of this process share: command, commit, versions, hardware."""
    versions = dict(mmwsl=mmwsl.__version__)  # of the source tree that runs, which need not be the one installed
    for package in ('torch', 'mmengine', 'numpy', 'scikit-learn'):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = 'source tree'
    return dict(command=_command(sys.argv), commit=_commit(), versions=versions, hardware=hardware())


def _command(arguments):
    """Command line as one types it, without the machine's folders."""
    tool, shown = Path(arguments[0]), []
    for argument in arguments[1:]:
        key, equals, value = argument.partition('=') if argument[:1] not in '/' else ('', '', argument)
        path = Path(value)
        if path.is_absolute():
            value = str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else path.name
        shown.append(key + equals + value)
    name = 'mmwsl' if tool.name in ('__main__.py', 'mmwsl') else f'python {tool.parent.name}/{tool.name}'
    return f'{name} {shlex.join(shown)}'


def _commit():
    """Commit of the source tree mmwsl runs from, ``-dirty`` if it was changed; None for an installed package."""
    root = Path(__file__).resolve().parents[2]
    if not (root / '.git').exists():
        return None
    try:
        described = subprocess.run(['git', '-C', str(root), 'describe', '--always', '--dirty', '--exclude=*'],
                                   check=True, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return None
    return described.stdout.strip()


def hardware():
    """The device in words: the GPU's name, or the processor and the threads torch uses of it."""
    if torch.cuda.is_available():
        return f'{torch.cuda.device_count()} x {torch.cuda.get_device_name()}'
    model = platform.processor() or platform.machine()
    try:
        for line in Path('/proc/cpuinfo').read_text().splitlines():
            if line.startswith('model name'):
                model = line.split(':', 1)[1].strip()
                break
    except OSError:
        pass
    return f'{model}, {torch.get_num_threads()} threads'


def make_record(**fields):
    """Make a record with every field of :data:`FIELDS`; what is not given comes from the environment.

    Raises:
        ValueError: an unknown field.
    """
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise ValueError(f'unknown record fields {sorted(unknown)}; known are {", ".join(FIELDS)}')
    now = datetime.datetime.now(datetime.UTC).strftime('%Y-%m-%dT%H:%M:%SZ')
    return dict.fromkeys(FIELDS) | environment() | dict(date=now) | fields


def read_records(path):
    """Read the records of a JSON-lines file.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a line is not a record; the message has its number.
    """
    records = []
    for number, record in read_json_lines(path, 'mmwsl benchmark --out writes one'):
        if not isinstance(record, dict) or not {'method', 'protocol', 'metric', 'value'} <= set(record):
            raise ValueError(f'{path}, line {number}: not a record (method, protocol, metric and value are needed)')
        records.append(record)
    return records


def values_line(records):
    """One line of what a protocol gave, ``'simclr knn: knn5_top1 60.24, knn5_top5 91.30'``, with layers if named."""
    first = records[0] if records else {}
    values = ', '.join(f'{record["metric"]} {record["value"]:.2f}'
                       + (f' (layer {record["layer"]})' if record.get('layer') not in (None, -1) else '')
                       for record in records)
    return f'{first.get("method")} {first.get("protocol")}: {values}' if records else 'no values'


FLOORS, CEILINGS = ('random', 'random_rescaled', 'random_vit', 'random_swin'), ('supervised',)
HASH_DIGITS = 8  # of a checkpoint's hash that tables show and compare: earlier records have no more


def checkpoint_name(record):
    """Which checkpoint a record is of: ``'epoch_10.pth 1a2b3c4d'`` with the first digits of the file's hash.

    What has no hash (``'random'``, records of earlier versions) is named as in the record; None where it says nothing.
    """
    described = (record.get('settings') or {}).get('checkpoint')
    names = [_name(part) for part in (described if isinstance(described, list) else [described])]
    return ', '.join(names) or None


def _name(part):
    if not isinstance(part, dict):
        return str(part or '')
    return f'{part.get("file") or ""} {str(part.get("sha256") or "")[:HASH_DIGITS]}'.strip()


def is_of(record, hashes):
    """Whether a record may be of the checkpoint files with these hashes: it has theirs, or none."""
    described = (record.get('settings') or {}).get('checkpoint')
    parts = described if isinstance(described, list) else [described]
    own = [part['sha256'] for part in parts if isinstance(part, dict) and part.get('sha256')]
    return not own or [each[:HASH_DIGITS] for each in own] == [each[:HASH_DIGITS] for each in hashes]


def split_by_checkpoint(records):
    """Records with the checkpoint added to the method's name, ``'simclr (epoch_10.pth 1a2b3c4d)'``, where need be.

    That is where a method has records of two checkpoints of one seed: no row or cell of a table mixes them. A record
    that does not say its checkpoint is taken to be of the only one that the others name, unless that has a value of the
    same kind already.
    """
    found, cells = {}, {}
    for record in records:
        run, checkpoint = (record['method'], record.get('seed')), _identity(record)
        found.setdefault(run, set()).add(checkpoint)
        kind = [record.get(key) for key in ('protocol', 'metric', 'layer', 'dataset')]
        cells.setdefault((run, *kind), set()).add(checkpoint)
    mixed = {method for (method, _), checkpoints in found.items() if len(checkpoints - {None}) > 1}
    mixed |= {method for ((method, _), *_), checkpoints in cells.items() if len(checkpoints) > 1}
    return [dict(record, method=f'{record["method"]} ({checkpoint_name(record) or "checkpoint unknown"})')
            if record['method'] in mixed else record for record in records]


def _identity(record):
    """The checkpoint's hash, whatever the file was called; its name where there is none."""
    described = (record.get('settings') or {}).get('checkpoint')
    if isinstance(described, dict) and described.get('sha256'):
        return described['sha256'][:HASH_DIGITS]
    return checkpoint_name(record)


def is_floor(method):
    """Whether a row is of an untrained network."""
    return method.partition(' (')[0] in FLOORS


def is_ceiling(method):
    """Whether a row is of what is trained with the labels."""
    return method.partition(' (')[0] in CEILINGS


@dataclass
class Pivot:
    """Records as a table: what :func:`pivot` makes of them.

    Attributes:
        columns: (protocol, metric) pairs.
        rows: methods; floors first, ceilings last.
        cells: (row, column) -> values of the seeds.
        pixels: method -> pixels that went through its backbones in training, where the checkpoint knows.
        best: column -> best mean of the rows that are no ceiling; of errors the lowest; None of what rates nothing.
        saw_labels: method -> whether its network saw labels before; None where its records do not say.
    """
    columns: list
    rows: list
    cells: dict
    pixels: dict
    best: dict
    saw_labels: dict

    @property
    def differs_in_labels(self):
        """Whether some networks saw labels before, and of some that is not known."""
        return any(self.saw_labels.values()) and not all(self.saw_labels.values())

    def labels_text(self, row):
        """Whether a row's network saw labels before, in a word."""
        return {True: 'yes', False: 'no'}.get(self.saw_labels[row], 'unknown')

    def mean(self, row, column):
        """Mean over the seeds; None where nothing was run."""
        values = self.cells.get((row, column))
        return statistics.mean(values) if values else None

    def text(self, row, column):
        """``60.24``, or ``60.24 ± 0.31 (n=3)`` with the sample standard deviation; ``-`` where nothing was run."""
        values = self.cells.get((row, column))
        if not values:
            return '-'
        spread = f' ± {statistics.stdev(values):.2f} (n={len(values)})' if len(values) > 1 else ''
        return f'{statistics.mean(values):.2f}{spread}'

    def is_best(self, row, column):
        """Whether this is the best value of its column, which takes two rows at least; a ceiling never is."""
        mean = self.mean(row, column)
        return mean is not None and not is_ceiling(row) and mean == self.best[column] and len(self.rows) > 1


def pivot(records, metrics=None):
    """Pivot records to methods against metrics; a repeated run of a seed replaces the earlier one.

    A metric of several layers has a column for each, ``metric layer N``; a method whose records are of several
    checkpoints of one seed a row for each (:func:`split_by_checkpoint`).

    Raises:
        ValueError: no records, or records of several data sets (one table never mixes them).
    """
    records = split_by_checkpoint(records)
    if metrics:
        records = [record for record in records if record['metric'] in metrics]
    if not records:
        raise ValueError('no records to render' + (f' of the metrics {", ".join(metrics)}' if metrics else ''))
    datasets = {record.get('dataset') for record in records}
    if len(datasets) > 1:
        raise ValueError(f'one table, one data set; these records have {sorted(map(str, datasets))}')
    layers = {}
    for record in records:
        layers.setdefault((record['protocol'], record['metric']), set()).add(record.get('layer'))
    columns, rows, seeds, pixels, saw_labels = [], [], {}, {}, {}
    for record in records:
        column, row = (record['protocol'], record['metric']), record['method']
        if len(layers[column]) > 1:
            column = (record['protocol'], f'{record["metric"]} layer {record["layer"]}')
        if column not in columns:
            columns.append(column)
        if row not in rows:
            rows.append(row)
        seeds.setdefault((row, column), {})[record.get('seed')] = float(record['value'])
        saw_labels[row] = record.get('saw_labels')
        checkpoint = (record.get('settings') or {}).get('checkpoint')
        if isinstance(checkpoint, dict) and checkpoint.get('pixels'):
            pixels[row] = checkpoint['pixels']
    rows.sort(key=lambda row: (is_ceiling(row), not is_floor(row)))  # stable: the others stay in their order
    table = Pivot(columns, rows, {key: list(values.values()) for key, values in seeds.items()}, pixels, {},
                  saw_labels)
    for column in columns:
        means = [mean for row in rows if not is_ceiling(row) and (mean := table.mean(row, column)) is not None]
        table.best[column] = (min if is_error(column[1]) else max)(means if is_rated(column[1]) else [], default=None)
    return table


def render_table(records, metrics=None):
    """Render a Markdown table: a row per method, a column per protocol and metric.

    Floors (untrained networks) come first and the supervised ceiling last; the best of the others is in bold. Where
    checkpoints know how many pixels went through their backbones, a column says so; another says whose networks saw
    labels before, where some did and some did not. ``metrics`` names the columns to show; default all. Several seeds of
    one cell are shown as mean ± sample standard deviation, with their number.

    Raises:
        ValueError: no records, or records of several data sets (one table never mixes them).
    """
    table = pivot(records, metrics)
    headings = (['method'] + ['saw labels'] * table.differs_in_labels + ['million pixels'] * bool(table.pixels)
                + [heading(*column) for column in table.columns])
    rows = []
    for row in table.rows:
        cells = [row]
        if table.differs_in_labels:
            cells.append(table.labels_text(row))
        if table.pixels:
            cells.append(f'{table.pixels[row] / 1e6:,.0f}' if row in table.pixels else '0' if is_floor(row) else '-')
        for column in table.columns:
            text = table.text(row, column)
            cells.append(f'**{text}**' if table.is_best(row, column) else text)
        rows.append(cells)
    return markdown_table(headings, rows)


def heading(protocol, metric):
    """``knn200 top1`` of ``knn200_top1``; the protocol's name before a metric that does not begin with it."""
    return (metric if metric.startswith(protocol) else f'{protocol} {metric}').replace('_', ' ')
