"""``mmwsl extract``."""

from .arguments import (
    CHECKPOINT,
    add_config,
    add_data,
    add_launcher,
    add_options,
    data_options,
    join_ranks,
    read_options,
)

SUMMARY = 'Write the features of every image of a data set, in its order.'
EXAMPLE = ('mmwsl extract mmwsl::selfsup/rotation/rotation_r18w16_1xb32-cos-5e_digitscenes.py random '
           '--out features.npz --thumbnails 200')


def add_arguments(parser):
    add_config(parser)
    parser.add_argument('checkpoint', help=CHECKPOINT)
    parser.add_argument('--out', required=True, help='.npz file to write')
    parser.add_argument('--on', metavar='CONFIG', help='another config, whose benchmark data take the place of its own')
    parser.add_argument('--split', choices=['train', 'test', 'all'], default='test',
                        help='which images; all is for --data (default: %(default)s)')
    parser.add_argument('--thumbnails', type=int, default=0, metavar='N',
                        help='keep small pictures of N images, evenly spaced, for the report')
    parser.add_argument('--layer', type=int, default=-1, help="which of the backbone's outputs")
    add_data(parser)
    add_options(parser)
    add_launcher(parser)


def run(args):
    from mmengine.dist import is_main_process

    from mmwsl.apis import extract, load_config
    join_ranks(args)
    if args.split == 'all' and not args.data:
        raise ValueError('--split all is for --data; a config has a training and a test set: choose one of the two')
    cfg, split = load_config(args.config, {**read_options(args.cfg_options), **data_options(args)}, args.on), args.split
    if split == 'all':
        cfg.benchmark.test.split, split = None, 'test'
    features = extract(cfg, args.checkpoint, args.out, split, args.layer, args.thumbnails)
    if is_main_process():
        print(f'{args.out}: {tuple(features.features.shape)} features')
