"""Figures that others published: kept in one file, shown as quoted, never in a table with measured ones."""

from mmwsl.files import read_json_lines
from mmwsl.reporting.markdown import markdown_table
from mmwsl.reporting.records import CEILINGS, FLOORS

FIELDS = ('method', 'variant', 'backbone', 'supervision', 'dataset', 'split', 'protocol', 'metric', 'layer', 'value',
          'note', 'source')
OPTIONAL = ('variant', 'layer', 'note')


def read_quoted(path):
    """Figures of a JSON-lines file: dicts of :data:`FIELDS`, of which variant, layer and note may be None.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a line is not JSON, or lacks a field (its source above all).
    """
    figures = []
    for number, figure in read_json_lines(path, 'published figures stand in such a file, one a line'):
        absent = [name for name in FIELDS if name not in OPTIONAL and figure.get(name) in (None, '')]
        if absent or set(figure) - set(FIELDS) or not isinstance(figure['value'], (int, float)):
            raise ValueError(f'{path}, line {number}: a published figure has {", ".join(FIELDS)}; '
                             + (f'missing: {", ".join(absent)}' if absent else 'one is unknown, or value no number'))
        figures.append({name: figure.get(name) for name in FIELDS})
    return figures


def render_quoted(figures):
    """Markdown: a table for every source, data set, protocol and backbone, each marked as quoted.

    Rows are methods and what their authors varied, columns metrics and layers, or the sets of a transfer; a note that
    holds for some figures only is numbered.

    Raises:
        ValueError: there are no figures.
    """
    if not figures:
        raise ValueError('no published figures to show: is a name misspelt?')
    tables = {}
    for figure in figures:
        transfer = figure['protocol'].startswith('transfer')
        key = ('small sets' if transfer else figure['dataset'],
               *(figure[name] for name in ('split', 'protocol', 'backbone', 'source')))
        tables.setdefault(key, []).append(dict(figure, metric=figure['dataset']) if transfer else figure)
    return '\n'.join(_table(key, rows) for key, rows in tables.items())


def _table(key, figures):
    dataset, split, protocol, backbone, source = key
    notes = list(dict.fromkeys(figure['note'] for figure in figures if figure['note']))
    shared = len(notes) == 1 and all(figure['note'] for figure in figures)
    rows, columns, cells = [], [], {}
    for figure in figures:
        row = figure['method'] + (f' ({figure["variant"]})' if figure['variant'] else '')
        column = figure['metric'].replace('_', ' ')
        if figure['layer']:
            column = figure['layer'] if protocol == 'linear_layers' else column
        for name, names in ((row, rows), (column, columns)):
            if name not in names:
                names.append(name)
        mark = f' [{notes.index(figure["note"]) + 1}]' if figure['note'] and not shared else ''
        cells[row, column] = f'{figure["value"]}{mark}'
    rows.sort(key=lambda row: (row.split(' ')[0] in CEILINGS, row.split(' ')[0] not in FLOORS))
    title = f'**Quoted, not run here:** {protocol.replace("_", " ")}, {dataset} ({split}), {backbone}; {source}'
    title += f'; {notes[0]}.' if shared else '.'
    table = markdown_table(['method', *columns], [[row, *(cells.get((row, column), '-') for column in columns)]
                                                  for row in rows])
    below = [] if shared else [f'[{number}] {note}  \n' for number, note in enumerate(notes, start=1)]
    return f'{title}\n\n{table}' + '\n' * bool(below) + ''.join(below)
