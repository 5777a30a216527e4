"""``mmwsl decompose``."""

SUMMARY = 'Take a photo apart by masks of its objects: order, whole shapes, hidden pixels, background.'
EXAMPLE = 'mmwsl decompose photo.jpg masks.png --shapes PCNET_M.py epoch_8.pth --out scene.npz'


def add_arguments(parser):
    parser.add_argument('photo', help='the photo')
    parser.add_argument('masks',
                        help='picture of numbers, 0 = background and k = object k; .npy, bool (N, H, W); or .json in '
                             "COCO's layout that has the photo")
    parser.add_argument('--shapes', nargs=2, required=True, metavar=('CONFIG', 'CHECKPOINT'),
                        help='network of order and whole shapes (PCNetM)')
    parser.add_argument('--content', nargs=2, metavar=('CONFIG', 'CHECKPOINT'),
                        help="network of hidden pixels (PCNetC); default: OpenCV's in-painting")
    parser.add_argument('--gap', type=int, help='pixels between predicted masks of objects that touch')
    parser.add_argument('--above', nargs=2, type=int, action='append', default=[], metavar=('FRONT', 'BACK'),
                        help='this object lies in front of that one, whatever the network says; may be repeated')
    parser.add_argument('--grow', type=int, default=3,
                        help='pixels around the masks that are no background either (default: %(default)s)')
    parser.add_argument('--background', choices=['network', 'opencv'], default='network',
                        help="what paints the background: the network of hidden pixels, or OpenCV's in-painting "
                             '(default: %(default)s)')
    parser.add_argument('--out', required=True, metavar='SCENE', help='file for the scene (.npz)')


def run(args):
    from mmwsl.apis.scenes import decompose, read_masks
    from mmwsl.datasets.transforms.decode import read_image
    image = read_image(args.photo)
    masks, names = read_masks(args.masks, *image.shape[:2], args.photo)
    layers = decompose(image, masks, tuple(args.shapes), tuple(args.content) if args.content else None, names, args.out,
                       args.gap, args.grow, background=args.background, above=args.above)
    behind = (layers.order < 0).sum(1)
    print(f'{args.out}: {len(masks)} objects; ' + ', '.join(
        f'{number} behind {count}' for number, count in enumerate(behind) if count))
