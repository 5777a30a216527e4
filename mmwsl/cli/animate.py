"""``mmwsl animate``."""

SUMMARY = 'A picture moved along drawn arrows, as a video: guided by a network of motion propagation.'
EXAMPLE = ('mmwsl animate photo.jpg --arrows 120,80,15,-4 300,200,0,0 --config '
           'mmwsl::selfsup/cmp/cmp_r50_16xb10-step-42k_flowpairs.py --checkpoint cmp.pth --out moving.gif')


def add_arguments(parser):
    parser.add_argument('image', help='a photo')
    parser.add_argument('--arrows', nargs='+', required=True, metavar='X,Y,DX,DY',
                        help='points and how they move, in pixels of the photo; 0,0 holds a point')
    parser.add_argument('--config', required=True, help='of a network of motion propagation (mmwsl::selfsup/cmp/...)')
    parser.add_argument('--checkpoint', required=True, help='its weights')
    parser.add_argument('--out', required=True, metavar='FILE', help='video to write, .mp4 or .gif')
    parser.add_argument('--strip', metavar='FILE', help='also write a picture: arrows, flow, some frames')
    parser.add_argument('--size', type=int, help="short side for the network (default: the photo's, at most 416)")
    parser.add_argument('--frames', type=int, default=12, help='frames after the first (default: %(default)s)')
    parser.add_argument('--rate', type=float, default=12, help='frames a second (default: %(default)s)')
    parser.add_argument('--device', help='where the network runs, e.g. cpu or cuda:1 (default: a GPU if there is one)')


def run(args):
    from mmwsl.apis.motion import animate
    arrows = [numbers(text, 4) for text in args.arrows]
    out = animate(args.image, arrows, args.out, args.config, args.checkpoint, args.size, args.frames, args.rate,
                  args.strip, args.device)
    print(f'{out}: {args.frames + 1} frames')


def numbers(text, count):
    """The numbers of ``'x,y,...'``.

    Raises:
        ValueError: not so many, or no numbers.
    """
    try:
        values = [float(value) for value in text.split(',')]
    except ValueError:
        values = []
    if len(values) != count:
        raise ValueError(f'{text!r} is not {count} numbers with commas between them, as in '
                         f'{",".join(["120", "80", "15", "-4"][:count])}')
    return values
