"""One page from records: tables to sort, curves, a map of the features, neighbours, training curves."""

import re
import zipfile
from pathlib import Path

import numpy as np

from mmwsl.files import check_writable, read_json_lines, write_atomically
from mmwsl.reporting.quoted import FIELDS, read_quoted
from mmwsl.reporting.records import heading, is_ceiling, is_floor, pivot, read_records, split_by_checkpoint
from mmwsl.reporting.template import render_template
from mmwsl.visualization import image_uri, line_chart, scatter_chart

SERIES = re.compile(r'(knn|low_shot)(\d+)_(top1|mAP|mAP_test_selected)')
NEIGHBORS, QUERIES, MAP_POINTS = 8, 10, 2000


def report(records_files, out, title='mmwsl report', runs=(), features=None, quoted=None, quoted_where=None):
    """Write a page that opens from disk, without a network.

    Args:
        records_files: files of records; each pair of suite and data set gets a table.
        out: HTML file to write.
        title: of the page.
        runs: work dirs of trainings, or folders of such, for the training curves.
        features: dict of name -> ``.npz`` of ``mmwsl extract``; for a map of the features (t-SNE), and with
            ``--thumbnails`` for nearest neighbours.
        quoted: file of published values to show, as quoted.
        quoted_where: dict of field -> value that those must have.

    Returns:
        Path: the page.

    Raises:
        FileNotFoundError, ValueError: a file is missing or is not what it should be; there are no records.
    """
    out = check_writable(out)
    records = [record for path in records_files for record in read_records(path)]
    if not records:
        raise ValueError(f'{", ".join(map(str, records_files))}: no records, so there is nothing to report')
    suites, groups = {}, {}
    for record in records:
        suites.setdefault(record.get('suite'), []).append(record)
    for record in (each for of_suite in suites.values() for each in split_by_checkpoint(of_suite)):
        groups.setdefault((record.get('suite'), record.get('dataset')), []).append(record)
    page = render_template(
        'report.html', title=title, facts=facts(records),
        tables=[comparison(*key, rows) for key, rows in groups.items()],
        maps=[feature_map(name, path) for name, path in (features or {}).items()],
        trainings=training_curves(runs),
        quoted=quoted_tables(quoted, quoted_where or {}) if quoted else [])
    write_atomically(out, page)
    return out


def facts(records):
    """Facts for the head of the page: lists of distinct values, in words."""
    def distinct(key):
        return sorted({str(record[key]) for record in records if record.get(key) is not None})

    dates = distinct('date')
    return dict(records=len(records), methods=len({record['method'] for record in records}),
                dates=' to '.join(dict.fromkeys([dates[0][:10], dates[-1][:10]])) if dates else 'unknown',
                commits=distinct('commit'), hardware=distinct('hardware'), seeds=distinct('seed') or ['unknown'])


def comparison(suite, dataset, records):
    """The table and the curves of the records of one suite on one data set."""
    table = pivot(sorted(records, key=lambda record: record.get('layer') or 0))  # layers in their order
    rows = []
    for row in table.rows:
        cells = [dict(text=table.text(row, column), value=table.mean(row, column), best=table.is_best(row, column))
                 for column in table.columns]
        pixels = table.pixels.get(row, 0 if is_floor(row) else None)
        rows.append(dict(method=row, kind='floor' if is_floor(row) else 'ceiling' if is_ceiling(row) else '',
                         pixels=None if pixels is None else pixels / 1e6, cells=cells,
                         labels=table.labels_text(row)))
    return dict(title=' on '.join(filter(None, [suite or 'Records', dataset])), rows=rows,
                columns=[heading(*column) for column in table.columns], with_pixels=bool(table.pixels),
                with_labels=table.differs_in_labels,
                curves=curves(table))


def curves(table):
    """Charts of whatever was measured at several k, or at several layers: dicts of ``title`` and ``svg``."""
    found = {}
    for column in table.columns:
        match = SERIES.fullmatch(column[1])
        layer = re.fullmatch(r'(.*) layer (\d+)', column[1])
        if match:
            found.setdefault(f'{match[1]} {match[3]}'.replace('_', ' '), []).append((int(match[2]), column))
        elif layer:
            found.setdefault(f'{layer[1]} by layer'.replace('_', ' '), []).append((int(layer[2]), column))
    charts = []
    for title, positions in found.items():
        if len(positions) < 2:
            continue
        positions.sort()
        series = {}
        for row in table.rows:
            points = [(x, table.mean(row, column)) for x, column in positions if table.mean(row, column) is not None]
            if points:
                series[row] = tuple(zip(*points, strict=True))
        of_layers = title.endswith('by layer')
        charts.append(dict(title=title, svg=line_chart(series, 'layer' if of_layers else 'k', 'percent',
                                                       log_x=not of_layers)))
    return charts


