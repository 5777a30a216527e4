"""``mmwsl extract``."""

from .arguments import CHECKPOINT, add_config, add_launcher, add_options, join_ranks, read_options

SUMMARY = 'Write the features of every image of a data set, in its order.'
EXAMPLE = ('mmwsl extract mmwsl::selfsup/rotation/rotation_r18w16_1xb32-cos-5e_digitscenes.py random '
           '--out features.npz --thumbnails 200')


def add_arguments(parser):
    add_config(parser)
    parser.add_argument('checkpoint', help=CHECKPOINT)
    parser.add_argument('--out', required=True, help='.npz file to write')
    parser.add_argument('--split', choices=['train', 'test'], default='test')
    parser.add_argument('--thumbnails', type=int, default=0, metavar='N',
                        help='keep small pictures of N images, evenly spaced, for the report')
    parser.add_argument('--layer', type=int, default=-1, help="which of the backbone's outputs")
    add_options(parser)
    add_launcher(parser)


def run(args):
    from mmengine.dist import is_main_process

    from mmwsl.apis import extract, load_config
    join_ranks(args)
    features = extract(load_config(args.config, read_options(args.cfg_options)), args.checkpoint, args.out, args.split,
                       args.layer, args.thumbnails)
    if is_main_process():
        print(f'{args.out}: {tuple(features.features.shape)} features')
