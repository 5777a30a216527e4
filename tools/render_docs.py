"""Write the tables of README.md and docs/ from the records under docs/results/; nothing in them is typed by hand.

A block in a Markdown file looks like this, paths seen from the repository's root::

    <!-- methods: docs/results/NAME/records.jsonl [methods=NAME,NAME,...] [dataset=NAME] METRIC METRIC ... -->
    <!-- end -->
    <!-- layers: docs/results/NAME/records.jsonl METRIC ... -->
    <!-- end -->
    <!-- matrix: docs/results/NAME/records.jsonl METRIC -->
    <!-- end -->
    <!-- quoted: docs/published/figures.jsonl [dataset=NAME,... protocol=NAME,... method=NAME,...] -->
    <!-- end -->
    <!-- throughput: docs/results/throughput/NAME.json -->
    <!-- end -->

Usage: ``python tools/render_docs.py [--check]``; ``--check`` changes nothing and fails if a file is out of date.
"""

import argparse
import json
import re
import sys
from pathlib import Path

from mmwsl.apis import read_quoted, read_records, render_layer_table, render_matrix, render_quoted, render_table
from mmwsl.files import write_atomically
from mmwsl.reporting.records import CEILINGS, FLOORS

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r'(<!-- (methods|layers|matrix|quoted|throughput): (\S+)(.*?) -->\n).*?(<!-- end -->)', re.S)


def render_throughput(figures):
    """One line of text from what ``tools/throughput.py --json`` wrote."""
    size = 'x'.join(map(str, figures['sizes'][0]))
    return (f'Training loop {figures["loop"]:,.0f} views/s, the network alone on a constant batch '
            f'{figures["compute"]:,.0f}, input alone {figures["input"]:,.0f} ({figures["views"]} views of {size} px, '
            f'batch {figures["batch_size"]}, {figures["dtype"]}, {figures["num_workers"]} workers; '
            f'{figures["hardware"]}; median of blocks, {figures["steps"]} steps).\n')


def render_records(kind, path, words):
    """The table of a records file; ``words`` are metrics, and perhaps ``methods=``, the rows to show, and ``dataset=``
    (_ = a space)."""
    chosen = dict(word.split('=', 1) for word in words if '=' in word)
    records = read_records(path) if path.is_file() else []
    if 'methods' in chosen:
        records = [record for record in records if record['method'] in chosen['methods'].split(',')]
    if 'dataset' in chosen:
        records = [record for record in records if record['dataset'].replace(' ', '_') == chosen['dataset']]
    if not {record['method'] for record in records} - {*FLOORS, *CEILINGS}:  # a page's own row is missing
        return 'Not run yet.\n'
    metrics = [word for word in words if '=' not in word]
    if kind == 'matrix':
        return render_matrix(records, *metrics)
    return (render_layer_table if kind == 'layers' else render_table)(records, metrics=metrics or None)


def render_published(path, words):
    """Tables of published figures; ``words`` are conditions ``field=VALUE,VALUE`` that all must hold (_ = a space)."""
    conditions = [word.split('=', 1) for word in words]
    return render_quoted([figure for figure in read_quoted(path)
                          if all(figure[field] in values.replace('_', ' ').split(',') + values.split(',')
                                 for field, values in conditions)])


def render(text):
    """``text`` with every block filled anew."""

    def fill(match):
        opening, kind, path, words, end = match.groups()
        if kind == 'throughput':
            body = render_throughput(json.loads((ROOT / path).read_text(encoding='utf-8')))
        elif kind == 'quoted':
            body = render_published(ROOT / path, words.split())
        else:
            body = render_records(kind, ROOT / path, words.split())
        return f'{opening}\n{body}\n{end}'

    return BLOCK.sub(fill, text)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--check', action='store_true', help='fail if a file is out of date, write nothing')
    check, stale = parser.parse_args(arguments).check, []
    for path in [ROOT / 'README.md', *sorted((ROOT / 'docs').rglob('*.md'))]:
        text = path.read_text(encoding='utf-8')
        rendered = render(text)
        if rendered != text:
            stale.append(str(path.relative_to(ROOT)))
            if not check:
                write_atomically(path, rendered)
    if stale:
        print(('out of date: ' if check else 'written: ') + ', '.join(stale))
    return int(check and bool(stale))


if __name__ == '__main__':
    sys.exit(main())
