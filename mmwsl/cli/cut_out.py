"""``mmwsl cut-out``."""

from .animate import numbers

SUMMARY = 'A mask of what moves with clicked points of a picture: interactive segmentation by motion propagation.'
EXAMPLE = ('mmwsl cut-out photo.jpg --positive 120,80 --negative 300,200 --config '
           'mmwsl::selfsup/cmp/cmp_r50_16xb10-step-42k_flowpairs.py --checkpoint cmp.pth --out mask.png')


def add_arguments(parser):
    parser.add_argument('image', help='a photo')
    parser.add_argument('--positive', nargs='+', required=True, metavar='X,Y',
                        help='points of what is wanted, in pixels')
    parser.add_argument('--negative', nargs='+', default=[], metavar='X,Y', help='points of what is not')
    parser.add_argument('--config', required=True, help='of a network of motion propagation (mmwsl::selfsup/cmp/...)')
    parser.add_argument('--checkpoint', required=True, help='its weights')
    parser.add_argument('--out', required=True, metavar='FILE', help='mask to write, .png: 255 = wanted, 0 = not')
    parser.add_argument('--strip', metavar='FILE', help='also write a picture: clicks, what moves with them, the cut')
    parser.add_argument('--size', type=int, help="short side for the network (default: the photo's, at most 416)")
    parser.add_argument('--threshold', type=float, default=0.5,
                        help='share of the told motion above which a pixel belongs to it (default: %(default)s)')
    parser.add_argument('--device', help='where the network runs, e.g. cpu or cuda:1 (default: a GPU if there is one)')


def run(args):
    from mmwsl.apis.motion import cut_out
    positive, negative = ([numbers(text, 2) for text in texts] for texts in (args.positive, args.negative))
    print(cut_out(args.image, positive, args.out, args.config, args.checkpoint, negative, args.size, args.threshold,
                  args.device, args.strip))
