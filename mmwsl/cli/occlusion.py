"""``mmwsl occlusion``."""

SUMMARY = 'Measure how much of the objects of a data set with masks is hidden: numbers, a figure and a page.'
EXAMPLE = ('mmwsl occlusion instances_val2017.json val2017 --shapes PCNET_M.py epoch_100.pth --out occlusion')


def add_arguments(parser):
    parser.add_argument('annotations', help='the file of masks')
    parser.add_argument('images', help='folder of the images')
    parser.add_argument('--layout', choices=['coco', 'cocoa', 'kins'], default='coco',
                        help='of the file: coco has visible parts alone, and needs --shapes (default: %(default)s)')
    parser.add_argument('--shapes', nargs=2, metavar=('CONFIG', 'CHECKPOINT'),
                        help="network that tells whole shapes (PCNetM); default: the file's own")
    parser.add_argument('--gap', type=int, help='pixels between predicted masks of objects that touch')
    parser.add_argument('--max-images', type=int, help='look at only so many images, evenly spaced')
    parser.add_argument('--out', required=True, metavar='DIR', help='folder for the page')


def run(args):
    from pathlib import Path

    from mmwsl.apis.scenes import occlusion_page
    from mmwsl.datasets.readers import COCO, COCOA, KINS
    kind = dict(coco=COCO, cocoa=COCOA, kins=KINS)[args.layout]
    dataset = kind(args.annotations, args.images, supervision='full', max_images=args.max_images)
    found = occlusion_page(dataset, args.out, tuple(args.shapes) if args.shapes else None, args.gap,
                           title=f'Hidden objects of {Path(args.annotations).name}')['total']
    print(f'{args.out}/occlusion.html: {found["objects"]} objects, {100 * found["occluded"]:.1f} % hidden in part, '
          f'{100 * found["hidden"]:.1f} % of an object on average')
