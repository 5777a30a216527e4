"""``mmwsl maps``."""

from .arguments import CHECKPOINT, add_config, add_data, add_options, read_options

SUMMARY = 'Write class maps of photos with tags, by a classifier that learnt these: what masks are made of.'
EXAMPLE = ('mmwsl maps mmwsl::weaksup/localization/cam/cam_finetune_efficientnetlite0_1xb32-cos-10e_voc07.py '
           'work_dirs/tags/epoch_10.pth --data my_tags.csv --longest 320 --out my_maps')


def add_arguments(parser):
    add_config(parser)
    parser.add_argument('checkpoint', help=CHECKPOINT)
    parser.add_argument('--out', required=True, metavar='DIR', help='folder of the maps, one file a photo; a command '
                                                                     'that was stopped goes on there')
    parser.add_argument('--scales', nargs='+', type=float, default=[1.0, 0.5, 1.5, 2.0], metavar='S',
                        help='factors of the side, over which maps are summed (default: 1 0.5 1.5 2)')
    parser.add_argument('--no-flip', action='store_true', help='leave out mirror images')
    parser.add_argument('--longest', type=int, metavar='N', help='resize the long side of a photo to N pixels before')
    parser.add_argument('--stride', type=int, default=4, metavar='N',
                        help='maps have 1/N of height and width of the photo (default: %(default)s)')
    parser.add_argument('--device', help='where the network runs, e.g. cpu or cuda:1 (default: a GPU if there is one)')
    add_data(parser, 'your own photos with tags; without it those that the config trains on')
    add_options(parser)


def run(args):
    from mmwsl.apis import class_maps
    done = class_maps(args.config, args.checkpoint, args.out, args.data, args.format, args.scales, not args.no_flip,
                      args.longest, args.stride, args.device, read_options(args.cfg_options))
    print(f'{args.out}: maps of {done["photos"]} photos, {done["with_truth"]} of them with a true mask')
