"""Write the tables of README.md and docs/ from the records under docs/results/, and the map of CONTRIBUTING.md from
docstrings; nothing in them is typed by hand.

A block in a Markdown file looks like this, paths seen from the repository's root::

    <!-- methods: docs/results/NAME/records.jsonl [methods=NAME,NAME,...] [dataset=NAME] METRIC METRIC ... -->
    <!-- end -->
    <!-- layers: docs/results/NAME/records.jsonl METRIC ... -->
    <!-- end -->
    <!-- matrix: docs/results/NAME/records.jsonl METRIC -->
    <!-- end -->
    <!-- quoted: docs/published/figures.jsonl [dataset=NAME,... protocol=NAME,... method=NAME,...] -->
    <!-- end -->
    <!-- overview: docs/results/NAME/records.jsonl ours=METRIC,...
    quoted: dataset=NAME metric=NAME protocol=NAME,... backbone=NAME
    METHOD: its idea
    -->
    <!-- end -->
    <!-- throughput: docs/results/throughput/NAME.json -->
    <!-- end -->
    <!-- clusterings: docs/results/NAME/records.jsonl [dataset=NAME,...] -->
    <!-- end -->
    <!-- families: docs/results/NAME/families.jsonl -->
    <!-- end -->
    <!-- costs: docs/results/NAME/label_cost.json -->
    <!-- end -->
    <!-- datasets: docs/results/NAME/records.jsonl METRIC ... -->
    <!-- end -->
    <!-- rooms: mmwsl -->
    <!-- end -->

Usage: ``python tools/render_docs.py [--check]``; ``--check`` changes nothing and fails if a file is out of date.
"""

import argparse
import ast
import json
import os
import re
import sys
from pathlib import Path

from mmwsl.apis import read_quoted, read_records, render_layer_table, render_matrix, render_quoted, render_table
from mmwsl.apis.label_cost.plot import cost_table
from mmwsl.files import write_atomically
from mmwsl.reporting.cluster_tables import render_clusterings
from mmwsl.reporting.dataset_tables import render_dataset_tables
from mmwsl.reporting.families import render_families
from mmwsl.reporting.markdown import markdown_table
from mmwsl.reporting.records import CEILINGS, FLOORS, pivot

ROOT = Path(__file__).resolve().parents[1]
QUOTED = ROOT / 'docs' / 'published' / 'figures.jsonl'
KINDS = 'methods|layers|matrix|overview|quoted|throughput|clusterings|families|costs|datasets|rooms'
BLOCK = re.compile(rf'(<!-- ({KINDS}): (\S+)(.*?)\s-->\n).*?(<!-- end -->)', re.S)

# what stands in the package, from the top floor down: imports go to the right
ROOMS = ('cli', 'apis', 'protocols', 'engine', 'models', 'evaluation', 'datasets', 'checkpoints', 'reporting',
         'visualization', 'structures', 'ops', 'losses', 'augment', 'clustering', 'refine', 'flow', 'dist.py',
         'files.py', 'shipped.py', 'progress.py', 'registry.py', 'compat.py')


def first_line(path):
    """The first line of a module's docstring, as Markdown.

    Raises:
        ValueError: the module has none.
    """
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding='utf-8')))
    if not docstring:
        raise ValueError(f'{path} has no docstring: begin the file with a line that says what lives there')
    return docstring.splitlines()[0].replace('``', '`')


def render_rooms(package):
    """A list of the rooms of a package, in the order of :data:`ROOMS`: each with its docstring's first line.

    Raises:
        ValueError: a folder or module of the package is not in :data:`ROOMS`, or the other way round; no docstring.
    """
    found = {path.name for path in package.iterdir()
             if (path / '__init__.py').is_file() or path.suffix == '.py' and not path.name.startswith('__')}
    if found != set(ROOMS):
        raise ValueError(f'the rooms of {package} and ROOMS in {__file__} differ: {sorted(found ^ set(ROOMS))}; give a '
                         'new room its place there, or remove what is gone')
    files = [file for name in ROOMS for file in ([package / name] if name.endswith('.py')
                                                 else sorted((package / name).rglob('__init__.py')))]
    rooms = (file.relative_to(package.parent).as_posix().removesuffix('__init__.py') for file in files)
    return ''.join(f'* `{room}`: {first_line(file)}\n' for room, file in zip(rooms, files, strict=True))


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
    if kind == 'datasets':
        return render_dataset_tables(records, metrics or None)
    return (render_layer_table if kind == 'layers' else render_table)(records, metrics=metrics or None)


def render_published(path, words):
    """Tables of published figures; ``words`` as of :func:`choose_published`."""
    return render_quoted(choose_published(path, words))


