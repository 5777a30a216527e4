"""Tables of clusterings: F by size beside published ones, with the seconds and their growth; each size in full."""

import math
import re

from mmwsl.reporting.markdown import markdown_table

SIZE = re.compile(r'(.*)-(\d+)k')
PUBLISHED_SIZE = re.compile(r'(.*) ([\d.]+)([KM])')
FULL = ('pairwise_precision', 'pairwise_recall', 'pairwise_f', 'bcubed_f', 'nmi', 'clusters', 'largest', 'singletons',
        'unassigned', 'cpu_seconds_neighbors', 'cpu_seconds_pairs', 'cpu_seconds_partition', 'peak_gib_partition')


def render_clusterings(records, published=()):
    """Markdown tables of the records that ``tools/compare_clusterings.py`` writes.

    Data sets whose names end in a size, ``-20k``, share a first table: pairwise F of each size, beside what others
    published at it, processor seconds of the partition at the largest one, and the exponent with which these grow
    between the two largest. Then each data set has a table of its own, in which seconds of the neighbors are those of
    the graph that serves every method.

    Args:
        records: dicts.
        published: figures of :func:`mmwsl.reporting.quoted.read_quoted`, of data sets whose names end in a size,
            ``MS1M 200K``; the first of a method and a size is shown.

    Raises:
        ValueError: there are no records.
    """
    if not records:
        raise ValueError('no records of clusterings to show')
    values = {}
    for record in records:
        values.setdefault(record['dataset'], {}).setdefault(record['method'], {})[record['metric']] = record
    families = {}
    for dataset in values:
        if match := SIZE.fullmatch(dataset):
            families.setdefault(match[1], []).append((int(match[2]), dataset))
    parts = [_by_size(family, [dataset for _, dataset in sorted(sizes)], values, _published_by_size(published))
             for family, sizes in families.items()]
    order = sorted(values, key=lambda name: int(SIZE.fullmatch(name)[2]) if SIZE.fullmatch(name) else 0)
    return '\n'.join(parts + [_in_full(dataset, values[dataset]) for dataset in order])


def _published_by_size(figures):
    """(name, thousands of items) -> method -> pairwise F."""
    found = {}
    for figure in figures:
        match = PUBLISHED_SIZE.fullmatch(figure['dataset'])
        if match and figure['metric'] == 'pairwise_f':
            size = round(float(match[2]) * (1000 if match[3] == 'M' else 1))
            found.setdefault((figure['dataset'], size), {}).setdefault(figure['method'], figure['value'])
    return found


def _by_size(family, datasets, values, published):
    columns = []
    for dataset in datasets:
        size = int(SIZE.fullmatch(dataset)[2])
        columns.append((f'F {size}k', dataset, None))
        columns += [(f'{name}, quoted', None, figures) for (name, items), figures in published.items() if items == size]
    rows = []
    for method in dict.fromkeys(method for dataset in datasets for method in values[dataset]):
        cells, done, over = [], [], False
        for _, dataset, figures in columns:
            if dataset is None:
                cells.append(f'{figures[method]:.1f}' if method in figures else '-')
            elif (found := values[dataset].get(method)) is None:
                cells.append('not started' if over else '-')
            elif 'stopped' in found:
                cells.append(_reason(found['stopped']))
                over = True
            else:
                cells.append(f'{found["pairwise_f"]["value"]:.1f}')
                done.append((found['pairwise_f']['settings']['items'], _seconds(found)))
        rows.append([method, *cells, f'{done[-1][1]:.1f}' if done else '-', _exponent(done)])
    title = f'**{family}:** pairwise F by size, processor seconds at the largest size done, and their growth.'
    return f'{title}\n\n' + markdown_table(
        ['method', *(heading for heading, _, _ in columns), 'seconds', 'exponent'], rows)


def _seconds(found):
    """Processor seconds of a partition and its pairs."""
    return sum(found[name]['value'] for name in ('cpu_seconds_pairs', 'cpu_seconds_partition') if name in found)


def _exponent(done):
    if len(done) < 2 or min(seconds for _, seconds in done[-2:]) <= 0:
        return '-'
    (small, before), (large, after) = done[-2:]
    return f'{math.log(after / before) / math.log(large / small):.2f}'


def _reason(record):
    reason = record['settings']['reason']
    return f'stopped at {record["value"]:.0f} s' if reason == 'time' else f'stopped: {reason}'


def _in_full(dataset, methods):
    names = [name for name in FULL if any(name in found for found in methods.values())]
    rows = [[method, *(_cell(name, found) for name in names)] for method, found in methods.items()]
    return f'**{dataset}**\n\n' + markdown_table(['method', *(name.replace('_', ' ') for name in names)], rows)


def _cell(name, found):
    if name not in found:
        return _reason(found['stopped']) if 'stopped' in found and name == 'pairwise_f' else '-'
    value = found[name]['value']
    return f'{value:,.0f}' if name in ('clusters', 'largest', 'singletons', 'unassigned') else f'{value:.2f}'
