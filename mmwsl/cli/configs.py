"""``mmwsl configs``."""

SUMMARY = 'List the configs that ship with the package.'
EXAMPLE = 'mmwsl configs selfsup/simclr'


def add_arguments(parser):
    parser.add_argument('filter', nargs='?', default='', help='only names that contain this')


def run(args):
    from mmwsl.shipped import shipped_configs
    for name in shipped_configs():
        if args.filter in name:
            print('mmwsl::' + name)
