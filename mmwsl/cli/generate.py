"""``mmwsl generate``."""

from .arguments import add_config, add_options, read_options

SUMMARY = 'A picture of what a generator makes: a row a parent, a column a child, or from one noise to another.'
EXAMPLE = ('mmwsl generate mmwsl::generative/finegan/finegan_g16_1xb32-const-16e_factorscenes.py '
           'work_dirs/finegan/epoch_16.pth --out grid.png --stages')


def add_arguments(parser):
    add_config(parser)
    parser.add_argument('checkpoint', help='weights of the training')
    parser.add_argument('--out', required=True, metavar='FILE', help='picture to write, .png or .jpg')
    parser.add_argument('--noises', type=int, default=4, metavar='N',
                        help='blocks of rows, each with a noise of its own (default: %(default)s)')
    parser.add_argument('--stages', action='store_true',
                        help="of FineGAN, at the left of each row the background and the parent's image as well")
    parser.add_argument('--interpolate', type=int, default=0, metavar='N',
                        help='in place of the grid, N images from one noise to another in each row')
    parser.add_argument('--seed', type=int, default=0, help='of the noises (default: %(default)s)')
    parser.add_argument('--device', help='where the network runs, e.g. cpu or cuda:1 (default: a GPU if there is one)')
    add_options(parser)


def run(args):
    from mmwsl.apis.generation import write_samples
    print(write_samples(args.config, args.checkpoint, args.out, args.noises, args.seed, args.stages, args.interpolate,
                        read_options(args.cfg_options), args.device))
