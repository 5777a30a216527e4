"""Records as tables on the terminal."""


def print_tables(records):
    """Print a table of ``records`` for each data set, on the first rank only."""
    from mmengine.dist import is_main_process

    from mmwsl.apis import render_layer_table, render_table
    tables = {}
    for record in records if is_main_process() else ():  # one table never mixes data sets
        trained = record['protocol'] if record['pooling'] is None else ''
        tables.setdefault((record['dataset'], trained), []).append(record)
    for (dataset, _), chosen in tables.items():
        by_layer = len({record['layer'] for record in chosen}) > 1
        print((f'{dataset}:\n\n' if len(tables) > 1 else '')
              + (render_layer_table if by_layer else render_table)(chosen), end='\n' if len(tables) > 1 else '')
