"""``mmwsl cluster``."""

import signal
import sys

from .arguments import add_config, add_options, read_options

SUMMARY = 'Cluster features of anything, to millions: neighbors, pairs, partition, scores, a page; a stop loses little.'
EXAMPLE = 'mmwsl cluster mmwsl::clustering/cdp_200k.py features.npz --out labels.npy --truth features.npz'


def add_arguments(parser):
    add_config(parser)
    parser.add_argument('features', help='.npy (N, D), .npz of mmwsl extract or explore, or raw .bin with --dims')
    parser.add_argument('--out', required=True, metavar='FILE',
                        help='.npy for the clusters, -1 = unassigned; beside it come a page (.html), a report (.json)')
    parser.add_argument('--truth', metavar='FILE', help='true classes, to score against: .npy, .npz, .meta or .txt')
    parser.add_argument('--committee', nargs='+', default=[], metavar='FEATURES',
                        help='features of the same items by other models, which vote (cdp_vote)')
    parser.add_argument('--photos', metavar='PATH', help='photos of the items for the page: a text file, one a line, '
                        'or a folder of as many in the order of their names')
    parser.add_argument('--dims', type=int, metavar='D', help='dimensions of .bin files')
    parser.add_argument('--stages', metavar='DIR', help='what is kept for the same command after a stop, and for other '
                        'methods on the same features (default: OUT with the ending .stages)')
    parser.add_argument('--known', nargs=2, metavar=('FEATURES', 'LABELS'),
                        help='features and clusters of old items, which stay: those of FEATURES are new ones that join '
                             "them, or form clusters of their own, by the config's threshold and max_size")
    parser.add_argument('--drop', metavar='CSV', help='write what a cleaner would drop: items in no cluster, and those '
                        'of another class (--truth) than more than half of their cluster')
    parser.add_argument('--learn', nargs=2, metavar=('FEATURES', 'LABELS'),
                        help='known items that gcn_v, gcn_v_e, gcn_d, gcn_d_s and l_gcn learn from, into '
                             'clustering.fitted; later calls without it apply what was learnt')
    parser.add_argument('--device', help='of the exact search of neighbors (default: a GPU if there is one)')
    add_options(parser)


def run(args):
    from mmwsl.apis.cluster import cluster, extend_clusters
    if args.known and (args.committee or args.photos or args.stages or args.learn or args.drop):
        raise ValueError('--known goes without --committee, --drop, --learn, --photos and --stages: leave these out')
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        if args.known:
            extend_clusters(args.config, args.features, args.out, *args.known, args.truth, args.dims, args.device,
                            read_options(args.cfg_options))
            return
        cluster(args.config, args.features, args.out, args.truth, args.committee, args.photos, args.dims, args.stages,
                args.device, read_options(args.cfg_options), learn=args.learn, drop=args.drop)
    except KeyboardInterrupt:
        sys.exit(130)
