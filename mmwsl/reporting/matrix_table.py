"""Values of pairs of methods, named ``A`` and ``A+B``, as a matrix: a table and a picture."""

import statistics

from mmwsl.reporting.markdown import markdown_table
from mmwsl.reporting.records import FLOORS, checkpoint_name, split_by_checkpoint
from mmwsl.visualization import save_figure


def pair_matrix(records, metric=None):
    """Values of a metric as a matrix of pairs of methods.

    Args:
        records: their methods are ``A`` (the diagonal), ``A+B`` (row A, column B), or a floor.
        metric: which to show; default the first.

    Returns:
        tuple: metric, names, matrix (list of rows; None where nothing was run), and dict of the floors' values.
        Seeds are averaged. ``A+B`` stands for ``B+A`` too where that was not run.

    Raises:
        ValueError: no records of that metric, or of several data sets, or of two checkpoints of one method and seed.
    """
    metric = metric or (records[0]['metric'] if records else None)
    records = [record for record in records if record['metric'] == metric]
    if not records:
        raise ValueError('no records to render' + (f' of the metric {metric}' if metric else ''))
    datasets = {str(record.get('dataset')) for record in records}
    if len(datasets) > 1:
        raise ValueError(f'one table, one data set; these records have {sorted(datasets)}')
    split = [(record, named) for record, named in zip(records, split_by_checkpoint(records), strict=True)
             if record is not named]
    if split:
        method = split[0][0]['method']
        found = {str(checkpoint_name(record)) for record, _ in split if record['method'] == method}
        raise ValueError(f'one cell, one checkpoint; the records of {method} are of {", ".join(sorted(found))}: remove '
                         'those of all but one')
    cells, names = {}, []
    for record in records:
        cells.setdefault(record['method'], {})[record.get('seed')] = float(record['value'])  # a repeated run replaces
    values = {method: statistics.mean(seeds.values()) for method, seeds in cells.items()}
    floors = {name: values.pop(name) for name in FLOORS if name in values}
    for method in values:
        names += [name for name in method.split('+') if name not in names]

    def value(row, column):
        if row == column:
            return values.get(row)
        return values.get(f'{row}+{column}', values.get(f'{column}+{row}'))

    return metric, names, [[value(row, column) for column in names] for row in names], floors


def render_matrix(records, metric=None):
    """Render Markdown: the matrix of :func:`pair_matrix`, the best value in bold, and the mean of each row's pairs."""
    metric, names, matrix, floors = pair_matrix(records, metric)
    best = max((value for row in matrix for value in row if value is not None), default=None)
    rows = []
    for name, row in zip(names, matrix, strict=True):
        pairs = [value for other, value in zip(names, row, strict=True) if other != name and value is not None]
        shown = ['-' if value is None else f'**{value:.2f}**' if value == best else f'{value:.2f}' for value in row]
        shown.append(f'{statistics.mean(pairs):.2f}' if pairs else '-')
        rows.append([name, *shown])
    below = [f'{name}: {value:.2f}\n' for name, value in floors.items()]
    table = markdown_table([metric.replace('_', ' '), *names, 'mean of pairs'], rows)
    return table + '\n' * bool(below) + ''.join(below)


def draw_matrix(records, path, metric=None):
    """Draw the matrix of :func:`pair_matrix` as a heat map to the picture ``path``."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    metric, names, matrix, _ = pair_matrix(records, metric)
    if not names:
        return
    figure = Figure(figsize=(1.5 + 0.8 * len(names), 1 + 0.7 * len(names)), layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    picture = axes.imshow([[float('nan') if value is None else value for value in row] for row in matrix])
    values = [value for row in matrix for value in row if value is not None]
    middle = (min(values) + max(values)) / 2
    for y, row in enumerate(matrix):
        for x, value in enumerate(row):
            if value is not None:
                axes.text(x, y, f'{value:.1f}', ha='center', va='center', color='black' if value > middle else 'white')
    axes.set_xticks(range(len(names)), names, rotation=45, ha='right')
    axes.set_yticks(range(len(names)), names)
    axes.set_title(metric.replace('_', ' '))
    figure.colorbar(picture)
    save_figure(figure, path)
