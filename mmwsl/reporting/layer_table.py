"""Tables of values per layer: a column for each layer of the backbone."""

from mmwsl.reporting.records import render_table, split_by_checkpoint


def render_layer_table(records, metrics=None):
    """Render, for each metric, a Markdown table of :func:`render_table` with a column per layer.

    Raises:
        ValueError: no records, or records of several data sets or poolings (one table never mixes them).
    """
    records = split_by_checkpoint(records)
    metrics = metrics or list(dict.fromkeys(record['metric'] for record in records))
    poolings = sorted({str(record.get('pooling')) for record in records})
    if len(poolings) > 1:
        raise ValueError(f'one table, one pooling; these records have {", ".join(poolings)}')
    tables = []
    for metric in metrics:
        selected = [record for record in records if record['metric'] == metric]
        selected.sort(key=lambda record: record['layer'])
        columns = [dict(record, protocol='layer', metric=f'layer {record["layer"]}') for record in selected]
        title = f'{metric.replace("_", " ")}, pooling {poolings[0]}:\n\n' if selected else ''
        tables.append(title + render_table(columns))
    return '\n'.join(tables) or render_table(records)
