"""Tables of figures per layer: a column for each layer of the backbone."""

from mmwsl.reporting.records import render_table


def render_layer_table(records, metrics=None):
    """Markdown: for each metric a table with a row per method and a column per layer, as :func:`render_table` makes it.

    Raises:
        ValueError: no records, or records of several data sets or poolings (one table never mixes them).
    """
    metrics = metrics or list(dict.fromkeys(record['metric'] for record in records))
    poolings = sorted({str(record.get('pooling')) for record in records})
    if len(poolings) > 1:
        raise ValueError(f'one table, one pooling; these records have {", ".join(poolings)}')
    tables = []
    for metric in metrics:
        chosen = [record for record in records if record['metric'] == metric]
        chosen.sort(key=lambda record: record['layer'])
        columns = [dict(record, protocol='layer', metric=f'layer {record["layer"]}') for record in chosen]
        title = f'{metric.replace("_", " ")}, pooling {poolings[0]}:\n\n' if chosen else ''
        tables.append(title + render_table(columns))
    return '\n'.join(tables) or render_table(records)