def choose_published(path, words):
    """Published figures; ``words`` are conditions ``field=VALUE,VALUE`` that all must hold (_ = a space)."""
    conditions = [word.split('=', 1) for word in words]
    return [figure for figure in read_quoted(path)
            if all(figure[field] in values.replace('_', ' ').split(',') + values.split(',')
                   for field, values in conditions)]


def render_compared_clusterings(path, words):
    """Tables of clusterings, and beside them published figures for which the conditions ``words``, if any, hold."""
    if not path.is_file():
        return 'Not run yet.\n'
    figures = choose_published(QUOTED, ['protocol=clustering', *words]) if words else ()
    return render_clusterings(read_records(path), figures)


def choose_quoted(figures, method, protocols, backbone):
    """The figure of a method that an overview shows: of the first of ``protocols`` that has one, on ``backbone`` where
    there is one, the highest; None without any.
    """
    def order(figure):
        return protocols.index(figure['protocol']), figure['backbone'] != backbone, -figure['value']

    return min((figure for figure in figures if figure['method'] == method and figure['protocol'] in protocols),
               key=order, default=None)


def quoted_cell(figure):
    """A published figure with its setting and source, ``69.2: ResNet-50, 800 epochs (open-mmlab/mmselfsup)``."""
    if figure is None:
        return '-'
    protocol = {'linear_layers': 'best layer', 'fine_tune': 'fine-tuned'}.get(figure['protocol'])
    setting = filter(None, [figure['backbone'], figure['layer'], protocol, figure['variant'], figure['note']])
    return f'{round(figure["value"], 2)}: {", ".join(setting)} ({re.split("[:,(]", figure["source"])[0].strip()})'


def method_cell(method, page):
    """Name and paper of a method, linked, as ``docs/methods/METHOD.md`` begins; its bare name without such a page."""
    about = ROOT / 'docs' / 'methods' / f'{method}.md'
    if not about.is_file():
        return method
    name, paper = re.match(r'# (.*?) (\(.*\))\n', about.read_text(encoding='utf-8')).groups()
    return f'[{name}]({os.path.relpath(about, page.parent)}) {paper}'


def render_overview(path, words, page):
    """A table of methods: what each does, what others published (:func:`choose_quoted`), and what was measured here.

    ``words`` are lines: our metrics, which published figures, and then for each row ``METHOD: its idea``.

    Raises:
        ValueError: a method without a record.
    """
    lines = words.strip().splitlines()
    settings = dict(word.split('=', 1) for line in lines[:2] for word in line.split() if '=' in word)
    metrics = settings['ours'].split(',')
    measured = pivot(read_records(path), metrics)
    columns = sorted(measured.columns, key=lambda column: metrics.index(column[1]))
    figures = [figure for figure in read_quoted(QUOTED)
               if all(figure[key] == settings[key] for key in ('dataset', 'metric'))]
    rows = []
    for method, idea in (line.split(': ', 1) for line in lines[2:]):
        if method not in measured.rows:
            raise ValueError(f'{page}: {path} has no record of {method}, which the overview names')
        figure = choose_quoted(figures, method, settings['protocol'].split(','), settings['backbone'])
        ours = [measured.text(method, column) for column in columns]
        ours = [f'**{text}**' if measured.is_best(method, column) else text
                for text, column in zip(ours, columns, strict=True)]
        rows.append([method_cell(method, page), idea, quoted_cell(figure), *ours])
    headings = ['method', 'idea', f'quoted: {settings["dataset"]} {settings["metric"]}',
                *(f'ours: {metric}' for _, metric in columns)]
    return markdown_table([heading.replace('_', ' ') for heading in headings], rows, words=3)


def render(text, page=ROOT / 'README.md'):
    """``text`` of a page with every block filled anew."""

    def fill(match):
        opening, kind, path, words, end = match.groups()
        if kind == 'throughput':
            body = render_throughput(json.loads((ROOT / path).read_text(encoding='utf-8')))
        elif kind == 'clusterings':
            body = render_compared_clusterings(ROOT / path, words.split())
        elif kind == 'families':
            body = render_families(read_records(ROOT / path)) if (ROOT / path).is_file() else 'Not run yet.\n'
        elif kind == 'costs':
            body = cost_table(json.loads((ROOT / path).read_text(encoding='utf-8')))
        elif kind == 'rooms':
            body = render_rooms(ROOT / path)
        elif kind == 'overview':
            body = render_overview(ROOT / path, words, page)
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
    for path in [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md', *sorted((ROOT / 'docs').rglob('*.md'))]:
        text = path.read_text(encoding='utf-8')
        rendered = render(text, path)
        if rendered != text:
            stale.append(str(path.relative_to(ROOT)))
            if not check:
                write_atomically(path, rendered)
    if stale:
        print(('out of date: ' if check else 'written: ') + ', '.join(stale))
    return int(check and bool(stale))


if __name__ == '__main__':
    sys.exit(main())
