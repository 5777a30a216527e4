"""Values that others published: kept in one file, shown as quoted, never in a column with measured ones."""

from mmwsl.files import read_json_lines
from mmwsl.reporting.markdown import markdown_table
from mmwsl.reporting.records import CEILINGS, FLOORS

FIELDS = ('method', 'variant', 'backbone', 'supervision', 'dataset', 'split', 'protocol', 'metric', 'layer', 'value',
          'note', 'source')
OPTIONAL = ('variant', 'layer', 'note')


def read_quoted(path):
    """Read a JSON-lines file of published values: dicts of :data:`FIELDS`; variant, layer and note may be None.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a line is not JSON, or lacks a field (its source above all).
    """
    entries = []
    for number, entry in read_json_lines(path, 'published values stand in such a file, one a line'):
        absent = [name for name in FIELDS if name not in OPTIONAL and entry.get(name) in (None, '')]
        if absent or set(entry) - set(FIELDS) or not isinstance(entry['value'], (int, float)):
            raise ValueError(f'{path}, line {number}: a published value has {", ".join(FIELDS)}; '
                             + (f'missing: {", ".join(absent)}' if absent else 'one is unknown, or value no number'))
        entries.append({name: entry.get(name) for name in FIELDS})
    return entries


def render_quoted(entries):
    """Render a Markdown table for every source, data set, protocol and backbone, each marked as quoted.

    Rows are methods and what their authors varied, columns metrics and layers, or the sets of a transfer; a note that
    holds for some values only is numbered.

    Raises:
        ValueError: there are no values.
    """
    if not entries:
        raise ValueError('no published values to show: is a name misspelt?')
    tables = {}
    for entry in entries:
        transfer = entry['protocol'].startswith('transfer')
        key = ('small sets' if transfer else entry['dataset'],
               *(entry[name] for name in ('split', 'protocol', 'backbone', 'source')))
        tables.setdefault(key, []).append(dict(entry, metric=entry['dataset']) if transfer else entry)
    return '\n'.join(_table(key, rows) for key, rows in tables.items())


def _table(key, entries):
    dataset, split, protocol, backbone, source = key
    notes = list(dict.fromkeys(entry['note'] for entry in entries if entry['note']))
    shared = len(notes) == 1 and all(entry['note'] for entry in entries)
    rows, columns, cells = [], [], {}
    for entry in entries:
        row = entry['method'] + (f' ({entry["variant"]})' if entry['variant'] else '')
        column = entry['metric'].replace('_', ' ')
        if entry['layer']:
            column = entry['layer'] if protocol == 'linear_layers' else column
        for name, names in ((row, rows), (column, columns)):
            if name not in names:
                names.append(name)
        mark = f' [{notes.index(entry["note"]) + 1}]' if entry['note'] and not shared else ''
        cells[row, column] = f'{entry["value"]}{mark}'
    rows.sort(key=lambda row: (row.split(' ')[0] in CEILINGS, row.split(' ')[0] not in FLOORS))
    title = f'**Quoted, not run here:** {protocol.replace("_", " ")}, {dataset} ({split}), {backbone}; {source}'
    title += f'; {notes[0]}.' if shared else '.'
    table = markdown_table(['method', *columns], [[row, *(cells.get((row, column), '-') for column in columns)]
                                                  for row in rows])
    below = [] if shared else [f'[{number}] {note}  \n' for number, note in enumerate(notes, start=1)]
    return f'{title}\n\n{table}' + '\n' * bool(below) + ''.join(below)
