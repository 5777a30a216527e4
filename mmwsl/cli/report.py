"""``mmwsl report``."""

from .arguments import read_pairs

SUMMARY = 'One page to look at: tables, curves, features, training, from records.'
EXAMPLE = 'mmwsl report records.jsonl --out report.html'


def add_arguments(parser):
    parser.add_argument('records', nargs='+', help='JSON-lines files of records')
    parser.add_argument('--out', required=True, help='HTML file to write; it opens without a network')
    parser.add_argument('--title', default='mmwsl report')
    parser.add_argument('--runs', nargs='+', metavar='DIR', help='work dirs, or folders of them, for training curves')
    parser.add_argument('--features', nargs='+', metavar='NAME=FILE', help='.npz files of mmwsl extract, to be drawn')
    parser.add_argument('--quoted', metavar='FILE', help='published values to show beside, as quoted')
    parser.add_argument('--quoted-where', nargs='+', metavar='FIELD=VALUE', help='only those')


def run(args):
    from mmwsl.apis import report
    page = report(args.records, args.out, args.title, args.runs or (), read_pairs(args.features, '--features'),
                  args.quoted, read_pairs(args.quoted_where, '--quoted-where'))
    print(f'{page}: {page.stat().st_size / 1e6:.1f} MB, open it in a browser')
