"""``mmwsl weak-masks``."""

SUMMARY = 'Class maps of points, scribbles or boxes, your own or drawn from masks: any segmentor learns from them.'
EXAMPLE = 'mmwsl weak-masks --data my_photos --labels points --points points.csv --out my_weak_masks'


def add_arguments(parser):
    parser.add_argument('--data', required=True, metavar='PATH', help='photos, and class maps to test on')
    parser.add_argument('--format', help='form of the labels (default: recognised)')
    parser.add_argument('--labels', required=True, choices=['points', 'scribbles', 'boxes', 'rectangles', 'full'],
                        help='what to make maps of: boxes by GrabCut, rectangles as they are')
    parser.add_argument('--points', metavar='CSV', help='your own: file,class,x,y, the class background among them')
    parser.add_argument('--scribbles', metavar='PATH', help='your own: a folder of masks, or file,class,stroke,x,y')
    parser.add_argument('--votes', type=int, default=1, help='of GrabCuts a box, for which pixels are left out that '
                                                             'they disagree on (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='of what is drawn')
    parser.add_argument('--out', required=True, metavar='DIR', help='new folder; --data of train reads it')


def run(args):
    from mmwsl.apis import weak_masks
    done = weak_masks(args.data, args.out, args.labels, args.points, args.scribbles, args.format, args.votes, args.seed)
    made = 'drawn from masks' if done['drawn'] else 'as they were given'
    print(f'{args.out}: {done["labels"]} of {done["photos"]} photos, {made}; '
          f'{done["seconds"] / 3600:.2f} hours of annotation')
