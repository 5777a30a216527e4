"""``mmwsl overlays``."""

from .arguments import add_data, data_options

SUMMARY = 'A picture of where classifiers look: images, maps and boxes, or the patches of bags.'
EXAMPLE = ('mmwsl overlays --of untrained '
           'mmwsl::weaksup/localization/cam/cam_r18w16_1xb64-cos-4e_digitscenes.py random --out overlays.png')


def add_arguments(parser):
    parser.add_argument('--of', nargs=3, action='append', required=True, metavar=('NAME', 'CONFIG', 'CHECKPOINT'),
                        help='a column of the picture; may be given several times')
    parser.add_argument('--out', required=True, help='picture to write, .png')
    parser.add_argument('--count', type=int, default=8, help="images of the first config's test set")
    parser.add_argument('--threshold', type=float, default=0.2, help='of the boxes, as a share of the largest value')
    parser.add_argument('--maps', choices=['cam', 'grad_cam', 'saliency', 'smooth_gradient'],
                        help="of any image classifier (default: the config's own)")
    parser.add_argument('--layer', help="part of the backbone that Grad-CAM is of, e.g. layer3 (default: its last map)")
    add_data(parser, "your own photos in place of each config's data")


def run(args):
    from mmwsl.apis import overlays
    print(overlays(args.of, args.out, args.count, args.threshold, maps=args.maps, layer=args.layer,
                   **data_options(args)))
