"""``mmwsl assignment-sheet``."""

from .arguments import add_config, add_options, read_options

SUMMARY = 'Draw photos with auxiliary map, map, the two mixed, prediction and truth of CoSA or ToCo.'
EXAMPLE = ('mmwsl assignment-sheet mmwsl::weaksup/segmentation/cosa/cosa_r18w16_1xb16-cos-1e_shapes.py '
           'work_dirs/cosa/epoch_1.pth --out assignments.png')


def add_arguments(parser):
    add_config(parser)
    parser.add_argument('checkpoint', help='checkpoint of the config')
    parser.add_argument('--out', required=True, metavar='FILE', help='picture: PNG, JPEG, SVG or PDF')
    parser.add_argument('--count', type=int, default=12, metavar='N', help='photos (default: %(default)s)')
    add_options(parser)


def run(args):
    from mmwsl.apis import assignment_sheet
    print(assignment_sheet(args.config, args.checkpoint, args.out, args.count, read_options(args.cfg_options)))