def feature_map(name, path):
    """t-SNE of one file of features, and the neighbours of some images where the file has thumbnails.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not a file of ``mmwsl extract``, or fewer than three images.
    """
    from sklearn.manifold import TSNE
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'features {path} do not exist; mmwsl extract writes them')
    try:
        with np.load(path) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f'{path} is no .npz file of features: {error}') from error
    if 'features' not in arrays or len(arrays['features']) < 3:
        raise ValueError(f'{path} has no array `features` of three images or more; mmwsl extract writes such files')
    vectors = arrays['features']
    with_pictures = 'thumbnails' in arrays
    kept = arrays['thumbnail_rows'] if with_pictures else np.arange(min(len(vectors), MAP_POINTS)) * len(vectors) \
        // min(len(vectors), MAP_POINTS)
    vectors = vectors[kept] / np.maximum(np.linalg.norm(vectors[kept], axis=1, keepdims=True), 1e-12)
    labels = arrays['labels'][kept] if 'labels' in arrays and arrays['labels'].ndim == 1 else None
    names = arrays['classes'].tolist() if 'classes' in arrays else None
    points = TSNE(perplexity=min(30, (len(vectors) - 1) / 3), init='pca', random_state=0).fit_transform(vectors)
    neighbors = _neighbors(vectors, labels, names, arrays['thumbnails']) if with_pictures else []
    return dict(name=name, images=len(vectors), svg=scatter_chart(points, labels, names), neighbors=neighbors)


def _neighbors(vectors, labels, names, thumbnails):
    rows = []
    for query in np.arange(min(QUERIES, len(vectors))) * len(vectors) // min(QUERIES, len(vectors)):
        similarity = vectors @ vectors[query]
        similarity[query] = -np.inf
        nearest = np.argsort(-similarity, kind='stable')[:NEIGHBORS]
        rows.append([dict(uri=image_uri(thumbnails[row]), similarity=None if row == query else similarity[row],
                          name=str(names[labels[row]]) if labels is not None and names else '',
                          frame='' if labels is None else 'same' if labels[row] == labels[query] else 'other')
                     for row in (query, *nearest[np.isfinite(similarity[nearest])])])
    return rows


def training_curves(folders):
    """A chart of the loss of every run below ``folders``, and of the accuracy where one is logged.

    Raises:
        FileNotFoundError: a folder that does not exist, or has no run.
    """
    charts = []
    for folder in map(Path, folders):
        logs = {}
        for path in sorted(folder.rglob('vis_data/scalars.json')):
            logs.setdefault(path.parents[2], []).append(path)
        if not logs:
            raise FileNotFoundError(f'{folder} has no training run (no */vis_data/scalars.json below it)')
        for run, paths in logs.items():
            points = {}
            for path in paths:  # a resumed run has several; the later one knows better
                for _, entry in read_json_lines(path, 'a training run writes it', drop_cut=True):
                    if 'loss' in entry and 'step' in entry:
                        points[entry['step']] = entry
            if not points:
                continue
            steps = sorted(points)
            for key in ('loss', 'accuracy'):
                known = [step for step in steps if np.isfinite(points[step].get(key, np.nan))]
                if known:
                    charts.append(dict(title=f'{run.name}: {key}', svg=line_chart(
                        {key: (known, [points[step][key] for step in known])}, 'step', key, width=3.4, height=2.2,
                        legend=False)))
    return charts


def quoted_tables(path, where):
    """Published values that fulfil ``where``, as tables by data set, protocol, backbone and source.

    Raises:
        ValueError: no value does, or a field is unknown.
    """
    entries = read_quoted(path)
    for field, value in where.items():
        if field not in FIELDS:
            raise ValueError(f'published values have no field {field!r}; they have {", ".join(FIELDS)}')
        entries = [entry for entry in entries if str(entry[field]) == value]
    if not entries:
        raise ValueError(f'{path} has no value with {where}')
    tables = {}
    for entry in entries:
        key = tuple(entry[name] for name in ('protocol', 'dataset', 'backbone', 'source'))
        table = tables.setdefault(key, dict(title=', '.join(key[:3]).replace('_', ' '), source=key[3], columns=[],
                                            cells={}))
        row = entry['method'] + (f' ({entry["variant"]})' if entry['variant'] else '')
        column = ' '.join(filter(None, [entry['metric'].replace('_', ' '), entry['layer']]))
        if column not in table['columns']:
            table['columns'].append(column)
        table['cells'].setdefault(row, {})[column] = dict(value=entry['value'], note=entry['note'])
    return list(tables.values())
