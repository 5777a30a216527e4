"""``mmwsl info``."""

SUMMARY = 'What a name stands for: its arguments, its configs, its paper, our figures.'
EXAMPLE = 'mmwsl info simclr'


def add_arguments(parser):
    parser.add_argument('name', help='a class or a protocol (see mmwsl list), a method such as moco_v2, or a config')


def run(args):
    from mmwsl.apis.catalog.info import describe
    print(describe(args.name), end='')
