"""``mmwsl pseudo-boxes``."""

from .arguments import CHECKPOINT, add_config, add_data, add_options, add_proposals, read_options

SUMMARY = 'Write the boxes that a detector finds of the tags of your own photos, as labels to correct or to train on.'
EXAMPLE = ('mmwsl pseudo-boxes mmwsl::weaksup/detection/oicr/oicr_efficientnetlite0_1xb2-cos-8e_voc07.py '
           'work_dirs/oicr/epoch_8.pth --data my_photos --out my_boxes --form voc_xml')


def add_arguments(parser):
    add_config(parser)
    parser.add_argument('checkpoint', help=CHECKPOINT)
    parser.add_argument('--out', required=True, metavar='DIR', help='new folder for photos (links where possible) and '
                                                                     'boxes; --data of train reads it')
    parser.add_argument('--form', choices=['coco_json', 'voc_xml', 'yolo'], default='coco_json',
                        help='how boxes are written (default: %(default)s)')
    parser.add_argument('--top', type=int, metavar='N',
                        help='at most N boxes of each tag (default: 1, or all with --score-threshold)')
    parser.add_argument('--score-threshold', type=float, metavar='T', help='leave out boxes with a lower score')
    parser.add_argument('--points', metavar='CSV', help='table file,class,x,y: of a class with points in a photo, '
                                                        'boxes that hold one of them only')
    parser.add_argument('--scribbles', metavar='DIR|CSV',
                        help='masks (255 = nothing drawn, 0 = background, class + 1) or a table file,class,stroke,x,y: '
                             'of a class with strokes in a photo, boxes that hold one of them only, and no box that '
                             'holds one of the background')
    parser.add_argument('--counts', metavar='CSV', help='table file,class,count: so many boxes in place of --top')
    parser.add_argument('--device', help='where the network runs, e.g. cpu or cuda:1 (default: a GPU if there is one)')
    add_data(parser, 'your own photos with tags')
    add_proposals(parser)
    add_options(parser)


def run(args):
    from mmwsl.apis.pseudo_boxes import pseudo_boxes
    if args.data is None:
        raise ValueError('give the photos and their tags: --data PATH')
    done = pseudo_boxes(args.config, args.checkpoint, args.data, args.out, args.form, args.top, args.score_threshold,
                        args.format, args.proposals, args.points, args.counts, args.device,
                        read_options(args.cfg_options), args.scribbles)
    print(f'{args.out}: {done["boxes"]} boxes on {done["photos"]} photos to train on, {done["left_out"]} photos '
          f'without a box left out, {done["test"]} photos to test on')
