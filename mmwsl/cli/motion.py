"""``mmwsl motion``."""

SUMMARY = 'Boxes of what moves in clips, as a data set in the form of COCO: objects that nobody drew.'
EXAMPLE = 'mmwsl motion clips/ --out moving'


def add_arguments(parser):
    parser.add_argument('clips', help='folder of clips (folders of frames, video files), or one clip')
    parser.add_argument('--out', required=True, metavar='DIR',
                        help='folder for instances.json, the frames and a picture; the same command goes on there')
    parser.add_argument('--method', default='dis', help='estimator of the flow: dis (default), dis_fast, farneback')
    parser.add_argument('--gap', type=int, default=1, help='frames between the two compared (default: %(default)s)')
    parser.add_argument('--step', type=int, default=1, help='look at every so manyth frame (default: %(default)s)')
    parser.add_argument('--workers', type=int, help='clips at a time (default: one a core)')


def run(args):
    import sys

    from mmwsl.apis import motion_boxes
    found = motion_boxes(args.clips, args.out, args.method, args.gap, args.step, args.workers)
    print(f'{args.out}: {found["boxes"]} boxes in {found["frames"]} frames of {found["clips"]} clips; look at '
          'motion.jpg')
    if found['left_out']:
        print('\n'.join(f'{clip}: {error}' for clip, error in found['left_out'].items()), file=sys.stderr)
        raise ValueError(f'{len(found["left_out"])} clips cannot be read and are left out; the others are done')
