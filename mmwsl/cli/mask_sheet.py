"""``mmwsl mask-sheet``."""

from .arguments import add_config, add_data, add_options, read_options

SUMMARY = 'Draw photos of mmwsl four-steps: photo, map, masks before and after the refiner, prediction, truth.'
EXAMPLE = ('mmwsl mask-sheet mmwsl::weaksup/segmentation/four_step/four_step_r18w16_digitscenes.py work_dirs/masks '
           '--out masks.png')


def add_arguments(parser):
    add_config(parser)
    parser.add_argument('steps', help='folder that mmwsl four-steps wrote with this config')
    parser.add_argument('--out', required=True, metavar='FILE', help='picture: PNG, JPEG, SVG or PDF')
    parser.add_argument('--count', type=int, default=20, metavar='N', help='photos (default: %(default)s)')
    add_data(parser, 'as it was given to four-steps')
    add_options(parser)


def run(args):
    from mmwsl.apis import mask_sheet
    print(mask_sheet(args.config, args.steps, args.out, args.count, args.data, args.format,
                     read_options(args.cfg_options)))
