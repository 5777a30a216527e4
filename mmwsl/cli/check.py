"""``mmwsl check``."""

from .arguments import add_config, add_data, add_options, data_options, read_options

SUMMARY = 'Check the data sets of a config: files, sizes, boxes, class maps; exit code 1 if something is wrong.'
EXAMPLE = 'mmwsl check mmwsl::benchmarks/quick/fcn_voc07.py'


def add_arguments(parser):
    add_config(parser)
    parser.add_argument('--decode', action='store_true',
                        help='also decode every image, which finds those that end too early')
    add_data(parser)
    add_options(parser)


def run(args):
    from mmwsl.apis import check_data, load_config
    cfg = load_config(args.config, {**read_options(args.cfg_options), **data_options(args)})
    reports = check_data(cfg, decode=args.decode)
    print('\n'.join(map(str, reports)))
    faults = sum(len(messages) for report in reports for messages in report.faults.values())
    if faults:
        raise ValueError(f'{faults} faults in {sum(bool(report.faults) for report in reports)} of {len(reports)} data '
                         'sets')
