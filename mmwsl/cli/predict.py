"""``mmwsl predict``."""

import os
import signal
import sys

from .arguments import CHECKPOINT, add_config, add_data, add_options, data_options, read_options

SUMMARY = "Predict photos of one's own: names, boxes, masks and maps as JSON and as pictures."
EXAMPLE = ('mmwsl predict mmwsl::weaksup/localization/cam/cam_r18w16_1xb64-cos-4e_digitscenes.py random photos/ '
           '--out predictions')


def add_arguments(parser):
    add_config(parser)
    parser.add_argument('checkpoint', help=CHECKPOINT)
    parser.add_argument('photos', nargs='*', help='files, folders (every photo below) and patterns; of a network of '
                                                  'bags the photos of each folder are one bag')
    parser.add_argument('--out', required=True, help='folder to write predictions.json, pictures and maps to')
    parser.add_argument('--score-threshold', type=float, default=0.3,
                        help='leave out objects, and all classes but the best, below it (default: %(default)s)')
    parser.add_argument('--top-k', type=int, default=5, help='most classes of a photo (default: %(default)s)')
    parser.add_argument('--map-threshold', type=float, default=0.2,
                        help='of the boxes of maps, as a share of the largest value (default: %(default)s)')
    parser.add_argument('--classes', metavar='FILE', help='text file with the name of each class on a line, in the '
                                                          'order of their numbers (default: what the checkpoint says)')
    parser.add_argument('--no-pictures', action='store_true', help='write JSON and maps alone')
    parser.add_argument('--batch-size', type=int, help="photos in one forward pass (default: the config's)")
    parser.add_argument('--num-workers', type=int, help="processes that read photos (default: the config's)")
    parser.add_argument('--device', help='where the network runs, e.g. cpu or cuda:1 (default: a GPU if there is one)')
    parser.add_argument('--video', metavar='CLIP', help='predict every frame of a video file or folder of frames, and '
                                                        'write objects.json, video.mp4 and pictures')
    parser.add_argument('--camera', type=int, metavar='NUMBER', help='the same of a camera; needs --frames')
    parser.add_argument('--frames', type=int, help='of a video or camera: stop after so many')
    parser.add_argument('--step', type=int, default=1, help='of a video or camera: take every so manyth frame')
    add_data(parser, 'photos of your labels, beside those that are named')
    add_options(parser)


def run(args):
    from mmwsl.apis import predict
    from mmwsl.files import read_lines
    classes = [line.strip() for line in read_lines(args.classes)] if args.classes else None
    if args.video is not None or args.camera is not None:
        return run_video(args, classes)
    if not args.photos and not args.data:
        raise ValueError('nothing to predict: name photos or folders, or give --data PATH')
    before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        found = predict(args.config, args.checkpoint, args.photos, args.out, args.device, args.batch_size,
                        args.num_workers, args.score_threshold, args.top_k, args.map_threshold, not args.no_pictures,
                        read_options(args.cfg_options), classes, **data_options(args))
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        signal.signal(signal.SIGTERM, before)
    print(f'{os.path.join(args.out, "predictions.json")}: {len(found["predictions"])} predictions')
    if found['left_out']:
        print('\n'.join(found['left_out'].values()), file=sys.stderr)
        raise ValueError(f'{len(found["left_out"])} photos cannot be read and are left out: '
                         f'{", ".join(found["left_out"])}; the others are predicted')


def run_video(args, classes):
    """A clip or camera in the place of photos."""
    from mmwsl.apis import predict_video
    if args.photos or args.data or args.video is not None and args.camera is not None:
        raise ValueError('one thing at a time: give photos, --video CLIP or --camera NUMBER')
    found = predict_video(args.config, args.checkpoint, args.video if args.camera is None else args.camera, args.out,
                          args.device, args.batch_size or 1, args.score_threshold, args.step, args.frames,
                          not args.no_pictures, read_options(args.cfg_options), classes)
    print(f'{found["file"]}: {found["objects"]} objects on {found["frames"]} frames; {found["predict_fps"]} frames/s, '
          f'with reading, drawing and writing {found["fps"]}')
