"""``mmwsl list``."""

from . import configs

SUMMARY = 'List the names that configs can use: backbones, heads, methods, protocols, views, data sets, ...'
EXAMPLE = 'mmwsl list backbones'


def add_arguments(parser):
    parser.add_argument('kind', nargs='?', help='which names, or configs (default: the kinds there are)')
    parser.add_argument('filter', nargs='?', default='', help='only lines that contain this')


def run(args):
    if args.kind == 'configs':
        configs.run(args)
        return
    from mmwsl.apis.catalog.kinds import list_kinds, list_names
    print(list_names(args.kind, args.filter) if args.kind else list_kinds(), end='')
