"""``mmwsl restore``."""

from .arguments import add_options, read_options

SUMMARY = 'A photo restored by a generator that learnt such photos: its colors, a hole in it, or its resolution.'
EXAMPLE = ('mmwsl restore photo.png --task inpainting --config '
           'mmwsl::generative/infogan/infogan_g16_1xb32-const-16e_factorscenes.py --checkpoint epoch_16.pth '
           '--out restored.png')


def add_arguments(parser):
    parser.add_argument('image', help='a photo')
    parser.add_argument('--task', required=True, help='what to restore',
                        choices=['colorization', 'inpainting', 'super_resolution', 'reconstruction'])
    parser.add_argument('--config', required=True, help='of a generative model (mmwsl::generative/...)')
    parser.add_argument('--checkpoint', required=True, help='its weights')
    parser.add_argument('--out', required=True, metavar='FILE', help='picture to write, .png or .jpg')
    parser.add_argument('--mask', metavar='FILE', help='of inpainting, white where pixels are not known (default: a '
                                                       'square of one third of the side in the middle)')
    parser.add_argument('--candidates', type=int, default=500, metavar='N',
                        help='codes that the search begins with (default: %(default)s)')
    parser.add_argument('--label', type=int, metavar='N',
                        help="number of the photo's class, of a generator that is told it, as BigGAN (default: "
                             "the best candidate's)")
    parser.add_argument('--seed', type=int, default=0, help='of these codes (default: %(default)s)')
    parser.add_argument('--device', help='where the network runs, e.g. cpu or cuda:1 (default: a GPU if there is one)')
    add_options(parser)


def run(args):
    from mmwsl.apis.generation import restore
    print(restore(args.image, args.config, args.checkpoint, args.task, args.out, args.mask, args.seed,
                  read_options(args.cfg_options), args.device, candidates=args.candidates,
                  codes=None if args.label is None else dict(label=args.label)))
