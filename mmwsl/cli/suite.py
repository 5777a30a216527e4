"""``mmwsl suite``."""

from .arguments import add_data, add_options, data_options, read_options

SUMMARY = 'Train and benchmark a list of methods; a stopped suite goes on where it was.'
EXAMPLE = 'mmwsl suite mmwsl::suites/quickstart.py --out work_dirs/quickstart'


def add_arguments(parser):
    parser.add_argument('config', help='suite config, e.g. mmwsl::suites/selfsup_cifar10_equal.py')
    parser.add_argument('--out', required=True, help='folder of records.jsonl, table.md and the runs')
    parser.add_argument('--only', nargs='+', metavar='METHOD', help='these methods only')
    parser.add_argument('--work-dir', help='folder of the training runs (default: OUT/runs)')
    add_data(parser, "your own photos in place of every config's data")
    add_options(parser)


def run(args):
    from mmwsl.apis import run_suite
    options = {**read_options(args.cfg_options), **data_options(args)}
    print(run_suite(args.config, args.out, args.only, args.work_dir, options), end='')
