"""``mmwsl flow``."""

SUMMARY = 'Optical flow of clips, written beside their frames as a data set: what methods that learn from motion need.'
EXAMPLE = 'mmwsl flow clips/ --out data/flow --masks'


def add_arguments(parser):
    parser.add_argument('clips', help='folder of clips (folders of frames, video files), or one clip')
    parser.add_argument('--out', required=True, metavar='DIR',
                        help='folder for pairs.jsonl, frames, flow and a picture; the same command goes on there')
    parser.add_argument('--method', default='dis', help='estimator of the flow: dis (default), dis_fast, farneback')
    parser.add_argument('--gap', type=int, default=1, help='frames between the two compared (default: %(default)s)')
    parser.add_argument('--step', type=int, default=1, help='look at every so manyth frame (default: %(default)s)')
    parser.add_argument('--format', default='flo', help='files: flo (default), png (of KITTI), jpg (two of 8 bits)')
    parser.add_argument('--masks', action='store_true', help='also write pseudo-masks of what moves, by consensus')
    parser.add_argument('--check', action='store_true', help='flow that does not lead back is written as not known')
    parser.add_argument('--workers', type=int, help='clips at a time (default: one a core)')


def run(args):
    import sys

    from mmwsl.apis import extract_flow
    found = extract_flow(args.clips, args.out, args.method, args.gap, args.step, args.format, args.masks, args.check,
                         args.workers)
    print(f'{args.out}: {found["pairs"]} frames with flow of {found["clips"]} clips; the next frame differs by '
          f'{found["error_still"]} gray levels, warped back by {found["error_warped"]}; look at flow.jpg')
    if found['left_out']:
        print('\n'.join(f'{clip}: {error}' for clip, error in found['left_out'].items()), file=sys.stderr)
        raise ValueError(f'{len(found["left_out"])} clips give no flow and are left out; the others are done')
