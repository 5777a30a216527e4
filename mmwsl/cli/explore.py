"""``mmwsl explore``."""

import signal
import sys

from .arguments import add_data, data_options

SUMMARY = 'Look at a folder of photos: groups, duplicates, odd ones, a map; with labels, accuracy and likely errors.'
EXAMPLE = 'mmwsl explore my_photos --out explored'


def add_arguments(parser):
    parser.add_argument('photos', nargs='?',
                        help='folder of photos, at any depth; folders that hold all of them are classes, and labels in '
                             'files are read as those of --data')
    parser.add_argument('--out', required=True, metavar='DIR',
                        help='folder for the results; the same command goes on there after a stop')
    parser.add_argument('--labels', metavar='CSV',
                        help='labels, in columns photo and label, in place of class folders; several a photo are tags')
    parser.add_argument('--checkpoint', metavar='CKPT', help="your own network: a checkpoint file, pretrained:NAME or "
                        "'random'; default the installed pre-trained network, or a small one trained on the photos")
    parser.add_argument('--config', help='config of the checkpoint, or mmwsl::NAME')
    parser.add_argument('--pretrain', metavar='METHOD',
                        help='adapt the network to the photos first: simclr, moco, byol, simsiam or barlow_twins')
    parser.add_argument('--epochs', type=int, help='length of the pre-training')
    parser.add_argument('--groups', type=int, metavar='N', help='number of groups; default by the silhouette')
    add_data(parser, 'photos with labels in place of PHOTOS and --labels')


def run(args):
    from mmwsl.apis import explore
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        explore(args.photos, args.out, args.labels, args.checkpoint, args.config, args.pretrain, args.epochs,
                args.groups, **data_options(args))
    except KeyboardInterrupt:
        sys.exit(130)
