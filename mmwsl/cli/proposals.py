"""``mmwsl proposals``."""

import signal
import sys

SUMMARY = 'Write boxes that may hold an object, of every photo, as weakly supervised detection needs them.'
EXAMPLE = 'mmwsl proposals my_photos --out my_photos.proposals --workers 4'


def add_arguments(parser):
    parser.add_argument('photos', nargs='*', help='photos: files, folders (every image below), patterns')
    parser.add_argument('--data', metavar='PATH',
                        help='in place of photos: your own photos, labelled in any form that --data of train takes')
    parser.add_argument('--format', metavar='FORM', help='the form of --data, where it is not recognised')
    parser.add_argument('--out', required=True, metavar='FILE',
                        help='file to write; after a stop the same command goes on')
    parser.add_argument('--method', choices=['hierarchical', 'selective_search', 'edge_boxes'], default='hierarchical',
                        help='the last two need the contrib build of OpenCV (default: %(default)s)')
    parser.add_argument('--max-per-image', type=int, default=2000, metavar='N',
                        help='keep the N best (default: %(default)s)')
    parser.add_argument('--workers', type=int, metavar='N', help='processes (default: one a core)')
    parser.add_argument('--edge-model', metavar='FILE',
                        help="of edge_boxes: OpenCV's model of structured edges; without it edges are the gradient's")
    parser.add_argument('--rerank', nargs=2, metavar=('CONFIG', 'CHECKPOINT'),
                        help='put them in the order in which a proposal network confirms them, and write its scores; '
                        'those in the order of before stay in FILE.base')
    parser.add_argument('--rerank-top', type=int, default=20, metavar='M',
                        help='of --rerank: so many boxes of the network count (default: %(default)s)')


def run(args):
    from mmwsl.apis.proposals import make_proposals, rerank_photos
    if bool(args.photos) == (args.data is not None):
        raise ValueError('name photos, or --data PATH, one of the two')
    photos = args.photos
    if args.data is not None:
        from mmwsl.datasets.own import read_own_data
        photos = read_own_data(args.data, args.format).paths
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    options = {} if args.edge_model is None else dict(edge_model=args.edge_model)
    try:
        settings = dict(method=args.method, max_per_image=args.max_per_image, workers=args.workers, **options)
        if args.rerank:
            proposals = rerank_photos(photos, args.out, *args.rerank, top=args.rerank_top, **settings)
        else:
            proposals = make_proposals(photos, args.out, **settings)
    except KeyboardInterrupt:
        sys.exit(130)
    for path, message in proposals.meta['errors'].items():
        print(f'left out: {path}: {message}', file=sys.stderr)
    print(f'{args.out}: {len(proposals.boxes)} boxes of {len(proposals)} photos')
